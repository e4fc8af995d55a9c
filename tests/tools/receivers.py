"""Runs the examples of docs/receivers.md in their own languages."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unix_device import free_port

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "receivers.md").read_text("utf-8")
TIMEOUT_S = 60

# Each reads [[name of a function, its arguments], …] from stdin and prints what the functions return.
_PYTHON = """
import sys
def plain(value):
    return base64.b64decode(value["bytes"]) if "bytes" in value else value.get("map", value)
def call(name, *values):
    return globals()[name](*[plain(v) if isinstance(v, dict) else v for v in values])
print(json.dumps([call(*each) for each in json.load(sys.stdin)]))
"""
_NODE = """
function plain(value) {
  if (value.bytes !== undefined) return Buffer.from(value.bytes, "base64");
  return value.map ? new Map(Object.entries(value.map)) : value;
}
const calls = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(calls.map(([name, ...values]) =>
  eval(name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()))(...values.map(plain)))));
"""
_PHP = """
set_error_handler(fn ($number, $text) => throw new ErrorException($text));
$plain = fn ($value) => is_array($value)
    ? (isset($value["bytes"]) ? base64_decode($value["bytes"]) : $value["map"] ?? $value) : $value;
$found = [];
foreach (json_decode(file_get_contents("php://stdin"), true) as $call) {
    $found[] = $call[0](...array_map($plain, array_slice($call, 1)));
}
echo json_encode($found), "\\n";
"""


@dataclass(frozen=True)
class Language:
    """A language of the guide. `fence` is the name of its blocks there, `command` starts its interpreter."""

    name: str
    fence: str
    command: Sequence[str | Path]
    driver: str

    @property
    def missing(self) -> str:
        """Why its examples cannot be run here; "" if they can."""
        if shutil.which(self.command[0]):
            return ""
        return f"{self.name} is not installed, and tools/peer cannot fetch it"

    @property
    def blocks(self) -> list[str]:
        """Its examples, in their order; the last is a whole receiver."""
        return re.findall(rf"```{self.fence}\n(.*?)```", GUIDE, re.S)

    def results(self, folder: Path, calls: list[list[Any]]) -> list[Any]:
        """What the functions of the guide return; each call is the name in Python, and the arguments."""
        program = folder / f"functions.{self.fence}"
        program.write_text("\n".join([*self.blocks[:-1], self.driver]), "utf-8")
        text = json.dumps(calls, default=_packed)
        done = subprocess.run(
            [*self.command, program], input=text, capture_output=True, text=True, timeout=TIMEOUT_S
        )
        assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
        found: list[Any] = json.loads(done.stdout)
        return found

    @contextmanager
    def receiver(self, folder: Path) -> Iterator[tuple[int, subprocess.Popen]]:
        """Runs the whole receiver; gives its port, and the process with stdout."""
        port = free_port()
        program = folder / f"receiver.{self.fence}"
        program.write_text("\n".join(self.blocks).replace("8000", str(port)), "utf-8")
        is_php = self.fence == "php"
        arguments = ["-S", f"127.0.0.1:{port}", program] if is_php else [program]
        process = subprocess.Popen(
            [*self.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            started = (process.stderr if is_php else process.stdout).readline()
            assert "started" in started or started == "listening\n", process.communicate()
            yield port, process
        finally:
            process.kill()
            process.communicate()


LANGUAGES = (
    Language("Python", "python", [sys.executable], _PYTHON),
    Language("Node", "js", ["node"], _NODE),
    Language("PHP", "php", [str(ROOT / "tools" / "peer"), "php"], _PHP),
)


def _packed(value: bytes) -> dict[str, str]:
    return {"bytes": base64.b64encode(value).decode()}
