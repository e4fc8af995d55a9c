"""A connection string of Azure within a destination's document: what it holds goes to the settings it is about."""

from config.fields import join

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from config.fields import Reading


def taken_apart(reading: "Reading", data: dict, path: str) -> dict:
    """The document without auth.connection: type, hub, device_id, token come from it, and the url if there is none."""
    auth = data.get("auth")
    text = auth.get("connection") if isinstance(auth, dict) else None
    if not isinstance(auth, dict) or not isinstance(text, str) or not text.strip():
        return data
    from delivery import azure  # released with the settings

    rest = {key: item for key, item in auth.items() if key != "connection"}
    try:
        device = azure.parse(text)
    except ValueError as error:
        reading.report(join(path, "auth.connection"), "connection_string", str(error))
        return dict(data, auth=rest)
    rest.update(hub=device.host, device_id=device.id)
    if device.key:
        rest.update(type="azure_sas", token=device.key)
    else:  # it shows a certificate instead
        rest.update(type="none")
    return dict(data, auth=rest, url=data.get("url") or device.url)
