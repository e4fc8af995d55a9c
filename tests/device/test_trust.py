"""Which servers the device believes, and what it says of the others: real chains, real handshakes, both interpreters.

Whatever is refused has read nothing of the document; every refusal has a sentence that tells it from the others.
"""

import ssl
from pathlib import Path

import pytest
import tls_peer
from believers import (
    BODY,
    BUILDS,
    CLIENTS,
    CROSSED,
    CROSSED_BY_EXPIRED,
    EC,
    EC384,
    EXPIRED_ROOT,
    IMITATED,
    LONE,
    NAME,
    NEW,
    OLD,
    OTHER,
    PUBLIC,
    PUBLIC_ISSUER,
    RSA,
    RSA4096,
    WORKSHOP,
    Case,
    key_of,
    leaf,
    make_device,
    pin,
    post,
)
from pki import Authority, days, self_signed
from tls_peer import Peer

WAYS = [((), True), ((), False)] + [(build, True) for build in BUILDS[1:]]
WEAK = "DEFAULT:@SECLEVEL=0"  # else Python refuses to serve what the device is to refuse


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("device")
    make_device(root)
    return root


def delivered() -> list[Case]:
    ec, rsa = EC.server(NAME), RSA.server(NAME)
    pins = [pin(leaf(ec)), pin(EC.certificate), pin(OTHER.certificate)]
    crossed = CROSSED.intermediate("Issuing CA")
    mutual = {"certset": "mutual", "clients": CLIENTS}
    return [
        Case("two levels, EC", ec),
        Case("three levels, EC", WORKSHOP.server(NAME)),
        Case("four levels, EC", WORKSHOP.intermediate("Corner CA").server(NAME)),
        Case("two levels, RSA", rsa),
        Case("three levels, RSA", RSA.intermediate("RSA workshop").server(NAME)),
        Case("EC below RSA", RSA.server(NAME, kind="ec")),
        Case("RSA below EC", EC.server(NAME, kind="rsa")),
        Case("P-384", EC384.intermediate("Strong workshop").server(NAME)),
        Case("RSA 4096", RSA4096.server(NAME, kind="ec")),
        Case("SHA-384", EC.server(NAME, hash="sha384")),
        Case("SHA-512", RSA.server(NAME, hash="sha512")),
        Case("the root is sent", WORKSHOP.server(NAME).followed_by(EC)),
        Case("a stranger is sent", WORKSHOP.server(NAME).followed_by(OTHER)),
        Case("a wildcard", EC.server("*.example")),
        Case("several names", EC.server("a.example", NAME, "b.example")),
        Case("another case", EC.server("CARS.Example")),
        Case("an IPv4 address", EC.server("127.0.0.1"), plan={"name": None}),
        Case("an IPv6 address", EC.server("::1"), plan={"name": "::1"}),
        Case("no extended key usage", EC.server(NAME, usage=())),
        Case("both usages", EC.server(NAME, usage=("serverAuth", "clientAuth"))),
        Case("a path length that suffices", EC.intermediate("P", path_length=0).server(NAME)),
        Case("an intermediate is trusted", WORKSHOP.server(NAME), certset="intermediate"),
        Case(
            "an intermediate is trusted and not sent",
            WORKSHOP.server(NAME).alone(),
            certset="intermediate",
        ),
        Case("a server is its own authority", LONE, certset="lone"),
        Case("the authority is DER", ec, certset="der"),
        Case("cross-signed, the old root is trusted", crossed.server(NAME), certset="old"),
        Case("cross-signed, the new root is trusted", crossed.server(NAME), certset="new"),
        Case("not cross-signed, the new root is trusted", NEW.server(NAME), certset="new"),
        Case("a pinned server", ec, plan={"pins": pins[:1]}),
        Case("a pinned authority", ec, plan={"pins": [pins[2], pins[1]]}),
        Case("mutual TLS", ec, **mutual),
        Case("mutual TLS, RSA", ec, certset="mutual-rsa", clients=CLIENTS),
        Case("mutual TLS through an intermediate", ec, certset="mutual-chain", clients=CLIENTS),
        Case("default", PUBLIC_ISSUER.server(NAME), certset="default"),
        Case("default, two levels", PUBLIC.server(NAME), certset="default"),
        Case(
            "default, the root is sent",
            PUBLIC_ISSUER.server(NAME).followed_by(PUBLIC),
            certset="default",
        ),
        Case(
            "default, cross-signed by a root that is there",
            crossed.server(NAME),
            certset="default",
        ),
        Case(
            "default with a client certificate",
            PUBLIC.server(NAME),
            certset="mutual-default",
            clients=CLIENTS,
        ),
        Case(
            "default, another root is remembered",
            PUBLIC.server(NAME),
            certset="default",
            plan={"remembered": key_of(OLD)},
        ),
        Case(
            "default, nonsense is remembered",
            PUBLIC.server(NAME),
            certset="default",
            plan={"remembered": "xyz 00"},
        ),
        Case(
            "default, an expired root is remembered",
            CROSSED_BY_EXPIRED.server(NAME),
            certset="default",
            plan={"remembered": key_of(EXPIRED_ROOT)},
        ),
        Case(
            "default, another root is remembered and both are pinned",
            PUBLIC.server(NAME),
            certset="default",
            plan={
                "remembered": key_of(OLD),
                "pins": [pin(PUBLIC.certificate), pin(OLD.certificate)],
            },
        ),
        Case("an estimated clock", ec, plan={"state": "estimated"}),
    ]


