"""Sends the grouped values to the user's destinations: when, which body, what became of it."""
