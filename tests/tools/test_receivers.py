"""The guide to receivers: every example takes what is genuine and nothing else, in its own language."""

import base64
import hashlib
import hmac
import http.client
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from config import schema
from delivery.vectors import VECTORS
from receivers import GUIDE, LANGUAGES, ROOT, Language

NOW = 1_730_000_000
INPUTS = {name: inputs for name, _, inputs, _ in VECTORS}
OUTPUTS = {name: output for name, _, _, output in VECTORS}
BODY = INPUTS["gh_2"][1].encode()
PLUG = "fbc063cb-4dd4-41b3-917a-e2d1ea907f75"
AS_KEY = INPUTS["tp_up_s1"][0]
WHSEC, OTHER_WHSEC = INPUTS["sw_2"][0]

Case = tuple[str, list, bool]  # what it is, arguments, whether it is genuine


@pytest.fixture(scope="module", params=LANGUAGES, ids=lambda language: language.name)
def language(request: pytest.FixtureRequest) -> Language:
    if request.param.missing:
        pytest.skip(request.param.missing)
    return request.param


def of_kind(kind: str) -> list[str]:
    return [name for name, found, *_ in VECTORS if found == kind]


def flipped(data: bytes, at: int) -> bytes:
    """With one bit changed."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def damaged(signature: str) -> Iterator[tuple[str, str]]:
    """Signatures that are not it, and what was done to it."""
    yield "a bit of the signature", signature[:-3] + flipped(signature[-3:].encode(), 0).decode()
    yield "the signature cut", signature[:-1]
    yield "the signature longer", signature + "0"
    yield "a signature of other characters", "ö" * len(signature)
    yield "an empty signature", ""


def kpn() -> Iterator[Case]:
    def case(what: str, ok: bool, name: str, token: str, body: bytes | None = None) -> Case:
        text, secret = INPUTS[name]
        headers = {"things-plug-uuid": PLUG, "things-message-token": token}
        sent = text.encode() if body is None else body
        return what, [sent, headers, {"map": {PLUG: secret}}], ok

    for name in of_kind("kpn_sha256"):
        yield case(name, True, name, OUTPUTS[name])
    for name in ("kpn_neg_1", "kpn_neg_2", "kpn_1b"):
        yield case(name, False, "kpn_1", OUTPUTS[name])
    for what, token in damaged(OUTPUTS["kpn_1"]):
        yield case(what, False, "kpn_1", token)
    body = INPUTS["kpn_1"][0].encode()
    for at in (0, len(body) // 2, -1):
        yield case(f"bit of byte {at}", False, "kpn_1", OUTPUTS["kpn_1"], flipped(body, at))
    _, (_, headers, secrets), _ = case("", True, "kpn_1", OUTPUTS["kpn_1"])
    yield "no header", [body, {}, secrets], False
    yield "no token", [body, {"things-plug-uuid": PLUG}, secrets], False
    yield "another plug", [body, {**headers, "things-plug-uuid": PLUG[:-1] + "6"}, secrets], False
    yield "another secret", [body, headers, {"map": {PLUG: "another"}}], False
    known_to_all = hashlib.sha256(body).hexdigest()
    forged = {"things-plug-uuid": "constructor", "things-message-token": known_to_all}
    yield "no plug, hash without a secret", [body, forged, secrets], False
    yield (
        "empty secret",
        [body, {**headers, "things-message-token": known_to_all}, {"map": {PLUG: ""}}],
        False,
    )


NAMES = {
    5: ("DevEUI_uplink", ("CustomerID", "DevEUI", "FPort", "FCntUp", "payload_hex")),
    4: ("DevEUI_downlink_Sent", ("CustomerID", "DevEUI", "FPort", "FCntDn")),
    2: ("DevEUI_notification", ("CustomerID", "DevEUI")),
}


def thingpark() -> Iterator[Case]:
    body, query = INPUTS["tp_body_json"][0].encode(), OUTPUTS["tp_wire_s1"]
    token = OUTPUTS["tp_up_s1"]

    def case(
        what: str,
        ok: bool,
        body: bytes = body,
        query: str = query,
        key: str = AS_KEY,
        now: int = NOW,
    ) -> Case:
        return what, [body, query, key, now], ok

    yield case("JSON", True)
    yield case("untyped JSON", True, INPUTS["tp_body_untyped"][0].encode())
    yield case("a query of the user's own", True, query="a=1&b&" + query)
    yield case("a + that is not encoded", True, query=query.replace("%2B", "+"))
    for name in of_kind("tp_up"):
        yield case(name, True, *tp_vector(name))
    for what, other in damaged(token):
        yield case(what, False, query=query.replace(token, quote(other)))
    yield case("hashed encoded", False, query=query.replace(token, OUTPUTS["tp_up_neg"]))
    yield case("another key", False, key=AS_KEY[:-1] + "e")
    yield case("a bit of the payload", False, body.replace(b'"7b2', b'"7b3'))
    yield case("a bit of the counter", False, body.replace(b":17,", b":16,"))
    yield case("a bit of the query", False, query=query.replace("WICAN-1", "WICAN-0"))
    yield case("no token", False, query=query.partition("&Token")[0])
    yield case("no time", False, query=re.sub("Time=[^&]*&", "", query))
    yield case("no query", False, query="")
    nested = b'{"DevEUI_uplink":{"DevEUI":[1],"CustomerID":{"a":1}}}'
    others = (b"[]", b"7", b"null", b'{"a":1}', b'{"DevEUI_uplink":1}', nested)
    for broken in (b"", b"{", b"\xff", *others):
        yield case(f"{broken!r} for a document", False, broken)
    for seconds in (-301, -300, 300, 301):
        yield case(f"{seconds} s later", abs(seconds) == 300, now=NOW + seconds)


def tp_vector(name: str) -> tuple[bytes, str, str, int]:
    """A document and a query with those elements, the key, and when it was sent."""
    key, elements, query = INPUTS[name]
    root, names = NAMES[len(elements)]
    pairs = [pair.partition("=") for pair in query.split("&")]
    sent = "&".join(f"{name}={quote(value)}" for name, _, value in pairs)
    members = zip(names, elements, strict=True)
    document = {root: {name: text for name, text in members if text not in ("", "0")}}
    now = 1_467_701_906 if name == "tp_up_1" else NOW
    return json.dumps(document).encode(), f"{sent}&Token={OUTPUTS[name]}", key, now


def timed(
    case: Callable[[str, str, int], list], sent: int, good: Callable[[str], str]
) -> Iterator[Case]:
    """Cases about the time. `case` makes the arguments of time, signature and now; `good` signs a time."""
    for seconds in (-301, -300, 300, 301):
        arguments = case(str(sent), good(str(sent)), sent + seconds)
        yield f"{seconds} s later", arguments, abs(seconds) == 300
    yield "the time is another one", case(str(sent + 1), good(str(sent)), sent), False
    for text in ("", "soon", f"{sent}.0", "9" * 5000, f"-{sent}", f"{sent}\n"):
        yield f"{text[:20]!r} for a time", case(text, good(text), sent), False


def webhook() -> Iterator[Case]:
    (_, message_id, _, _), key = INPUTS["sw_2"], base64.b64decode(WHSEC.removeprefix("whsec_"))

    def good(time: str) -> str:
        digest = hmac.digest(key, f"{message_id}.{time}.".encode() + BODY, "sha256")
        return "v1," + base64.b64encode(digest).decode()

    def case(time: str, signature: str, now: int = NOW, id: str = message_id) -> list:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        return [BODY, dict(zip(names, (id, time, signature), strict=True)), WHSEC, now]

    both = case(str(NOW), OUTPUTS["sw_2"])
    yield "the first of two secrets", both, True
    yield "the second of two secrets", [*both[:2], OTHER_WHSEC, NOW], True
    yield "neither of two secrets", [*both[:2], "whsec_AAAA", NOW], False
    yield "secret without prefix", [*both[:2], WHSEC.removeprefix("whsec_"), NOW], True
    yield "sw_3", case(str(NOW + 5), OUTPUTS["sw_3"]), True
    for what, signature in damaged(OUTPUTS["sw_3"]):
        yield what, case(str(NOW + 5), signature), False
    yield "another id", case(str(NOW), OUTPUTS["sw_2"], id="a"), False
    for at in (0, len(BODY) // 2, -1):
        yield f"bit of byte {at}", [flipped(BODY, at), *both[1:]], False
    yield "no headers", [BODY, {}, WHSEC, NOW], False
    yield from timed(case, NOW, good)


def stripe() -> Iterator[Case]:
    secret = "wican-secret"

    def good(time: str) -> str:
        return hmac.new(secret.encode(), time.encode() + b"." + BODY, "sha256").hexdigest()

    def case(time: str, signature: str, now: int = NOW) -> list:
        return [BODY, {"stripe-signature": f"t={time},v1={signature}"}, secret, now]

    one = case(str(NOW), OUTPUTS["stripe_1"])
    yield "stripe_1", one, True
    yield "the first of two", case(str(NOW), OUTPUTS["stripe_1"] + ",v1=" + "0" * 64), True
    yield "the second of two", case(str(NOW), "0" * 64 + ",v1=" + OUTPUTS["stripe_1"]), True
    yield "an older version", case(str(NOW), "0" * 64 + ",v0=" + OUTPUTS["stripe_1"]), False
    for what, signature in damaged(OUTPUTS["stripe_1"]):
        yield what, case(str(NOW), signature), False
    for at in (0, len(BODY) // 2, -1):
        yield f"bit of byte {at}", [flipped(BODY, at), *one[1:]], False
    yield "another secret", [*one[:2], "another", NOW], False
    for header in ("", ",", "=", "t", "t=1730000000", "v1=" + OUTPUTS["stripe_1"]):
        yield f"{header[:20]!r}", [BODY, {"stripe-signature": header}, secret, NOW], False
    yield "no header", [BODY, {}, secret, NOW], False
    yield from timed(case, NOW, good)


def headed(name: str, good: str, body: bytes, *secret: str) -> Iterator[Case]:
    """Cases of a scheme whose value in that header depends on the body and the secret alone."""
    yield "genuine " + good[-5:], [body, {name: good}, *secret], True
    for what, value in damaged(good):
        yield what, [body, {name: value}, *secret], False
    for at in (0, len(body) // 2, -1):
        yield f"bit of byte {at}", [flipped(body, at), {name: good}, *secret], False
    yield "no header", [body, {}, *secret], False


def github() -> Iterator[Case]:
    for name in ("gh_1", "gh_2", "hmac_rfc4231_2"):
        secret, body = INPUTS[name]
        good = "sha256=" + OUTPUTS[name]
        yield from headed("x-hub-signature-256", good, body.encode(), secret)
    plain = "sha256=" + hashlib.sha256(BODY).hexdigest()
    yield "a hash without secret", [BODY, {"x-hub-signature-256": plain}, "wican-secret"], False
    header = {"x-hub-signature-256": "sha256=" + OUTPUTS["gh_2"]}
    yield "another secret", [BODY, header, "wican-secreu"], False


def digest() -> Iterator[Case]:
    for name in ("cd_1", "cd_2"):
        yield from headed("content-digest", OUTPUTS[name], INPUTS[name][0].encode())


def basic() -> Iterator[Case]:
    for name in ("basic_1", "basic_2", "basic_3"):
        header = {"authorization": OUTPUTS[name]}
        user, password = INPUTS[name]
        yield name, [header, user, password], True
        yield name + ", another password", [header, user, password + "."], False
        yield name + ", another user", [header, user + ".", password], False
        for what, value in damaged(OUTPUTS[name]):
            yield f"{name}, {what}", [{"authorization": value}, user, password], False
    yield "no header", [{}, "a", "b"], False


def bearer() -> Iterator[Case]:
    yield "genuine", [{"authorization": "Bearer s3cret"}, "s3cret"], True
    for what, value in damaged("Bearer s3cret"):
        yield what, [{"authorization": value}, "s3cret"], False
    yield "token without scheme", [{"authorization": "s3cret"}, "s3cret"], False
    yield "no header", [{}, "s3cret"], False


SCHEMES = (kpn, thingpark, webhook, stripe, github, digest, basic, bearer)


@pytest.fixture(scope="module")
def results(language: Language, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What the language makes of all cases, by scheme; its interpreter is started once."""
    cases = [(scheme.__name__, arguments) for scheme in SCHEMES for _, arguments, _ in scheme()]
    calls = [[name + "_ok", *arguments] for name, arguments in cases]
    found: dict[str, list[Any]] = {}
    for (name, _), result in zip(
        cases, language.results(tmp_path_factory.mktemp("run"), calls), strict=True
    ):
        found.setdefault(name, []).append(result)
    return found


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.__name__)
def test_only_what_is_genuine_is_taken(
    results: dict[str, list[Any]], scheme: Callable[[], Iterator[Case]]
) -> None:
    cases = list(scheme())
    assert {True, False} == {genuine for _, _, genuine in cases}
    wrong = [
        what
        for (what, _, genuine), found in zip(cases, results[scheme.__name__], strict=True)
        if found is not genuine
    ]
    assert wrong == []


