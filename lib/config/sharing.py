"""The settings by which apps on a phone use the OBD chip through the device."""

from config.fields import Flag, Integer
from config.sections import Section

SHARING = Section(
    "sharing",
    "An ELM327 over Wi-Fi, for apps on a phone. It has no password: whoever is in the network can talk to the car.",
    (
        Flag("enabled", "Let one app at a time use the OBD chip.", False),
        Integer("port", "TCP port; apps expect 35000.", 35_000, 1, 65535),
        Integer(
            "return_s",
            "Seconds of silence after which the device reads the car again itself.",
            10,
            1,
            600,
        ),
    ),
)
