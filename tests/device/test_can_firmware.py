"""The whole firmware on a board with a CAN controller: requests, broadcasts, and no disturbance of the bus."""

from __future__ import annotations

import json
from pathlib import Path

import can
import isotp
from can_bridge import Bench, bench, run_device

LISTENS = 3
SETTINGS = {
    "version": 1,
    "adapter": {"kind": "can"},
    "log": {"level": "error"},
    "web": {"enabled": False},
    "clock": {"servers": []},
    "power": {"poll_unused": True},
    "autopid": {
        "standard": {"parameters": [{"name": "0D-VehicleSpeed", "period_ms": 1000}]},
        "custom": {
            "parameters": [
                {
                    "name": "SOC",
                    "pid": "220101",
                    "init": "ATSH7E4;",
                    "expression": "B10/2",
                    "period_ms": 100,
                }
            ]
        },
        "filters": [
            {
                "name": "wheels",
                "frame_id": "0x3A0",
                "parameters": [{"name": "WHEEL", "expression": "[B0:B1]/100", "period_ms": 100}],
            }
        ],
    },
}


def run(bus: Bench, root: Path, names: list[str], **autopid: object) -> dict:
    """What the firmware prints of itself: see can_firmware_probe.py."""
    (root / "config").mkdir()
    changed = dict(SETTINGS, autopid={**SETTINGS["autopid"], **autopid})
    (root / "config/settings.json").write_text(json.dumps(changed))
    plan = {"port": bus.port, "root": str(root), "names": names}
    line = run_device("can_firmware_probe.py", json.dumps(plan))[-1]
    return json.loads(line)


def car(bus: Bench) -> None:
    """An engine and a battery controller, and wheels that send 25.8 all the time."""
    battery = bytes.fromhex("620101EFFBE7EF84") + bytes(30)

    def engine(message: can.Message, node: can.BusABC) -> None:
        answers = {"020100": "064100BE3EB813", "02010d": "03410D32"}
        answer = answers.get(bytes(message.data[:3]).hex())
        if message.arbitration_id == 0x7DF and answer:
            node.send(
                can.Message(arbitration_id=0x7E8, is_extended_id=False, data=bytes.fromhex(answer))
            )

    bus.node(engine)
    address = isotp.Address(isotp.AddressingMode.Normal_11bits, txid=0x7EC, rxid=0x7E4)
    bus.ecu(address, lambda request: [battery])
    wheels = can.Message(arbitration_id=0x3A0, is_extended_id=False, data=b"\x0a\x14\xff")
    bus.bus().send_periodic(wheels, 0.01)


def test_requests_and_broadcasts_become_values(tmp_path: Path) -> None:
    with bench() as bus:
        car(bus)
        found = run(bus, tmp_path, ["SOC", "WHEEL", "0D-VehicleSpeed"])
    assert found["values"] == {"SOC": "66", "WHEEL": "25.8", "0D-VehicleSpeed": "50"}
    assert found["ecu"] == "online"
    assert found["modes"][0] == [500_000, LISTENS], "listening comes first"
    assert {rate for rate, _ in found["modes"]} == {500_000}, "what was heard decided"
    assert "obd.can_search" not in found["loaded"] and "obd.can" in found["loaded"]


def test_who_only_listens_is_never_noticed(tmp_path: Path) -> None:
    with bench() as bus:
        car(bus)
        nothing = {"enabled": False}
        found = run(bus, tmp_path, ["WHEEL"], standard=nothing, custom={"parameters": []})
        assert not bus.log
    assert found["values"] == {"WHEEL": "25.8"} and found["modes"] == [[500_000, LISTENS]]
