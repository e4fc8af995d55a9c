"""Runs every formula and format against known inputs and outputs, on the device itself.

for name, ok, detail in rows():      # ("kpn_1", True, "")
    …

Imported when somebody asks for it, and given back afterwards. It takes a fraction of a second in all; between two rows
others may run.
"""

import binascii
import hashlib

from autopid.group import Group
from autopid.parameter import Parameter
from micropython import const

from delivery import azure, dynamic, signing
from delivery.credentials import Credentials
from delivery.lrn import Lrn
from delivery.occasion import Occasion
from delivery.vectors import VECTORS

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Row = tuple[str, bool, str]
    Values = Sequence[tuple[str, str, str]]  # name, decimal text, unit

_NOW_S = const(1730000000)  # 2024-10-27 03:33:20
_LONGEST_SHOWN = const(80)
_DEVICE = "a1b2c3d4e5f6"
_IDS = {"SERIAL": "123456", "IMEI": "353785725680796", "ICCID": "89462046033000000000"}
_TWO = (("ENGINE_RPM", "4147", "rpm"), ("SPEED", "0", "km/h"))
_FOUR = _TWO + (("COOLANT_TMP", "155", "°C"), ("FUEL", "62.35", "%"))
_BODY: "dict[str, Any]" = {
    "measurement": "wican",
    "dev_eui": "",
    "port": 2,
    "customer_id": "100000001",
    "decoded": False,
    "boot": "once",
    "base_name": "",
    "style": "merged",
    "units": "native",
    "ages": False,
    "map": (),
    "names": False,
}
# Vector of a body -> format that makes it.
_FORMATS = {
    "tp_body_json": "thingpark",
    "tp_body_untyped": "thingpark_untyped",
    "tp_body_xml": "thingpark_xml",
    "influx_1": "influx",
}


def rows() -> "Iterator[Row]":
    """For each vector its id, whether it holds, and if not why, in a sentence."""
    for name, kind, inputs, expected in VECTORS:
        yield row(name, kind, inputs, expected)


def row(name: str, kind: str, inputs: "tuple[Any, ...]", expected: str) -> "Row":
    """The outcome of one vector. A formula that breaks is one that fails."""
    try:
        found = output(name, kind, inputs)
    except Exception as error:  # whatever it is, the others are to be tried
        return name, False, "It broke: %s %s." % (type(error).__name__, error)
    if kind == "must_not_equal":
        return name, found != expected, "" if found != expected else "It makes the mistake."
    if found == expected:
        return name, True, ""
    return name, False, "It gave %s, not %s." % (found[:_LONGEST_SHOWN], expected[:_LONGEST_SHOWN])


def output(name: str, kind: str, inputs: "tuple[Any, ...]") -> str:
    """What the formula of that kind makes of the inputs; the name says which format makes a body."""
    if kind == "must_not_equal":
        return _of(inputs[0])
    if kind == "tp_query_wire":
        return _query()
    if kind == "body_sha256":
        return _body_hash(name, inputs[0])
    return _KINDS[kind](*inputs)


def _of(name: str) -> str:
    for other, kind, inputs, _ in VECTORS:
        if other == name:
            return output(name, kind, inputs)
    raise LookupError(name)


def _query() -> str:
    from delivery.formats import thingpark

    body = thingpark.document(_sample(_TWO))
    key = _inputs_of("tp_up_s1")[0]
    return Lrn("WICAN-1", "wican.as", key).query(body, _NOW_S)


def _inputs_of(name: str) -> "tuple[Any, ...]":
    return [inputs for other, _, inputs, _ in VECTORS if other == name][0]


def _body_hash(name: str, text: str) -> str:
    """The hash of what the format makes; of nothing, if that is not the body expected."""
    made = _record() if name == "dm_body" else _document(name)
    return _sha256(made if made == text.encode() else b"")


def _document(name: str) -> bytes:
    module = __import__("delivery.formats." + _FORMATS[name], None, None, ("document",))
    body: bytes = module.document(_sample(_FOUR if name == "influx_1" else _TWO))
    return body


def _record() -> bytes:
    from delivery.formats import digital_matter

    sample = _sample(_TWO)
    sample.ignition, sample.supply_mv = True, 13840
    opening, closing = digital_matter.frame(_IDS, _DEVICE, 87, "97.4.51.0")
    return opening + digital_matter.document(sample) + closing


class _Uptime:
    """No time goes by."""

    def ms(self) -> int:
        return 0


def _sample(values: "Values", device: str = _DEVICE, unix_s: int = _NOW_S) -> Occasion:
    group = Group(_Uptime())  # type: ignore[arg-type]
    made = [Parameter(name, None, unit) for name, _, unit in values]
    group.configure(made)
    for parameter, (_, text, _) in zip(made, values):
        group.update(parameter, text)
    return Occasion(list(group), 0, unix_s, device, _BODY, ids=_IDS, number=17)


def _senml(device: str, unix_s: int, values: "Values", style: str) -> str:
    from delivery.formats import senml

    sample = _sample(values, device, unix_s)
    sample.body = dict(_BODY, style=style)
    return senml.document(sample).decode()


def _kpn(body: str, secret: str) -> str:
    return signing.kpn_token(body.encode(), secret)


def _up(key: str, elements: "tuple[str, ...]", query: str) -> str:
    return signing.thingpark_token(elements, query, key)


def _down(key: str, query: str) -> str:
    return signing.thingpark_token((), query, key)


def _azure(resource: str, key: str, expiry: int) -> str:
    host, _, name = resource.partition("%2Fdevices%2F")
    return azure.Tokens(azure.resource(host, name), key, 3600).header(expiry - 3600)


def _webhook(secrets: "tuple[str, ...]", id: str, unix_s: int, body: str) -> str:
    return signing.standard_webhooks(list(secrets), id, unix_s, body.encode())


def _hmac(key: str, message: str) -> str:
    return binascii.hexlify(signing.hmac_sha256(key.encode(), message.encode())).decode()


def _digest(body: str) -> str:
    return signing.content_digest(body.encode())


def _message_signature(key: str, base: str) -> str:
    signature = signing.hmac_sha256(binascii.a2b_base64(key), base.encode())
    return binascii.b2a_base64(signature)[:-1].decode()


def _basic(user: str, password: str) -> str:
    secrets = {"auth.token": password}
    return Credentials({"type": "basic", "user": user}, secrets.get).fields[0][1]


def _dynamic(template: str, ids: "tuple[tuple[str, str], ...]") -> str:
    return dynamic.in_url(template, dict(ids))


def _sha256(body: bytes) -> str:
    return binascii.hexlify(hashlib.sha256(body).digest()).decode()


_KINDS: "dict[str, Callable[..., str]]" = {
    "kpn_sha256": _kpn,
    "tp_up": _up,
    "tp_down": _down,
    "azure_sas": _azure,
    "standard_webhooks": _webhook,
    "hmac_sha256_hex": _hmac,
    "content_digest": _digest,
    "rfc9421_hmac": _message_signature,
    "basic": _basic,
    "dynamic_field_url": _dynamic,
    "senml_encode": _senml,
}
