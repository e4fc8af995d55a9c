"""`make provision PORT=… CSV=…`: writes a batch of devices, one after the other, each with its own settings.

Everything is checked before the first device is written. What was written is noted in manifest.csv, and its label in
labels.html: a batch that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import flash
from flash import esp
from flash.credentials import Credentials, password
from image import Image

from provision import labels
from provision.fleet import Device, FleetError

__all__ = ["Batch", "FleetError"]

_COLUMNS = ("name", "device_id", "ssid", "board", "firmware", "image_sha256", "time")
_WIFI, _PAGE = "network.access_point.password", "web.password"


@dataclass
class Batch:
    """Devices to write, each made of the same image; what was done is kept in `folder`."""

    devices: list[Device]
    image: Image
    folder: Path

    @property
    def manifest(self) -> Path:
        """The list of the devices that were written. It holds no secrets."""
        return self.folder / "manifest.csv"

    def done(self) -> list[dict[str, str]]:
        """The lines of the manifest."""
        if not self.manifest.exists():
            return []
        with self.manifest.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def left(self) -> list[Device]:
        """Those that were not written yet."""
        names = [line["name"] for line in self.done()]
        return [device for device in self.devices if device.name not in names]

    def write(self, port: str, told: Callable[[str], None]) -> Device:
        """Writes the device at a port; returns which one it is now. Raises FlashError, ImageError."""
        chip = flash.checked(port, self.image.board)
        device = self._choose(chip.device_id)
        told(f"{device.name}: {chip.device_id}")
        secrets = dict(device.secrets)
        own = Credentials(
            chip.device_id, secrets.pop(_WIFI, password()), secrets.pop(_PAGE, password())
        )
        files = {**device.files, **own.files(secrets)}
        with flash.written(self.image.sized(chip.flash).with_files(files)) as path:
            esp.write(port, self.image.board, path)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.folder.mkdir(parents=True, exist_ok=True)
        labels.add(self.folder / "labels.html", device.name, device.label, own)
        self._note(device, own, digest)
        return device

    def _choose(self, device_id: str) -> Device:
        """The line for this device: the one with its MAC address, else the next without any. Raises FlashError."""
        for line in self.done():
            if line["device_id"] == device_id:
                raise esp.FlashError(f"this device was written before, as {line['name']}")
        left = self.left()
        fitting = [device for device in left if device.mac == device_id]
        fitting += [device for device in left if not device.mac]
        if not fitting:
            raise esp.FlashError(f"there is no line for the device {device_id}")
        return fitting[0]

    def _note(self, device: Device, own: Credentials, digest: str) -> None:
        """Adds a line to the manifest; it is on the disk when this returns."""
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        board = self.image.board.name
        line = (device.name, own.device_id, own.ssid, board, self.image.version, digest, moment)
        fresh = not self.manifest.exists()
        with self.manifest.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(_COLUMNS)
            writer.writerow(line)
            file.flush()
            os.fsync(file.fileno())
