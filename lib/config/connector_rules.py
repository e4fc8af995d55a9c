"""Rules that other systems set for a destination, beyond what any one setting can tell."""

from config import hosts

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.destination_rules import _One

_KPN = ("kpn_things", "kpn_things_ip")
_MOST_HEADERS = {"digital_matter": 3, "thingpark": 5}
# ThingPark Enterprise, "Configuring a basic HTTPS connection".
_RESERVED = ("accept", "host", "user-agent", "content-length", "content-type", "expect") + (
    "proxy-authorization",
)


def judge(one: "_One") -> None:
    """Refuses what the system of a destination would not take."""
    for rule in (_fields, _address, _header_limits, _kpn, _signing, _entries, _azure, _alone):
        rule(one)


def _fields(one: "_One") -> None:
    """Dynamic fields must exist."""
    from delivery import dynamic  # like all that these rules need, released with the settings

    settings = one.settings
    texts = [("url", settings["url"])]
    for index, pair in enumerate(settings["query"]):
        texts.append(("query[%d].value" % index, pair["value"]))
    for index, header in enumerate(settings["headers"]):
        texts.append(("headers[%d].value" % index, header["value"]))
    for place, text in texts:
        wrong = dynamic.problem(text)
        if wrong is not None:
            one.refuse(place, wrong[0], wrong[1])


def _address(one: "_One") -> None:
    """Only HTTP's addresses are filled in, and what is looked up in DNS is no secret any more."""
    from delivery import dynamic

    text = one.settings["url"]
    scheme, _, rest = text.partition("://")
    host = rest
    for mark in "/?#":
        host = host.partition(mark)[0]
    if one.settings["type"] != "https":
        if dynamic.stand_in(text) != text:
            message = "Fields in brackets are filled in for HTTP servers only: write it out."
            one.refuse("url", "conflict", message)
    elif "[CUSTOM3]" in host:
        message = "[CUSTOM3] is kept like a password, and names of hosts can be read on the way."
        one.refuse("url", "secret_in_host", message)
    if one.settings["type"] == "tcp" and one.sound("url"):
        _endpoint(one, scheme.lower(), rest)


def _endpoint(one: "_One", scheme: str, rest: str) -> None:
    """Documents alone are sent to a host and a port."""
    if one.given("auth.login"):
        message = "Nothing but documents is sent over tcp: no user and password."
        one.refuse("auth.login", "conflict", message)
    if rest.endswith("/"):
        rest = rest[:-1]
    if hosts.host_and_port(rest) is not None:
        message = "Must be a host and a port and nothing more, such as %s://example.com:9000."
        one.refuse("url", "url_syntax", message % scheme)


def _header_limits(one: "_One") -> None:
    settings = one.settings
    most = _MOST_HEADERS.get(settings["preset"])
    if most is not None and len(settings["headers"]) > most:
        message = "With this preset there are at most %d headers." % most
        one.refuse("headers", "headers_max", message)
    if settings["sign"]["scheme"] == "thingpark":
        _forbid(one, lambda name: name in _RESERVED, "ThingPark reserves this name.")
    if settings["sign"]["scheme"] == "kpn":
        _forbid(one, lambda name: name.startswith("things-"), "KPN Things reserves such names.")


def _forbid(one: "_One", is_reserved: "Callable[[str], bool]", message: str) -> None:
    for index, header in enumerate(one.settings["headers"]):
        if is_reserved(header["name"].lower()):
            one.refuse("headers[%d].name" % index, "header_forbidden", message)


def _kpn(one: "_One") -> None:
    settings = one.settings
    if settings["preset"] not in _KPN:
        return
    from delivery import dynamic
    from net import url

    if settings["method"] == "PUT":
        one.refuse("method", "choice", "KPN Things knows GET and POST only.")
    try:
        address = url.parse(dynamic.stand_in(settings["url"]))
    except url.UrlError:
        return  # told already
    if address.port != 443:
        message = "KPN Things calls port 443 only: leave the port out."
        one.refuse("url", "port_not_allowed", message)


def _signing(one: "_One") -> None:
    sign = one.settings["sign"]
    scheme, secret = sign["scheme"], one.secret("sign.secret")
    if scheme not in ("kpn", "thingpark"):
        return
    from delivery import identity, secret_rules

    if one.settings["body"]["gzip"]:
        message = "The receiver checks the signature of what it reads: must be off."
        one.refuse("body.gzip", "conflict", message)
    if scheme == "thingpark":
        if not one.settings["body"]["format"].startswith("thingpark"):
            message = "The token of ThingPark covers parts of its documents: choose one of them."
            one.refuse("sign.scheme", "conflict", message)
        _refuse(one, "sign.secret", secret_rules.thingpark_problem(secret) if secret else None)
        return
    of_device = one.settings["preset"] == "kpn_things_ip"
    if of_device:  # KPN knows it by its base name
        sign["plug_uuid"] = ""
    elif not sign["plug_uuid"]:
        sign["plug_uuid"] = identity.new_uuid()
    rule = secret_rules.kpn_device_problem if of_device else secret_rules.kpn_problem
    _refuse(one, "sign.secret", rule(secret) if secret else None)


def _entries(one: "_One") -> None:
    """Every value has one place in Digital Matter's records, and every place one value."""
    names: list[str] = []
    places: list[tuple[int, int]] = []
    for index, entry in enumerate(one.settings["body"]["map"]):
        place = (entry["field"], entry["number"])
        if entry["name"] in names:
            message = "This parameter has a place already."
            one.refuse("body.map[%d].name" % index, "name_duplicate", message)
        elif place in places:
            message = "Another parameter has this place."
            one.refuse("body.map[%d].number" % index, "number_duplicate", message)
        names.append(entry["name"])
        places.append(place)


def _azure(one: "_One") -> None:
    auth = one.settings["auth"]
    if auth["type"] != "azure_sas":
        return
    from delivery import azure

    key = one.secret("auth.token")
    if key is None:
        one.refuse("auth.token", "field_empty", "The device's key is missing.")
    elif key:
        _refuse(one, "auth.token", azure.key_problem(key))
    _refuse(one, "auth.hub", azure.host_problem(auth["hub"]))
    _refuse(one, "auth.device_id", azure.id_problem(auth["device_id"]))


def _alone(one: "_One") -> None:
    """Over tcp there is nothing but the documents."""
    settings = one.settings
    if settings["type"] != "tcp":
        return
    message = "Nothing but documents is sent over tcp: must be none."
    if settings["auth"]["type"] != "none":
        one.refuse("auth.type", "conflict", message)
    if settings["sign"]["scheme"] != "none":
        one.refuse("sign.scheme", "conflict", message)
    if settings["body"]["gzip"]:
        one.refuse("body.gzip", "conflict", "Nothing tells the server that it is: must be off.")


def _refuse(one: "_One", name: str, wrong: "tuple[str, str] | None") -> None:
    if wrong is not None:
        one.refuse(name, wrong[0], wrong[1])
