"""A parameter: the name of a value, how an answer gives it, and which values are believed."""

import json

import jsontext

from autopid.decimal import compare

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from autopid.expression import Expression, References
    from autopid.runtime import Image

    Kind = tuple[str, str, int, str | None, str | None, bool, bool, int]
    Kinds = dict[Kind, Kind]


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
        expression: anything with `value(image, decimals, refs, v)` like `Expression`.
        unit, device_class: metadata, "none" if unknown.
        period_ms: how often to ask for it; 0 leaves that to the default.
        minimum, maximum: decimal text of the lowest and highest value to believe, or None.
        enabled: whether to ask for it at all.
        binary: whether the value is "on" (above 0) or "off" instead of a number.
        decimals: how many decimals the value is rounded to.
        kinds: a dict that parameters made together share, so that equal metadata is stored only
            once.

    Further attributes:
        key: the name as `key_of` gives it. Documents are made from these in one step, and storing the name besides
            would cost hundreds of parameters as many strings.

    Attributes that change while the device runs; only `autopid.group.Group` sets them:
        text: the latest good value as exact decimal text, or "on"/"off" if binary; None before the first.
        literal: the same as JSON text: a number, or "on"/"off" in quotes; numbers are one object with `text`.
        updated_ms: uptime at which `text` was read; None before the first.
        error: why the last attempt gave no value, one plain sentence; None when it did.
    """

    # Attributes that keep these values take no room in the object: profiles have hundreds of
    # parameters.
    text: str | None = None
    literal: str | None = None
    updated_ms: int | None = None
    error: str | None = None

    def __init__(
        self,
        name: str,
        expression: "Expression",
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
        self.expression = expression
        kind = (unit, device_class, period_ms, minimum, maximum, enabled, binary, decimals)
        self._kind = kind if kinds is None else kinds.setdefault(kind, kind)

    @property
    def name(self) -> str:
        """Its name."""
        if "\\" in self.key:
            name: str = json.loads(self.key[1:-1])
            return name
        return self.key[2:-2]

    @property
    def unit(self) -> str:
        """Unit, or none."""
        return self._kind[0]

    @property
    def device_class(self) -> str:
        """Home Assistant's device class, or none."""
        return self._kind[1]

    @property
    def period_ms(self) -> int:
        """How often to ask, 0 for the default."""
        return self._kind[2]

    @property
    def minimum(self) -> str | None:
        """Lowest value to believe, or None."""
        return self._kind[3]

    @property
    def maximum(self) -> str | None:
        """Highest value to believe, or None."""
        return self._kind[4]

    @property
    def enabled(self) -> bool:
        """Whether to ask for it."""
        return self._kind[5]

    @property
    def binary(self) -> bool:
        """Whether it is on/off rather than a number."""
        return self._kind[6]

    def decode(self, image: "Image", refs: "References | None" = None, v: int = 0) -> str:
        """Returns the value of an answer: decimal text, or "on" / "off" for a binary parameter.

        Raises OutOfRange, and what `Expression.value` raises.
        """
        text = self.expression.value(image, self._kind[7], refs, v)
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
