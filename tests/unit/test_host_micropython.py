"""Runs the unit tests where they matter: under Unix MicroPython."""

import pytest
from on_micropython import FILES, passes


@pytest.mark.parametrize("name", FILES)
def test_passes_under_micropython(name: str) -> None:
    passes(name)
