"""Makes the default bundle of public roots: Mozilla's, as the certifi package has them, with an index by subject.

    python -m roots build/roots.bin         from the installed certifi package

The same package makes the same bytes. The format is told in lib/trust/roots.py; the device checks it with
lib/trust/roots_update.py before it takes a new one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
from pathlib import Path

import certifi
import on_cpython


def main() -> None:
    """Writes the bundle and says what is in it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="the file to make, e.g. build/roots.bin")
    out: Path = parser.parse_args().out
    on_cpython.install()
    from trust import roots

    write(out, bundle(Path(certifi.where()).read_bytes(), date(certifi.__version__)))
    day, count = roots.about(str(out))
    print(f"{out}: {count} roots of {day}, {out.stat().st_size} bytes")


def date(version: str) -> str:
    """The day of a release of certifi, which its version tells: "2026.10.18" is "20261018"."""
    year, month, day = (int(part) for part in version.split(".")[:3])
    return f"{year:04}{month:02}{day:02}"


def bundle(pem: bytes, day: str) -> bytes:
    """The bundle of all certificates in `pem`; `day` is YYYYMMDD. Raises ValueError if one of them is damaged."""
    on_cpython.install()
    from trust import roots

    found = sorted((key_of(der), der) for der in certificates(pem))
    offset = roots.HEADER + roots.ENTRY * len(found)
    index = b""
    for key, der in found:
        index += key + offset.to_bytes(4, "big") + len(der).to_bytes(2, "big")
        offset += len(der)
    head = roots.MAGIC + day.encode("ascii") + len(found).to_bytes(2, "big")
    data = head + index + b"".join(der for _, der in found)
    return data + hashlib.sha256(data).digest()


def certificates(pem: bytes) -> set[bytes]:
    """Every certificate (DER) in a PEM file, once. Raises ValueError."""
    from trust.pem import (
        blocks,
    )  # and not cryptography's, which will refuse the root with the serial number 0

    return {der for label, der in blocks(pem) if label == "CERTIFICATE"}


def key_of(der: bytes) -> bytes:
    """What a root goes by in the index. Raises ValueError if this is not a certificate."""
    from trust import roots, x509

    return roots.key(x509.Certificate(der).subject_raw)


def write(out: Path, data: bytes) -> None:
    """The file is there whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(out.name + ".new")
    fresh.write_bytes(data)
    os.replace(fresh, out)


if __name__ == "__main__":
    main()
