"""Makes the device's code, the tools and the unit tests' helpers importable under CPython."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
for folder in (
    ROOT / "build" / "packages",
    TESTS / "device",
    TESTS / "unit",
    ROOT / "tools",
    ROOT,
):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import on_cpython  # noqa: E402 (needs the path above)

on_cpython.install()

import hypothesis  # noqa: E402 (as above)

hypothesis.settings.register_profile("patient", deadline=None)  # the computer may be busy
hypothesis.settings.load_profile("patient")
