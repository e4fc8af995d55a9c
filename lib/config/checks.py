"""What settings are checked for by the parts that use them: addresses, expressions, standard names, link settings."""

from autopid.expression import Expression, ExpressionError
from net import url
from obd import at, j1979

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Checks, Verdict


class _AnyName:
    """Names a reference may have are only known once everything is read; the plan checks them."""

    def __contains__(self, name: object) -> bool:
        return True


def _url(text: str) -> "Verdict":
    try:
        address = url.parse(text)
    except url.UrlError as error:
        return error.code, str(error)
    if address.user is not None:  # it would stand in the settings for all to read
        return (
            "userinfo_not_allowed",
            "Must not hold a user name or password; choose an authentication instead.",
        )
    return None


def _expression(text: str) -> "Verdict":
    try:
        Expression(text, _AnyName())
    except ExpressionError as error:
        return "expression", str(error)
    return None


def _standard(text: str) -> "Verdict":
    if j1979.find(text) is None:
        return "unknown_standard", "There is no standard parameter of this name."
    return None


def _init(text: str) -> "Verdict":
    for command in at.split(text):
        if not command.startswith(("AT", "ST", "VT")):
            return "init", "%s is no AT or ST command." % command
    try:
        at.Link.parse(text)
    except ValueError as error:
        return "init", "%s." % error
    return None


ALL: "Checks" = {"url": _url, "expression": _expression, "standard": _standard, "init": _init}
