"""A thousand drives: ignition on, drive, off, sleep, wake, network lost and found, resets at any moment."""

import json
import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIVES = 4  # devices that live at the same time
DRIVES = 250  # each
BUILD = ["-32"] if platform.machine() == "x86_64" else []
HEAP = 12_288  # bytes that may come and go between two looks, with values, log lines and what tasks hold


def lived(seed: int) -> subprocess.Popen:
    """A device that lives through its drives."""
    probe = ROOT / "tests" / "device" / "drives_probe.py"
    return subprocess.Popen(
        [
            ROOT / "tools" / "micropython",
            *BUILD,
            "-X",
            "heapsize=8M",
            probe,
            str(DRIVES),
            str(seed),
        ],
        env={**os.environ, "MICROPYPATH": f"{ROOT}/lib:{ROOT}/tests/unit"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_thousand_drives() -> None:
    devices = [lived(seed) for seed in range(1, LIVES + 1)]
    resets = lost = 0
    for device in devices:
        output = device.communicate(timeout=600)[0]
        assert device.returncode == 0, output[-3000:]
        told = json.loads(output.splitlines()[-1])
        assert told["drives"] == DRIVES
        assert told["wedged"] == [], "every drive is read, and delivered where there is a network"
        assert told["asked_asleep"] == [], "no request on a sleeping bus"
        assert told["insomnia"] == 0, "the OBD chip sleeps before the processor does"
        assert told["missing"] == 0, "what was stored arrives"
        assert told["lost_asleep"] == 0 and told["naps_ended"], "all is stored before the sleep"
        assert (
            told["answers"] > 4 * DRIVES and told["put"] > 2 * DRIVES and told["sleeps"] > DRIVES
        )
        heap = told["heap"][1:]
        assert max(heap) - min(heap) < HEAP, told["heap"]
        resets += told["resets"]
        lost += told["lost_in_resets"]
    assert resets > 20 and lost < resets, "a reset costs at most what was not stored yet"
