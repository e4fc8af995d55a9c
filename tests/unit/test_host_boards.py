"""Boards, as far as the sources and board.json tell: what the host tools rely on."""

import ast
import json
from pathlib import Path

import hardware
import pytest

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ROOT / "firmware" / "boards"
HARDWARE = ("wican_pro", "esp32s3_elm")


@pytest.mark.parametrize("name", HARDWARE)
def test_board_json_tells_the_pins_of_board_py(name: str) -> None:
    told = json.loads((BOARDS / name / "board.json").read_text())
    with hardware.board(name) as bench:
        pins = {pin: bench.board._built.pin(pin) for pin in told["pins"] if pin[:3] != "i2c"}
        assert pins == {pin: told["pins"][pin] for pin in pins}
        assert len(pins) == len(bench.board._built._pins)
    assert told["board"] == name


@pytest.mark.parametrize("name", HARDWARE)
def test_everything_a_board_is_made_of_is_where_board_json_says(name: str) -> None:
    told = json.loads((BOARDS / name / "board.json").read_text())
    modules = {path.stem for source in told["sources"] for path in (ROOT / source).glob("*.py")}
    assert "board" in modules and "esp32s3" in modules
    variants = json.loads((ROOT / "firmware" / "micropython.json").read_text())["variants"]
    assert told["micropython"] in variants
    assert (
        told["offsets"]["vfs"] == "0x200000"
        and int(told["offsets"]["vfs"], 16) % told["vfs_block"] == 0
    )


def test_what_a_board_needs_before_the_application_is_beside_it() -> None:
    """Safe mode must work if the application is damaged: nothing of lib/ is imported when a board is."""
    beside = {path.stem for path in (ROOT / "firmware" / "drivers").glob("*.py")}
    built_in = {"asyncio", "binascii", "machine", "micropython", "time", "typing"}
    for path in [*(ROOT / "firmware" / "drivers").glob("*.py"), *BOARDS.glob("*/board.py")]:
        if path.parent.name == "unix":
            continue
        for node in ast.parse(path.read_text()).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            assert set(names) <= beside | built_in, path
