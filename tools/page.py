"""Builds the device's page: the sources in lib/web/static as the three compressed files that the device sends.

    python -m page [FOLDER]     build/packages/page, which is on the device's path

index.html is the shell with its style inside, app.js what is usable at once, more.js the rest, loaded when it is first
needed. Each is its parts joined in the order of their names and made smaller. The names that hold for all scripts are
declared once: a second declaration is an error here rather than a surprise in the browser. `csp` holds the hash of the
style for the header Content-Security-Policy, and `versions` those of the files.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import rcssmin
import rjsmin
import zopfli.gzip

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "lib" / "web" / "static"
TARGET = ROOT / "build" / "packages" / "page"
SCRIPTS = ("app", "more")
_GLOBAL = re.compile(r"^(?:async )?(?:function\*?|class|const|let) +(\w+)", re.MULTILINE)
# A comment, a text, a regular expression (after what a value cannot end with), a name, or one character.
_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
    r"|(?<=[(,=:\[!&|?{;+>])\s*/(?![/*])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*|[\w$]+|.",
    re.DOTALL,
)
_CHUNK = re.compile(
    r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL
)  # of a template literal, to where it ends or code begins
# What stands in for the pieces of template literals: code that has the same shape.
_STANDS = {"start": "$S%d$(", "middle": ")+$M%d$(", "end": ")+$E%d$", "whole": "$W%d$"}
_MARK = re.compile(r"\$S\d+\$\(|\)\+\$M\d+\$\(|\)\+\$E\d+\$|\$W\d+\$")
_STRICT = '"use strict";'


class PageError(Exception):
    """What is wrong with the sources, as one sentence."""


def main() -> int:
    """Builds the page below the folder that is given; 1 if the sources are wrong."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    try:
        files = build(SOURCES)
    except PageError as error:
        print(f"tools/page.py: {error}", file=sys.stderr)
        return 1
    target.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (target / name).write_bytes(data)
    return 0


def build(sources: Path) -> dict[str, bytes]:
    """The files of the page by name. Raises PageError if two scripts declare the same name."""
    scripts = {name: script(sources / name) for name in SCRIPTS}
    declared_once(sources)
    style = rcssmin.cssmin((sources / "style.css").read_text("utf-8"))
    versions = {name: version(text) for name, text in scripts.items()}
    shell = index((sources / "index.html").read_text("utf-8"), {"css": style, **versions})
    files = {"index.html.gz": packed(shell)}
    files.update({f"{name}.js.gz": packed(text) for name, text in scripts.items()})
    files["csp"] = b"'sha256-%s'" % base64.b64encode(hashlib.sha256(style.encode()).digest())
    lines = [f"index.html {version(shell)}", *(f"{name}.js {versions[name]}" for name in SCRIPTS)]
    files["versions"] = "\n".join(lines).encode()
    return files


def script(folder: Path) -> str:
    """The scripts of a folder as one, without comments and needless blanks."""
    parts = [path.read_text("utf-8") for path in sorted(folder.glob("*.js"))]
    return _STRICT + minified("\n".join(part.replace(_STRICT, "", 1) for part in parts))


def minified(text: str) -> str:
    """A script without comments and needless blanks.

    rjsmin loses blanks within template literals: while it works, `a${b}c` is $S0$(b)+$E1$, code like any other.
    """
    kept: list[str] = []
    code: list[str] = []
    for kind, piece in pieces(text):
        if kind == "code":
            code.append(piece)
            continue
        code.append(_STANDS[kind] % len(kept))
        kept.append(piece)
    return _MARK.sub(
        lambda found: kept[int(found[0].strip("()+$SMEW"))], rjsmin.jsmin("".join(code))
    )


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """A script's pieces: "code", and of template literals what is between their expressions ("start" to the first,
    "middle", "end" after the last; "whole" for one without)."""
    depths: list[int] = []  # of braces, in each template literal that an expression stands in
    begin = at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise PageError(f"cannot read {text[at : at + 40]!r}")
        closes = token[0] == "}" and depths and depths[-1] == 0
        if token[0] != "`" and not closes:
            if depths and token[0] in "{}":
                depths[-1] += 1 if token[0] == "{" else -1
            at = token.end()
            continue
        yield "code", text[begin:at]
        chunk = _CHUNK.match(text, at + 1)
        if chunk is None:
            raise PageError(f"a template literal does not end: {text[at : at + 40]!r}")
        opens = chunk[0].endswith("${")
        yield (
            (("middle" if opens else "end") if closes else "start" if opens else "whole"),
            text[at : chunk.end()],
        )
        if closes:
            depths.pop()
        if opens:
            depths.append(0)
        begin = at = chunk.end()
    yield "code", text[begin:]


def declared_once(sources: Path) -> None:
    """Raises PageError if a name that all scripts share is declared twice."""
    places: dict[str, str] = {}
    for path in sorted(sources.glob("*/*.js")):
        for name in _GLOBAL.findall(path.read_text("utf-8")):
            if name in places:
                raise PageError(f"{path.name} declares {name}, which {places[name]} has already")
            places[name] = path.name


def index(text: str, marks: dict[str, str]) -> str:
    """The shell with its `{{marks}}` filled in, without line breaks between elements."""
    text = re.sub(r">\n\s*<", "><", text.strip())
    return re.sub(r"\{\{(\w+)\}\}", lambda found: marks[found[1]], text)


def packed(text: str) -> bytes:
    """Compressed; the same text always gives the same bytes."""
    packed: bytes = zopfli.gzip.compress(text.encode())  # 4 % smaller than zlib makes it
    return packed


def version(text: str) -> str:
    """Changes whenever the text does."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
