"""Addresses of destinations: strict parsing, percent-encoding, the request target and the Host header (RFC 3986).

url = parse("https://api.example.com/ingest?v=1")
url.host, url.port, url.target, url.host_header   # "api.example.com", 443, "/ingest?v=1", "api.example.com"
target_with_query(url.target, [("source", "wican_pro")])   # "/ingest?v=1&source=wican_pro"
"""

from micropython import const

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_LENGTH = const(1024)
_MAX_HOST = const(253)
_MAX_LABEL = const(63)

_PORTS = {"https": 443, "http": 80, "mqtts": 8883, "mqtt": 1883}

_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_UNRESERVED = _ALNUM + "-._~"
_SUB_DELIMS = "!$&'()*+,;="
_HEX = "0123456789abcdefABCDEF"


class UrlError(Exception):
    """Why a text is no usable address.

    `code` is url_scheme, url_syntax or url_too_long; `position` counts characters from 0; `str()` is one sentence.
    """

    def __init__(self, code: str, position: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.position = position


class Url:
    """The parts of an address.

    `scheme` and `host` are lower case, `host` is without brackets, `user` and `password` are decoded or None,
    `path` starts with a slash, `query` is as typed, without the question mark, or None.
    """

    def __init__(
        self,
        scheme: str,
        credentials: "tuple[str, str] | None",
        host: str,
        port: int,
        path: str,
        query: "str | None",
    ) -> None:
        self.scheme = scheme
        self.user: str | None = credentials[0] if credentials else None
        self.password: str | None = credentials[1] if credentials else None
        self.host = host
        self.port = port
        self.path = path
        self.query = query

    @property
    def target(self) -> str:
        """What stands in the request line: path and query."""
        return self.path if self.query is None else self.path + "?" + self.query

    @property
    def host_header(self) -> str:
        """The Host header's value: the port is left out when it is the scheme's own (RFC 9110 7.2)."""
        host = "[" + self.host + "]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else "%s:%d" % (host, self.port)

    @property
    def public(self) -> str:
        """The address without user, password and query: fit for a log."""
        return self.scheme + "://" + self.host_header + self.path


def parse(text: str, plaintext: bool = False, kind: str = "https") -> Url:
    """Takes an https address apart, or an mqtts one if the kind is "mqtt". Raises UrlError.

    `plaintext` allows http, or mqtt, as well.
    """
    if len(text) > _MAX_LENGTH:
        message = "An address has at most %d characters; this one has %d." % (
            _MAX_LENGTH,
            len(text),
        )
        raise UrlError("url_too_long", _MAX_LENGTH, message)
    scheme, start = _scheme(text, plaintext, kind)
    end = _first_of(text, "/?#", start)
    credentials, host, port = _authority(text, start, end, scheme)
    path, query = _path_and_query(text, end)
    return Url(scheme, credentials, host, port, path, query)


def percent_encode(text: str) -> str:
    """Everything but RFC 3986 unreserved characters becomes %XX, as UTF-8."""
    return "".join([_encoded(byte) for byte in text.encode()])


def percent_decode(text: str) -> str:
    """The inverse of `percent_encode`; a plus sign stays one. Raises ValueError for a bad escape or bad UTF-8."""
    first, *rest = text.split("%")
    out = bytearray(first.encode())
    for piece in rest:
        if len(piece) < 2 or piece[0] not in _HEX or piece[1] not in _HEX:
            raise ValueError("a percent sign needs two hexadecimal digits after it")
        out.append(int(piece[:2], 16))
        out.extend(piece[2:].encode())
    return bytes(out).decode()


def target_with_query(target: str, pairs: "Iterable[tuple[str, str]]") -> str:
    """Appends the pairs, percent-encoded and in their order, to a request target that may have a query already."""
    added = "&".join([percent_encode(key) + "=" + percent_encode(value) for key, value in pairs])
    if not added:
        return target
    if "?" not in target:
        return target + "?" + added
    return target + added if target[-1] in "?&" else target + "&" + added


def _encoded(byte: int) -> str:
    return chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}"


def _first_of(text: str, stops: str, start: int) -> int:
    for at in range(start, len(text)):
        if text[at] in stops:
            return at
    return len(text)


def _syntax(position: int, message: str) -> UrlError:
    return UrlError("url_syntax", position, message)


def _scheme(text: str, plaintext: bool, kind: str) -> "tuple[str, int]":
    plain = kind[:-1] if kind.endswith("s") else kind
    secure = plain + "s"
    for scheme in (secure, plain):
        if text[: len(scheme) + 3].lower() == scheme + "://":
            if scheme == plain and not plaintext:
                message = f"Over {plain}:// anyone on the way can read along; write {secure}://."
                raise UrlError("url_scheme", 0, message)
            return scheme, len(scheme) + 3
    raise UrlError("url_scheme", 0, f"An address starts with {secure}://.")


