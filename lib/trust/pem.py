"""PEM (RFC 7468) and what people take for it: comments between the blocks, CRLF, bare base64, plain DER."""

from binascii import a2b_base64, b2a_base64

from micropython import const

from trust import der

_BEGIN = b"-----BEGIN "
_DASHES = b"-----"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_MAX_LABEL = const(40)
_LINE = const(48)  # bytes that make 64 characters

ENCRYPTED = "ENCRYPTED PRIVATE KEY"


def blocks(data: bytes) -> "list[tuple[str, bytes]]":
    """Label and DER of everything in a file; the label is "" if it was no PEM text but bare base64 or DER.

    A key encrypted the old way (RFC 1421 headers) gets the label `ENCRYPTED`, too, with the bytes as they are.
    Raises ValueError with a sentence.
    """
    if data[:3] == _BYTE_ORDER_MARK:
        data = data[3:]
    if not data.strip():
        raise ValueError("The file is empty.")
    if data[:2] in _UTF_16:
        raise ValueError("The text is UTF-16; save it as UTF-8 or plain ASCII.")
    if _BEGIN in data:
        return _armoured(data)
    if data[0] != der.SEQUENCE:
        data = _bare(data)
    return _binary(data)


def encode(label: str, body: bytes) -> bytes:
    """One PEM block with lines of 64 characters, each with its line feed."""
    lines = ["-----BEGIN %s-----\n" % label]
    for at in range(0, len(body), _LINE):
        lines.append(b2a_base64(body[at : at + _LINE]).decode())
    lines.append("-----END %s-----\n" % label)
    return "".join(lines).encode()


def encoded_size(label: str, size: int) -> int:
    """How long `encode` makes `size` bytes."""
    chars = (size + 2) // 3 * 4
    return (
        chars
        + (size + _LINE - 1) // _LINE
        + len("-----BEGIN -----\n-----END -----\n")
        + 2 * len(label)
    )


def _armoured(data: bytes) -> "list[tuple[str, bytes]]":
    found = []
    at = data.find(_BEGIN)
    while at >= 0:
        at += len(_BEGIN)
        label = _label(data, at)
        start = at + len(label) + len(_DASHES)
        end_line = b"-----END " + label + _DASHES
        stop = data.find(end_line, start)
        if stop < 0:
            raise ValueError("A PEM block has no END line; the file is cut or was pasted badly.")
        found.append(_block(label.decode(), data[start:stop]))
        at = data.find(_BEGIN, stop + len(end_line))
    return found


def _label(data: bytes, at: int) -> bytes:
    label = data[at : at + _MAX_LABEL].split(_DASHES)[0]
    for byte in label:
        if not 32 <= byte < 127:
            raise ValueError("A PEM block has a damaged BEGIN line.")
    if data[at + len(label) : at + len(label) + len(_DASHES)] != _DASHES:
        raise ValueError("A PEM block has a damaged BEGIN line.")
    return label


def _block(label: str, body: bytes) -> "tuple[str, bytes]":
    """Headers, if there are any, stop at the first empty line (RFC 1421 4.4)."""
    if b":" in body:
        body = body.replace(b"\r", b"").strip()
        gap = body.find(b"\n\n")
        head, body = (body[:gap], body[gap:]) if gap >= 0 else (body, b"")
        if b"ENCRYPTED" in head:
            label = ENCRYPTED
    decoded = _base64(body)
    if decoded is None:
        raise ValueError(f"The PEM block {label} is damaged: it is not base64.")
    return label, decoded


def _base64(text: bytes) -> "bytes | None":
    """None if there is anything but base64 and white space; the decoders of both interpreters would skip it."""
    text = b"".join(text.split())
    padding = 2 if text[-2:] == b"==" else 1 if text[-1:] == b"=" else 0
    try:
        decoded = a2b_base64(text)
    except ValueError:
        return None
    whole = len(text) % 4 == 0 and len(decoded) == len(text) // 4 * 3 - padding
    return decoded if whole else None


def _bare(data: bytes) -> bytes:
    decoded = _base64(data)
    if not decoded or decoded[0] != der.SEQUENCE:
        raise ValueError("This is neither PEM text nor DER.")
    return decoded


def _binary(data: bytes) -> "list[tuple[str, bytes]]":
    """Several DER items may follow each other; Mbed TLS would only see the first."""
    found: list[tuple[str, bytes]] = []
    view, at = memoryview(data), 0
    while at < len(data):
        if found and not data[at:].strip():
            break
        try:
            stop = der.content(view, at, len(data))[1]
        except ValueError:
            raise ValueError("The DER is cut or damaged.")
        found.append(("", data[at:stop]))
        at = stop
    return found
