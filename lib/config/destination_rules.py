"""Rules between the settings of one destination, and between destinations."""

from config import connector_rules, rules
from config.fields import VISIBLE

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.fields import Reading

    Secrets = Mapping[str, str | None]  # by key

_SCHEMES = {"https": ("https", "http"), "mqtt": ("mqtts", "mqtt"), "tcp": ("tls", "tcp")}
_MISSING = {
    "bearer": "A bearer token is missing.",
    "basic": "The password is missing.",
    "api_key": "The key is missing.",
}
# Schemes whose secrets the device can make: see delivery.secret_rules.
_MADE_HERE = ("kpn", "thingpark")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def judge(
    reading: "Reading", destinations: list[dict], known: "Secrets", found: "Secrets"
) -> None:
    """Refuses destinations that break a rule. `known` are the secrets stored so far, "" for one that was
    just refused; `found` those in the document, None to clear one."""
    rules.unique(reading, destinations, "destinations", "name", "name_duplicate", [])
    for index, settings in enumerate(destinations):
        one = _One(reading, settings, f"destinations[{index}].", known, found)
        for rule in (
            _url,
            _tls,
            _headers,
            _auth,
            _sign,
            _previous,
            _body,
            _success,
            _times,
            _batch,
            connector_rules.judge,
        ):
            rule(one)


class _One:
    """One destination under judgement. Settings may still hold what was refused of them, but of the right type."""

    def __init__(
        self, reading: "Reading", settings: dict, path: str, known: "Secrets", found: "Secrets"
    ) -> None:
        self.settings = settings
        self.reading = reading
        self._path = path
        self._known = known
        self._found = found
        self.is_off = not settings["enabled"]  # before anything is refused, which switches it off

    def refuse(self, name: str, code: str, message: str) -> None:
        """Notes a problem, unless there is one with this setting already."""
        if self.sound(name):
            rules.refuse(self.reading, self.settings, self._path + name, code, message)

    def sound(self, name: str) -> bool:
        """Whether nothing is wrong with a setting so far."""
        return self._path + name not in [problem["field"] for problem in self.reading.problems]

    def secret(self, name: str) -> str | None:
        """The secret that will be in force; "" if it was refused, None if there is none."""
        key = self._key(name)
        return self._found[key] if key in self._found else self._known.get(key)

    def given(self, name: str) -> bool:
        """Whether the document sets that secret."""
        return bool(self._found.get(self._key(name)))

    def _key(self, name: str) -> str:
        return "destinations.%d.%s" % (self.settings["id"], name)


def _url(one: _One) -> None:
    if not one.sound("type"):
        return
    secure, plain = _SCHEMES[one.settings["type"]]
    allowed = one.settings["transport"]["allow_plain"]
    scheme, mark, _ = one.settings["url"].partition("://")
    scheme = scheme.lower() if mark else ""
    if scheme == plain and not allowed:
        message = f"{plain}:// is not encrypted: use {secure}://, or set transport.allow_plain."
        one.refuse("url", "plaintext_not_allowed", message)
    elif scheme not in (secure, plain):
        also = f" or {plain}://" if allowed else ""
        one.refuse("url", "url_scheme", f"Must start with {secure}://{also}.")


def _tls(one: _One) -> None:
    if not one.sound("type"):
        return
    _, plain = _SCHEMES[one.settings["type"]]
    if one.settings["tls"]["pins"] and one.settings["url"].lower().startswith(plain + "://"):
        message = f"{plain}:// has no certificate whose key could be pinned: must be empty."
        one.refuse("tls.pins", "conflict", message)


def _headers(one: _One) -> None:
    own = _own_headers(one.settings)
    taken: list[str] = []
    for index, header in enumerate(one.settings["headers"]):
        name, path = header["name"], "headers[%d]." % index
        problem = one.reading.verdict("header", name, header["value"])
        if problem:
            part = "value" if problem[0] in ("header_value", "header_too_long") else "name"
            one.refuse(path + part, problem[0], problem[1])
        if name and name.lower() in own:
            message = "Authentication or signature write this header already."
            one.refuse(path + "name", "header_forbidden", message)
        if name and name.lower() in taken:
            one.refuse(
                path + "name", "header_duplicate", "There is a header of this name already."
            )
        taken.append(name.lower())


