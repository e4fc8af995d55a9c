"""Tokens of Azure IoT Hub: the vector passes, and every mistake is called by its name."""

import base64
import hashlib
from urllib.parse import quote

import pytest
from collector import AzureSas, Received
from collector_requests import HUB, INPUTS, NOW, OUTPUTS, SAS_KEY, check, mac, request

SAS_RESOURCE, _, SAS_EXPIRY = INPUTS["az_3"]
SAS_PATH = "/devices/wican-a1b2c3d4e5f6/messages/events?api-version=2021-04-12"


def sas(
    resource: str = SAS_RESOURCE,
    expiry: str = str(SAS_EXPIRY),
    signature: bytes | None = None,
    host: str = HUB,
    path: str = SAS_PATH,
    more: str = "",
) -> Received:
    key = base64.b64decode(SAS_KEY)
    digest = signature or mac(key, f"{resource}\n{expiry}".encode())
    sig = quote(base64.b64encode(digest), safe="")
    text = f"SharedAccessSignature sr={resource}&sig={sig}&se={expiry}{more}"
    return request(path=path, Host=host, Authorization=text)


def test_azure_takes_the_vector() -> None:
    sent = request(path=SAS_PATH, Host=HUB, Authorization=OUTPUTS["az_3"])
    check(AzureSas(SAS_KEY), sent, "ok")
    check(AzureSas(SAS_KEY, HUB), sas(host="localhost:8443"), "ok")
    check(AzureSas(SAS_KEY), sas(host="[::1]:8443"), "ok")
    check(AzureSas(SAS_KEY, "b." + HUB), sas(host="localhost"), f"the hub {HUB}, not for b.{HUB}.")
    with pytest.raises(ValueError, match="no Base64"):
        AzureSas("not base64")


def sas_mistakes() -> dict[str, bytes]:
    key, message = base64.b64decode(SAS_KEY), f"{SAS_RESOURCE}\n{SAS_EXPIRY}".encode()
    decoded = SAS_RESOURCE.replace("%2F", "/")
    return {
        "covers the decoded resource": mac(key, f"{decoded}\n{SAS_EXPIRY}".encode()),
        "the resource with %2f": mac(key, message.replace(b"%2F", b"%2f")),
        "the key as it is written": mac(SAS_KEY.encode(), message),
        "has nothing between sr and se": mac(key, message.replace(b"\n", b"")),
        "has se in front of sr": mac(key, b"\n".join(message.split(b"\n")[::-1])),
        "covers a line feed behind se": mac(key, message + b"\n"),
        "does not cover se": mac(key, SAS_RESOURCE.encode()),
        "is a plain hash": hashlib.sha256(message + key).digest(),
        "another secret was used": mac(b"another", message),
    }


@pytest.mark.parametrize(("expected", "digest"), sas_mistakes().items())
def test_azure_names_the_mistake(expected: str, digest: bytes) -> None:
    check(AzureSas(SAS_KEY), sas(signature=digest), expected)


def test_azure_looks_at_expiry_and_resource() -> None:
    other = SAS_RESOURCE.replace("f6", "f7")
    bare = OUTPUTS["az_3"].replace("%2Fk9", "/k9")
    for sent, expected in (
        (sas(expiry=str(NOW)), "The token expired 0 s ago."),
        (sas(expiry=str(NOW + 1)), "ok"),
        (sas(expiry=str(NOW - 60)), "The token expired 60 s ago."),
        (sas(expiry=str(SAS_EXPIRY * 1000)), "milliseconds"),
        (sas(expiry=str(SAS_EXPIRY - 946_684_800)), "from the year 2000"),
        (sas(expiry=str(NOW + 400 * 86_400)), "se lies 400 days ahead"),
        (sas(expiry="soon"), "se is no whole number"),
        (sas(resource=other), "for wican-a1b2c3d4e5f7, the address for wican-a1b2c3d4e5f6."),
        (sas(resource=HUB), "for no device"),
        (sas(host="hub.example.com"), f"for the hub {HUB}, not for hub.example.com."),
        (sas(path="/in"), "The address is not /devices/"),
        (sas(path=SAS_PATH.partition("?")[0]), "no api-version"),
        (sas(more="&skn=device"), "There is an skn"),
        (sas(more="&se=1"), "has a part twice"),
        (request(path=SAS_PATH, Authorization="SharedAccessSignature sr=a&se=1"), "has no sig"),
        (request(path=SAS_PATH, Host=HUB, Authorization=bare), "not percent-encoded"),
        (request(path=SAS_PATH, Authorization="Bearer a"), "does not begin with Shared"),
        (request(path=SAS_PATH), "The header Authorization is missing."),
    ):
        check(AzureSas(SAS_KEY), sent, expected)
