"""This device: what it is and how it fares."""
