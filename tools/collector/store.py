"""The collector's private authority and certificates: made on first use, kept in a folder outside version control."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pki import Authority

NAMES = ("localhost", "127.0.0.1", "wican-collector.local")


@dataclass(frozen=True)
class Files:
    """Where things lie: the authority's certificate, and the server's pair."""

    ca: Path
    server_cert: Path
    server_key: Path


def open_pki(folder: Path) -> Files:
    """The authority and the server pair in `folder`; whatever is missing is made (with EC P-256 keys)."""
    files = Files(folder / "ca.pem", folder / "server.crt", folder / "server.key")
    if not _all_exist(files.ca, files.server_cert, files.server_key):
        authority = _authority(folder)
        authority.server(*NAMES).write(folder, files.server_cert.name, files.server_key.name)
    return files


def client_pair(folder: Path) -> tuple[Path, Path]:
    """A client's certificate and key from the same authority; made if missing."""
    cert, key = folder / "client.crt", folder / "client.key"
    if not _all_exist(cert, key):
        _authority(folder).client("wican").write(folder, cert.name, key.name)
    return cert, key


def _authority(folder: Path) -> Authority:
    if _all_exist(folder / "ca.pem", folder / "ca.key"):
        return Authority.read(folder)
    authority = Authority("WiCAN collector CA")
    authority.write(folder)
    return authority


def _all_exist(*paths: Path) -> bool:
    return all(path.exists() for path in paths)
