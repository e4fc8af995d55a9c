"""Prints docs/settings.md, made from the declarations in lib/config/schema.py and what it imports."""

from __future__ import annotations

import json

import on_cpython

_HEAD = """# Settings

This table is made by `make docs` from `lib/config/schema.py` and what it imports. The device keeps its
settings in these files:

| file | content |
|---|---|
| `config/settings.json` | the settings below; what is left out has its default |
| `config/secrets.json` | secrets by path, the id of a destination for `[]`: `{"destinations.1.auth.token": "…"}` |
| `config/profile.json` | the vehicle profile, in either public WiCAN form |
| `config/profiles/` | profiles that it extends, by the last part of their path |
| `certs/<name>/` | cert sets: `ca.pem`; `client.crt` and `client.key` for servers that ask for them |

Every problem in them is reported, and switches off only the entry it is in. A damaged file is replaced by the one
before it (`….json.1`).

A destination takes what is left out of it from its `preset`, and what that leaves open has the default. User and
password in its `url` are stored as the secret `auth.login`, decoded, and the address without them.

| setting | type | default | limits | meaning |
|---|---|---|---|---|
"""


def main() -> None:
    """Writes the reference to standard output."""
    print(_HEAD + "\n".join(rows()))


def rows() -> list[str]:
    """One table row for each setting, in the declared order."""
    on_cpython.install()
    from config import schema

    return [row(path, about) for path, about in schema.describe()]


def row(path: str, about: dict) -> str:
    """One table row."""
    default = "" if about.get("default") is None else f"`{json.dumps(about['default'])}`"
    if about["type"] in ("object", "array"):
        default = ""
    kind = "secret" if about.get("writeOnly") or about.get("secret") else about["type"]
    cells = (f"`{path}`", str(kind), default, limits(about), about.get("description", ""))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def limits(about: dict) -> str:
    """What values are allowed, in words."""
    parts = []
    if "enum" in about:
        parts.append(", ".join(f"`{value}`" for value in about["enum"]))
    if "minimum" in about or "maximum" in about:
        parts.append(f"{about.get('minimum', '…')} to {about.get('maximum', '…')}")
    if about.get("also"):
        parts.append("or " + ", ".join(str(value) for value in about["also"]))
    if about.get("minLength") or about.get("maxLength"):
        parts.append(f"{about.get('minLength', 0)} to {about.get('maxLength', '…')} characters")
    if "maxItems" in about:
        parts.append(f"at most {about['maxItems']}")
    if "items" in about:
        parts.append(f"of {limits(about['items'])}")
    return " ".join(parts)


if __name__ == "__main__":
    main()
