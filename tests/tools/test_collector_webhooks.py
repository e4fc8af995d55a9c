"""Standard Webhooks, GitHub and Stripe: the vectors pass, and every mistake is called by its name."""

import base64
import hashlib

import pytest
from collector import Github, Received, StandardWebhooks, Stripe
from collector_requests import (
    BODY,
    INPUTS,
    NOW,
    OTHER_WHSEC,
    OUTPUTS,
    WHSEC,
    check,
    mac,
    request,
    sha,
)

SW_ID = INPUTS["sw_2"][1]


def webhook(signature: str, time: str = str(NOW), body: bytes = BODY, at: float = NOW) -> Received:
    names = {"webhook_id": SW_ID, "webhook_timestamp": time, "webhook_signature": signature}
    return request(body, at=at, **names)


def v1(key: bytes, message: bytes) -> str:
    return "v1," + base64.b64encode(mac(key, message)).decode()


def test_standard_webhooks_takes_the_vectors_under_each_of_two_secrets() -> None:
    for secret in (WHSEC, OTHER_WHSEC, WHSEC.removeprefix("whsec_")):
        check(StandardWebhooks(secret), webhook(OUTPUTS["sw_2"]), "ok")
    check(StandardWebhooks(WHSEC), webhook(OUTPUTS["sw_3"], str(NOW + 5)), "ok")
    check(StandardWebhooks(OTHER_WHSEC), webhook(OUTPUTS["sw_3"], str(NOW + 5)), "another secret")
    with pytest.raises(ValueError, match="no Base64"):
        StandardWebhooks("whsec_not base64")


def sw_mistakes() -> dict[str, str]:
    key = base64.b64decode(WHSEC.removeprefix("whsec_"))
    start = f"{SW_ID}.{NOW}.".encode()
    return {
        v1(WHSEC.encode(), start + BODY): "was made with the secret as it is written",
        v1(WHSEC.removeprefix("whsec_").encode(), start + BODY): "the secret as it is written",
        v1(key, BODY): "without webhook-id and webhook-timestamp",
        v1(key, f"{NOW}.".encode() + BODY): "does not cover webhook-id",
        v1(key, f"{SW_ID}.".encode() + BODY): "does not cover webhook-timestamp",
        v1(key, f"{SW_ID}{NOW}".encode() + BODY): "has no dots",
        v1(start + BODY, key): "has key and message swapped",
        v1(key, start): "covers nothing instead of the body",
        "v1," + mac(key, start + BODY).hex(): "written as lower-case hexadecimal",
        v1(key, start + BODY)[3:]: "has no signature that begins with v1,",
        "v1," + base64.b64encode(hashlib.sha256(key + start + BODY).digest()).decode(): (
            "is a plain hash with the secret in front of"
        ),
    }


@pytest.mark.parametrize(("signature", "expected"), sw_mistakes().items())
def test_standard_webhooks_names_the_mistake(signature: str, expected: str) -> None:
    check(StandardWebhooks(WHSEC), webhook(signature), expected)


def test_times_have_to_be_right() -> None:
    def signed(time: str) -> tuple[Received, Received]:
        text = f"{SW_ID}.{time}.".encode() + BODY
        key = base64.b64decode(WHSEC.removeprefix("whsec_"))
        return webhook(v1(key, text), time), stripe(
            f"t={time},v1={mac(b's', time.encode() + b'.' + BODY).hex()}"
        )

    for time, expected in (
        (str(NOW + 300), "ok"),
        (str(NOW - 300), "ok"),
        (str(NOW - 301), "is 301 s old; 300 s are allowed."),
        (str(NOW + 301), "is 301 s ahead"),
        (str(NOW * 1000), "counts milliseconds instead of seconds"),
        (str(NOW - 946_684_800), "counts from the year 2000 instead of 1970"),
        (f"{NOW}.5", "is no whole number of seconds"),
        ("9" * 30, "is no whole number of seconds"),
    ):
        for verifier, sent in zip((StandardWebhooks(WHSEC), Stripe("s")), signed(time)):
            check(verifier, sent, expected)


def stripe(signature: str) -> Received:
    return request(Stripe_Signature=signature)


def test_stripe_takes_the_vector_and_names_mistakes() -> None:
    key = b"wican-secret"
    good = "t=1730000000,v1=" + OUTPUTS["stripe_1"]
    one = Stripe(key.decode())
    for signature, expected in (
        (good, "ok"),
        (good.replace("v1=", f"v1={'0' * 64},v0=1,v1="), "ok"),
        ("t=1730000000,v1=" + mac(key, BODY).hex(), "covers the body without t"),
        ("t=1730000000,v1=" + mac(key, b"1730000000" + BODY).hex(), "has no dot between"),
        ("t=1730000000,v1=" + sha(b"1730000000." + BODY), "a plain hash without any secret"),
        ("t=1730000001,v1=" + OUTPUTS["stripe_1"], "another secret"),
        ("v1=" + OUTPUTS["stripe_1"], "has not one t"),
        ("t=1730000000", "has not v1"),
    ):
        check(one, stripe(signature), expected)
    check(one, request(), "The header Stripe-Signature is missing.")


def test_github_takes_the_vectors_and_names_mistakes() -> None:
    for name in ("gh_1", "gh_2"):
        secret, body = INPUTS[name]
        sent = request(body.encode(), X_Hub_Signature_256="sha256=" + OUTPUTS[name])
        check(Github(secret), sent, "ok")
        check(Github(secret + "\n"), sent, "without the white space around it")
    key = b"wican-secret"
    for signature, expected in (
        ("sha256=" + sha(key + BODY), "secret in front of the message instead of an HMAC"),
        ("sha256=" + sha(BODY + key), "secret behind the message instead of an HMAC"),
        ("sha256=" + mac(BODY, key).hex(), "has key and message swapped"),
        ("sha256=" + mac(b"", BODY).hex(), "was made with no secret"),
        ("sha256=" + OUTPUTS["gh_2"].upper(), "written as upper-case"),
        ("sha1=" + "0" * 40, "does not begin with sha256= but with 'sha1=000'."),
        (OUTPUTS["gh_2"], "does not begin with sha256="),
    ):
        check(Github(key.decode()), request(X_Hub_Signature_256=signature), expected)
    decoded = mac(base64.b64decode("c2VjcmV0"), BODY).hex()
    sent = request(X_Hub_Signature_256="sha256=" + decoded)
    check(Github("c2VjcmV0"), sent, "was made with what the secret stands for as Base64")
    renamed = request(X_Mine="sha256=" + OUTPUTS["gh_2"])
    check(Github("wican-secret", "X-Mine"), renamed, "ok")