def refused() -> list[Case]:
    ec, unwanted = EC.server(NAME), "which the cert set does not trust"
    issued = {"issuer_address": "http://ca.example/ca.crt"}
    late, early = {"not_before": days(-30), "not_after": days(-2)}, {"not_before": days(2)}
    public = "which is no authority of the default bundle"
    found = [
        Case("an unknown root", OTHER.server(NAME), f"from Other CA, {unwanted}"),
        Case(
            "an unknown root, three levels",
            OTHER.intermediate("Its CA").server(NAME),
            f"from Its CA under Other CA, {unwanted}",
        ),
        Case(
            "an unknown root is sent",
            OTHER.server(NAME).followed_by(OTHER),
            f"from Other CA, {unwanted}",
        ),
        Case(
            "no intermediate",
            WORKSHOP.server(NAME, **issued).alone(),
            "does not send the intermediate certificate of Workshop CA",
        ),
        Case(
            "no intermediate, nor where it is",
            WORKSHOP.server(NAME).alone(),
            f"from Workshop CA, {unwanted}, and no intermediate one came with it",
        ),
        Case(
            "the wrong order", WORKSHOP.intermediate("Corner CA").server(NAME).shuffled(), unwanted
        ),
        Case("expired", EC.server(NAME, **late), f"certificate expired on {days(-2).date()}"),
        Case(
            "expired intermediate",
            EC.intermediate("Late CA", **late).server(NAME),
            f"certificate of Late CA, an authority above the server's, expired on {days(-2).date()}",
        ),
        Case(
            "expired root",
            EXPIRED_ROOT.server(NAME),
            "certificate of Past CA, an authority above the server's, expired",
        ),
        Case("not yet valid", EC.server(NAME, **early), f"not valid before {days(2).date()}"),
        Case(
            "intermediate not yet valid",
            EC.intermediate("Early CA", **early).server(NAME),
            "is not valid yet; the device's clock says",
        ),
        Case(
            "not yet valid by an estimated clock",
            EC.server(NAME, **early),
            "only estimates the time",
            plan={"state": "estimated"},
        ),
        Case("the clock is not set", ec, "clock is not set", plan={"state": "no_time"}),
        Case(
            "another name",
            EC.server("a.example", "b.example"),
            f"for a.example, b.example, not for {NAME}.",
        ),
        Case(
            "another address",
            EC.server("127.0.0.2"),
            "for 127.0.0.2, not for 127.0.0.1.",
            plan={"name": None},
        ),
        Case(
            "a wildcard for one level only",
            EC.server("*.example"),
            "for *.example, not for a.cars.example.",
            plan={"name": "a.cars.example"},
        ),
        Case(
            "only a common name",
            EC.server(common_name=NAME),
            f"names no host, only the outdated common name {NAME}.",
        ),
        Case("signed by itself", self_signed(NAME), "is signed by itself"),
        Case("for clients only", EC.server(NAME, usage=("clientAuth",)), "not made for servers"),
        Case("SHA-1", RSA.server(NAME, hash="sha1"), "an outdated hash", weak=True),
        Case("RSA 1024", EC.server(NAME, kind="rsa1024"), "is too short", weak=True),
        Case(
            "an authority that is none", EC.intermediate("No CA", ca=None).server(NAME), unwanted
        ),
        Case(
            "too many levels",
            EC.intermediate("P", path_length=0).intermediate("Q").server(NAME),
            unwanted,
        ),
        Case(
            "constraints nobody knows",
            EC.intermediate("C", permitted=("example",)).server(NAME),
            "what this device does not know",
        ),
        Case(
            "more extensions than anybody reads",
            EC.server(NAME, extensions=70),
            "what this device does not know",
        ),
        Case(
            "more extensions, from an unknown root",
            OTHER.server(NAME, extensions=70),
            "what this device does not know",
        ),
        Case("Ed25519", EC.server(NAME, kind="ed25519"), "no version or cipher in common"),
        Case(
            "a false pin",
            ec,
            "None of the server's public keys",
            plan={"pins": [pin(OTHER.certificate)]},
        ),
        Case(
            "a false name that ends in a dot", ec, f"not for {NAME}..", plan={"name": NAME + "."}
        ),
        Case(
            "a client certificate is wanted", ec, "asks for a client certificate", clients=CLIENTS
        ),
        Case(
            "another client certificate is wanted",
            ec,
            "refused this device's client",
            "stranger",
            clients=CLIENTS,
        ),
        Case(
            "the key is not the client's", ec, "does not belong to its", "misfit", clients=CLIENTS
        ),
        Case("a set without authority", ec, "has no CA certificate", "empty"),
        Case("an authority with constraints", ec, "is damaged", "constrained"),
        Case("default, a private root", OTHER.server(NAME), f"from Other CA, {public}", "default"),
        Case(
            "default, a private root, three levels",
            OTHER.intermediate("Its CA").server(NAME),
            f"under Other CA, {public}",
            "default",
        ),
        Case(
            "default, no intermediate",
            PUBLIC_ISSUER.server(NAME, **issued).alone(),
            "does not send the intermediate certificate of Issuing CA",
            "default",
        ),
        Case(
            "default, more extensions than anybody reads",
            PUBLIC.server(NAME, extensions=70),
            "what this device does not know",
            "default",
        ),
        Case("default, expired", PUBLIC.server(NAME, **late), "certificate expired on", "default"),
        Case("default, another name", PUBLIC.server("a.example"), f"not for {NAME}.", "default"),
        Case("default, signed by itself", self_signed(NAME), "is signed by itself", "default"),
        Case(
            "default, only a common name",
            PUBLIC.server(common_name=NAME),
            "names no host",
            "default",
        ),
        Case(
            "default, the clock is not set",
            PUBLIC.server(NAME),
            "clock is not set",
            "default",
            {"state": "no_time"},
        ),
        Case("default, not installed", ec, "is not installed", "default", {"root": "/nowhere"}),
    ]
    for real in IMITATED:
        fake = Authority.imitating(real, kind="ec").server(NAME)
        found.append(
            Case(
                f"default, like {real.subject.rfc4514_string()}",
                fake,
                "which did not sign it",
                "default",
            )
        )
    return found


