"""What ThingPark's LRC puts into the address of every document: who sends it, when, and a token that proves both.

LrnDevEui=A1B2C3FFFED4E5F6&LrnFPort=2&LrnInfos=WICAN-1&AS_ID=wican.as&Time=2024-10-27T03%3A33%3A20.000%2B00%3A00&Token=4c73…

Source: Actility, thingpark-integrations, "LRC-AS tunnel interface". The token covers values of the body. They are read
out of the bytes that are sent: settings may have changed since the document was made.
"""

from net import url

from delivery import moment, signing

# Root element -> the elements that are signed besides CustomerID and DevEUI, in their order.
_SIGNED = {
    "DevEUI_uplink": ("FPort", "FCntUp", "payload_hex"),
    "DevEUI_downlink_Sent": ("FPort", "FCntDn"),
    "DevEUI_notification": (),
}
_XML = '<?xml version="1.0" encoding="utf-8"?>\n<'
_DEFAULTS = {"FPort": "0"}  # of an element that is not there; others count as empty


class Lrn:
    """Makes the query of one destination's documents. Nothing of it depends on the document's format."""

    def __init__(self, infos: str, as_id: str, key: str) -> None:
        """`infos` is what LrnInfos says, `key` the tunnel interface authentication key, hashed as it is written."""
        self._infos = infos
        self._as_id = as_id
        self._key = key

    def query(self, body: bytes, unix_s: int) -> str:
        """The query for one attempt at that Unix time, percent-encoded; the user's own stands before it, unsigned.

        Raises ValueError for a body that is none of ThingPark's documents.
        """
        elements = elements_of(body)
        port = elements[2] if len(elements) > 2 else _DEFAULTS["FPort"]
        pairs = (
            ("LrnDevEui", elements[1]),
            ("LrnFPort", port),
            ("LrnInfos", self._infos),
            ("AS_ID", self._as_id),
            ("Time", moment.iso(unix_s)),
        )
        plain = "&".join(["%s=%s" % pair for pair in pairs])
        token = signing.thingpark_token(elements, plain, self._key)
        sent = ["%s=%s&" % (name, url.percent_encode(text)) for name, text in pairs]
        return "".join(sent) + "Token=" + token


def elements_of(body: bytes) -> "list[str]":
    """The values of a document that its token covers, in the order in which they are hashed. Raises ValueError.

    The document is one of this device, as JSON or XML: compact, and what a user could have entered stands last.
    """
    is_json = body.startswith(b"{")
    for root in _SIGNED:
        start = '{"%s":{' % root if is_json else _XML + root + " "
        if body.startswith(start.encode()):
            names = ("CustomerID", "DevEUI") + _SIGNED[root]
            return [_element(body, name, is_json) for name in names]
    raise ValueError("the document is none that ThingPark knows")


def _element(body: bytes, name: str, is_json: bool) -> str:
    """The text of the first element of that name: text or number."""
    opening = (('"%s":' if is_json else "<%s>") % name).encode()
    at = body.find(opening)
    if at < 0:
        return _DEFAULTS.get(name, "")
    at += len(opening)
    if is_json and body[at : at + 1] == b'"':
        return body[at + 1 : body.find(b'"', at + 1)].decode()
    ends = [body.find(mark, at) for mark in ((b",", b"}") if is_json else (b"<",))]
    return body[at : min([end for end in ends if end >= 0])].decode()
