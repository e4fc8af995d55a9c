"""Expressions that turn the bytes of an answer into a value: `B10/2`, `((S17*256)+B18)/10`,
`[B4:B7]*0.1`.

A superset of the WiCAN expression language that gives the same results wherever that language is
well defined:

- `Bn` byte n of the raw frame image, `Sn` the same signed, `Bn:b` its bit b (0..7), `[Bm:Bn]` and
  `[Sm:Sn]` big-endian numbers of up to 8 bytes; `Pn`, `Pn:b`, `[Pm:Pn]` the same from the ISO-TP
  payload; `V` the bit field of a CAN filter.
- `12`, `0.5`, `.5`, `0xFF`; names of other parameters, bare or in braces: `HV_V*HV_A`,
  `{0C-EngineRPM}/60`.
- from weakest to strongest: `?:`, `||`, `&&`, `< <= > >= == !=` (1 or 0), `| ^` (one level), `&`,
  `<< >>`, `+ -`, `* / %`, unary `-`; all but `?:` group to the left. `min(…)`, `max(…)`, `abs(…)`,
  parentheses, blanks between tokens.

Division is exact, `%` takes the sign of its left side, bit operators cut off fractions and know no
word size. `?:`, `&&` and `||` evaluate only what they need. Between `?` and its `:` a colon never
selects a bit: write `B0?(B1:2):0`.

Texts are compiled once (`compiler`): `terms` makes Python source over integers from what `parser` read,
and that source (never the user's text) becomes a function. Expressions of one form and scale share it, their
shape, and differ only in their base, the first byte they read.
"""

from autopid.decimal import decimal_text, quotient_text, rounded
from autopid.errors import ExpressionError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping
    from typing import Protocol

    from autopid.compiler import Shape, Shapes
    from autopid.runtime import Image, Ratio

    References = Callable[[str], str | None] | Mapping[str, str]

    class Source(Protocol):
        """An `Expression`, or the parameter that was made of one."""

        @property
        def base(self) -> int: ...
        @property
        def shape(self) -> Shape: ...
        @property
        def refs(self) -> tuple[str, ...]: ...


__all__ = ("Expression", "ExpressionError")


class Expression:
    """One compiled expression.

        Expression("((S17*256)+B18)/10").value(image)  # "-4.8"

    Arguments:
        text: the expression, at most 255 characters.
        names: container of the parameter names it may refer to.
        shapes: a dict that expressions made together share, so that equal parts are stored only
            once.

    Attributes:
        base, shape: where it reads, and how; see `compiler.compiled`.
        refs: names of the parameters it refers to.

    Raises ExpressionError if the text is wrong, a constant divisor is 0 or a constant shift
    outside 0..63.
    """

    refs: "tuple[str, ...]" = ()  # only expressions with references spend memory on their own

    def __init__(
        self,
        text: str,
        names: "Container[str]" = (),
        shapes: "Shapes | None" = None,
    ) -> None:
        from autopid import compiler  # it may be given back once everything is compiled

        self.base, self.shape, refs = compiler.compiled(
            text, names, {} if shapes is None else shapes
        )
        if refs:
            self.refs = refs

    @property
    def last_byte(self) -> int:
        """The highest image index it may read, payload bytes as in several frames; -1 if none."""
        return self.base + self.shape[3]

    def value(
        self,
        image: "Image",
        decimals: int = 2,
        refs: "References | None" = None,
        v: int = 0,
    ) -> str:
        """Returns the value as exact decimal text, rounded half away from zero, trailing zeros
        cut: "-4.8", "66".

        Arguments:
            image: raw frame image; byte 0 is the first after the CAN id.
            decimals: at most that many.
            refs: mapping or function from a parameter's name to its text (decimal, "on" or "off")
                or None.
            v: the bit field `V`.

        Raises IndexError if the image is too short, ZeroDivisionError, ValueError for a computed
        shift outside 0..63, and KeyError with the name of a referenced parameter that has no
        value.
        """
        # No locals: with one more word of state, every call on the chip would search the heap for
        # room (see `decimal`).
        if decimals == 2 and self.shape[1]:
            return self.shape[2](self.shape[0](image, self.base, v), self.shape[1])
        return exact(self, image, decimals, refs, v)


def exact(
    source: "Source", image: "Image", decimals: int, refs: "References | None", v: int
) -> str:
    """`Expression.value` for any number of decimals, and for ratios; `source` has the attributes of an expression."""
    read, divisor = source.shape[:2]
    if divisor:
        n, d = read(image, source.base, v), divisor
    else:
        ratio = read(image, source.base, v, _lookup(source.refs, refs) if source.refs else None)
        n, d = ratio.n, ratio.d
    if decimals == 2:
        return quotient_text(n, d)
    return decimal_text(rounded(n * 10**decimals, d), decimals)


def _lookup(names: "tuple[str, ...]", refs: "References | None") -> "Callable[[int], Ratio]":
    """Returns a function from a place in `names` to the value of the name there."""
    from autopid.runtime import reference_value  # few cars have fractions and references

    def lookup(index: int) -> "Ratio":
        name = names[index]
        text = None if refs is None else refs(name) if callable(refs) else refs[name]
        if text is None:
            raise KeyError(name)
        return reference_value(text)

    return lookup
