"""The front door: what `import archwalk` offers. The command line is a thin layer over it."""
