"""Text of an expression -> the function that reads its value. Needed to make expressions, not to evaluate them."""

from autopid.decimal import hundredths_text, quotient_text, whole_text
from autopid.parser import Parser
from autopid.terms import NAMESPACE, Term

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import Any

    # What `_shape` returns. The function reads an int or, with divisor 0, a Ratio.
    Shape = tuple[Callable[..., Any], int, Callable[[int, int], str], int]
    Shapes = dict[tuple[str, int, int], Shape]


def compiled(
    text: str, names: "Container[str]", shapes: "Shapes"
) -> "tuple[int, Shape, tuple[str, ...]]":
    """Returns (base, shape, references) of an expression's text: what `Expression` evaluates.

    Raises ExpressionError.
    """
    parser = Parser(text, names)
    term = parser.parse()
    return parser.base, _shape(term, parser, shapes), tuple(parser.refs)


def _shape(term: Term, parser: Parser, shapes: "Shapes") -> "Shape":
    """Returns (read, divisor, text, span) of a parsed expression, from `shapes` if it has them
    already.

    The value is read(image, base, v) / divisor, and text(number, divisor) makes its text. A
    divisor of 0 says that read(image, base, v, lookup) returns a `Ratio`. The last image index it
    reads is base + span.
    """
    base = parser.base
    text: Callable[[int, int], str] = quotient_text
    if term.ratio or parser.refs:
        divisor, source = 0, term.fraction()
    elif 100 % term.den == 0:
        divisor = 1 if term.den == 1 else 100
        source, text = term.numerator(divisor), whole_text if divisor == 1 else hundredths_text
    else:
        divisor, source = term.den, term.numerator(term.den)
    head = "lambda b,i,v:" if divisor else "lambda b,i,v,r:"
    code = head + _relative(source.code, base)
    key = (code, divisor, parser.last - base)
    if key not in shapes:
        shapes[key] = (eval(code, _called(code)), divisor, text, parser.last - base)
    return shapes[key]


def _called(code: str) -> "dict[str, Any]":
    """What the source may call, and no more: a function keeps all it could call, which few do."""
    return {name: NAMESPACE[name] for name in NAMESPACE if name + "(" in code}


def _relative(code: str, base: int) -> str:
    """Replaces byte indices `@n` by distances from `base`: equal forms get equal code."""
    parts = code.split("@")
    for place in range(1, len(parts)):
        index, _, rest = parts[place].partition("]")
        distance = int(index) - base
        parts[place] = (f"i+{distance}]" if distance else "i]") + rest
    return "".join(parts)
