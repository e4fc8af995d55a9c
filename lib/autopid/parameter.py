"""A parameter: the name of a value, how an answer gives it, and which values are believed."""

from autopid.decimal import compare

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from autopid.expression import Expression, References


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
        name: its key in every document.
        expression: anything with `value(image, decimals, refs, v)` like `Expression`.
        unit, device_class: metadata, "none" if unknown.
        period_ms: how often to ask for it; 0 leaves that to the default.
        minimum, maximum: decimal text of the lowest and highest value to believe, or None.
        enabled: whether to ask for it at all.
        binary: whether the value is "on" (above 0) or "off" instead of a number.
        decimals: how many decimals the value is rounded to.
    """

    # Attributes that keep these values take no room in the object: profiles have hundreds of
    # parameters.
    unit = "none"
    device_class = "none"
    period_ms = 0
    minimum: str | None = None
    maximum: str | None = None
    enabled = True
    binary = False
    decimals = 2

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
    ) -> None:
        self.name = name
        self.expression = expression
        if unit != "none":
            self.unit = unit
        if device_class != "none":
            self.device_class = device_class
        if period_ms:
            self.period_ms = period_ms
        if minimum is not None:
            self.minimum = minimum
        if maximum is not None:
            self.maximum = maximum
        if not enabled:
            self.enabled = False
        if binary:
            self.binary = True
        if decimals != 2:
            self.decimals = decimals

    def decode(self, image: bytes, refs: "References | None" = None, v: int = 0) -> str:
        """Returns the value of an answer: decimal text, or "on" / "off" for a binary parameter.

        Raises OutOfRange, and what `Expression.value` raises.
        """
        text = self.expression.value(image, self.decimals, refs, v)
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
