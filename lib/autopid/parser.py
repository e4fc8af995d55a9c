"""Text of an expression -> `terms.Term`: a scanner and a shunting-yard parser; no recursion."""

from micropython import const

from autopid import terms
from autopid.errors import ExpressionError
from autopid.runtime import payload_index

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import NoReturn

_MAX_TEXT = const(255)
_MAX_INDEX = const(4095)  # longest ISO-TP message
_MAX_RANGE = const(8)
_MAX_DIGITS = const(18)
_MAX_HEX_DIGITS = const(16)
_MAX_DEPTH = const(16)
_NEGATIVE = "neg"
_PRECEDENCE = {
    "?:": 1,
    "||": 2,
    "&&": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "==": 4,
    "!=": 4,
    "|": 5,
    "^": 5,
    "&": 6,
    "<<": 7,
    ">>": 7,
    "+": 8,
    "-": 8,
    "*": 9,
    "/": 9,
    "%": 9,
    _NEGATIVE: 10,
}
_SIMPLE = {
    "+": terms.add,
    "-": terms.subtract,
    "*": terms.multiply,
    "/": terms.divide,
    "%": terms.modulo,
    "&&": terms.both,
    "||": terms.either,
}
_FUNCTIONS = ("min", "max", "abs")
_BYTES = {"B": terms.unsigned, "S": terms.signed, "P": terms.payload}


