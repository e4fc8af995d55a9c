"""The sentences that stand in a source file, wherever they may lead."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import sentences

_SHORTEST = 4  # characters of a text that can be looked for


def unlisted(path: Path, document: str) -> list[str]:
    """The sentences of a source file of which some part is not in the document, each behind its line number."""
    tree = ast.parse(path.read_text("utf-8"))
    found = []
    for node in _spoken(tree):
        template, parts = _template(node)
        if sentences.is_sentence(template) and not all(part in document for part in parts):
            found.append(f"{path.name}:{node.lineno}: {template}")
    return found


def listed(path: Path) -> list[str]:
    """All sentences of a source file in their order, with holes."""
    tree = ast.parse(path.read_text("utf-8"))
    module = sentences.Module(tree, frozenset())
    formatted = {id(n.left): n for n in ast.walk(tree) if isinstance(n, ast.BinOp)}
    found = []
    for node in sorted(_spoken(tree), key=lambda each: each.lineno):
        if sentences.is_sentence(_template(node)[0]):
            text = module.value(formatted.get(id(node), node))
            found.append(sentences.PLACES.sub(str(sentences.Hole("…")), text))
    return list(dict.fromkeys(found))


def _spoken(tree: ast.Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    """The texts of a module but docstrings and what is inside other texts."""
    silent = {
        id(part) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values
    }
    silent |= {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in silent:
            yield node


def _template(node: ast.Constant | ast.JoinedStr) -> tuple[str, list[str]]:
    """A text with %s where something is put in, and its pieces in between."""
    if isinstance(node, ast.Constant):
        text = node.value if isinstance(node.value, str) else ""
    else:
        pieces = [each.value if isinstance(each, ast.Constant) else "%s" for each in node.values]
        text = "".join(map(str, pieces))
    parts = [part.strip() for part in sentences.PLACES.split(text.replace("{}", "%s"))]
    return text, [part for part in parts if len(part) >= _SHORTEST]
