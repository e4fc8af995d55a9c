"""Plain sentences for what a broker answers, or does instead of answering."""

_REFUSALS = {
    1: ("The broker does not speak MQTT 3.1.1.", "Use a broker, or a port of it, that does."),
    2: ("The broker does not accept this client id.", "Choose another client id."),
    3: ("The broker is there, but cannot serve anybody now.", "Sending goes on."),
    4: ("The broker does not know this user name or password.", "Check both."),
    5: (
        "The broker does not let this device in.",
        "Check user name and password, and what the broker allows this client id.",
    ),
}
_CERTIFICATE = "If the broker asks for a client certificate, choose a cert set that has one."
TLS_PORT = "If this port of the broker expects TLS, write mqtts://."
_TOPIC = (
    "It may not allow this device to publish to this topic or to send a document of this size,"
    " or another client uses the same client id."
)


def refusal(code: int) -> "tuple[str, str | None]":
    """Cause and advice for a return code of CONNACK but 0 (3.2.2.3)."""
    return _REFUSALS.get(code) or ("The broker refused the connection (%d)." % code, None)


def closed(connected: bool, doubtful: bool) -> "tuple[str, str | None]":
    """Cause and advice when the broker closed the connection.

    `connected`: after it had accepted us; `doubtful`: it may not have seen our certificate yet.
    """
    if connected:
        return "The broker closed the connection without confirming the document.", _TOPIC
    cause = "The broker closed the connection without an answer."
    return cause, _CERTIFICATE if doubtful else None
