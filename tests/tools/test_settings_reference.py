"""The reference of the settings is what the schema declares."""

from pathlib import Path

import settings_reference

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_reference_is_up_to_date() -> None:
    written = (DOCS / "settings.md").read_text("utf-8")
    assert all(row in written for row in settings_reference.rows()), "run `make docs`"
    assert written.count("\n| `") == len(settings_reference.rows()) + 5
