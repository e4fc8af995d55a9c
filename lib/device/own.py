"""What this device was delivered with: a password of its own for its page, and one for its access point.

`make flash` writes /own.json beside the slots: {"password": record as `web.auth` makes it, "access_point": text}. No
reset deletes it, so whoever has the device's label gets in again.
"""

import json

PASSWORD = "password"
ACCESS_POINT = "access_point"


def read(root: str, name: str) -> str:
    """One of the two, "" if the device has none."""
    try:
        with open(root + "/own.json", "rb") as file:
            found = json.loads(file.read()).get(name)
    except (OSError, ValueError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""
