"""What can be made to go wrong while the simulator runs."""


class Faults:
    """Plain attributes, so that any thread may set them at any time.

    asleep         the car's ECUs neither hear nor answer: `NO DATA`
    bus_fault      nobody acknowledges on the bus: `CAN ERROR`
    garbage        probability (0…1) that a random byte is put before an output character
    drop_every     every n-th output character is lost (0: none)
    stale_frame    a frame ("7E8 04 41 0C 1A F8") that comes first in every request's window
    foreign_frame  the same, but after the first answer
    wedged         silent until this command: "ATWS", "ATZ", "CR" (any line), "never"; or None
    latency_ms     thinking time of every ECU that has none of its own
    voltage        what ATRV reports, volts
    host_baud      with strict_baud: the speed of the host's UART, None for the right one
    """

    def __init__(self, latency_ms: float, voltage: float) -> None:
        self.asleep = False
        self.bus_fault = False
        self.garbage = 0.0
        self.drop_every = 0
        self.stale_frame: str | None = None
        self.foreign_frame: str | None = None
        self.wedged: str | None = None
        self.latency_ms = latency_ms
        self.voltage = voltage
        self.host_baud: int | None = None

    def heal(self) -> None:
        """Takes every fault away; latency and voltage stay as they are."""
        fresh = Faults(self.latency_ms, self.voltage)
        for name, value in vars(fresh).items():
            setattr(self, name, value)
