"""What settings are checked for by the parts that use them: addresses, headers, templates, expressions, …"""

from autopid.expression import Expression, ExpressionError
from net import url
from obd import at, commands, j1979

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


_SCHEMES = ("https", "http", "mqtts", "mqtt", "tls", "tcp")


def _url(text: str) -> "Verdict":
    """The syntax alone: which scheme is allowed depends on other settings."""
    scheme, mark, rest = text.partition("://")
    if not mark or scheme.lower() not in _SCHEMES:
        return None
    from delivery import dynamic  # released with the settings

    try:
        url.parse("https://" + dynamic.stand_in(rest))
    except url.UrlError as error:
        return error.code, str(error)
    return None


def _header(name: str, value: str) -> "Verdict":
    from delivery import headers  # in use elsewhere, too

    return headers.header_problem(name, value)


def _template(text: str) -> "Verdict":
    from delivery.formats import template  # released with the settings

    wrong = template.problem(text)
    return ("template", wrong) if wrong else None


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
    for command in commands.split(text):
        if not command.startswith(("AT", "ST", "VT")):
            return "init", "%s is no AT or ST command." % command
    try:
        at.Link.parse(text)
    except ValueError as error:
        return "init", "%s." % error
    return None


ALL: "Checks" = {
    "url": _url,
    "header": _header,
    "template": _template,
    "expression": _expression,
    "standard": _standard,
    "init": _init,
}
