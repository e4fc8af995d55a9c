"""The algebra behind the expression compiler: operands as Python source over integers, with one
constant divisor each.

A `Term` is what the parser keeps for an operand: its value is `(mul * code + add) / den`, where
`code` is Python source (ours, never the user's text) and the three others are integer constants.
So `((B4*20.4)/46)-6.4` stays (204 * b[4] - 2944) / 460: one byte read, one multiplication, one
addition and one division at run time. Only where an operand is not an integer over a constant does
`code` work on fractions (`ratio`, see `runtime.Ratio`).

In the source, `b` is the image, `b[@7]` its byte 7 (the compiler turns `@` into an offset), `r`
looks up a reference and `v` is the bit field. Parentheses are only written where Python needs
them, and `depth` counts how deep they nest, because MicroPython's compiler recurses over them on a
small C stack.

The functions raise ValueError with a message for the user when the constants alone make the
operation wrong.
"""

from micropython import const

from autopid import runtime

_OR = const(1)
_XOR = const(2)
_AND = const(3)
_SHIFT = const(4)
_ADD = const(5)
_MUL = const(6)
_UNARY = const(7)
_ATOM = const(8)
_MAX_SHIFT = const(63)
_LEVELS = {"|": _OR, "^": _XOR, "&": _AND}

# What the compiled source may call, and nothing else.
NAMESPACE = {
    "abs": abs,
    "max": max,
    "min": min,
    "payload": runtime.payload_byte,
    "ratio": runtime.Ratio,
    "rem": runtime.remainder,
    "shl": runtime.shifted_left,
    "shr": runtime.shifted_right,
    "trunc": runtime.truncated,
}


class Source:
    """Python source, the precedence of its outermost operator and how deep its brackets nest."""

    def __init__(self, code: str, level: int = _ATOM, depth: int = 0) -> None:
        self.code = code
        self.level = level
        self.depth = depth

    def at_least(self, level: int) -> "Source":
        """Itself, in parentheses if it binds weaker than `level`."""
        return (
            self if self.level >= level else Source("(" + self.code + ")", _ATOM, self.depth + 1)
        )


class Term:
    """An operand: (mul * source + add) / den, den > 0.

    A constant has no source; a ratio has mul 1, add 0 and den 1.
    """

    def __init__(
        self, source: Source | None, mul: int = 1, add: int = 0, den: int = 1, ratio: bool = False
    ) -> None:
        common = gcd(gcd(mul, add), den)
        self.source = source
        self.mul = mul // common
        self.add = add // common
        self.den = den // common
        self.ratio = ratio

    @property
    def depth(self) -> int:
        """How deep the source nests."""
        return self.source.depth if self.source else 0

    def scaled(self, numerator: int, denominator: int) -> "Term":
        """This operand (no ratio) times a constant fraction with a positive denominator."""
        return Term(
            self.source, self.mul * numerator, self.add * numerator, self.den * denominator
        )

    def numerator(self, den: int) -> Source:
        """Integer source of the value times `den`, a multiple of the own divisor."""
        factor = den // self.den
        if not self.source:
            return _constant(self.add * factor)
        return _plus(_times(self.source, self.mul * factor), self.add * factor)

    def fraction(self) -> Source:
        """Source of the value as a `Ratio`."""
        if self.ratio and self.source:
            return self.source
        return _call("ratio", (self.numerator(self.den), _constant(self.den)))

    def integer(self) -> Source:
        """Integer source of the value, truncated towards zero."""
        if self.ratio:
            inner = self.fraction().at_least(_ATOM)
            return Source(inner.code + ".whole()", _ATOM, inner.depth + 1)
        if self.den == 1:
            return self.numerator(1)
        if not self.source:
            return _constant(runtime.truncated(self.add, self.den))
        return _call("trunc", (self.numerator(self.den), _constant(self.den)))


def gcd(a: int, b: int) -> int:
    """The greatest common divisor, positive unless both are 0."""
    while b:
        a, b = b, a % b
    return abs(a)


def number(numerator: int, denominator: int = 1) -> Term:
    """A constant."""
    return Term(None, 0, numerator, denominator)


def unsigned(*indices: int) -> Term:
    """Big-endian unsigned number from bytes of the image."""
    return Term(_big_endian([f"b[@{index}]" for index in indices]))


def signed(*indices: int) -> Term:
    """Big-endian two's complement number from bytes of the image: (x ^ sign) - sign."""
    sign = 1 << (8 * len(indices) - 1)
    raw = _big_endian([f"b[@{index}]" for index in indices])
    return Term(_join(raw, "^", _constant(sign), _XOR), 1, -sign)


