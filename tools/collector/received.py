"""What the collector keeps of a request."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request. `headers` are in the order sent; `json` is None if the body (unpacked, if gzip) is none.

    `connection` numbers the connections from 1; `at` is Unix time; `peer` is the sender's address and port. `verdict`
    is "ok", or a sentence that names the first thing that is wrong; "" if nothing was to be verified.
    """

    method: str
    path_qs: str
    headers: list[tuple[str, str]]
    body: bytes
    json: Any
    connection: int
    at: float
    peer: tuple[str, int] | None
    verdict: str = ""

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        return next(iter(self.all_headers(name)), None)

    def all_headers(self, name: str) -> list[str]:
        """All headers of that name, whatever its case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def unpacked(self) -> bytes:
        """The body without its compression; as it came, if it has none that is understood."""
        if self.header("Content-Encoding") != "gzip":
            return self.body
        try:
            return gzip.decompress(self.body)
        except (OSError, EOFError, zlib.error):
            return self.body


def parsed(body: bytes, coding: str | None) -> Any:
    """The JSON document in a body, None if there is none."""
    try:
        return json.loads(gzip.decompress(body) if coding == "gzip" else body)
    except (ValueError, OSError, EOFError, zlib.error):
        return None
