"""Signs updates and brings them onto devices: `make update`.

    python -m update wican_pro                       build/update/wican_pro.wup, signed with build/update.key
    python -m update --host 192.168.1.50             makes it for that device's board and installs it there

The private key (RSA, 3072 bits) is made on first use and stays on this computer: whoever has it can put software on
every device whose image was made with its public half, build/update.pub. Keep a copy in a safe place. An update's form
is described in lib/device/update.py.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import http.client
import json
import os
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import on_cpython
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY = on_cpython.ROOT / "build" / "update.key"
FOLDER = on_cpython.ROOT / "build" / "update"
MAGIC = b"WUP1"
BITS = 3072
_PIECE = 8192
_SALT = 32
_STANDS_STILL_S = 60
_STARTS_S = 90


class UpdateError(Exception):
    """Why there is no update, as one sentence."""


# The key


def load_key(path: Path) -> rsa.RSAPrivateKey:
    """The private key in a file; makes both if there is none. Raises UpdateError."""
    if not path.exists():
        return make_key(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, OSError) as error:
        raise UpdateError(f"{path} cannot be read as a private key ({error})") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != BITS:
        raise UpdateError(f"{path} holds no RSA key of {BITS} bits")
    return key


def make_key(path: Path) -> rsa.RSAPrivateKey:
    """Makes a private key that only its owner may read, and its public half beside it."""
    key = rsa.generate_private_key(65537, BITS)
    form = serialization.PrivateFormat.PKCS8
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    path.with_suffix(".pub").write_bytes(modulus(key))
    print(f"made a new key: {path} (keep a copy, tell nobody), {path.with_suffix('.pub')}")
    return key


def modulus(key: rsa.RSAPrivateKey) -> bytes:
    """The public half, as devices keep it in /update.pub: 384 bytes, big endian."""
    return key.public_key().public_numbers().n.to_bytes(BITS // 8, "big")


# The update


def archive(manifest: bytes, files: dict[str, bytes], key: rsa.RSAPrivateKey) -> bytes:
    """An update of these files, by path; the manifest lists them."""
    scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=_SALT)
    signature = key.sign(manifest, scheme, hashes.SHA256())
    head = MAGIC + len(manifest).to_bytes(4, "big") + manifest + signature
    return head + b"".join(files[path] for path in sorted(files))


def build(board: str, key: rsa.RSAPrivateKey) -> bytes:
    """The update with the application as it is here. Raises UpdateError."""
    from image import application, boards

    try:
        made = application.build(boards.load(board))
    except boards.ImageError as error:
        raise UpdateError(str(error)) from None
    return archive(made.manifest, made.files, key)


# The device


class Device:
    """A device in the network, by its API."""

    def __init__(self, host: str, password: str) -> None:
        """`host` may hold a port."""
        self._host = host
        login = base64.b64encode(f"admin:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {login}", "X-Requested-With": "make update"}

    def state(self) -> dict[str, Any]:
        """What GET /api/v1/update says. Raises UpdateError, OSError if the device cannot be reached."""
        return self._ask("GET", "/api/v1/update")

    def install(self, data: bytes, told: bool = True) -> dict[str, Any]:
        """Sends an update; the device starts again with it. Raises UpdateError or OSError."""
        return self._ask("POST", "/api/v1/update", pieces(data, told), len(data))

    def _ask(
        self, method: str, path: str, body: Iterator[bytes] | None = None, length: int = 0
    ) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._host, timeout=_STANDS_STILL_S)
        headers = {**self._headers, "Content-Length": str(length)} if body else self._headers
        try:
            try:
                connection.request(method, path, body, headers)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it stopped reading: its answer says why
            answer = connection.getresponse()
            text = answer.read()
        except http.client.HTTPException as error:
            raise UpdateError(f"{self._host} does not answer as it should ({error!r})") from None
        finally:
            connection.close()
        if answer.status >= 300:
            raise UpdateError(f"{self._host} refuses: {reason(answer.status, text)}")
        found: dict[str, Any] = json.loads(text)
        return found


def pieces(data: bytes, told: bool) -> Iterator[bytes]:
    """The data bit by bit; says how far it is if that is wanted."""
    for start in range(0, len(data), _PIECE):
        yield data[start : start + _PIECE]
        if told:
            done = min(start + _PIECE, len(data))
            print(
                f"\r{done * 100 // len(data):3d} % of {len(data) // 1024} KB", end="", flush=True
            )
    if told:
        print()


def reason(status: int, text: bytes) -> str:
    """What the device says of a request that it does not fulfil."""
    if status == 401:
        return "the password is wrong"
    try:
        return " ".join(problem["message"] for problem in json.loads(text))
    except (ValueError, TypeError, KeyError):
        return f"status {status}"


def wait_for(device: Device, version: str, deadline_s: float = _STARTS_S) -> dict[str, Any]:
    """The device's state once it runs that version. Raises UpdateError."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        time.sleep(1)
        try:
            state = device.state()
        except (OSError, UpdateError):
            continue
        if state["failed"] == version:
            raise UpdateError(f"version {version} failed; {state['version']} runs again")
        if state["version"] == version and not state["next"]:
            return state
    raise UpdateError(f"the device did not come back with version {version}")


def install(options: argparse.Namespace, key: rsa.RSAPrivateKey) -> None:
    """Makes an update for a device and has it run there. Raises UpdateError or OSError."""
    password = os.environ.get("PASSWORD") or getpass.getpass(f"password of {options.host}: ")
    device = Device(options.host, password)
    state = device.state()
    if state["key"] != sha256(modulus(key)).hexdigest()[:16]:
        raise UpdateError(f"{options.host} does not take updates signed with {options.key}")
    data = (
        options.file.read_bytes() if options.file else build(options.board or state["board"], key)
    )
    version = device.install(data)["version"]
    print(f"version {version} is installed; the device starts again…")
    wait_for(device, version)
    print(f"version {version} runs on trial; the device keeps it after minutes of health")


def write(options: argparse.Namespace, key: rsa.RSAPrivateKey) -> None:
    """Makes an update as a file. Raises UpdateError."""
    out = options.out or FOLDER / f"{options.board}.wup"
    out.parent.mkdir(parents=True, exist_ok=True)
    data = build(options.board, key)
    out.write_bytes(data)
    print(f"{out}, {len(data)} bytes, SHA-256 {sha256(data).hexdigest()}")


def main() -> int:
    """Makes an update, and installs it if a host is given; 1 if that cannot be."""
    parser = argparse.ArgumentParser(
        prog="make update",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "board", nargs="?", help="of the device; asked from the host if that is given"
    )
    parser.add_argument("--host", help="address of a device, with its port unless that is 80")
    parser.add_argument("--key", type=Path, default=KEY, help="the private key")
    parser.add_argument("--out", type=Path, help="the file to make")
    parser.add_argument("--file", type=Path, help="send this update rather than making one")
    options = parser.parse_args()
    if not options.host and not options.board:
        parser.error("say which board, or which host")
    try:
        key = load_key(options.key)
        if options.host:
            install(options, key)
        else:
            write(options, key)
    except (UpdateError, OSError) as error:
        print(f"make update: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
