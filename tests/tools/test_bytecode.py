"""What the device runs is compiled without what only type checkers look at."""

import bytecode
import pytest

SOURCE = '''"""A module."""

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import RarelyUsedName


def divide(left, right):
    return left / right
'''


def test_what_type_checkers_import_leaves_no_name_in_the_bytecode(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "module.py").write_text(SOURCE)
    (made,) = bytecode.compile_folder(folder, tmp_path)
    assert made == tmp_path / "lib/module.mpy"
    content = made.read_bytes()
    assert b"divide" in content
    assert b"RarelyUsedName" not in content
    assert b"TYPE_CHECKING" not in content
    assert b"lib/module.mpy" in content, "what tracebacks show"
    assert str(tmp_path).encode() not in content


def test_lines_stay_where_they_are():
    stripped = bytecode.without_typing(SOURCE)
    assert stripped.count("\n") == SOURCE.count("\n")
    assert stripped.splitlines()[-1] == SOURCE.splitlines()[-1]


@pytest.mark.parametrize(
    "source", ["x = 1\n", "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    x = 1\n"]
)
def test_other_modules_are_compiled_as_they_are(source):
    assert bytecode.without_typing(source) == source
