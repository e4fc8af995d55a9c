"""The settings of a destination about its server: who we are to it, what its answers mean, how patient we are."""

from binascii import a2b_base64, b2a_base64

from micropython import const

from config import login
from config.fields import LETTERS, TOKEN, Choice, Flag, Integer, Text
from config.sections import ListOf, Section

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Verdict

_DAY_S = const(86_400)
_YEAR_S = const(31_536_000)


def _topic(text: str) -> "Verdict":
    """MQTT 3.1.1, 4.7.1: wildcards are for those who listen."""
    if "+" in text or "#" in text:
        return "topic", "Must not hold + or #: these are for topics one listens to."
    return None


def _host(text: str) -> "Verdict":
    """A DNS name or an address, as in a certificate: without brackets, port or final dot."""
    if text.strip(LETTERS + ".:") or text[0] in ".-" or text[-1] in ".-" or ".." in text:
        return "host", "Must be a host name or an IP address, without https:// and port."
    return None


def _bare_pin(text: str) -> str:
    """curl and browsers write a word before it."""
    text = text.strip()
    for word in ("sha256//", "sha256/"):
        if text.startswith(word):
            return text[len(word) :]
    return text


def _pin(text: str) -> "Verdict":
    """RFC 7469 2.4: SHA-256 of the SubjectPublicKeyInfo."""
    try:
        raw = a2b_base64(text)
    except ValueError:
        raw = b""
    if len(raw) == 32 and b2a_base64(raw).decode().strip() == text:
        return None
    return "pin", "Must be the SHA-256 of a public key in base64: 44 characters."


def _bare_token(text: str) -> str:
    """What is left of a pasted header value: no blanks around it, no word Bearer."""
    text = text.strip()
    return text[7:].strip() if text[:7].lower() == "bearer " else text


def _bare(text: str) -> str:
    return text.strip()


_LOGIN = Text(
    "login",
    "User and password as user:password; an address that holds them is stored without, and they here.",
    least=1,
    most=512,
    secret=True,
    rule=login.problem,
)

AUTH = Section(
    "auth",
    "How we show who we are.",
    (
        Choice(
            "type",
            "none; bearer: a token; basic: user and password; api_key: a key in a header, the address or a form.",
            ("none", "bearer", "basic", "api_key"),
        ),
        Text("user", "The user, for basic; the password is the token below.", most=128),
        Text(
            "header",
            "Name of the header, the query parameter or the form's field that holds the key, for api_key.",
            "x-api-key",
            least=1,
            most=64,
            characters=TOKEN,
        ),
        Choice(
            "place",
            "Where the key is sent, for api_key: as a header, in the address, or (format abrp) in the form.",
            ("header", "query", "body"),
        ),
        Text("prefix", "Put before the key, for api_key, such as Token and a blank.", most=32),
        Text(
            "token",
            "The token (bearer, without that word), the password (basic) or the key (api_key).",
            least=1,
            most=2048,
            secret=True,
            tidy=_bare_token,
        ),
        _LOGIN,
    ),
)

SIGN = Section(
    "sign",
    "How the receiver can tell that a document is ours and complete.",
    (
        Choice(
            "scheme",
            "none; github: HMAC-SHA256 of the body as GitHub's webhooks do; stripe: with the time, as Stripe's do; "
            "standard_webhooks: as in the Standard Webhooks specification.",
            ("none", "github", "stripe", "standard_webhooks"),
        ),
        Text(
            "header",
            "Name of the header that holds the signature; empty for the scheme's own.",
            most=64,
            characters=TOKEN,
        ),
        Flag("digest", "Add a checksum of the body as header Content-Digest (RFC 9530).", False),
        Text(
            "secret",
            "The secret both sides know; for standard_webhooks 24 to 64 bytes in base64, after whsec_.",
            least=1,
            most=256,
            secret=True,
            tidy=_bare,
        ),
        Text(
            "previous",
            "The secret before it, while receivers change over; for standard_webhooks.",
            least=1,
            most=256,
            secret=True,
            tidy=_bare,
        ),
    ),
)

