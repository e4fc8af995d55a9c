"""Random expressions against an independent evaluator on a tree of `fractions.Fraction`."""

from fractions import Fraction
from math import trunc

from autopid.expression import Expression, ExpressionError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

LEVELS = (
    ("||",),
    ("&&",),
    ("<", "<=", ">", ">=", "==", "!="),
    ("|", "^"),
    ("&",),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
LEVEL = {operator: level + 1 for level, row in enumerate(LEVELS) for operator in row}
CHOICE, UNARY, ATOM = 0, len(LEVELS) + 1, len(LEVELS) + 2
REFS = {"SOC": "87.35", "x_1": "-3", "0C-EngineRPM": "812.5", "CHARGING": "on"}
LONGEST = 24


class Failed(Exception):
    """The expression has no value."""


def byte(image, index):
    if index >= len(image):
        raise Failed("short")
    return image[index]


def payload_byte(image, offset):
    """The payload is collected frame by frame, as a receiver would."""
    if not image:
        raise Failed("short")
    if image[0] >> 4 == 1:
        payload = list(image[2:8])
        for start in range(8, len(image), 8):
            payload += image[start + 1 : start + 8]
    else:
        payload = list(image[1:])
    return byte(payload, offset)


def number_of(read, image, first, last, signed=False):
    data = bytes(read(image, index) for index in range(first, last + 1))
    return Fraction(int.from_bytes(data, "big", signed=signed))


def reference_number(name):
    return Fraction({"on": "1", "off": "0"}.get(REFS[name], REFS[name]))


# A node is (text, level, function from the image to a Fraction).

literals = st.one_of(
    st.integers(0, 1 << 40).map(lambda n: (str(n), ATOM, lambda image: Fraction(n))),
    st.integers(0, 1 << 32).map(lambda n: (hex(n), ATOM, lambda image: Fraction(n))),
    st.from_regex(r"[0-9]{0,4}\.[0-9]{1,5}|[0-9]{1,4}\.", fullmatch=True).map(
        lambda t: (t, ATOM, lambda image: Fraction("0" + t + "0"))
    ),
)


@st.composite
def image_operands(draw):
    kind = draw(st.sampled_from("BSP"))
    first = draw(st.integers(0, LONGEST - 1))
    read = payload_byte if kind == "P" else byte
    form = draw(st.sampled_from(("byte", "bit", "range")))
    if form == "bit" and kind != "S":
        bit = draw(st.integers(0, 7))
        return (
            f"({kind}{first}:{bit})",
            ATOM,
            lambda image: Fraction(read(image, first) >> bit & 1),
        )
    last = first + (draw(st.integers(0, 7)) if form == "range" else 0)
    text = f"[{kind}{first}:{kind}{last}]" if form == "range" else f"{kind}{first}"
    return text, ATOM, lambda image: number_of(read, image, first, last, kind == "S")


references = st.sampled_from(sorted(REFS)).map(
    lambda name: (
        "{" + name + "}" if name[0].isdigit() else name,
        ATOM,
        lambda image: reference_number(name),
    )
)


def wrapped(node, level):
    return node[0] if node[1] >= level else "(" + node[0] + ")"


def apply(operator, x, y):
    if operator in ("|", "^", "&", "<<", ">>"):
        return Fraction(on_integers(operator, trunc(x), trunc(y)))
    if operator in ("/", "%") and y == 0:
        raise Failed("zero")
    return {
        "+": lambda: x + y,
        "-": lambda: x - y,
        "*": lambda: x * y,
        "/": lambda: x / y,
        "%": lambda: x - y * trunc(x / y),
        "<": lambda: Fraction(x < y),
        "<=": lambda: Fraction(x <= y),
        ">": lambda: Fraction(x > y),
        ">=": lambda: Fraction(x >= y),
        "==": lambda: Fraction(x == y),
        "!=": lambda: Fraction(x != y),
    }[operator]()


def on_integers(operator, x, y):
    if operator in ("<<", ">>") and not 0 <= y <= 63:
        raise Failed("shift")
    return {
        "|": lambda: x | y,
        "^": lambda: x ^ y,
        "&": lambda: x & y,
        "<<": lambda: x * 2**y,
        ">>": lambda: x // 2**y,
    }[operator]()


def lazily(operator, left, right):
    if operator == "&&":
        return lambda image: Fraction(left(image) != 0 and right(image) != 0)
    if operator == "||":
        return lambda image: Fraction(left(image) != 0 or right(image) != 0)
    return lambda image: apply(operator, left(image), right(image))


@st.composite
def compound(draw, children):
    form = draw(st.sampled_from(("binary",) * 6 + ("minus", "choice", "min", "max", "abs")))
    x, y = draw(children), draw(children)
    if form == "minus":
        return "-" + wrapped(x, UNARY), UNARY, lambda image: -x[2](image)
    if form == "choice":
        z = draw(children)
        text = f"{wrapped(x, 1)} ? {wrapped(y, 0)} : {wrapped(z, 0)}"
        return text, CHOICE, lambda image: (y if x[2](image) != 0 else z)[2](image)
    if form == "abs":
        return f"abs({x[0]})", ATOM, lambda image: abs(x[2](image))
    if form != "binary":
        pick = min if form == "min" else max
        return f"{form}({x[0]},{y[0]})", ATOM, lambda image: pick(x[2](image), y[2](image))
    operator = draw(st.sampled_from(sorted(LEVEL)))
    level = LEVEL[operator]
    blank = draw(st.sampled_from(("", " ")))
    text = wrapped(x, level) + blank + operator + blank + wrapped(y, level + 1)
    return text, level, lazily(operator, x[2], y[2])


nodes = st.recursive(st.one_of(image_operands(), literals, references), compound, max_leaves=8)
images = st.one_of(
    st.binary(min_size=LONGEST + 8, max_size=4 * LONGEST),
    st.binary(max_size=LONGEST),
    st.binary(min_size=LONGEST + 8, max_size=64).map(lambda data: bytes([0x10]) + data),
)


def compiled(text):
    """Leaves out what is refused only for its constants or its size: the oracle cannot tell."""
    try:
        return Expression(text, REFS)
    except ExpressionError as error:
        assert error.message in (
            "division by zero",
            "shift must be 0 to 63",
            "nested too deeply",
            "longer than 255 characters",
        ), (text, str(error))
        assume(False)


def decimal(value, places):
    """Half away from zero, by long division."""
    scaled = abs(value) * 10**places
    whole = scaled.numerator // scaled.denominator
    if 2 * (scaled - whole) >= 1:
        whole += 1
    digits = str(whole).rjust(places + 1, "0")
    head, tail = (digits[:-places], digits[-places:].rstrip("0")) if places else (digits, "")
    sign = "-" if value < 0 and whole else ""
    return sign + head + ("." + tail if tail else "")


@settings(max_examples=250, deadline=None, derandomize=True)
@given(nodes, images, st.sampled_from((2, 2, 2, 0, 1, 6)))
def test_values_are_those_of_exact_arithmetic(node, image, places):
    text, _, evaluate = node
    expression = compiled(text)
    try:
        expected = decimal(evaluate(image), places)
    except Failed:
        expected = None
    try:
        actual = expression.value(image, places, REFS)
    except (IndexError, ZeroDivisionError, ValueError):
        actual = None
    assert actual == expected, text


@settings(max_examples=60, deadline=None, derandomize=True)
@given(nodes)
def test_last_byte_bounds_what_is_read(node):
    expression = compiled(node[0])
    image = bytes(expression.last_byte + 1)
    try:
        expression.value(image, refs=REFS)
    except (ZeroDivisionError, ValueError):
        pass


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.text(alphabet="BSPV[]{}():?,.0123456789 +-*/%&|^<>=!xeamin", max_size=30))
def test_any_text_is_compiled_or_refused_with_a_position(text):
    try:
        Expression(text)
    except ExpressionError as error:
        assert 0 <= error.position <= len(text)
