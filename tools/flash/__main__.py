"""`python -m flash PORT IMAGE`: writes an image to a device and shows its passwords."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import image
from image import ImageError

import flash
from flash import credentials


def main() -> int:
    """Writes one device; 1 if that cannot be."""
    parser = argparse.ArgumentParser(prog="make flash", description=flash.__doc__)
    parser.add_argument("port", help="the serial port, such as /dev/ttyACM0")
    parser.add_argument("image", type=Path, help="what `make image` made")
    options = parser.parse_args()
    try:
        loaded = image.load(options.image)
        print(f"{options.image}: {loaded.board.name}, firmware {loaded.version}", flush=True)
        own = flash.flash(options.port, loaded)
    except (ImageError, flash.FlashError) as error:
        print(f"make flash: {error}", file=sys.stderr)
        return 1
    show(own)
    return 0


def show(own: credentials.Credentials) -> None:
    """Prints the card and the network as a QR code."""
    print("\nWritten. These passwords are shown this once; put them on the device's label:\n")
    print("\n".join(credentials.card(own)) + "\n")
    own.qr.terminal(compact=True)
    print("Scan it to join the device's network.")


if __name__ == "__main__":
    sys.exit(main())
