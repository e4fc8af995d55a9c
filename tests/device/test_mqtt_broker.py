"""The device's MQTT under Unix MicroPython against a real broker: what is delivered, what is refused, who sees it.

Nothing may leave the device before the broker has been verified, and every refusal has a sentence of its own.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mosquitto
import pytest
from mosquitto import Broker
from pki import Authority

ROOT = Path(__file__).resolve().parent.parent.parent
BUILDS = [(), ("-32",)] if platform.machine() == "x86_64" else [()]
DEVICE = "a0b1c2d3e4f5"
RX = f"wican/{DEVICE}/can/rx"
STATUS = f"wican/{DEVICE}/status"
ONLINE = '{"status": "online"}'
OFFLINE = '{"status": "offline"}'
MQTT = {"topic": "", "client_id": "", "qos": "1", "retain": False, "keepalive_s": 30}


class Device:
    """The probe's process."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self._count = 0

    def deliver(self, body: str = '{"SPEED":0}', id: str | None = None, deadline=20_000) -> dict:
        self._count += 1
        return self.tell("deliver", id or f"{DEVICE}-1-{self._count}", body, deadline)

    def tell(self, *command: object) -> dict:
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the device ended"
        return json.loads(line)

    def kill(self) -> None:
        self._process.kill()


@contextmanager
def device(
    root: Path,
    broker: Broker,
    *,
    build: tuple[str, ...] = (),
    secrets: dict[str, str] | None = None,
    host: str = "127.0.0.1",
    **changes: object,
) -> Iterator[Device]:
    """Runs a device whose file system is `root`, with a destination at this broker; members of its `mqtt` section by
    their own names."""
    scheme = "mqtts" if broker.secure else "mqtt"
    mqtt = {name: changes.pop(name, value) for name, value in MQTT.items()}
    settings = {
        "id": 1,
        "url": f"{scheme}://{host}:{broker.port}",
        "auth": {"type": "none", "user": ""},
        "cert_set": "good",
        "tls": {"server_name": "", "pins": [], "ciphers": "default"},
        "transport": {"allow_plain": not broker.secure, "keep": True},
        "mqtt": mqtt,
        **changes,
    }
    plan = {"root": str(root), "secrets": secrets or {}, "settings": settings}
    command = [ROOT / "tools" / "micropython", *build, ROOT / "tests" / "device" / "mqtt_probe.py"]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}/lib:{ROOT}/firmware/boards/unix:.frozen"}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        process.stdin.write(json.dumps(plan).encode() + b"\n")
        yield Device(process)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=BUILDS, ids=lambda build: "32" if build else "64")
