"""`python -m collector --pki DIR`: prints each received document as one line of compact JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from collector.received import Received
from collector.server import Behaviour, Collector, server_context
from collector.verify import USAGE, Verifier, parse


def main() -> int:
    arguments = _arguments()
    try:
        asyncio.run(_serve(arguments))
    except OSError as error:
        print(f"collector: {error}", file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="collector", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8443, help="0 lets the system choose")
    parser.add_argument("--pki", type=Path, required=True, help="folder for CA and certificates")
    parser.add_argument("--mtls", action="store_true", help="ask for a client certificate")
    parser.add_argument("--tls12", action="store_true", help="TLS 1.2 at most, like an ESP32")
    parser.add_argument("--keep", type=int, default=1000, metavar="N", help="documents kept")
    parser.add_argument("--status", type=int, default=200, help="status of every reply")
    parser.add_argument(
        "--verify",
        type=_verifier,
        action="append",
        default=[],
        metavar="SCHEME:SECRET",
        help=f"what every request has to pass, may be given several times: {USAGE}",
    )
    parser.add_argument("--refuse", type=int, metavar="STATUS", help="reply to what does not pass")
    return parser.parse_args()


def _verifier(text: str) -> Verifier:
    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


async def _serve(arguments: argparse.Namespace) -> None:
    behaviour = Behaviour(arguments.status, verify=arguments.verify, refuse=arguments.refuse)
    collector = Collector(behaviour, arguments.keep, show)
    context = server_context(arguments.pki, arguments.mtls, arguments.tls12)
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await collector.start(arguments.host, arguments.port, context)
    print(f"collector: https://{arguments.host}:{collector.port}/", file=sys.stderr, flush=True)
    await stopped.wait()
    await collector.stop()


def show(received: Received) -> None:
    """One line on stdout for a document; notes on stderr about its verdict, and if it is none."""
    if received.verdict:
        said = f"collector: {received.method} {received.path_qs}: {received.verdict}"
        print(said, file=sys.stderr, flush=True)
    if received.json is None and not _is_null(received):
        note = f"collector: {received.method} {received.path_qs}: the body is not JSON"
        print(note, file=sys.stderr, flush=True)
        return
    text = json.dumps(received.json, separators=(",", ":"), ensure_ascii=False)
    print(text, flush=True)


def _is_null(received: Received) -> bool:
    """Is it the JSON document `null`?"""
    return received.unpacked().strip() == b"null"


if __name__ == "__main__":
    sys.exit(main())
