"""Watching a search while it runs: what it writes is read, and shown in a browser on this machine."""
