"""What stays the same in all requests of one destination, made once per change of settings: address, target, fields."""

from net import url

from delivery import headers
from delivery.credentials import Credentials
from delivery.errors import RouteError

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from delivery.signer import Signer

    Fields = list[tuple[str, str]]


_SECRET = "CUSTOM3"
_DIGITS = "0123456789"


class Head:
    """The settings of a destination as they go on the wire.

    Attributes:
        address: the server's.
        dial: host and port to connect to; those of the address unless others are chosen.
        host: what the field Host says.
        names_host: whether that is a name, not an IP address.
        target: path and query.
        fields: (name, value) pairs of authentication, then those of the user whose names are not taken.
        form: what stands before the rest of a form; empty if nothing does.
        tokens: as in `Credentials`.
        secrets: texts in them to be masked.
    """

    def __init__(
        self,
        settings: dict,
        secret: "Callable[[str], str | None]",
        signer: "Signer | None",
        ids: "Mapping[str, str]",
    ) -> None:
        """`secret` takes "auth.token" and "auth.login"; `ids` is what dynamic fields stand for. Raises RouteError."""
        entered = _Entered(settings, ids)
        self.address = _address(entered.url, settings["transport"]["allow_plain"])
        self.dial = _dialled(settings["transport"]["connect_to"], self.address)
        self.host = settings["transport"]["host_header"] or self.address.host_header
        self.names_host = not _is_ip(self.host)
        credentials = Credentials(settings["auth"], secret)
        self.secrets = credentials.secrets + entered.secrets
        self.form = credentials.form.encode()
        self.tokens = credentials.tokens
        self.target = url.target_with_query(self.address.target, entered.query + credentials.pairs)
        taken = [name.lower() for name, _ in credentials.fields]
        if self.tokens is not None:
            taken.append("authorization")
        if signer is not None:
            _check([(name, "") for name in signer.chosen], taken)
            taken += signer.names
        self.fields = credentials.fields + _custom(entered.headers, taken)


class _Entered:
    """Address, query and headers as the user entered them, with their dynamic fields filled in.

    Attributes:
        url, query, headers: these; pairs of name and value.
        secrets: texts among what was filled in that nobody should read.
    """

    def __init__(self, settings: dict, ids: "Mapping[str, str]") -> None:
        """Raises RouteError."""
        self.url: str = settings["url"]
        self.query: Fields = [(pair["key"], pair["value"]) for pair in settings["query"]]
        self.headers: Fields = [(each["name"], each["value"]) for each in settings["headers"]]
        texts = [self.url] + [text for _, text in self.query + self.headers]
        if [text for text in texts if "[" in text]:
            self._fill_in(ids)
        self.secrets: list[str] = []
        if ids.get(_SECRET) and "[%s]" % _SECRET in "".join(texts) + settings["body"]["base_name"]:
            self.secrets = [ids[_SECRET], url.percent_encode(ids[_SECRET])]

    def _fill_in(self, ids: "Mapping[str, str]") -> None:
        from delivery import dynamic

        self.url = dynamic.in_url(self.url, ids)
        self.query = [(name, dynamic.in_text(text, ids)) for name, text in self.query]
        self.headers = [(name, dynamic.in_header(text, ids)) for name, text in self.headers]


def _dialled(chosen: str, address: url.Url) -> "tuple[str, int]":
    if not chosen:
        return address.host, address.port
    try:
        found = url.parse("https://" + chosen)
    except url.UrlError as error:
        cause = "The address to connect to cannot be used. %s" % error
        raise RouteError(cause, "Correct transport.connect_to.")
    return found.host, found.port


def _is_ip(host: str) -> bool:
    """Whether a value of Host is an IP address; names do not end in digits (WHATWG URL 3.5)."""
    return host.startswith("[") or not host.partition(":")[0].rpartition(".")[2].strip(_DIGITS)


def _custom(entered: "Fields", taken: "list[str]") -> "Fields":
    pairs = [pair for pair in entered if pair[0].lower() not in taken]
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