class Parser:
    """Parses one text.

    Attributes:
        base: the lowest image index the text uses itself, 4095 if none.
        last: the highest image index it may use (payload bytes as in a multi-frame answer), -1 if
            none.
        refs: names of the parameters it refers to, each once.
    """

    def __init__(self, text: str, names: "Container[str]") -> None:
        self.base = _MAX_INDEX
        self.last = -1
        self.refs: list[str] = []
        self._text = text
        self._names = names
        self._at = 0
        self._terms: list[terms.Term] = []
        self._operators: list[str] = []
        self._places: list[int] = []  # of the operators in the text
        self._commas: list[int] = []  # seen in each open parenthesis

    def parse(self) -> terms.Term:
        """Returns the whole text as one operand; raises ExpressionError."""
        if len(self._text) > _MAX_TEXT:
            raise ExpressionError(f"longer than {_MAX_TEXT} characters", _MAX_TEXT)
        if not self._text.strip():
            raise ExpressionError("empty expression", 0)
        self._operand()
        while self._operator():
            self._operand()
        self._unwind()
        if self._operators:
            self._fail("':' expected" if self._operators[-1] == "?" else "')' expected")
        return self._terms.pop()

    # Operands

    def _operand(self) -> None:
        """Reads everything up to and including one operand."""
        while True:
            start = self._skip_blanks()
            character = self._text[start : start + 1]
            if character == "-":
                self._push(_NEGATIVE, 1)
            elif character == "(":
                self._open("(", 1)
            elif _is_letter(character):
                if self._word():
                    return
            else:
                self._terms.append(self._literal(character))
                return

    def _literal(self, character: str) -> terms.Term:
        if character == "[":
            return self._range()
        if character == "{":
            return self._braced_name()
        return self._number()

    def _number(self) -> terms.Term:
        start = self._at
        if self._text[start : start + 2] in ("0x", "0X"):
            self._at += 2
            return terms.number(int(self._digits(_is_hex_digit, _MAX_HEX_DIGITS), 16))
        whole = self._run(_is_digit)
        fraction = ""
        if self._take("."):
            fraction = self._run(_is_digit)
        digits = whole + fraction
        if not digits:
            self._fail("a value is expected", start)
        if len(digits) > _MAX_DIGITS:
            self._fail(f"more than {_MAX_DIGITS} digits", start)
        return terms.number(int(digits), 10 ** len(fraction))

    def _word(self) -> bool:
        """Reads what starts with a letter; False if that was a function and its `(`."""
        start = self._at
        word = self._run(_is_name)
        if word[0] in _BYTES and word[1:].isdigit():
            self._terms.append(self._byte(word, start))
        elif word in _FUNCTIONS and self._text[self._skip_blanks() :].startswith("("):
            self._open(word, 1, start)
            return False
        elif word == "V":
            self._terms.append(terms.bit_field())
        else:
            self._terms.append(self._reference(word, start))
        return True

    def _byte(self, word: str, start: int) -> terms.Term:
        kind = word[0]
        term = _BYTES[kind](self._index(kind, word[1:], start))
        waiting = self._operators and "?" in self._since_parenthesis()
        if kind == "S" or waiting or self._text[self._skip_blanks() :][:1] != ":":
            return term
        self._at += 1
        place = self._skip_blanks()
        digits = self._digits(_is_digit, _MAX_DIGITS)
        if int(digits) > 7:
            self._fail("bit must be 0 to 7", place)
        return terms.bit(term, int(digits))

    def _since_parenthesis(self) -> list[str]:
        """The operators that wait inside the innermost parenthesis."""
        first = len(self._operators)
        while first and not _is_open(self._operators[first - 1]):
            first -= 1
        return self._operators[first:]

    def _range(self) -> terms.Term:
        start = self._at
        self._at += 1
        kind, first = self._range_end("BSP")
        self._expect(":")
        place = self._skip_blanks()
        _, last = self._range_end(kind)
        self._expect("]")
        if last < first:
            self._fail("the range is reversed", place)
        if last - first >= _MAX_RANGE:
            self._fail(f"a range has at most {_MAX_RANGE} bytes", start)
        return _BYTES[kind](*range(first, last + 1))

    def _range_end(self, kinds: str) -> tuple[str, int]:
        start = self._skip_blanks()
        kind = self._text[start : start + 1]
        if not kind or kind not in kinds:
            self._fail("{} expected".format(" or ".join(list(kinds))))
        self._at += 1
        self._skip_blanks()
        return kind, self._index(kind, self._digits(_is_digit, _MAX_DIGITS), start)

    def _index(self, kind: str, digits: str, place: int) -> int:
        index = int(digits) if len(digits) <= _MAX_DIGITS else _MAX_INDEX + 1
        if index > _MAX_INDEX:
            self._fail(f"the highest index is {_MAX_INDEX}", place)
        if kind == "P":
            self.last = max(self.last, payload_index(index))
        else:
            self.base = min(self.base, index)
            self.last = max(self.last, index)
        return index

    def _braced_name(self) -> terms.Term:
        start = self._at
        end = self._text.find("}", start)
        if end < 0:
            self._fail("'}' expected", len(self._text))
        self._at = end + 1
        return self._reference(self._text[start + 1 : end].strip(), start)

    def _reference(self, name: str, start: int) -> terms.Term:
        if name not in self._names:
            self._fail(f"unknown name '{name}'", start)
        if name not in self.refs:
            self.refs.append(name)
        return terms.reference(self.refs.index(name))

    # Operators

    def _operator(self) -> bool:
        """Reads closing parentheses and the operator behind them; False at the end of the text."""
        while True:
            start = self._skip_blanks()
            if start == len(self._text):
                return False
            if self._text[start] != ")":
                break
            self._close()
        character = self._text[start]
        if character in "?:,":
            self._separator(character)
            return True
        operator = self._text[start : start + 2]
        if operator not in _PRECEDENCE:
            operator = character
        if operator not in _PRECEDENCE:
            self._fail("an operator is expected")
        self._unwind(_PRECEDENCE[operator])
        self._push(operator, len(operator))
        return True

    def _separator(self, character: str) -> None:
        if character == "?":
            self._unwind(_PRECEDENCE["?:"] + 1)
            self._push("?", 1)
            return
        self._unwind()
        inner = self._operators[-1] if self._operators else ""
        if character == ":":
            if inner != "?":
                self._fail("an operator is expected")
            self._operators[-1] = "?:"
        else:
            if inner not in _FUNCTIONS:
                self._fail("an operator is expected")
            self._commas[-1] += 1
        self._at += 1

    def _open(self, operator: str, width: int, place: int = -1) -> None:
        """Puts an opening parenthesis, or a function with its own, on the stack."""
        if len(self._commas) == _MAX_DEPTH:
            self._fail("nested too deeply")
        self._push(operator, width)
        if place >= 0:
            self._places[-1] = place
        self._commas.append(0)

    def _close(self) -> None:
        self._unwind()
        if not self._operators:
            self._fail("')' without '('")
        if self._operators[-1] == "?":
            self._fail("':' expected")
        self._at += 1
        operator, place = self._operators.pop(), self._places.pop()
        count = self._commas.pop() + 1
        if operator != "(":
            self._combine(place, terms.call, operator, self._arguments(count))

    def _unwind(self, precedence: int = 0) -> None:
        """Applies the operators that bind at least that strongly, up to an open `(` or `?`."""
        while self._operators:
            operator = self._operators[-1]
            if operator == "?" or _is_open(operator) or _PRECEDENCE[operator] < precedence:
                return
            self._operators.pop()
            self._apply(operator, self._places.pop())

    def _apply(self, operator: str, place: int) -> None:
        if operator == _NEGATIVE:
            self._combine(place, terms.negate, *self._arguments(1))
        elif operator == "?:":
            self._combine(place, terms.choose, *self._arguments(3))
        elif operator in _SIMPLE:
            self._combine(place, _SIMPLE[operator], *self._arguments(2))
        elif operator in ("&", "|", "^"):
            self._combine(place, terms.bits, operator, *self._arguments(2))
        elif operator in ("<<", ">>"):
            self._combine(place, terms.shift, operator, *self._arguments(2))
        else:
            self._combine(place, terms.compare, operator, *self._arguments(2))

    def _combine(
        self, place: int, function: "Callable[..., terms.Term]", *arguments: object
    ) -> None:
        try:
            term = function(*arguments)
        except ValueError as error:
            self._fail(str(error), place)
        if term.depth > _MAX_DEPTH:
            self._fail("nested too deeply", place)
        self._terms.append(term)

    def _arguments(self, count: int) -> list[terms.Term]:
        taken = self._terms[-count:]
        del self._terms[-count:]
        return taken

    def _push(self, operator: str, width: int) -> None:
        self._operators.append(operator)
        self._places.append(self._at)
        self._at += width

    # Characters

    def _skip_blanks(self) -> int:
        while self._text[self._at : self._at + 1] in (" ", "\t", "\r", "\n"):
            self._at += 1
        return self._at

    def _run(self, accepted: "Callable[[str], bool]") -> str:
        start = self._at
        while self._at < len(self._text) and accepted(self._text[self._at]):
            self._at += 1
        return self._text[start : self._at]

    def _digits(self, accepted: "Callable[[str], bool]", most: int) -> str:
        start = self._at
        digits = self._run(accepted)
        if not digits:
            self._fail("a digit is expected")
        if len(digits) > most:
            self._fail(f"more than {most} digits", start)
        return digits

    def _take(self, character: str) -> bool:
        found = self._text[self._at : self._at + 1] == character
        self._at += found
        return found

    def _expect(self, character: str) -> None:
        self._skip_blanks()
        if not self._take(character):
            self._fail(f"'{character}' expected")

    def _fail(self, message: str, position: int = -1) -> "NoReturn":
        raise ExpressionError(message, self._at if position < 0 else position)


def _is_open(operator: str) -> bool:
    return operator == "(" or operator in _FUNCTIONS


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9"


def _is_hex_digit(character: str) -> bool:
    return bool(character) and character in "0123456789abcdefABCDEF"


def _is_letter(character: str) -> bool:
    return "A" <= character <= "Z" or "a" <= character <= "z" or character == "_"


def _is_name(character: str) -> bool:
    return _is_letter(character) or _is_digit(character)
