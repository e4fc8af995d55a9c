"""The list of messages is what the sources say."""

from pathlib import Path

import messages_reference
import sentences

DOCS = Path(__file__).resolve().parents[2] / "docs"

SOURCE = '''
"""A sentence that nobody sees."""

_LATE = ("%s did not come.", "%s did not go.")
_WAIT = "Wait for it."


class Trouble(Exception):
    def __init__(self, cause, advice=None):
        self.note = "This one is kept, but made into nothing."


def watch(stage, host, late):
    limit = "%d s" % late if late else f"{late} ms"
    if stage:
        raise Trouble(_LATE[stage] % host, _WAIT)
    cause = f"{host} took {limit}."
    if host == "here":
        cause = "It is " + cause
    raise Trouble(cause)


_ANSWERS = {1: ("One is gone.", "Buy another one."), 2: ("Two are gone.", None)}


def explain(code):
    return _ANSWERS.get(code) or _other(code)


def _other(code):
    return "Who knows (%d)." % code, None
'''


def source(folder: Path) -> Path:
    path = folder / "trouble.py"
    path.write_text(SOURCE)
    return path


def test_the_list_is_up_to_date() -> None:
    written = (DOCS / "messages.md").read_text("utf-8")
    assert written == messages_reference.document(), "run `make docs`"


def test_no_sentence_of_the_sources_is_missing() -> None:
    assert messages_reference.unlisted(messages_reference.document()) == []


def test_every_sentence_has_a_remedy() -> None:
    entries = [entry for section in messages_reference.sections() for entry in section.entries]
    assert len(entries) > 100
    assert [entry.cause for entry in entries if not entry.cause or not entry.remedy] == []


def test_a_sentence_that_is_not_in_the_list_is_noticed(tmp_path: Path) -> None:
    listed = "| *host* did not come. | Wait for it. |\n| *host* did not go. |"
    found = messages_reference.unlisted(listed, [source(tmp_path)])
    assert "trouble.py:10: This one is kept, but made into nothing." in found
    assert "trouble.py:17: %s took %s." in found
    assert not [line for line in found if "did not" in line or "Wait" in line or "nobody" in line]


def test_all_ways_to_a_sentence_are_followed(tmp_path: Path) -> None:
    module = sentences.Module.read(source(tmp_path), frozenset(["Trouble"]))
    assert [made.arguments for made in module.made] == [
        ("《host》 did not come.", "Wait for it."),
        ("《host》 did not go.", "Wait for it."),
        ("It is 《host》 took 《limit》.",),
        ("《host》 took 《limit》.",),
    ]


def test_the_entries_of_a_table_and_the_results_of_helpers_are_results(tmp_path: Path) -> None:
    module = sentences.Module.read(source(tmp_path), frozenset())
    assert module.results("explain") == [
        ("One is gone.", "Buy another one."),
        ("Two are gone.", None),
        ("Who knows (《code》).", None),
    ]


def test_what_is_put_in_is_slanted_and_nothing_breaks_the_table() -> None:
    entry = messages_reference.Entry("《server_name》 | certs/<name>.", "Choose another one.")
    section = messages_reference.Section("TLS", "", (entry,))
    written = messages_reference._written(section)
    assert "| *server name* \\| certs/&lt;name>. | Choose another one. |" in written
