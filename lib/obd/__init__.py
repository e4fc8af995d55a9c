"""Asking the car: the adapter, ISO-TP messages, and what the standards say the answers mean."""
