"""Tokens of KPN Things: the vectors pass, and every mistake is called by its name."""

import base64
import gzip

import pytest
from collector import Kpn, Received
from collector_requests import INPUTS, KPN_SECRET, OUTPUTS, PLUG, check, request, sha
from delivery.vectors import VECTORS

KPN_BODY = INPUTS["kpn_1"][0].encode()


def kpn(token: str, body: bytes = KPN_BODY, **headers: str) -> Received:
    return request(body, Things_Message_Token=token, **headers)


@pytest.mark.parametrize("name", [name for name, kind, *_ in VECTORS if kind == "kpn_sha256"])
def test_kpn_takes_the_vectors(name: str) -> None:
    body, secret = INPUTS[name]
    check(Kpn(secret), kpn(OUTPUTS[name], body.encode()), "ok")
    check(Kpn(secret + "x"), kpn(OUTPUTS[name], body.encode()), "another secret")


KPN_MISTAKES = {
    OUTPUTS["kpn_neg_1"]: "has the secret in front",
    OUTPUTS["kpn_neg_2"]: "is an HMAC",
    sha(KPN_BODY): "was made with no secret",
    sha(KPN_SECRET.encode()): "is the hash of the secret alone",
    sha(KPN_BODY + b"\n" + KPN_SECRET.encode()): "line feed between",
    sha(KPN_BODY + KPN_SECRET.encode() + b"\n"): "the secret and a line feed",
    sha(KPN_BODY.replace(b",", b", ").replace(b":", b": ") + b"x"): "another secret was used",
    sha(KPN_BODY + KPN_SECRET.lower().encode()): "the secret in lower case",
    OUTPUTS["kpn_1"].upper(): "is right, but written as upper-case",
    base64.b64encode(bytes.fromhex(OUTPUTS["kpn_1"])).decode(): "written as Base64 instead",
    OUTPUTS["kpn_1"][:40]: "40 characters instead of 64, like a SHA-1",
    "": "0 characters",
    "töken": "5 characters",
}


@pytest.mark.parametrize(("token", "expected"), KPN_MISTAKES.items())
def test_kpn_names_the_mistake(token: str, expected: str) -> None:
    check(Kpn(KPN_SECRET), kpn(token), expected)


def test_kpn_wants_the_bytes_that_were_sent() -> None:
    packed = gzip.compress(KPN_BODY)
    over_plain = kpn(OUTPUTS["kpn_1"], packed, Content_Encoding="gzip")
    check(Kpn(KPN_SECRET), over_plain, "the body before its compression")
    over_packed = kpn(sha(packed + KPN_SECRET.encode()), packed, Content_Encoding="gzip")
    check(Kpn(KPN_SECRET), over_packed, "ok")
    check(Kpn(KPN_SECRET), kpn(OUTPUTS["kpn_1"], KPN_BODY + b" "), "without the white space")
    spaced = KPN_BODY.replace(b'","u"', b'", "u"')
    check(Kpn(KPN_SECRET), kpn(OUTPUTS["kpn_1"], spaced), "JSON that was made anew")


def test_kpn_looks_at_the_plug() -> None:
    token = OUTPUTS["kpn_1"]
    check(Kpn(KPN_SECRET, PLUG), kpn(token, Things_Plug_UUID=PLUG), "ok")
    check(Kpn(KPN_SECRET), kpn(token, Things_Plug_UUID=PLUG), "ok")
    check(Kpn(KPN_SECRET, PLUG), kpn(token), "The header Things-Plug-UUID is missing.")
    check(Kpn(KPN_SECRET), kpn(token, Things_Plug_UUID=PLUG.upper()), "no UUID in lower case")
    other = PLUG.replace("f", "0")
    check(Kpn(KPN_SECRET, PLUG), kpn(token, Things_Plug_UUID=other), f"is {other}, not {PLUG}.")
    check(Kpn(KPN_SECRET), request(KPN_BODY), "The header Things-Message-Token is missing.")
    twice = kpn(token, things_message_token=token)
    check(Kpn(KPN_SECRET), twice, "Things-Message-Token comes 2 times.")
