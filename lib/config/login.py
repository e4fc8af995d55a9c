"""User and password within an address: they are secrets, and what is left is the address that may be shown."""

from config.fields import join

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Reading, Verdict


def moved(reading: "Reading", data: dict, path: str) -> dict:
    """A destination's document whose login stands in auth.login, decoded, and no longer in the url.

    Whatever is wrong with the login, the url is rid of it.
    """
    url = data.get("url")
    address, found = cut(url) if isinstance(url, str) else ("", None)
    if found is None:
        return data
    data = dict(data, url=address)
    text = _decoded(found)
    auth = data.get("auth")
    if text is None:
        message = "The user name or password within is not written as an address needs it."
        reading.report(join(path, "url"), "url_syntax", message)
    elif found and (auth is None or isinstance(auth, dict)):
        data["auth"] = dict(auth or {}, login=text)
    return data


def cut(url: str) -> "tuple[str, str | None]":
    """The address without what stands before an @ in its authority (RFC 3986 3.2.1), and that or None.

    A password may hold an @ that should have been encoded: the last one counts.
    """
    start = url.find("://") + 3
    if start < 3:
        return url, None
    ends = [url.find(mark, start) for mark in "/?#"]
    end = min([end for end in ends if end >= 0] + [len(url)])
    at = url.rfind("@", start, end)
    if at < 0:
        return url, None
    return url[:start] + url[at + 1 :], url[start:at]


def problem(text: str) -> "Verdict":
    """Why a text is no login."""
    if ":" not in text:
        return "login", "Must be a user name, a colon and a password."
    return None


def _decoded(found: str) -> str | None:
    """user:password without percent signs; None if that cannot be, or the user name would hold a colon (RFC 7617 2)."""
    from net import url  # released with the settings

    user, _, password = found.partition(":")
    try:
        user, password = url.percent_decode(user), url.percent_decode(password)
    except ValueError:  # a bad escape, or no UTF-8
        return None
    return None if ":" in user else user + ":" + password