def _check(text: str, start: int, end: int, allowed: str, where: str) -> None:
    """Every character is unreserved, in `allowed`, or part of a valid %XX (RFC 3986 2)."""
    for at in range(start, end):
        char = text[at]
        if char == "%":
            if at + 2 >= end or text[at + 1] not in _HEX or text[at + 2] not in _HEX:
                raise _syntax(at, "A percent sign needs two hexadecimal digits after it.")
        elif char == "#":
            raise _syntax(at, "A fragment (#) is not sent to a server; leave it out.")
        elif char not in _UNRESERVED and char not in allowed:
            raise _syntax(at, f"The {where} cannot hold {char!r}; write it as %XX.")


def _path_and_query(text: str, start: int) -> "tuple[str, str | None]":
    mark = _first_of(text, "?", start)
    _check(text, start, mark, _SUB_DELIMS + ":@/", "path")
    _check(text, mark + 1, len(text), _SUB_DELIMS + ":@/?", "query")
    return text[start:mark] or "/", text[mark + 1 :] if mark < len(text) else None


def _authority(
    text: str, start: int, end: int, scheme: str
) -> "tuple[tuple[str, str] | None, str, int]":
    at = text.rfind("@", start, end)
    credentials = None
    if at >= 0:
        credentials = _credentials(text, start, at)
        start = at + 1
    host_end = _host_end(text, start, end)
    host = _host(text, start, host_end)
    return credentials, host, _port(text, host_end, end, scheme)


def _credentials(text: str, start: int, end: int) -> "tuple[str, str]":
    _check(text, start, end, _SUB_DELIMS + ":", "user name or password")
    user, _, password = text[start:end].partition(":")
    try:
        return percent_decode(user), percent_decode(password)
    except ValueError:
        raise _syntax(start, "User name and password must be UTF-8.")


def _host_end(text: str, start: int, end: int) -> int:
    if text[start : start + 1] != "[":
        return _first_of(text[:end], ":", start)
    close = text.find("]", start, end)
    if close < 0:
        raise _syntax(start, "An IPv6 address ends with a closing bracket.")
    return close + 1


def _port(text: str, start: int, end: int, scheme: str) -> int:
    if start == end:
        return _PORTS[scheme]
    digits = text[start + 1 : end]
    if text[start] == ":" and len(digits) <= 5 and _is_number(digits) and 0 < int(digits) < 65536:
        return int(digits)
    raise _syntax(min(start + 1, end), "A port is a number from 1 to 65535.")


def _host(text: str, start: int, end: int) -> str:
    host = text[start:end].lower()
    if host.startswith("["):
        if not _is_ipv6(host[1:-1]):
            raise _syntax(start, "This is no IPv6 address.")
        return host[1:-1]
    if host.endswith("."):  # the root's own dot: certificates are written without it
        host = host[:-1]
    if not host:
        raise _syntax(start, "The host name is missing.")
    if len(host) > _MAX_HOST:
        raise _syntax(start, "A host name has at most %d characters." % _MAX_HOST)
    _check_labels(host, start)
    return host


def _check_labels(host: str, position: int) -> None:
    labels = host.split(".")
    if _is_number(labels[-1]) and not _is_ipv4(labels):
        raise _syntax(position, "This is no IPv4 address.")
    for label in labels:
        if not label or len(label) > _MAX_LABEL or label[0] == "-" or label[-1] == "-":
            raise _syntax(
                position, "A host name is made of parts of 1 to 63 characters, with dots."
            )
        for offset in range(len(label)):
            if label[offset] not in _ALNUM and label[offset] not in "-_":
                message = f"A host name cannot hold {label[offset]!r}."
                raise _syntax(position + offset, message)
        position += len(label) + 1


def _is_number(text: str) -> bool:
    """Plain digits only: elsewhere than on the chip, `isdigit` takes those of all scripts."""
    return bool(text) and not text.strip("0123456789")


def _is_ipv4(parts: "list[str]") -> bool:
    if len(parts) != 4:
        return False
    for part in parts:
        if not _is_number(part) or len(part) > 3 or int(part) > 255 or str(int(part)) != part:
            return False
    return True


def _is_ipv6(text: str) -> bool:
    """RFC 4291 2.2; a zone identifier is refused, it means nothing to a server."""
    halves = text.split("::")
    if len(halves) > 2:
        return False
    count = 0
    for index in range(len(halves)):
        groups = halves[index].split(":") if halves[index] else []
        if groups and index == len(halves) - 1 and "." in groups[-1]:
            if not _is_ipv4(groups.pop().split(".")):
                return False
            count += 2
        for group in groups:
            if not 1 <= len(group) <= 4 or [char for char in group if char not in _HEX]:
                return False
        count += len(groups)
    return count < 8 if len(halves) == 2 else count == 8
