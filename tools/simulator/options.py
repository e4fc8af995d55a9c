"""What a simulated adapter can be asked to be: its chip, its speed, its shortcomings."""

from dataclasses import dataclass

from .errors import CarError


@dataclass(frozen=True)
class Personality:
    """One chip.

    `level` is the ELM327 command set it knows, `buffer` its UART output buffer in characters.
    """

    banner: str
    level: float
    identity: str = ""
    hardware: str = ""
    vendor: bool = False
    hide_padding: bool = False
    trailing_space: bool = True
    buffer: int = 512

    @property
    def scantool(self) -> bool:
        """True if the chip knows the ST command set."""
        return bool(self.identity)


PERSONALITIES = {
    "elm327": Personality("ELM327 v1.5", 1.5),
    "elm327-2.1": Personality("ELM327 v2.1", 2.1),
    "elm327-2.3": Personality("ELM327 v2.3", 2.3),
    "stn": Personality("ELM327 v1.4b", 2.2, "STN1110 v4.2.0", "STN1110 r1.1", buffer=2048),
    "mic3624": Personality(
        "ELM327 v2.3",
        2.3,
        "MIC3624 V2.3.22",
        "MIC3624",
        vendor=True,
        hide_padding=True,
        trailing_space=False,
        buffer=4096,
    ),
}

QUIRKS = {
    "no_at2": "answers ? to ATAT2",
    "no_pp": "answers ? to ATPP… and ATPPS",
    "no_flow_setup": "answers ? to ATFCSH, ATFCSD and ATFCSM",
    "no_receive_filter": "answers ? to ATCRA",
    "no_count_digit": "answers ? to a request with an expected-lines digit",
    "keeps_echo": "says OK to ATE0 and goes on echoing",
    "keeps_spaces": "says OK to ATS0 and goes on printing spaces",
}


@dataclass
class Options:
    """How to imitate; every field has a sensible default.

    personality: a key of `PERSONALITIES`; version ("1.5", "2.1", "2.3") changes what an `elm327`
    claims to be. baud: UART speed at power-on, bits per second, ten bits a character. latency_ms:
    an ECU's thinking time. pace: False sends as fast as the machine can and leaves out the
    adapter's own pauses (reset, protocol search, bus initialisation); ECU latency and the ATST
    waits stay. quirks: names from `QUIRKS`. protocol: what is stored in the adapter at power-on
    ("0" is automatic). hide_padding, trailing_space, buffer: None takes what the chip does.
    joined_ids prints a 29-bit identifier as one token of eight digits instead of four of two.
    strict_baud garbles both directions while the host's speed (`adapter.host_baud`, or the
    terminal settings of a pty) differs from the adapter's.
    """

    personality: str = "stn"
    version: str | None = None
    baud: int = 115200
    latency_ms: float = 15.0
    pace: bool = True
    seed: int = 1
    quirks: tuple[str, ...] = ()
    protocol: str = "0"
    linefeeds: bool = False
    hide_padding: bool | None = None
    trailing_space: bool | None = None
    buffer: int | None = None
    joined_ids: bool = False
    strict_baud: bool = False
    command_ms: float = 1.0
    reset_ms: float = 700.0
    search_ms: float = 900.0
    log_size: int = 2000

    def __post_init__(self) -> None:
        unknown = set(self.quirks) - set(QUIRKS)
        if unknown:
            raise CarError("unknown quirk: " + ", ".join(sorted(unknown)))

    def chip(self) -> Personality:
        """The personality with this object's overrides; CarError if there is no such chip."""
        name = self.personality
        if name == "elm327" and self.version and self.version != "1.5":
            name = "elm327-" + self.version
        if name not in PERSONALITIES:
            raise CarError(
                "unknown personality {!r}: one of {}".format(name, ", ".join(PERSONALITIES))
            )
        chip = dict(vars(PERSONALITIES[name]))
        for field in ("hide_padding", "trailing_space", "buffer"):
            if getattr(self, field) is not None:
                chip[field] = getattr(self, field)
        return Personality(**chip)

    def pause(self, milliseconds: float) -> float:
        """Seconds of one of the adapter's own pauses: none when not pacing."""
        return milliseconds / 1000 if self.pace else 0.0
