"""What an adapter says is wrong, in words. Imported when it does, then given back: see `transient`."""

# Those that stand for themselves (ELM327 data sheet, "Error Messages and Alerts").
_FAULTS = {
    "CANERROR": "the adapter cannot talk on the CAN bus (wrong bit rate or wiring, or the bus sleeps)",
    "BUSERROR": "the bus is shorted or carries no signal",
    "BUSBUSY": "the bus was never free to send",
    "FBERROR": "the adapter does not hear what it sends (wiring)",
    "ACTALERT": "the adapter is about to go to sleep for lack of traffic",
    "LPALERT": "the adapter is about to go to sleep",
}
# Remarks on one answer, which may be right the next time.
_DAMAGE = {
    "BUFFERFULL": "the answer came faster than the adapter could pass it on",
    "DATAERROR": "the answer's checksum was wrong",
    "RXERROR": "the adapter received a damaged frame",
}


def explain(remark: str) -> "tuple[str, str]":
    """Kind and sentence of a remark (upper case, no blanks): "fault" of the bus, "damage" to this answer, "silence" of
    the car, "" for what is no remark."""
    for name in _FAULTS:
        if remark.endswith(name):
            return "fault", _FAULTS[name]
    for name in _DAMAGE:
        if remark.endswith(name):
            return "damage", _DAMAGE[name]
    if remark == "ERROR":
        return "silence", ""  # "BUS INIT: ...ERROR": no ECU answered the initialisation
    if remark.startswith("ERR"):
        return "fault", "the adapter reports an internal error (%s)" % remark
    return "", ""
