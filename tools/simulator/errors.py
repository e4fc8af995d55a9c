"""What can go wrong: in a car file, or, on purpose, in the middle of a request."""


class CarError(Exception):
    """A car file or an option does not make sense."""


class Unknown(Exception):
    """The adapter does not understand the command: it answers `?`."""


class Interrupted(Exception):
    """A character arrived while the adapter was busy: it answers `STOPPED`."""


class BufferFull(Exception):
    """The bus is faster than the UART: the adapter answers `BUFFER FULL`."""


class Failed(Exception):
    """The request ends with the message in `args[0]`, for example `CAN ERROR`."""
