"""Diagnostic services against simulated cars: several ECUs, answers in several frames, CAN and K-line."""

import asyncio

import pytest
from obd import diagnostics
from obd.at import Link
from obd.elm327 import Elm327
from simulator import background
from simulator.standard import FIELDS


def with_car(car, work, protocol="0", **options):
    """What `work(adapter, link)` returns."""

    async def session(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        adapter = Elm327(reader, writer, protocol=protocol)
        try:
            return await work(adapter, Link(()))
        finally:
            await adapter.close()

    with background(car, pace=False, latency_ms=1, **options) as simulator:
        return asyncio.run(session(simulator.port)), simulator


@pytest.mark.parametrize("personality", ["elm327", "stn", "mic3624"])
def test_a_petrol_car_tells_everything(personality):
    findings, _ = with_car("petrol", diagnostics.read, personality=personality)
    ((identifier, ecu),) = findings.ecus.items()
    assert identifier == 0x7E8 and findings.problems == []
    assert ecu.codes == {
        "stored": ["P0133", "P0420"],
        "pending": ["P0302"],
        "permanent": ["P0420"],
    }
    assert (ecu.readiness.lamp, ecu.readiness.count, ecu.readiness.complete) == (True, 2, True)
    assert ecu.frame.code == "P0133" and ecu.frame.missing == []
    values = {name: text for name, text, _, _ in ecu.frame.values}
    assert values["0C-EngineRPM"] == "2210.25" and values["06-ShortFuelTrimBank1"] == "-1.56"


@pytest.mark.parametrize("protocol", ["6", "0"])
def test_two_ecus_tell_their_own_codes(protocol):
    findings, _ = with_car("twin", diagnostics.read, protocol)
    assert findings.ecus[0x7E8].codes["stored"] == ["P0301"]
    assert findings.ecus[0x7E9].codes["stored"] == ["P0700", "P0730", "P0741", "U0100"]
    assert findings.ecus[0x7E9].codes["pending"] == ["P0218"]


@pytest.mark.parametrize("protocol", ["5", "0"])
def test_a_van_on_a_k_line(protocol):
    findings, _ = with_car("sprinter", diagnostics.read, protocol)
    ((identifier, ecu),) = findings.ecus.items()
    assert identifier == 0x12 and ecu.codes == {"stored": ["P0101"], "pending": []}
    assert ecu.frame.code == "P0101"
    assert [value[:2] for value in ecu.frame.values][2] == ("0C-EngineRPM", "801.5")
    vins, _ = with_car("sprinter", diagnostics.vins, protocol)
    assert vins == {0x12: "WDB90366210000451"}


def test_more_codes_than_one_message_holds_on_a_k_line():
    codes = ["P0101", "P0102", "P0103", "P0104"]
    van = {
        "protocol": "5",
        "ecus": [{"tx": "12", "mode01": {"0C": 750}, "dtcs": {"stored": codes}}],
    }
    findings, _ = with_car(van, diagnostics.read, "5")
    assert findings.ecus[0x12].codes["stored"] == codes


def test_every_value_a_freeze_frame_can_hold_is_read():
    """As many as the simulator encodes, of one car with 29-bit identifiers."""
    values = {f"{pid:02X}": [1] * len(fields) for pid, fields in FIELDS.items() if pid != 1}
    ecu = {
        "tx": "18DA10F1",
        "rx": "18DAF110",
        "functional": True,
        "mode01": {"0C": 1},
        "dtcs": {"stored": ["P0301"]},
        "freeze_frame": {"code": "P0301", "values": values},
    }
    findings, _ = with_car({"protocol": "7", "ecus": [ecu]}, diagnostics.read, "7")
    frame = findings.ecus[0x18DAF110].frame
    assert frame.missing == []
    read = {int(name[:2], 16) for name, *_ in frame.values}
    assert read == {int(pid, 16) for pid in values}


def test_clearing_leaves_permanent_codes():
    async def work(adapter, link):
        cleared = await diagnostics.clear(adapter, link)
        return cleared, await diagnostics.read(adapter, link)

    (cleared, findings), simulator = with_car("petrol", work)
    ecu = findings.ecus[0x7E8]
    assert cleared == ([0x7E8], [])
    assert ecu.codes == {"stored": [], "pending": [], "permanent": ["P0420"]}
    assert ecu.frame is None and not ecu.readiness.complete
    assert int(simulator.car.values()["30-WarmUpsSinceCodeClear"]) == 0


def test_an_engine_that_runs_refuses_to_clear():
    ecu = {
        "tx": "7E0",
        "rx": "7E8",
        "functional": True,
        "mode01": {"0C": 900},
        "dtcs": {"stored": ["P0301"]},
        "responses": {"04": {"nrc": "22"}},
    }

    async def work(adapter, link):
        try:
            await diagnostics.clear(adapter, link)
        except diagnostics.NegativeResponse as error:
            return str(error)

    told, _ = with_car({"protocol": "6", "ecus": [ecu]}, work, "6")
    assert told == "ECU 7E8 refused: conditions not correct (0x22)"


def test_reading_leaves_the_link_as_polling_wants_it():
    """Nothing but requests is sent once the adapter is set up for functional requests."""

    async def work(adapter, link):
        await diagnostics.vins(adapter, link)
        before = adapter.commands
        await diagnostics.read(adapter, link)
        return adapter.commands - before

    commands, _ = with_car("petrol", work, "6")
    assert commands == 0