def build(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Garage CA")


@pytest.fixture(scope="module")
def root(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system with cert sets."""
    root = tmp_path_factory.mktemp("device")
    sets = {
        "good": (authority.pem, None),
        "other": (Authority("Other CA").pem, None),
        "mutual": (authority.pem, authority.client("wican")),
        "stranger": (authority.pem, Authority("Third CA").client("wican")),
    }
    for name, (ca, pair) in sets.items():
        folder = root / "certs" / name
        folder.mkdir(parents=True)
        (folder / "ca.pem").write_bytes(ca)
        if pair is not None:
            pair.write(folder, "client.crt", "client.key")
    return root


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker without TLS, for everybody."""
    with mosquitto.broker(tmp_path_factory.mktemp("plain")) as running:
        yield running


@pytest.fixture(params=[True, False], ids=["tls1.2", "newest"])
def tls12(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.mark.parametrize("qos", ["0", "1"])
def test_documents_reach_those_who_listen(root, plain, build, qos):
    with mosquitto.listener(plain) as heard, device(root, plain, build=build, qos=qos) as wican:
        for body in ('{"SPEED":0}', '{"SPEED":1,"Ä":"µ"}', '{"x":"%s"}' % ("y" * 20_000)):
            outcome = wican.deliver(body)
            assert (outcome["kind"], outcome["connects"]) == ("delivered", 1)
            assert heard.wait_for(RX, body)["qos"] == int(qos)


def test_a_document_may_be_retained_for_those_who_come_later(root, plain):
    with device(root, plain, retain=True, topic="car/retained") as wican:
        wican.deliver('{"SPEED":7}')
    with mosquitto.listener(plain) as late:
        assert late.wait_for("car/retained", '{"SPEED":7}')["retain"] == 1


def test_the_status_topic_tells_whether_the_device_is_there(root, plain):
    with mosquitto.listener(plain) as heard, device(root, plain) as wican:
        wican.deliver()
        online = heard.wait_for(STATUS, ONLINE)
        with mosquitto.listener(plain) as late:
            assert late.wait_for(STATUS, ONLINE)["retain"] == 1
        wican.tell("close")
        left = heard.wait_for(STATUS, OFFLINE, online)
        wican.deliver()
        back = heard.wait_for(STATUS, ONLINE, left)
        wican.kill()
        heard.wait_for(STATUS, OFFLINE, back)  # the last will
    with mosquitto.listener(plain) as late:
        assert late.wait_for(STATUS, OFFLINE)["retain"] == 1


def test_who_closes_takes_leave_of_the_broker(root, authority, tmp_path, plain, build):
    name = "leaver" + ("".join(build) or "-64")
    with mosquitto.broker(tmp_path, authority.server("127.0.0.1")) as secure:
        for broker in (plain, secure):
            with device(root, broker, build=build, client_id=name) as wican:
                wican.deliver()
                wican.tell("close")
                broker.wait_for("Received DISCONNECT from " + name)


def test_an_idle_device_keeps_its_connection_alive(root, plain):
    with device(root, plain, client_id="sleeper", keepalive_s=3) as wican:
        wican.deliver()
        plain.wait_for("Sending PINGRESP to sleeper")
        outcome = wican.deliver()
        assert (outcome["kind"], outcome["connects"]) == ("delivered", 1)


@pytest.mark.parametrize("qos", ["0", "1"])
def test_after_the_broker_was_restarted_the_device_connects_again(root, tmp_path, build, qos):
    with mosquitto.broker(tmp_path) as broker:
        with device(root, broker, build=build, qos=qos) as wican:
            assert wican.deliver()["kind"] == "delivered"
            broker.stop()
            lost = wican.deliver(id="same")
            assert (lost["kind"], lost["stage"]) == ("retry", "connect")
            assert "refused the connection" in lost["cause"]
            broker.start()
            with mosquitto.listener(broker) as heard:
                found = wican.deliver('{"again":1}', id="same")
                assert (found["kind"], found["connects"]) == ("delivered", 2)
                heard.wait_for(RX, '{"again":1}')


def test_a_broker_that_was_restarted_between_two_documents_is_not_even_noticed(root, tmp_path):
    with mosquitto.broker(tmp_path) as broker, device(root, broker) as wican:
        wican.deliver()
        broker.stop()
        broker.start()
        assert wican.deliver()["kind"] == "delivered"
        broker.wait_for("Received PUBLISH from " + DEVICE)


def test_user_and_password(root, tmp_path):
    users = {"van": "s3cret", "t0ken": ""}
    with mosquitto.broker(tmp_path, users=users) as broker:
        basic = {"auth": {"type": "basic", "user": "van"}}
        for secrets, changes in (
            ({"destinations.1.auth.token": "s3cret"}, basic),
            ({"destinations.1.auth.login": "van:s3cret"}, {}),
        ):
            with device(root, broker, secrets=secrets, **changes) as wican:
                outcome = wican.deliver()
                assert outcome["kind"] == "delivered"
                assert "password=***" in outcome["trace"] and "s3cret" not in outcome["trace"]


def test_a_wrong_password_has_its_sentence(root, tmp_path, build):
    with mosquitto.broker(tmp_path, users={"van": "s3cret"}) as broker:
        secrets = {"destinations.1.auth.login": "van:wrong"}
        for known in (secrets, {}):
            with device(root, broker, build=build, secrets=known) as wican:
                outcome = wican.deliver()
                assert (outcome["kind"], outcome["stage"]) == ("auth", "status")
                assert "does not let this device in" in outcome["cause"]
                assert "user name and password" in outcome["advice"]
        assert not [line for line in broker.log.lines if "Received PUBLISH" in line]


def test_a_verified_broker_gets_documents(root, authority, tmp_path, build, tls12):
    with mosquitto.broker(tmp_path, authority.server("127.0.0.1"), tls12=tls12) as broker:
        with device(root, broker, build=build) as wican:
            for body in ("{}", '{"x":"%s"}' % ("y" * 20_000)):
                outcome = wican.deliver(body)
                assert (outcome["kind"], outcome["connects"]) == ("delivered", 1)
                size = f"'{RX}', ... ({len(body)} bytes))"
                broker.wait_for(size)


def test_brokers_that_cannot_be_verified_get_nothing(root, authority, tmp_path, build):
    wrong_name = authority.server("a.example")
    for case, certset, pair, expected in (
        ("ca", "other", authority.server("127.0.0.1"), "from Garage CA, which the cert set"),
        ("name", "good", wrong_name, "for a.example, not for 127.0.0.1."),
    ):
        with mosquitto.broker(tmp_path / case, pair) as broker:
            with device(root, broker, build=build, cert_set=certset) as wican:
                outcome = wican.deliver()
            assert (outcome["kind"], outcome["stage"], outcome["trace"]) == ("retry", "tls", "")
            assert expected in outcome["cause"] and outcome["advice"]
            broker.wait_for("SSL routines")  # in whichever of its two ways it says so
            assert not [
                line for line in broker.log.lines if "connected" in line and " as " in line
            ]


def test_certificates_that_were_replaced_are_loaded_again(authority, tmp_path):
    folder = tmp_path / "certs" / "good"
    folder.mkdir(parents=True)
    (folder / "ca.pem").write_bytes(Authority("Other CA").pem)
    with mosquitto.broker(tmp_path, authority.server("127.0.0.1")) as broker:
        with device(tmp_path, broker) as wican:
            assert wican.deliver()["stage"] == "tls"
            (folder / "ca.pem").write_bytes(authority.pem)
            assert wican.deliver()["kind"] == "delivered"


def test_a_broker_that_asks_for_a_client_certificate(root, authority, tmp_path, build, tls12):
    server = authority.server("127.0.0.1")
    with mosquitto.broker(tmp_path, server, client_ca=authority.pem, tls12=tls12) as broker:
        with device(root, broker, build=build, cert_set="mutual") as wican:
            assert wican.deliver()["kind"] == "delivered"
        for certset, expected in (
            ("good", "asks for a client certificate"),
            ("stranger", "refused this device's client certificate"),
        ):
            with device(root, broker, build=build, cert_set=certset) as wican:
                outcome = wican.deliver()
            assert (outcome["kind"], outcome["stage"]) == ("retry", "tls")
            assert expected in outcome["cause"], certset


def test_plain_text_is_sent_only_when_it_is_allowed(root, plain):
    forbidden = {"allow_plain": False, "keep": True}
    with device(root, plain, client_id="naked", transport=forbidden) as wican:
        outcome = wican.deliver()
    assert outcome["kind"] == "settings" and "mqtts://" in outcome["cause"]
    assert not [line for line in plain.log.lines if "naked" in line]


def test_plain_and_tls_are_not_mixed_up_in_silence(root, authority, tmp_path, plain):
    with mosquitto.broker(tmp_path, authority.server("127.0.0.1")) as secure:
        here = f"127.0.0.1:{secure.port}"
        allowed = {"allow_plain": True, "keep": True}
        with device(root, secure, url=f"mqtt://{here}", transport=allowed) as wican:
            outcome = wican.deliver()
        assert outcome["kind"] == "retry" and "mqtts://" in outcome["advice"]
    with device(root, plain, url=f"mqtts://127.0.0.1:{plain.port}") as wican:
        outcome = wican.deliver()
    assert (outcome["kind"], outcome["stage"]) == ("retry", "tls")
