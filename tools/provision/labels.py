"""Labels to print: one HTML file that grows by a label for each device."""

from __future__ import annotations

from html import escape
from pathlib import Path

from flash.credentials import Credentials, card

_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Labels</title>
<style>
section { display: inline-flex; gap: 3mm; width: 88mm; padding: 3mm; margin: 1mm; border: .2mm dashed;
  break-inside: avoid; font: 8pt monospace; align-items: center }
h1 { font-size: 10pt; margin: 0 } pre { margin: 0 } svg { width: 26mm; height: 26mm; flex: none }
</style>
"""


def add(path: Path, title: str, text: str, own: Credentials) -> None:
    """Adds a label to the file, which only its owner may read: it holds passwords."""
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as file:
        if file.tell() == 0:
            file.write(_HEAD)
        file.write(label(title, text, own))


def label(title: str, text: str, own: Credentials) -> str:
    """One label: the network as a QR code, name and passwords beside it."""
    lines = [*card(own), *([text] if text else [])]
    code = own.qr.svg_inline(border=2, omitsize=True)
    told = escape("\n".join(lines))
    return f"<section>{code}<div><h1>{escape(title)}</h1><pre>{told}</pre></div></section>\n"
