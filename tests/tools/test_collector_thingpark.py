"""Tokens of ThingPark: the vectors pass, and every mistake is called by its name."""

from urllib.parse import quote

import pytest
from collector import Received, ThingPark
from collector_requests import AS_KEY, INPUTS, NOW, OUTPUTS, check, mac, request, sha
from delivery.vectors import VECTORS

TP_BODY = INPUTS["tp_body_json"][0].encode()
TP_QUERY = OUTPUTS["tp_wire_s1"]


def thingpark(
    body: bytes = TP_BODY, query: str = TP_QUERY, at: float = NOW, token: str | None = None
) -> Received:
    if token is not None:
        query = query.rpartition("=")[0] + "=" + token
    return request(body, "/as?mine=1&" + query, at)


@pytest.mark.parametrize("name", ["tp_body_json", "tp_body_untyped", "tp_body_xml"])
def test_thingpark_takes_the_documents(name: str) -> None:
    body = INPUTS[name][0].encode()
    check(ThingPark(AS_KEY, "wican.as"), thingpark(body), "ok")
    flipped = thingpark(body.replace(b"7b22454e", b"7b22454f"))
    check(ThingPark(AS_KEY), flipped, "something was changed")


NAMES = {
    "DevEUI_uplink": ("CustomerID", "DevEUI", "FPort", "FCntUp", "payload_hex"),
    "DevEUI_downlink_Sent": ("CustomerID", "DevEUI", "FPort", "FCntDn"),
    "DevEUI_notification": ("CustomerID", "DevEUI"),
}


@pytest.mark.parametrize("name", [name for name, kind, *_ in VECTORS if kind == "tp_up"])
def test_thingpark_takes_the_vectors(name: str) -> None:
    key, elements, query = INPUTS[name]
    root = next(root for root, names in NAMES.items() if len(names) == len(elements))
    inner = ",".join(f'"{n}":"{v}"' for n, v in zip(NAMES[root], elements, strict=True) if v)
    body = f'{{"{root}":{{{inner}}}}}'.encode()
    wire = "&".join(f"{n}={quote(v)}" for n, _, v in (p.partition("=") for p in query.split("&")))
    at = 1_467_701_906.9 if name == "tp_up_1" else NOW
    sent = thingpark(body, f"{wire}&Token={OUTPUTS[name]}", at)
    check(ThingPark(key), sent, "ok")
    check(ThingPark("0" + key[1:-1] + "e"), sent, "another secret was used")


def tp_mistakes() -> dict[str, str]:
    key, elements, query = INPUTS["tp_up_s1"]
    values = "".join(elements)
    encoded = query.replace(":", "%3a").replace("+", "%2b")
    mixed = {
        OUTPUTS["tp_up_neg"]: "covers the query percent-encoded",
        values + encoded + key: "covers the query percent-encoded",
        values + query.replace("+", " ") + key: "covers a blank where Time has a +",
        values + "mine=1&" + query + key: "other parameters of the query",
        values + "mine=1&" + TP_QUERY.rpartition("&")[0] + key: "other parameters of the query",
        query + key: "covers no values of the document",
        values + key: "does not cover the query",
        values + query: "was made without the key",
        key + values + query: "has the key in front",
        query + values + key: "has the query in front",
        values + query + key.upper(): "the key in upper case",
        "".join(elements[:2] + elements[3:]) + query + key: "does not cover FPort",
        "".join(elements[:3] + elements[4:]) + query + key: "does not cover FCntUp",
    }
    tokens = {t if len(t) == 64 else sha(t.encode()): said for t, said in mixed.items()}
    tokens[mac(key.encode(), (values + query).encode()).hex()] = "is an HMAC"
    tokens[sha((values + query).encode() + bytes.fromhex(key))] = "the bytes of the key"
    return tokens


@pytest.mark.parametrize(("token", "expected"), tp_mistakes().items())
def test_thingpark_names_the_mistake(token: str, expected: str) -> None:
    check(ThingPark(AS_KEY), thingpark(token=token), expected)


def test_thingpark_looks_at_the_query() -> None:
    one = ThingPark(AS_KEY)
    for name in ("LrnDevEui", "LrnInfos", "AS_ID", "Time", "Token"):
        check(one, thingpark(query=TP_QUERY.replace(name, "x")), f"The query has no {name}.")
        check(one, thingpark(query=f"{TP_QUERY}&{name}=1"), f"The query has {name} 2 times.")
    check(one, request(TP_BODY), "The query has no LrnDevEui.")
    check(one, thingpark(query=TP_QUERY.replace("%2B", "+")), "send %2B")
    check(one, thingpark(at=NOW + 301), "Time is 301 s old; 300 s are allowed.")
    check(one, thingpark(at=NOW - 301), "Time is 301 s ahead")
    check(ThingPark(AS_KEY, tolerance_s=301), thingpark(at=NOW + 301), "ok")
    check(ThingPark(AS_KEY, "mine"), thingpark(), "AS_ID is wican.as, not mine.")


def test_thingpark_compares_query_and_document() -> None:
    key, elements, query = INPUTS["tp_up_s1"]
    for old, new, expected in (
        ("LrnFPort=2", "LrnFPort=3", "LrnFPort is 3, but FPort is 2."),
        ("Eui=A1B2", "Eui=A1B3", "LrnDevEui is A1B3C3FFFED4E5F6, but DevEUI is A1B2C3FFFED4E5F6."),
    ):
        token = sha(("".join(elements) + query.replace(old, new) + key).encode())
        sent = thingpark(query=TP_QUERY.replace(old, new), token=token)
        check(ThingPark(key), sent, expected)


def test_thingpark_wants_a_document_it_knows() -> None:
    for body, expected in (
        (b"", "neither JSON nor XML"),
        (b"[1]", "not one root element"),
        (b'{"DevEUI_location":{}}', "is DevEUI_location, for which there is no token"),
        (b'{"DevEUI_uplink":{"DevEUI":"1"}}', "has no CustomerID"),
        (TP_BODY.replace(b":17", b":1.5"), "FCntUp is neither text nor a whole number"),
        (b"<!DOCTYPE a><a/>", "has a DOCTYPE"),
    ):
        check(ThingPark(AS_KEY), thingpark(body), expected)
