"""The way to one destination: its address, request head and connection, made once for each change of its settings."""

from delivery.formats import wican
from net import tls, url
from net.http import Connection

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from net.http import Response

_USER_AGENT = "ESP32 WiCAN/1.0"
