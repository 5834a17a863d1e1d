"""Objectives of one's own: a function or a command that says what an architecture is worth."""
