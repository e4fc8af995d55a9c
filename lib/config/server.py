"""The settings of a destination about its server: who we are to it, what its answers mean, how patient we are."""

from binascii import a2b_base64, b2a_base64

from micropython import const

from config import hosts, login
from config.fields import HEX, LETTERS, TOKEN, Choice, Flag, Integer, Text
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


def _uuid(text: str) -> "Verdict":
    """RFC 9562 4."""
    if [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12]:
        return None
    return "uuid", "Must be a UUID: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12."


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
            "none; bearer: a token; basic: user and password; api_key: a key in a header, the address or a form; "
            "azure_sas: tokens for Azure IoT Hub, made here.",
            ("none", "bearer", "basic", "api_key", "azure_sas"),
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
            "The token (bearer, without that word), the password (basic) or the key (api_key, azure_sas).",
            least=1,
            most=2048,
            secret=True,
            tidy=_bare_token,
        ),
        _LOGIN,
        Text("hub", "Name of the hub, for azure_sas: hub.azure-devices.net.", most=253),
        Text("device_id", "Name of the device there, for azure_sas.", most=128),
        Integer("life_s", "How long a token is good, for azure_sas.", 3600, 300, _DAY_S),
        Text(
            "connection",
            "A device's connection string of Azure IoT Hub: sets the four above, and the address.",
            least=1,
            most=1024,
            secret=True,
        ),
    ),
)

SIGN = Section(
    "sign",
    "How the receiver can tell that a document is ours and complete.",
    (
        Choice(
            "scheme",
            "none; github: HMAC-SHA256 of the body as GitHub's webhooks do; stripe: with the time, as Stripe's do; "
            "standard_webhooks: as in the Standard Webhooks specification; kpn: Things-Message-Token; thingpark: the "
            "token of its tunnel interface.",
            ("none", "github", "stripe", "standard_webhooks", "kpn", "thingpark"),
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
            "The secret both sides know; for standard_webhooks 24 to 64 bytes in base64, after whsec_; for thingpark "
            "32 hexadecimal digits.",
            least=1,
            most=256,
            secret=True,
            tidy=_bare,
        ),
        Text(
            "previous",
            "The secret before it, while receivers change over; for standard_webhooks, and thingpark's downlinks.",
            least=1,
            most=256,
            secret=True,
            tidy=_bare,
        ),
        Text("as_id", "ThingPark: AS_ID.", "wican.as", 1, 64),
        Text(
            "infos", "ThingPark: LrnInfos; empty for WICAN- and the destination's number.", most=64
        ),
        Text(
            "plug_uuid",
            "KPN: Things-Plug-UUID; empty makes one, which is kept. Not with the preset kpn_things_ip.",
            most=36,
            characters=HEX + "-",
            rule=_uuid,
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
        ListOf(
            "accept",
            "Statuses that mean it, and no other does; none: any from 200 to 299.",
            Integer("status", "One of them.", 200, 200, 299),
            8,
        ),
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
        ListOf(
            "timeouts_s",
            "Seconds that the first, the second … attempt may take; the last for all further ones.",
            Integer("timeout_s", "One of them.", 5, 3, 120),
            5,
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
        Text(
            "connect_to",
            "Call this host:port instead of the address's, as with a connector in the network.",
            most=260,
            rule=hosts.host_and_port,
        ),
        Text(
            "host_header",
            "Sent as Host instead of the address's host.",
            most=260,
            characters=LETTERS + ".:[]",
        ),
        Choice(
            "framing",
            "How documents are told apart over tcp: a line each; nothing between; two bytes of length before each.",
            ("newline", "none", "len16"),
        ),
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
            rule=hosts.host,
        ),
        ListOf(
            "pins",
            "SHA-256 hashes of public keys in base64, one of which must be in the server's chain; "
            "none for any key.",
            Text("pin", "One of them.", least=1, most=128, rule=_pin, tidy=_bare_pin),
            4,
        ),
        Choice(
            "ciphers",
            "default: what device and server think best; kpn: those that KPN Things names; strict: AES-GCM.",
            ("default", "kpn", "strict"),
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