def test_the_whole_receiver_receives(language: Language, tmp_path: Path) -> None:
    secret = b"a shared secret"

    def status(body: bytes, key: bytes = secret) -> int:
        signature = "sha256=" + hmac.new(key, body, "sha256").hexdigest()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("POST", "/", body, {"X-Hub-Signature-256": signature})
        found = connection.getresponse().status
        connection.close()
        return found

    with language.receiver(tmp_path) as (port, process):
        assert status(BODY) == 204
        assert process.stdout.readline() == BODY.decode() + "\n"
        assert status(BODY, b"another secret") == 401
        assert status(b"x" * 65_537) == 413
        assert status(b"x" * 60_000) == 204
        assert process.stdout.readline() == "x" * 60_000 + "\n"


def test_every_way_to_show_who_is_sending_is_explained() -> None:
    described = dict(schema.describe())
    for path in ("sign.scheme", "auth.type"):
        choices = described[f"destinations[].{path}"]["enum"]
        for choice in set(choices) - {"none", "api_key", "azure_sas"}:
            assert f"`{choice}`" in GUIDE


def test_what_the_guide_points_to_exists() -> None:
    headings = re.findall(r"^#+ (.*)$", GUIDE, re.M)
    anchors = {re.sub("[^a-z0-9 -]", "", text.lower()).replace(" ", "-") for text in headings}
    links = re.findall(r"\]\(([^)]*)\)", GUIDE)
    assert {link[1:] for link in links if link[0] == "#"} <= anchors
    files = {link.partition("#")[0] for link in links if link[0] != "#"}
    assert files and all((ROOT / "docs" / name).exists() for name in files)
