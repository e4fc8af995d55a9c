"""Reads out of the firmware's sources what it can say: which cause, with which advice.

Functions are followed from statement to statement with texts for values; what only a running device knows becomes a
`hole` in the text. Both ways of every condition are followed, and every entry of a table is taken.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from typing import Any

_MOST = 64  # values of one expression, ways through one function
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEEPEST = 8  # functions within functions
_OPEN, _CLOSE = "《", "》"  # around what stands for a hole in a text
PLACES = re.compile(r"%(?:%|[-0-9.]*[sdr])")
_SENTENCE = re.compile(r"(?=.* )(%[sd] |《|[A-Z]).*[.?](| %s| )", re.S)


@dataclass(frozen=True)
class Hole:
    """What stands in a text where the device puts something in; alone, a value nobody knows."""

    name: str

    def __str__(self) -> str:
        return _OPEN + self.name + _CLOSE


@dataclass(frozen=True)
class Made:
    """A call that makes something: who is called, and what with (by position)."""

    name: str
    arguments: tuple[Any, ...]


@dataclass
class Module:
    """One source file.

    Attributes:
        made: every call with a name of interest, once, in the order found.
    """

    tree: ast.Module
    makers: frozenset[str]
    made: list[Made] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path, makers: frozenset[str]) -> Module:
        """Follows all functions of a file."""
        module = cls(ast.parse(path.read_text("utf-8")), makers)
        for function, owner in module._functions():
            _Walk(module, owner).function(function, {})
        module.made = _unique(module.made)
        return module

    def results(self, name: str) -> list[Any]:
        """Everything the function of that name can return."""
        return _Walk(self, None).function(self.functions[name], {})

    @property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """Those of the module itself."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    def value(self, node: ast.expr) -> Any:
        """What an expression is, the first if there are several; names of functions' own are holes."""
        return _Walk(self, None).values(node, {})[0]

    def constant(self, name: str) -> list[Any] | None:
        """The values of a name on the module's level; None if there is no such name."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and _names(node.targets[0]) == [name]:
                return _Walk(self, None).values(node.value, {})
        return None

    def _functions(self) -> Iterator[tuple[Any, ast.ClassDef | None]]:
        for node in self.tree.body:
            if isinstance(node, _FUNCTIONS):
                yield node, None
            if isinstance(node, ast.ClassDef):
                for inner in _methods(node).values():
                    yield inner, node


class _Walk:
    """The way through the functions of one module, from one of them."""

    def __init__(self, module: Module, owner: ast.ClassDef | None) -> None:
        self._module = module
        self._owner = owner
        self._stack: list[str] = []

    def function(self, node: ast.FunctionDef, given: dict[str, Any]) -> list[Any]:
        """Everything it can return; parameters that are not given are holes, or have their default."""
        if len(self._stack) >= _DEEPEST or node.name in self._stack:
            return [Hole(node.name.strip("_"))]
        self._stack.append(node.name)
        environment = {each.arg: Hole(each.arg) for each in node.args.args}
        defaults = node.args.defaults
        for each, default in zip(node.args.args[-len(defaults) :], defaults if defaults else []):
            if given:
                environment[each.arg] = self.values(default, {})[0]
        environment.update(given)
        _, results = self._block(node.body, [environment])
        self._stack.pop()
        return _unique(results)

    # Statements: the ways (what names stand for) go in; those that reach the end, and what was returned, come out

    def _block(self, body: list[ast.stmt], ways: list[dict]) -> tuple[list[dict], list[Any]]:
        results: list[Any] = []
        for statement in body:
            after: list[dict] = []
            for way in ways:
                passed, returned = self._statement(statement, way)
                after += passed
                results += returned
            ways = after[:_MOST]
        return ways, results

    def _statement(self, node: ast.stmt, way: dict) -> tuple[list[dict], list[Any]]:
        match node:
            case ast.Return(value=None):
                return [], [None]
            case ast.Return(value=ast.expr() as value):
                return [], self.values(value, way)
            case ast.Raise(exc=ast.expr() as raised):
                self.values(raised, way)
                return [], []
            case ast.Assign(targets=[target], value=value):
                return [_bound(way, target, each) for each in self.values(value, way)], []
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return [_bound(way, target, each) for each in self.values(value, way)], []
            case ast.AugAssign(target=ast.Name() as target, op=op, value=value):
                grown = ast.BinOp(ast.Name(target.id), op, value)
                return [_bound(way, target, each) for each in self.values(grown, way)], []
            case ast.Expr(value=value):
                self.values(value, way)
        return self._compound(node, way)

    def _compound(self, node: ast.stmt, way: dict) -> tuple[list[dict], list[Any]]:
        match node:
            case ast.If():
                self.values(node.test, way)
                return self._either([node.body, node.orelse], way)
            case ast.For() | ast.AsyncFor():
                return self._either([node.body, []], _bound(way, node.target, Hole("…")))
            case ast.While():
                return self._either([node.body, []], way)
            case ast.With() | ast.AsyncWith():
                return self._block(node.body, [way])
            case ast.Try():
                caught = [each.body for each in node.handlers]
                ways, results = self._either([node.body + node.orelse, *caught], way)
                ways, more = self._block(node.finalbody, ways)
                return ways, results + more
        return [way], []

    def _either(self, bodies: list[list[ast.stmt]], way: dict) -> tuple[list[dict], list[Any]]:
        ways: list[dict] = []
        results: list[Any] = []
        for body in bodies:
            passed, returned = self._block(body, [dict(way)])
            ways += passed
            results += returned
        return ways, results

    # Expressions

    def values(self, node: ast.expr, way: dict) -> list[Any]:
        """Everything it can be."""
        return _unique(islice(self._values(node, way), _MOST))

    def _values(self, node: ast.expr, way: dict) -> Iterator[Any]:
        match node:
            case ast.Constant(value=value):
                yield value
            case ast.Name(id=name):
                yield from self._named(name, way)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                yield from product(*[self.values(each, way) for each in elements])
            case ast.Dict(values=entries):
                yield tuple(value for each in entries for value in self.values(each, way))
            case ast.BoolOp(values=parts):
                for part in parts:
                    yield from self.values(part, way)
            case ast.IfExp(body=body, orelse=other):
                yield from self.values(body, way) + self.values(other, way)
            case ast.Await(value=value):
                yield from self.values(value, way)
            case _:
                yield from self._composed(node, way)

    def _composed(self, node: ast.expr, way: dict) -> Iterator[Any]:
        match node:
            case ast.JoinedStr(values=parts):
                yield from map("".join, product(*[self._parts(part, way) for part in parts]))
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                for text in self.values(left, way):
                    yield self._formatted(text, right, way)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                for pair in product(self.values(left, way), self._parts(right, way)):
                    yield _joined(*pair)
            case ast.Subscript(value=value, slice=index):
                yield from self._entries(value, index, way)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                yield from self._attribute(name)
            case ast.Attribute(attr=name):
                yield Hole(name)
            case ast.Call():
                yield from self._called(node, way)
            case _:
                yield Hole("…")

    def _named(self, name: str, way: dict) -> list[Any]:
        if name in way:
            return [Hole(name) if isinstance(way[name], Hole) else way[name]]
        known = self._module.constant(name)
        return [Hole(name.strip("_"))] if known is None else known

    def _parts(self, node: ast.expr, way: dict) -> list[str]:
        """What it puts into a text: itself if it is one text or a choice of sentences, else a hole."""
        if isinstance(node, ast.FormattedValue):
            node = node.value
        found = self.values(node, way)
        if len(found) == 1 and isinstance(found[0], int):
            return [str(found[0])]
        texts = [each for each in found if isinstance(each, str) and _is_known(each)]
        if texts == found and (len(texts) == 1 or all(map(is_sentence, texts))):
            return texts
        return [str(_hole(node))]

    def _formatted(self, text: Any, right: ast.expr, way: dict) -> Any:
        """`text % right`."""
        if not isinstance(text, str):
            return text if isinstance(text, Hole) else Hole("…")
        operands = right.elts if isinstance(right, ast.Tuple) else [right]
        filled = iter([self._parts(each, way)[0] for each in operands])
        return PLACES.sub(lambda place: "%" if place[0] == "%%" else next(filled, "…"), text)

    def _entries(self, value: ast.expr, index: ast.expr, way: dict) -> Iterator[Any]:
        for table in self.values(value, way):
            if not isinstance(table, tuple):
                yield _hole(ast.Subscript(value, index))
            elif isinstance(index, ast.Constant) and isinstance(index.value, int):
                yield table[index.value]
            else:
                yield from table

    def _attribute(self, name: str) -> list[Any]:
        """The sentences that a class gives to one of its attributes; a hole if there are none."""
        found: list[Any] = []
        for node in ast.walk(self._owner) if self._owner else ():
            match node:
                case ast.Assign(targets=[target], value=ast.Name() | ast.Constant() as value):
                    if ast.unparse(target) == "self." + name:
                        found += self.values(value, {})
        sentences = [each for each in found if isinstance(each, str) and is_sentence(each)]
        return sentences or [Hole(name.strip("_"))]

    def _called(self, node: ast.Call, way: dict) -> list[Any]:
        name = _called_name(node)
        if name == "const":
            return self.values(node.args[0], way)
        arguments = [self.values(each, way) for each in node.args]
        arguments += [self.values(each.value, way) for each in node.keywords]
        if name in self._module.makers:
            self._module.made += [Made(name, each) for each in islice(product(*arguments), _MOST)]
            return [Hole(name)]
        match node.func:
            case ast.Attribute(value=ast.Constant(value=str() as text), attr="format"):
                return [re.sub(r"{\w*}", str(_hole(node.args[0])), text)]
            case ast.Attribute(value=ast.Name() as table, attr="get"):
                return [each for known in self.values(table, way) for each in _entries(known)]
            case ast.Name() if name in self._module.functions:
                return self._inside(self._module.functions[name], 0, arguments)
            case ast.Attribute(value=ast.Name(id="self")) if self._owner is not None:
                method = _methods(self._owner).get(name)
                if method is not None:
                    return self._inside(method, 1, arguments)
        return [_hole(node)]

    def _inside(self, function: ast.FunctionDef, skip: int, arguments: list[list]) -> list[Any]:
        names = [each.arg for each in function.args.args[skip:]]
        found: list[Any] = []
        for given in islice(product(*arguments), _MOST):
            found += self.function(function, dict(zip(names, given)))
        return found


def is_sentence(text: str) -> bool:
    """Whether it is one, or the beginning of some."""
    return _SENTENCE.fullmatch(text) is not None


def _bound(way: dict, target: ast.expr, value: Any) -> dict:
    """The way with names that stand for something else; an empty text is one that a running device fills."""
    names = _names(target)
    if isinstance(target, ast.Tuple):
        fitting = isinstance(value, tuple) and len(value) == len(names)
        return way | dict(zip(names, value if fitting else map(Hole, names)))
    return way | {name: Hole(name) if value == "" else value for name in names}


def _names(target: ast.expr) -> list[str]:
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return [part.id if isinstance(part, ast.Name) else ast.unparse(part) for part in parts]


def _methods(owner: ast.ClassDef) -> dict[str, Any]:
    return {node.name: node for node in owner.body if isinstance(node, _FUNCTIONS)}


def _called_name(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)


def _hole(node: ast.expr) -> Hole:
    """Named as the source does it."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return Hole(name.strip("_"))
        case ast.Subscript(slice=ast.Constant(value=str() as name)):
            return Hole(name)
        case ast.Call(func=ast.Name(id="str"), args=[argument]):
            return _hole(argument)
        case ast.Call(func=ast.Name(id="len")):
            return Hole("…")
        case ast.Call():
            return Hole(_called_name(node).strip("_"))
    return Hole("…")


def _is_known(text: str) -> bool:
    """Whether it is a sentence, or has nothing in it that only a running device knows."""
    return is_sentence(text) or _OPEN not in text


def _entries(table: Any) -> list[Any]:
    return list(table) if isinstance(table, tuple) else [Hole("…")]


def _joined(left: Any, right: str) -> str:
    return (left if isinstance(left, str) else str(Hole("…"))) + right


def _unique(values: Any) -> list[Any]:
    return list(dict.fromkeys(values))
