"""How an adapter prints what it hears."""

from . import isotp
from .bus import Frame, Message, Traffic
from .options import Options, Personality
from .settings import Settings


class Printer:
    """Turns traffic into lines of text, without line ends."""

    def __init__(self, chip: Personality, options: Options) -> None:
        self._chip = chip
        self._joined = options.joined_ids
        self._keeps_spaces = "keeps_spaces" in options.quirks
        self._left: dict[int, int] = {}

    def lines(self, traffic: Traffic, settings: Settings, monitoring: bool = False) -> list[str]:
        """The lines for one frame or message; none for a frame that automatic formatting hides."""
        if isinstance(traffic, Message):
            return [self._joined_up(self._message(traffic, settings), settings)]
        pci = self._pci(traffic, settings)
        if settings.formatting and not _plausible(traffic.data[pci:]):
            if not monitoring:
                return []
            shown = self._raw(traffic, settings, traffic.data)
            return [self._joined_up(shown, settings).rstrip() + " <DATA ERROR"]
        if settings.headers or not settings.formatting:
            shown = self._raw(traffic, settings, self._without_padding(traffic, settings, pci))
            return [self._joined_up(shown, settings)]
        return self._formatted(traffic.data[pci:], settings)

    def _pci(self, frame: Frame, settings: Settings) -> int:
        return 0 if settings.extended is None else 1

    def _message(self, message: Message, settings: Settings) -> list[str]:
        data = message.data if settings.headers else message.data[3:-1]
        return [data[index : index + 1].hex().upper() for index in range(len(data))]

    def _raw(self, frame: Frame, settings: Settings, data: bytes) -> list[str]:
        tokens = [] if not settings.headers else self._identifier(frame)
        if settings.headers and settings.show_length:
            tokens.append(f"{len(frame.data):X}")
        return tokens + _bytes(data)

    def _identifier(self, frame: Frame) -> list[str]:
        if not frame.wide:
            return [f"{frame.id:03X}"]
        text = f"{frame.id:08X}"
        return [text] if self._joined else _bytes(bytes.fromhex(text))

    def _without_padding(self, frame: Frame, settings: Settings, pci: int) -> bytes:
        """On chips that hide it: the data up to the declared length, of consecutive frames too."""
        if not (self._chip.hide_padding and settings.formatting):
            return frame.data
        data = frame.data[pci:]
        kind = data[0] >> 4
        if kind == isotp.SINGLE:
            return frame.data[: pci + 1 + data[0]]
        if kind == isotp.FIRST:
            self._left[frame.id] = _length(data) - (len(data) - 2)
        elif kind == isotp.CONSECUTIVE and frame.id in self._left:
            left = max(0, self._left[frame.id])
            self._left[frame.id] = left - (len(data) - 1)
            return frame.data[: pci + 1 + left]
        return frame.data

    def _formatted(self, data: bytes, settings: Settings) -> list[str]:
        """Headers off: data without PCI; longer messages as their length and numbered segments."""
        kind = data[0] >> 4
        if kind == isotp.SINGLE:
            return [self._joined_up(_bytes(data[1 : 1 + data[0]]), settings)]
        if kind == isotp.FIRST:
            length = f"{_length(data):03X}"
            return [length, self._joined_up(["0:", *_bytes(data[2:])], settings)]
        return [self._joined_up(["%X:" % (data[0] & 0xF), *_bytes(data[1:])], settings)]

    def _joined_up(self, tokens: list[str], settings: Settings) -> str:
        if not settings.spaces and not self._keeps_spaces:
            return "".join(tokens)
        return " ".join(tokens) + (" " if self._chip.trailing_space else "")


def is_first(frame: Frame, settings: Settings) -> bool:
    """True for the first frame of a longer message."""
    data = frame.data if settings.extended is None else frame.data[1:]
    return bool(data) and data[0] >> 4 == isotp.FIRST


def _plausible(data: bytes) -> bool:
    """True for a single, first or consecutive frame (ISO 15765-2)."""
    kind = data[0] >> 4 if data else 0xF
    if kind == isotp.SINGLE:
        return isotp.single(data) is not None
    if kind == isotp.FIRST:
        return len(data) > 2 and _length(data) > len(data) - 2
    return kind == isotp.CONSECUTIVE


def _length(data: bytes) -> int:
    return (data[0] & 0xF) << 8 | data[1]


def _bytes(data: bytes) -> list[str]:
    return [f"{byte:02X}" for byte in data]
