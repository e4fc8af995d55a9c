"""HTTPS receiver for development and tests: takes what a destination would get and shows it.

On the command line (`python -m collector --pki DIR`) each document becomes one line of compact JSON on stdout.
In tests:

    with background(folder) as collector:
        …
        [first] = collector.wait(1, timeout=5)
        assert first.json["autopid_data"]
"""

from collector.server import Behaviour, Collector, Received, background, server_context
from collector.store import client_pair, open_pki

__all__ = [
    "Behaviour",
    "Collector",
    "Received",
    "background",
    "client_pair",
    "open_pki",
    "server_context",
]
