"""A parameter: the name of a value, how an answer gives it, and which values are believed."""

import json

import jsontext

from autopid.decimal import compare
from autopid.expression import exact

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from autopid.compiler import Shape
    from autopid.expression import Expression, References
    from autopid.runtime import Image

    Kind = tuple[Shape, str, str, int, str | None, str | None, bool, bool, int]
    Kinds = dict[Kind, Kind]

_TEXTS: "dict[str | None, str]" = {'"on"': "on", '"off"': "off"}


def key_of(name: str) -> str:
    """How a parameter of that name is announced within a JSON object: `,"SPEED":`.

    The comma stands in front, so that the keys and values of an object can be joined as they are.
    """
    return ",%s:" % jsontext.quote(name)


class OutOfRange(Exception):
    """A value lies outside the limits of its parameter.

    Attributes:
        text: the value as decimal text.
    """

    def __init__(self, text: str, minimum: str | None, maximum: str | None) -> None:
        limits = "{} to {}".format(minimum or "any", maximum or "any")
        super().__init__(f"{text} is out of range ({limits})")
        self.text = text


class Parameter:
    """One value of the car. Where it comes from (vehicle profile, standard PID, custom PID) makes
    no difference.

    Arguments and attributes:
        name: its name in every document; kept in the form that documents need most, see `key`.
        expression: how an answer gives its value; None if it is only ever set. Not kept as such: its shape is part of
            what parameters share.
        unit, device_class: metadata, "none" if unknown.
        period_ms: how often to ask for it; 0 leaves that to the default.
        minimum, maximum: decimal text of the lowest and highest value to believe, or None.
        enabled: whether to ask for it at all.
        binary: whether the value is "on" (above 0) or "off" instead of a number.
        decimals: how many decimals the value is rounded to.
        kinds: a dict that parameters made together share, so that equal metadata and shapes are stored only
            once.

    Further attributes:
        key: the name as `key_of` gives it. Documents are made from these in one step, and storing the name besides
            would cost hundreds of parameters as many strings.
        base, refs: those of the expression.

    Attributes that change while the device runs; only `autopid.group.Group` sets them:
        literal: the latest good value as JSON text: a number, or "on"/"off" in quotes; None before the first.
        updated_ms: uptime at which `literal` was read; None before the first.
        error: why the last attempt gave no value, one plain sentence; None when it did.
    """

    # Attributes that keep these values take no room in the object: profiles have hundreds of
    # parameters. One with a value and no error has six, and with a seventh would take a quarter more.
    literal: str | None = None
    updated_ms: int | None = None
    error: str | None = None
    base = 0
    refs: "tuple[str, ...]" = ()
    _number: int | None = None  # what `literal` was made of, unless it was a fraction

    def __init__(
        self,
        name: str,
        expression: "Expression | None",
        unit: str = "none",
        device_class: str = "none",
        period_ms: int = 0,
        minimum: str | None = None,
        maximum: str | None = None,
        enabled: bool = True,
        binary: bool = False,
        decimals: int = 2,
        kinds: "Kinds | None" = None,
    ) -> None:
        self.key = key_of(name)
        shape: Any = None
        if expression is not None:
            self.base, shape = expression.base, expression.shape
            if expression.refs:
                self.refs = expression.refs
        kind = (shape, unit, device_class, period_ms, minimum, maximum, enabled, binary, decimals)
        self._kind = kind if kinds is None else kinds.setdefault(kind, kind)

    @property
    def name(self) -> str:
        """Its name."""
        if "\\" in self.key:
            name: str = json.loads(self.key[1:-1])
            return name
        return self.key[2:-2]

    @property
    def shape(self) -> "Shape":
        """That of the expression."""
        return self._kind[0]

    @property
    def text(self) -> str | None:
        """The latest good value as exact decimal text, or "on"/"off" if binary; None before the first."""
        return _TEXTS.get(self.literal, self.literal)

    @property
    def unit(self) -> str:
        """Unit, or none."""
        return self._kind[1]

    @property
    def device_class(self) -> str:
        """Home Assistant's device class, or none."""
        return self._kind[2]

    @property
    def period_ms(self) -> int:
        """How often to ask, 0 for the default."""
        return self._kind[3]

    @property
    def minimum(self) -> str | None:
        """Lowest value to believe, or None."""
        return self._kind[4]

    @property
    def maximum(self) -> str | None:
        """Highest value to believe, or None."""
        return self._kind[5]

    @property
    def enabled(self) -> bool:
        """Whether to ask for it."""
        return self._kind[6]

    @property
    def binary(self) -> bool:
        """Whether it is on/off rather than a number."""
        return self._kind[7]

    def value(self, image: "Image", refs: "References | None" = None, v: int = 0) -> str:
        """Returns the decimal text of a value, believable or not; raises what `Expression.value` raises."""
        if self._kind[8] == 2 and self.shape[1]:
            return self.shape[2](self.shape[0](image, self.base, v), self.shape[1])
        return exact(self, image, self._kind[8], refs, v)

    def decode(self, image: "Image", refs: "References | None" = None, v: int = 0) -> str:
        """Returns the value of an answer: decimal text, or "on" / "off" for a binary parameter.

        Raises OutOfRange, and what `Expression.value` raises.
        """
        shape = self._kind[0]
        if self._kind[8] != 2 or not shape[1]:
            return self._believed(exact(self, image, self._kind[8], refs, v))
        number = shape[0](image, self.base, v)
        if number == self._number and self.literal is not None:
            return _TEXTS.get(self.literal, self.literal)  # no new object for an unchanged value
        text = self._believed(shape[2](number, shape[1]))
        self._number = number
        return text

    def _believed(self, text: str) -> str:
        """What is told of a value that lies within the limits."""
        if not self.in_range(text):
            raise OutOfRange(text, self.minimum, self.maximum)
        if self.binary:
            return "off" if text == "0" or text.startswith("-") else "on"
        return text

    def in_range(self, text: str) -> bool:
        """Whether decimal text lies within the limits (inclusive), compared exactly."""
        if self.minimum is not None and compare(text, self.minimum) < 0:
            return False
        return self.maximum is None or compare(text, self.maximum) <= 0

    def json(self) -> str:
        """The value as JSON text; see `literal`. Only if `text` is not None."""
        return str(self.literal)

    def age_ms(self, now_ms: int) -> int | None:
        """How long ago the value was read; None if it never was."""
        return None if self.updated_ms is None else now_ms - self.updated_ms