SUCCESS = Section(
    "success",
    "What answer of the server means that it has the document.",
    (
        Integer(
            "status", "The HTTP status expected; 0 for any from 200 to 299.", 0, 200, 299, (0,)
        ),
        Text(
            "json_path",
            "What to look at in a JSON answer, with dots between names: status; empty for nothing.",
            most=64,
        ),
        Text("json_value", "What must stand there; empty for anything.", most=64),
    ),
)

RETRY = Section(
    "retry",
    "What happens to a document that did not arrive.",
    (
        Integer("attempts", "How often it is sent at most; 0 until it is too old.", 0, 0, 100),
        Integer("first_s", "Seconds before the second attempt; later waits grow.", 5, 1, 3600),
        Integer("longest_s", "The longest wait between two attempts in seconds.", 900, 1, _DAY_S),
        Integer(
            "timeout_s",
            "Seconds that one attempt may take; 0 goes by the cycle.",
            0,
            3,
            120,
            (0,),
        ),
    ),
)

FUSE = Section(
    "fuse",
    "When a server in trouble is left alone for a while.",
    (
        Integer("failures", "After this many failures in a row.", 5, 1, 100),
        Integer(
            "slow_ms",
            "When its last answers took longer than this on average, in milliseconds; 0 for never.",
            8000,
            100,
            120_000,
            (0,),
        ),
        Integer("open_s", "Seconds before it is tried again; doubled each time.", 30, 1, _DAY_S),
        Integer("longest_s", "The longest such pause in seconds.", 600, 1, _DAY_S),
    ),
)

QUEUE = Section(
    "queue",
    "Where documents wait that could not be delivered yet.",
    (
        Choice(
            "mode",
            "none: only the latest values count; ram: until a restart; flash: over restarts.",
            ("none", "ram", "flash"),
        ),
        Integer("max_items", "How many documents may wait; the oldest give way.", 1000, 1, 10_000),
        Integer("max_kb", "How many kilobytes they may take.", 256, 4, 4096),
        Integer(
            "max_age_s",
            "Older documents are dropped, in seconds; 0 keeps them however old.",
            604_800,
            60,
            _YEAR_S,
            (0,),
        ),
        Integer("batch", "How many waiting documents are sent in one request.", 1, 1, 50),
    ),
)

TRANSPORT = Section(
    "transport",
    "The connection.",
    (
        Flag(
            "allow_plain",
            "Allow http:// and mqtt://: anybody on the way can read and change what is sent.",
            False,
        ),
        Flag("keep", "Keep the connection for the next delivery.", True),
    ),
)

TLS = Section(
    "tls",
    "How the server's certificate is checked, besides its authority and its dates.",
    (
        Text(
            "server_name",
            "The name the certificate must be for; empty for the host of the address.",
            most=253,
            rule=_host,
        ),
        ListOf(
            "pins",
            "SHA-256 hashes of public keys in base64, one of which must be in the server's chain; "
            "none for any key.",
            Text("pin", "One of them.", least=1, most=128, rule=_pin, tidy=_bare_pin),
            4,
        ),
    ),
)

MQTT = Section(
    "mqtt",
    "For an MQTT broker.",
    (
        Text(
            "topic",
            "Where documents are published; empty for the reference firmware's topic.",
            most=256,
            rule=_topic,
        ),
        Text(
            "client_id",
            "Our name at the broker; empty for the device's id and this destination's number.",
            most=64,
        ),
        Choice("qos", "0: sent once, unconfirmed; 1: confirmed by the broker.", ("0", "1")),
        Flag("retain", "The broker keeps the latest document for those who come later.", False),
        Integer(
            "keepalive_s",
            "After this many seconds of silence the connection is checked.",
            30,
            5,
            3600,
        ),
    ),
)
