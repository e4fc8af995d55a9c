"""Requests for the tests of what the collector verifies, made of the vectors."""

import hashlib
import hmac

import collector
from collector import Received, verdict
from collector.received import parsed
from delivery.vectors import VECTORS

NOW = 1_730_000_000
INPUTS = {name: inputs for name, _, inputs, _ in VECTORS}
OUTPUTS = {name: output for name, _, _, output in VECTORS}
BODY = INPUTS["gh_2"][1].encode()
WHSEC, OTHER_WHSEC = INPUTS["sw_2"][0]
KPN_SECRET = INPUTS["kpn_1"][1]
PLUG = "fbc063cb-4dd4-41b3-917a-e2d1ea907f75"
AS_KEY = INPUTS["tp_up_s1"][0]
SAS_KEY = INPUTS["az_3"][1]
HUB = "wicanhub.azure-devices.net"


def request(body: bytes = BODY, path: str = "/in", at: float = NOW, **headers: str) -> Received:
    """A request as the collector keeps it; an underscore in a header's name stands for a dash."""
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    coding = dict(pairs).get("Content-Encoding")
    return Received("POST", path, pairs, body, parsed(body, coding), 1, at, None)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def check(verifier: collector.Verifier, received: Received, expected: str) -> None:
    """The verdict is the scheme and a sentence of which this is a part; or "ok"."""
    found = verdict(received, [verifier])
    if expected == "ok":
        assert found == "ok"
    else:
        assert found.startswith(verifier.scheme + ": ") and expected in found, found
        assert found[-1] in ".…" or found.endswith("'"), found