def _own_headers(settings: dict) -> list[str]:
    """The names of headers that other settings make, in small letters; some may be empty."""
    auth, sign = settings["auth"], settings["sign"]
    own = []
    if auth["type"] == "api_key" and auth["place"] == "header":
        own.append(auth["header"].lower())
    if sign["scheme"] != "none":
        own.append(sign["header"].lower())
    return own


def _auth(one: _One) -> None:
    auth = one.settings["auth"]
    token = one.secret("auth.token")
    if token is None:
        by_login = auth["type"] == "basic" and one.secret("auth.login")
        if auth["type"] in _MISSING and not by_login:
            one.refuse("auth.token", "field_empty", _MISSING[auth["type"]])
    elif auth["type"] in ("bearer", "api_key") and token.strip(VISIBLE):
        message = "Must not hold blanks or anything but letters, digits and signs of ASCII."
        one.refuse("auth.token", "characters", message)
    by_form = auth["type"] == "api_key" and auth["place"] == "body"
    if by_form and one.settings["body"]["format"] != "abrp":
        message = "Only the format abrp is a form that a key can be put into."
        one.refuse("auth.place", "conflict", message)
    if auth["type"] == "basic" and ":" in auth["user"]:
        one.refuse("auth.user", "characters", "Must not hold a colon, which ends a user name.")


def _sign(one: _One) -> None:
    scheme = one.settings["sign"]["scheme"]
    if scheme == "none" or not one.sound("sign.scheme"):
        return
    if one.settings["type"] == "mqtt":
        one.refuse("sign.scheme", "conflict", "MQTT has no headers for a signature: must be none.")
    may_follow = one.is_off and scheme in _MADE_HERE
    if one.secret("sign.secret") is None and not may_follow:
        one.refuse("sign.secret", "field_empty", "The secret to sign with is missing.")
    if scheme == "standard_webhooks":
        _webhook_keys(one)


def _webhook_keys(one: _One) -> None:
    """Standard Webhooks 1.0, "Symmetric": 24 to 64 bytes, as base64 behind whsec_."""
    for name in ("sign.secret", "sign.previous"):
        text = one.secret(name)
        if text and not _is_webhook_key(text):
            message = "Must be whsec_ and then 24 to 64 bytes in base64, as the receiver shows it."
            one.refuse(name, "secret_format", message)


def _is_webhook_key(text: str) -> bool:
    if text[:6] == "whsec_":
        text = text[6:]
    digits = text.rstrip("=")
    padding = len(text) - len(digits)
    if len(text) % 4 or padding > 2 or digits.strip(_BASE64):
        return False
    return 24 <= len(text) // 4 * 3 - padding <= 64


def _previous(one: _One) -> None:
    scheme = one.settings["sign"]["scheme"]
    if scheme not in ("standard_webhooks", "thingpark") and one.given("sign.previous"):
        message = "Only standard_webhooks and thingpark know two secrets."
        one.refuse("sign.previous", "conflict", message)


def _body(one: _One) -> None:
    body = one.settings["body"]
    if body["format"] == "template":
        if not body["template"]:
            one.refuse("body.template", "field_empty", "The format template needs a text.")
        problem = one.reading.verdict("template", body["template"])
        if problem:
            one.refuse("body.template", problem[0], problem[1])
    if body["format"] == "osmand" and body["gzip"]:
        message = "A query string cannot be compressed: must be off for the format osmand."
        one.refuse("body.gzip", "conflict", message)


def _success(one: _One) -> None:
    success = one.settings["success"]
    if success["json_value"] and not success["json_path"]:
        message = "Must say where in the answer that value stands."
        one.refuse("success.json_path", "field_empty", message)


def _times(one: _One) -> None:
    for section, first in (("retry", "first_s"), ("fuse", "open_s")):
        times = one.settings[section]
        if times["longest_s"] < times[first]:
            one.refuse(section + ".longest_s", "range", f"Must not be below {first}.")


def _batch(one: _One) -> None:
    queue = one.settings["queue"]
    if queue["mode"] == "none" and queue["batch"] > 1:
        message = "Only documents in a queue can be sent together: choose a mode, or 1."
        one.refuse("queue.batch", "conflict", message)
