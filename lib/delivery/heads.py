"""What stays the same in all requests of one destination, made once per change of settings: address, target, fields."""

from net import url

from delivery import headers
from delivery.credentials import Credentials
from delivery.route import RouteError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from delivery.signer import Signer

    Fields = list[tuple[str, str]]


class Head:
    """The settings of a destination as they go on the wire.

    Attributes:
        address: where to connect to.
        target: path and query.
        fields: (name, value) pairs of authentication, then those of the user whose names are not taken.
        form: what stands before the rest of a form; empty if nothing does.
        secrets: texts in them to be masked.
    """

    def __init__(
        self, settings: dict, secret: "Callable[[str], str | None]", signer: "Signer | None"
    ) -> None:
        """`secret` takes "auth.token" and "auth.login". Raises RouteError."""
        self.address = _address(settings["url"], settings["transport"]["allow_plain"])
        credentials = Credentials(settings["auth"], secret)
        self.secrets = credentials.secrets
        self.form = credentials.form.encode()
        pairs = [(pair["key"], pair["value"]) for pair in settings["query"]]
        self.target = url.target_with_query(self.address.target, pairs + credentials.pairs)
        taken = [name.lower() for name, _ in credentials.fields]
        if signer is not None:
            _check([(name, "") for name in signer.chosen], taken)
            taken += signer.names
        self.fields = credentials.fields + _custom(settings["headers"], taken)


def _custom(entered: "list[dict[str, str]]", taken: "list[str]") -> "Fields":
    pairs = [(field["name"], field["value"]) for field in entered]
    pairs = [pair for pair in pairs if pair[0].lower() not in taken]
    _check(pairs, [])
    return pairs


def _check(fields: "Fields", taken: "list[str]") -> None:
    for index, _, message in headers.list_problems(fields, taken):
        cause = "The header %s cannot be sent. %s" % (fields[index][0], message)
        raise RouteError(cause, "Correct or remove it.")


def _address(text: str, plaintext: bool) -> url.Url:
    try:
        address = url.parse(text, plaintext)
    except url.UrlError as error:
        raise RouteError("The address cannot be used. %s" % error, "Correct the address.")
    if address.user is not None:
        cause = "The address holds a user name, which is not sent."
        raise RouteError(cause, "Take it out of the address and choose an authentication.")
    return address
