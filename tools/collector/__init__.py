"""HTTPS receiver for development and tests: takes what a destination would get and shows it.

On the command line (`python -m collector --pki DIR`) each document becomes one line of compact JSON on stdout.
In tests:

    with background(folder) as collector:
        …
        [first] = collector.wait(1, timeout=5)
        assert first.json["autopid_data"]

It can verify signatures and logins, and says what is wrong with one; `Received.verdict` then is "ok" or a sentence:

    with background(folder, verify=[Github("secret"), ContentDigest()], refuse=401) as collector:
"""

from collector.azure import AzureSas
from collector.kpn import Kpn
from collector.login import Basic, Bearer
from collector.received import Received
from collector.server import Behaviour, Collector, background, server_context
from collector.store import client_pair, open_pki
from collector.thingpark import ThingPark
from collector.verify import OK, Verifier, parse, verdict
from collector.webhooks import ContentDigest, Github, StandardWebhooks, Stripe

__all__ = [
    "AzureSas",
    "Basic",
    "Bearer",
    "Behaviour",
    "Collector",
    "ContentDigest",
    "Github",
    "Kpn",
    "OK",
    "Received",
    "StandardWebhooks",
    "Stripe",
    "ThingPark",
    "Verifier",
    "background",
    "client_pair",
    "open_pki",
    "parse",
    "server_context",
    "verdict",
]
