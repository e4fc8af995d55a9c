"""How asking a car can fail. Each error's text is one plain sentence that can be shown as it is."""


class NoAnswer(Exception):
    """The adapter works, but no ECU answered (`NO DATA`, `UNABLE TO CONNECT`)."""


class NegativeResponse(Exception):
    """An ECU refused the request.

    Attributes:
        ecu: identifier of the ECU.
        code: negative response code, ISO 14229-1 table A.1.
    """

    def __init__(self, ecu: int, code: int) -> None:
        from obd import nrc  # 3 KB of names that only a refusal needs

        super().__init__("ECU %X refused: %s" % (ecu, nrc.name(code)))
        self.ecu = ecu
        self.code = code


class BusFault(Exception):
    """The adapter reports trouble on the bus or of its own (`CAN ERROR`, `BUFFER FULL`, …)."""


class Garbled(Exception):
    """What came back is no answer to what was asked: characters lost, frames out of order, foreign text."""


class AdapterLost(Exception):
    """The adapter gives no prompt any more, or its connection is closed."""


ERRORS = (NoAnswer, NegativeResponse, BusFault, Garbled, AdapterLost)
