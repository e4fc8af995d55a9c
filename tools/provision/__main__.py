"""`python -m provision PORT CSV IMAGE`: writes a batch of devices."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import image
from flash import FlashError
from image import ImageError

from provision import Batch, fleet
from provision.fleet import FleetError


def main() -> int:
    """Writes the devices that are left; 1 if any of them still is."""
    parser = argparse.ArgumentParser(prog="make provision", description=fleet.__doc__)
    parser.add_argument("port", help="the serial port; `check` writes nothing")
    parser.add_argument("csv", type=Path, help="the devices")
    parser.add_argument("image", type=Path, help="what `make image` made")
    parser.add_argument("--settings", type=Path, help="settings for all of them (JSON)")
    parser.add_argument("--out", type=Path, help="folder for manifest.csv and labels.html")
    parser.add_argument("--go", action="store_true", help="do not wait for Enter")
    options = parser.parse_args()
    try:
        batch = prepared(options)
        return 0 if options.port == "check" else run(batch, options.port, options.go)
    except (ImageError, FlashError, FleetError) as error:
        print(f"make provision: {error}", file=sys.stderr)
        return 1


def prepared(options: argparse.Namespace) -> Batch:
    """The batch, found good. Raises FleetError, ImageError."""
    loaded = image.load(options.image)
    base: dict[str, Any] = json.loads(loaded.files["config/settings.json"])
    if options.settings:
        base = fleet.merged(base, _settings(options.settings))
    devices = fleet.read(options.csv, base)
    for device in devices:
        loaded.with_files(device.files).bytes()  # they fit
    folder = options.out or options.csv.with_suffix(".written")
    batch = Batch(devices, loaded, folder)
    print(
        f"{len(devices)} devices, {len(batch.left())} left; {loaded.board.name}, {loaded.version}"
    )
    return batch


def run(batch: Batch, port: str, go: bool) -> int:
    """One device after the other; 1 if it was stopped before the last. Raises FlashError if nobody can be asked."""
    while batch.left():
        print(f"\n{len(batch.left())} left, the next is {batch.left()[0].name}.", flush=True)
        try:
            if not go:
                input(f"Connect a device to {port} and press Enter (Ctrl-D stops): ")
            device = batch.write(port, lambda text: print(text, flush=True))
            print(f"{device.name} is written.")
        except FlashError as error:
            if go:
                raise
            print(f"make provision: {error}", file=sys.stderr)
        except (EOFError, KeyboardInterrupt):
            print(f"\nstopped; {len(batch.left())} are left")
            return 1
    print(f"\nall written: {batch.manifest}, and labels.html beside it, which holds passwords")
    return 0


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise FleetError(f"{path} cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise FleetError(f"{path} holds no JSON object")
    return found


if __name__ == "__main__":
    sys.exit(main())
