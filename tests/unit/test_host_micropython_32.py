"""Runs the unit tests with the chip's 32-bit objects; a file of its own, so that both builds are tried at once."""

import platform

import pytest
from on_micropython import FILES, passes


@pytest.mark.skipif(platform.machine() != "x86_64", reason="there is no 32-bit build to run here")
@pytest.mark.parametrize("name", FILES)
def test_passes_under_micropython_of_32_bits(name: str) -> None:
    passes(name, "-32")