def bit(byte: Term, place: int) -> Term:
    """One bit of a byte."""
    return bits("&", shift(">>", byte, number(place)), number(1))


def payload(*offsets: int) -> Term:
    """Big-endian unsigned number from bytes of the ISO-TP payload."""
    return Term(_big_endian([f"payload(b,{offset})" for offset in offsets]))


def reference(index: int) -> Term:
    """The value of another parameter."""
    return Term(Source(f"r({index})"), ratio=True)


def bit_field() -> Term:
    """V, the bit field of a CAN filter."""
    return Term(Source("v"))


def add(x: Term, y: Term) -> Term:
    """x + y"""
    if x.ratio or y.ratio:
        return _ratio(_join(x.fraction(), "+", y.fraction(), _ADD))
    den = _common(x, y)
    kx, ky = den // x.den, den // y.den
    constant = x.add * kx + y.add * ky
    if not x.source or not y.source:
        mul = x.mul * kx + y.mul * ky
        return Term(x.source or y.source, mul, constant, den)
    common = gcd(x.mul * kx, y.mul * ky) or 1
    right = y.mul * ky // common
    left_source = _times(x.source, x.mul * kx // common)
    right_source = _times(y.source, abs(right))
    return Term(
        _join(left_source, "-" if right < 0 else "+", right_source, _ADD), common, constant, den
    )


def subtract(x: Term, y: Term) -> Term:
    """x - y"""
    if x.ratio or y.ratio:
        return _ratio(_join(x.fraction(), "-", y.fraction(), _ADD))
    return add(x, negate(y))


def negate(x: Term) -> Term:
    """-x"""
    return _ratio(_minus(x.fraction())) if x.ratio else x.scaled(-1, 1)


def multiply(x: Term, y: Term) -> Term:
    """x * y"""
    if x.ratio or y.ratio:
        return _ratio(_join(x.fraction(), "*", y.fraction(), _MUL))
    if not x.source:
        x, y = y, x
    if not y.source:
        return x.scaled(y.add, y.den)
    left, factor = _factored(x)
    right, other_factor = _factored(y)
    return Term(_join(left, "*", right, _MUL), factor * other_factor, 0, x.den * y.den)


def divide(x: Term, y: Term) -> Term:
    """x / y, exact; dividing by anything but a constant makes a ratio."""
    if y.source:
        return _divide_by_variable(x, y)
    if y.add == 0:
        raise ValueError("division by zero")
    if x.ratio:
        return _ratio(_join(x.fraction(), "/", y.fraction(), _MUL))
    return x.scaled(y.den if y.add > 0 else -y.den, abs(y.add))


def modulo(x: Term, y: Term) -> Term:
    """x % y with the sign of x, like C's `fmod`."""
    if not y.source and y.add == 0:
        raise ValueError("division by zero")
    if x.ratio or y.ratio:
        return _ratio(_join(x.fraction(), "%", y.fraction(), _MUL))
    den = _common(x, y)
    return Term(_call("rem", (x.numerator(den), y.numerator(den))), 1, 0, den)


def bits(operator: str, x: Term, y: Term) -> Term:
    """x & y, x | y or x ^ y of the truncated operands."""
    left, right = x.integer(), y.integer()
    if not x.source and not y.source:
        a, b = int(left.code), int(right.code)
        return number(a & b if operator == "&" else a | b if operator == "|" else a ^ b)
    return Term(_join(left, operator, right, _LEVELS[operator]))


def shift(operator: str, x: Term, y: Term) -> Term:
    """x << y or x >> y of the truncated operands; the count must be 0 to 63."""
    if y.source:
        return Term(_call("shl" if operator == "<<" else "shr", (x.integer(), y.integer())))
    count = int(y.integer().code)
    if not 0 <= count <= _MAX_SHIFT:
        raise ValueError("shift must be 0 to 63")
    if operator == "<<":
        whole = x if x.den == 1 and not x.ratio else _whole(x)
        return whole.scaled(1 << count, 1)
    if not x.source:
        return number(int(x.integer().code) >> count)
    return Term(_join(x.integer(), ">>", _constant(count), _SHIFT) if count else x.integer())


def compare(operator: str, x: Term, y: Term) -> Term:
    """1 if the comparison holds, else 0."""
    if x.ratio or y.ratio:
        left = subtract(x, y).fraction().at_least(_ATOM)
        code, depth = f"{left.code}.n{operator}0", left.depth
    else:
        den = _common(x, y)
        left, right = x.numerator(den), y.numerator(den)
        code, depth = left.code + operator + right.code, max(left.depth, right.depth)
    return Term(Source("(1 if " + code + " else 0)", _ATOM, depth + 1))


def both(x: Term, y: Term) -> Term:
    """1 if both are not 0; y is not evaluated when x is 0."""
    return _logical(x, " and ", y)


def either(x: Term, y: Term) -> Term:
    """1 unless both are 0; y is not evaluated when x is not 0."""
    return _logical(x, " or ", y)


def choose(condition: Term, x: Term, y: Term) -> Term:
    """x if the condition is not 0, else y; only the chosen one is evaluated."""
    test = _truth(condition)
    ratio = x.ratio or y.ratio
    den = 1 if ratio else _common(x, y)
    yes, no = _alike((x, y), ratio, den)
    code = f"({yes.code} if {test.code} else {no.code})"
    depth = max(test.depth, yes.depth, no.depth) + 1
    return Term(Source(code, _ATOM, depth), 1, 0, den, ratio)


def call(name: str, arguments: list[Term]) -> Term:
    """min, max or abs."""
    if name == "abs" and len(arguments) != 1:
        raise ValueError("abs takes one value")
    if name != "abs" and len(arguments) == 1:
        return arguments[0]
    ratio = False
    den = 1
    for term in arguments:
        ratio = ratio or term.ratio
        den = den * term.den // gcd(den, term.den)
    den = 1 if ratio else den
    return Term(_call(name, _alike(arguments, ratio, den)), 1, 0, den, ratio)


def _ratio(source: Source) -> Term:
    return Term(source, ratio=True)


def _whole(x: Term) -> Term:
    return Term(x.integer()) if x.source else number(int(x.integer().code))


def _common(x: Term, y: Term) -> int:
    return x.den * y.den // gcd(x.den, y.den)


def _alike(terms: "list[Term] | tuple[Term, ...]", ratio: bool, den: int) -> list[Source]:
    return [term.fraction() if ratio else term.numerator(den) for term in terms]


def _factored(x: Term) -> tuple[Source, int]:
    return (x.source, x.mul) if x.source and not x.add else (x.numerator(x.den), 1)


def _divide_by_variable(x: Term, y: Term) -> Term:
    if x.ratio or y.ratio:
        return _ratio(_join(x.fraction(), "/", y.fraction(), _MUL))
    den = _common(x, y)
    return _ratio(_call("ratio", (x.numerator(den), y.numerator(den))))


def _logical(x: Term, operator: str, y: Term) -> Term:
    left, right = _truth(x), _truth(y)
    code = "(1 if " + left.code + operator + right.code + " else 0)"
    return Term(Source(code, _ATOM, max(left.depth, right.depth) + 1))


def _truth(x: Term) -> Source:
    source = x.fraction().at_least(_ATOM) if x.ratio else x.numerator(x.den)
    return Source(source.code + (".n!=0" if x.ratio else "!=0"), _OR, source.depth)


def _constant(value: int) -> Source:
    return Source(str(value), _ATOM if value >= 0 else _UNARY)


def _join(left: Source, operator: str, right: Source, level: int) -> Source:
    """Left-associative, as Python is: at the same level only the right one needs parentheses."""
    left, right = left.at_least(level), right.at_least(level + 1)
    return Source(left.code + operator + right.code, level, max(left.depth, right.depth))


def _times(source: Source, factor: int) -> Source:
    if factor == 1:
        return source
    return _minus(source) if factor == -1 else _join(source, "*", _constant(factor), _MUL)


def _plus(source: Source, value: int) -> Source:
    if value == 0:
        return source
    return _join(source, "-" if value < 0 else "+", _constant(abs(value)), _ADD)


def _minus(source: Source) -> Source:
    inner = source.at_least(_UNARY)
    return Source("-" + inner.code, _UNARY, inner.depth + 1)


def _call(name: str, arguments: "list[Source] | tuple[Source, ...]") -> Source:
    depth = 1 + max([argument.depth for argument in arguments])
    return Source("{}({})".format(name, ",".join([a.code for a in arguments])), _ATOM, depth)


def _big_endian(parts: list[str]) -> Source:
    """Groups of three bytes: on the chip most steps then stay within its 31-bit integers."""
    groups = []
    while parts:
        groups.append(_shifted(parts[-3:], 8))
        parts = parts[:-3]
    groups.reverse()
    if len(groups) == 1:
        return Source(groups[0], _OR if "|" in groups[0] else _ATOM)
    return Source(_shifted(["(" + group + ")" for group in groups], 24), _OR, 1)


def _shifted(parts: list[str], width: int) -> str:
    """The parts joined by `|`, each shifted left by `width` for every part behind it."""
    last = len(parts) - 1
    shifts = [f"{part}<<{width * (last - n)}" for n, part in enumerate(parts[:last])]
    return "|".join(shifts + parts[last:])