def context(folder: Path, case: Case, tls12: bool) -> ssl.SSLContext:
    clients = case.clients.pem if case.clients else None
    return tls_peer.server_context(folder, case.pair, tls12, clients, WEAK if case.weak else None)


@pytest.fixture(params=WAYS, ids=["64-tls1.2", "64-newest", "32-tls1.2"][: len(WAYS)])
def way(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], bool]:
    return request.param


@pytest.mark.parametrize("case", delivered(), ids=lambda case: case.name)
def test_documents_reach_servers_that_can_be_believed(device, tmp_path, way, case):
    build, tls12 = way
    with Peer(tls_peer.answer, context(tmp_path, case, tls12)) as peer:
        outcome = post(device, build, peer.port, case)
    assert outcome.get("status") == 200, outcome
    assert peer.received.endswith(b"\r\n\r\n" + BODY)


@pytest.mark.parametrize("case", refused(), ids=lambda case: case.name)
def test_other_servers_are_refused_with_a_reason_and_read_nothing(device, tmp_path, way, case):
    build, tls12 = way
    with Peer(tls_peer.answer, context(tmp_path, case, tls12)) as peer:
        outcome = post(device, build, peer.port, case)
    assert outcome["stage"] in ("tls", "settings"), outcome
    assert case.says in outcome["cause"], outcome
    assert outcome["advice"], outcome
    assert peer.received == b""
