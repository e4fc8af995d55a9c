"""The whole firmware when things go wrong: it says what is wrong, sends nothing false, and recovers by itself."""

import asyncio
import importlib
import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import tls_peer
import unix_device
from pki import Authority, self_signed
from tls_peer import Peer, server_context

from firmware import (
    DEADLINE,
    PASSWORD,
    TOKEN,
    Device,
    destination,
    readings,
    telemetry,
    value,
    world,
)

ADDRESS = "127.0.0.1"


def days(count: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=count)


def add_destinations(files, *more: dict) -> None:
    """Puts further destinations beside the collector."""
    settings = files.load("settings")
    settings["destinations"] += more
    files.save("settings", settings)
    secrets = files.load("secrets")
    tokens = {f"destinations.{item['id']}.auth.token": TOKEN for item in more}
    files.save("secrets", {**secrets, **tokens})


def states(status: dict) -> list[str]:
    return [item["state"] for item in status["destinations"]]


# Servers that must not be trusted


REFUSALS = {
    1: "certificate is from Somebody else, which the cert set does not trust",
    2: "certificate is for other.example, not for 127.0.0.1",
    3: "certificate expired on ",
    4: "certificate is signed by itself, not by a trusted authority",
    5: "does not speak TLS on this port; it answered in plain text",
    6: "most likely it asks for a client certificate",
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """A device with six destinations, each with something else that is wrong; (status, peers by id, log)."""
    folder = tmp_path_factory.mktemp("refused")
    authority = Authority("Garage CA")
    pairs = {
        1: Authority("Somebody else").server(ADDRESS),
        2: authority.server("other.example"),
        3: authority.server(ADDRESS, not_before=days(-30), not_after=days(-2)),
        4: self_signed(ADDRESS),
        6: authority.server(ADDRESS),
    }
    peers = {5: Peer(tls_peer.speak_plain_http, None)}
    for number, pair in pairs.items():
        ca = authority.pem if number == 6 else None
        context = server_context(folder / str(number), pair, tls12=True, client_ca=ca)
        peers[number] = Peer(tls_peer.answer, context)

    def prepare(files, _):
        files.add_cert_set("garage", authority.pem)
        settings = files.load("settings")
        settings["destinations"] = []
        files.save("settings", settings)
        add_destinations(
            files, *[destination(peers[number].port, id=number) for number in REFUSALS]
        )

    with peers[1], peers[2], peers[3], peers[4], peers[5], peers[6]:
        with world(folder, "ioniq5", prepare) as running:
            status = running.device.until(lambda status: states(status) == ["failing"] * 6)
            yield status, peers, running.device


@pytest.mark.parametrize("number", REFUSALS)
def test_an_untrusted_server_gets_nothing_and_the_status_says_why(refused, number):
    status, peers, device = refused
    state = status["destinations"][number - 1]
    assert REFUSALS[number] in state["reason"]
    assert (state["delivered"], state["last"]["stage"]) == ("0", "tls")
    assert peers[number].received == b""
    assert REFUSALS[number] in device.wait_for(f"destination {number}: ")


def test_a_server_that_asks_for_a_client_certificate_gets_the_one_of_the_cert_set(tmp_path):
    authority = Authority("Mutual CA")
    context = server_context(
        tmp_path / "tls", authority.server(ADDRESS), tls12=True, client_ca=authority.pem
    )
    with Peer(tls_peer.answer, context) as peer:

        def prepare(files, _):
            pair = authority.client("wican")
            files.add_cert_set("mutual", authority.pem, (pair.cert_pem, pair.key_pem))
            add_destinations(files, destination(peer.port, id=2, cert_set="mutual"))

        with world(tmp_path, "ioniq5", prepare) as running:
            running.device.until(lambda status: states(status) == ["ok", "ok"])
    assert b'"SOC":66' in peer.received and peer.handshakes == 1


# Settings under which nothing is sent


def settled(running, seconds: float) -> dict:
    """The status once the device is that old: time enough for a document that must not be sent."""
    return running.device.until(lambda status: int(status["uptime_ms"]) > seconds * 1000)


def test_without_grouping_nothing_is_sent_and_the_page_says_why(tmp_path):
    def prepare(files, _):
        files.change(autopid={"grouping": False})

    with world(tmp_path, "ioniq5", prepare) as running:
        status = settled(running, 2)
        assert running.collector.connections == 0
    assert readings(status)["SOC"] == "66"
    assert (status["grouping"], states(status)) == (False, ["grouping_off"])
    assert "Grouping is switched off" in status["destinations"][0]["reason"]


def test_disabled_and_misconfigured_destinations_send_nothing_beside_one_that_works(tmp_path):
    def prepare(files, hub):
        port = hub.port
        add_destinations(
            files,
            destination(port, id=2, enabled=False, query=[{"key": "id", "value": "2"}]),
            destination(port, id=3, cert_set="nosuch", query=[{"key": "id", "value": "3"}]),
            destination(port, id=4, auth={"type": "bearer"}, query=[{"key": "id", "value": "4"}]),
        )
        secrets = files.load("secrets")
        del secrets["destinations.4.auth.token"]
        files.save("secrets", secrets)

    with world(tmp_path, "ioniq5", prepare) as running:
        settled(running, 2)
        status = running.device.until(lambda status: status["destinations"][2]["reason"])
        paths = {document.path_qs for document in running.collector.wait(2, timeout=10)}
    works, disabled, unknown, no_token = status["destinations"]
    assert paths == {"/ingest"} and works["state"] == "ok"
    assert (disabled["state"], disabled["last"]) == ("disabled", None)
    assert "There is no cert set named nosuch." in unknown["reason"]
    assert any("destinations[3].auth.token" in line for line in status["log"])
    assert no_token["delivered"] == unknown["delivered"] == "0"


def test_a_server_that_never_answers_does_not_delay_another(tmp_path):
    def prepare(files, _):
        add_destinations(files, *[destination(peer.port, id=number) for number, peer in silent])

    silent = [(number, Peer(tls_peer.say_nothing, None)) for number in (2, 3)]
    with silent[0][1], silent[1][1], world(tmp_path, "ioniq5", prepare) as running:
        documents = running.collector.wait(4, timeout=15)
        status = running.device.status()
    gaps = [after.at - before.at for before, after in zip(documents, documents[1:], strict=False)]
    assert all(0.6 < gap < 1.4 for gap in gaps), gaps
    assert status["destinations"][0]["state"] == "ok"
    assert status["destinations"][1]["delivered"] == "0"


# The car and its adapter


def fresh(status: dict) -> bool:
    """Whether all values were read within the last two periods, without an error now."""
    values = status["values"]
    return all(v["age_ms"] and int(v["age_ms"]) < 2500 and not v["error"] for v in values)


def fast(files, _):
    """Every value each second."""
    settings = files.load("settings")
    for item in settings["autopid"]["standard"]["parameters"]:
        item["period_ms"] = 1000
    settings["autopid"]["cycle_ms"] = 1000
    files.save("settings", settings)


def test_an_adapter_that_is_unplugged_and_comes_back(tmp_path):
    with world(tmp_path, "petrol", fast, held=300.0) as running:
        running.device.until(fresh)
        running.adapter.unplug()
        status = running.device.until(lambda status: status["ecu"] == "offline")
        speed = value(status, "0D-VehicleSpeed")
        assert speed["value"] == "50" and "adapter" in speed["error"]
        running.device.wait_for("no connection to the adapter: 127.0.0.1 refused")
        running.adapter.plug()
        status = running.device.until(lambda status: status["ecu"] == "online" and fresh(status))
        expected = running.simulator.car.values()
        assert readings(status) == {name: expected[name] for name in readings(status)}
        again = running.collector.wait(running.collector.total + 1, timeout=5)[-1]
        assert list(again.json) == ["autopid_data"]


def test_an_adapter_that_hangs_is_reported_and_revived_by_the_strongest_reset(tmp_path):
    with world(tmp_path, "twin", fast) as running:
        running.device.until(fresh)
        running.adapter.wedged = "ATZ"
        assert "the adapter gave no prompt" in running.device.wait_for(" W adapter")
        status = running.device.until(lambda status: status["ecu"] == "offline")
        assert "no prompt" in value(status, "COOLANT_TMP")["error"]
        status = running.device.until(lambda status: status["ecu"] == "online" and fresh(status))
        assert readings(status)["COOLANT_TMP"] == "79" and running.adapter.wedged is None


def test_a_sleeping_car_is_left_alone_and_noticed_when_it_wakes(tmp_path):
    with world(tmp_path, "petrol", fast, held=300.0) as running:
        device, counters = running.device, running.adapter.counters
        device.until(fresh)
        running.adapter.asleep = True
        status = device.until(lambda status: status["ecu"] == "offline")
        assert "answer" in value(status, "0C-EngineRPM")["error"]
        asked, since = counters["requests"], int(status["uptime_ms"])
        device.until(lambda status: int(status["uptime_ms"]) > since + 2000)
        assert 1 <= counters["requests"] - asked <= 3
        running.adapter.asleep = False
        status = device.until(lambda status: status["ecu"] == "online" and fresh(status))
        assert readings(status)["0C-EngineRPM"] == "2500"
        device.wait_for("ECU online", since=device.lines.index(device.wait_for("ECU offline")))


def test_a_car_that_sleeps_at_start_is_found_when_it_wakes(tmp_path):
    def drowsy(files, _):
        fast(files, _)
        files.change(
            autopid={
                "standard": {**files.load("settings")["autopid"]["standard"], "protocol": "0"}
            }
        )

    with world(tmp_path, "twin", drowsy) as running:
        running.adapter.asleep = True
        device = running.device
        status = settled(running, 1.2)
        assert (status["ecu"], states(status)) == ("offline", ["no_values"])
        assert "No value has been read" in status["destinations"][0]["reason"]
        running.adapter.asleep = False
        device.until(fresh, timeout=25)
        running.collector.wait(1, timeout=20)


@pytest.mark.parametrize("personality", ["stn", "mic3624"])
def test_a_bad_line_never_makes_a_wrong_value(tmp_path, personality):
    with world(tmp_path, "petrol", fast, held=300.0, personality=personality) as running:
        expected = running.simulator.car.values()
        running.adapter.garbage, running.adapter.drop_every = 0.004, 113
        for document in running.collector.wait(4, timeout=20):
            found = telemetry(document)
            assert found == {name: expected[name] for name in found}
        running.adapter.heal()
        status = running.device.until(fresh)
        assert readings(status) == {name: expected[name] for name in readings(status)}


# Damaged files


def test_damaged_settings_give_way_to_the_ones_before(tmp_path):
    def prepare(files, _):
        good = files.config / "settings.json"
        good.rename(files.config / "settings.json.1")
        good.write_text('{"version":1,"desti')

    with world(tmp_path, "ioniq5", prepare) as running:
        running.document_with("SOC")
        running.device.wait_for("settings.json cannot be read")


def test_one_damaged_destination_does_not_stop_the_others(tmp_path):
    def prepare(files, hub):
        add_destinations(files, destination(hub.port, id=2, url="http:/nowhere"))

    with world(tmp_path, "ioniq5", prepare) as running:
        running.document_with("SOC")
        status = running.device.status()
        running.device.wait_for("destinations[1].url")
    assert states(status) == ["ok", "disabled"]


def plain(files, secrets: dict) -> None:
    """A password that somebody wrote, or none, beside a destination that is refused."""
    settings = files.load("settings")
    settings["destinations"][0]["url"] = "http://a.example/"
    files.save("settings", settings)
    files.save("secrets", secrets)


def test_a_plain_password_opens_the_page_beside_a_destination_that_is_refused(tmp_path):
    with world(tmp_path, prepare=lambda files, _: plain(files, {"web.password": PASSWORD})) as w:
        assert states(w.device.status()) == ["disabled"]
        assert PASSWORD not in (w.files.config / "secrets.json").read_text()
        assert w.files.load("settings")["destinations"][0]["url"] == "http://a.example/"


def test_a_new_device_starts_beside_a_destination_that_is_refused(tmp_path):
    with world(tmp_path, prepare=lambda files, _: plain(files, {})) as running:
        told = running.device.wait_for("The password of the page is ")
        password = told.split("The password of the page is ")[1].split()[0]
        running.device.get("/", password)


def test_a_device_that_cannot_store_its_password_works_on_and_shows_its_page_later(tmp_path):
    config, port = tmp_path / "config", unix_device.free_port()
    config.mkdir()
    (config / "settings.json").write_text(json.dumps({"web": {"port": port}}))
    (config / "secrets.json.new").mkdir()  # where nothing can be written then
    with unix_device.firmware(tmp_path, subprocess.PIPE) as process:
        device = Device(process, port)
        device.wait_for("page failed: ")
        (config / "secrets.json.new").rmdir()
        device.wait_for("The password of the page is ")
        device.wait_for("listening on port")
        assert device.log.count("firmware started") == 1


@pytest.mark.parametrize(
    "text",
    ['{"car_model":', "[]", '{"pids":7}', '{"pids":[{"pid":"zz","parameters":{"A":"B3"}}]}'],
)
def test_a_damaged_profile_leaves_the_standard_values(tmp_path, text):
    def prepare(files, _):
        (files.config / "profile.json").write_text(text)

    with world(tmp_path, "ioniq5", prepare) as running:
        running.document_with("42-ControlModuleVolt")
        status = running.device.status()
        problem = [line for line in status["log"] if " W " in line or " E " in line]
    assert problem and "Traceback" not in running.device.log
    assert readings(status) == {"42-ControlModuleVolt": "14.4"}


def test_one_bad_expression_leaves_the_other_values(tmp_path):
    def prepare(files, _):
        profile = files.load("profile")
        parameters = profile["pids"][0]["parameters"]
        parameters[1]["expression"] = "((S17*256)+B18"
        parameters[4]["expression"] = "B200"
        files.save("profile", profile)

    with world(tmp_path, "ioniq5", prepare) as running:
        sent = telemetry(running.document_with("SOC"))
        status = running.device.status()
        running.device.wait_for("HV_A")
    assert sent["SOC"] == "66" and "HV_A" not in sent and "LV_V" not in sent
    assert "too short" in value(status, "LV_V")["error"]


# Settings that change


@pytest.fixture
def app(monkeypatch):
    """The module of the whole firmware, here under CPython: tests reach into it."""
    monkeypatch.syspath_prepend(str(unix_device.ROOT / "firmware" / "boards" / "unix"))
    return importlib.import_module("app")


def play(firmware, scene) -> None:
    """Runs a scene beside the firmware."""

    async def both() -> None:
        running = asyncio.create_task(firmware.run())
        try:
            await asyncio.wait_for(scene(), DEADLINE)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    firmware.store.save({"web": {"enabled": False}})
    asyncio.run(both())


async def become(good) -> None:
    while not good():
        await asyncio.sleep(0.01)


def save(firmware, *destinations: dict) -> None:
    changed = {**firmware.store.draft(), "destinations": list(destinations)}
    assert firmware.store.save(changed) == []


def place(name: str, **changes: object) -> dict:
    return {"name": name, "url": f"https://{name}.example/", **changes}


def test_a_change_that_could_not_be_applied_is_tried_again_and_disturbs_no_other(
    app, tmp_path, monkeypatch
):
    import rollout

    firmware, attempts = app.App(str(tmp_path)), []

    class Unlucky(rollout.Destination):
        def __init__(self, settings: dict, *arguments: object) -> None:
            super().__init__(settings, *arguments)
            attempts.append(settings["name"])
            if attempts == ["b", "c"]:
                raise MemoryError

    async def scene() -> None:
        save(firmware, place("a"))
        await become(firmware.destinations)
        [first] = firmware.destinations()
        monkeypatch.setattr(rollout, "Destination", Unlucky)
        save(firmware, place("a", id=1), place("b"), place("c"))
        await become(lambda: "c" in attempts)
        assert firmware.destinations() == [first]
        await become(lambda: len(firmware.destinations()) == 3)
        assert firmware.destinations()[0] is first
        tasks = [task.name for task in firmware._supervisor.tasks if "destination " in task.name]
        assert tasks == ["destination 1", "destination 2", "destination 3"]

    play(firmware, scene)


def test_a_destination_that_gets_the_number_of_another_starts_anew(app, tmp_path):
    firmware = app.App(str(tmp_path))
    six = [place(name, id=number) for number, name in enumerate("abcdef", 1)]

    async def scene() -> None:
        save(firmware, *six)
        await become(firmware.destinations)
        before = firmware.destinations()
        save(firmware, *six[2:], place("a", id=1, cycle_ms=0), place("new"))
        await become(lambda: firmware.destinations()[-1].name == "new")
        after = firmware.destinations()
        assert after[:5] == before[2:] + before[:1], "changed ones go on"
        assert after[5].id == 2 and after[5] not in before
        assert (
            len([task for task in firmware._supervisor.tasks if task.name[:12] == "destination "])
            == 6
        )

    play(firmware, scene)


# The protocol


def test_a_protocol_that_was_found_is_not_searched_again_after_a_restart(tmp_path):
    def search(files, _) -> None:
        settings = files.load("settings")
        settings["autopid"]["standard"]["protocol"] = "0"
        files.save("settings", settings)

    with world(tmp_path, prepare=search, held=60) as first:
        first.collector.wait(1, timeout=20)
        assert "ATTP0" in first.simulator.adapter.log
        first.device.process.terminate()
        first.device.process.wait()
        first.simulator.adapter.log.clear()
        with first.files.run():
            first.collector.wait(first.collector.total + 1, timeout=20)
        sent = list(first.simulator.adapter.log)
    assert "ATTP6" in sent and "ATTP0" not in sent, sent
