"""The packets of a publish as text for the user to look at, secrets masked."""

from delivery import trace

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    Login = tuple[str | None, str | None]


def connect(client_id: str, keepalive_s: int, login: "Login", will: "tuple[str, int, str]") -> str:
    """One line for a CONNECT; `will` is topic, QoS and payload of a retained will."""
    user, password = login
    parts = ["CONNECT client_id=%s clean_session=1 keep_alive=%d" % (client_id, keepalive_s)]
    if user is not None:
        parts.append("user=%s" % user)
    if password is not None:
        parts.append("password=***")
    parts.append("will=%s will_qos=%d will_retain=1 %s" % will)
    return " ".join(parts)


def publish(
    topic: str, qos: int, retain: bool, duplicate: bool = False, packet_id: int = 0
) -> str:
    """One line for a PUBLISH, without its payload."""
    line = "PUBLISH topic=%s qos=%d retain=%d dup=%d" % (topic, qos, retain, duplicate)
    return line + " packet_id=%d" % packet_id if qos else line


def text(lines: "list[str]", body: bytes, login: "Login") -> str:
    """The lines, an empty one, then the payload of the last: its first 2048 characters; "" if there are no lines.

    Without a password the user name is masked as well: at some brokers it is the token.
    """
    if not lines:
        return ""
    user, password = login
    head = "\r\n".join(lines) + "\r\n\r\n"
    return trace.of(head.encode() + body, [password if password is not None else user or ""])
