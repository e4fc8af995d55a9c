"""The electric car of the benchmarks: 246 parameters in 17 requests, each answered with some 60 bytes.

It is made up, but of the shapes that public vehicle profiles have: four control units of which two sit outside the
legislated identifiers (so their requests carry flow control settings), cell voltages, temperatures, counters of four
bytes, signed currents, single bits.
"""

from __future__ import annotations

import random
import re

import on_cpython

PARAMETERS = 246
REQUESTS = 17
ANSWER = 62  # bytes of payload, service and identifier included: nine frames
INIT = "ATSP6;ATST96;"

# Each request sets all that another one may have left behind: whoever sends commands as they come depends on it.
_PLAIN = "ATSH{tx};ATFCSM0;ATCRA{rx};"
_FLOW = "ATSH{tx};ATFCSH{tx};ATFCSD300000;ATFCSM1;ATCRA{rx};"
# Requests of each control unit: request id, answer id, first data identifier, how many, commands before each.
_UNITS = (
    ("7E4", "7EC", 0x0101, 9, _PLAIN),
    ("7E2", "7EA", 0xE001, 3, _PLAIN),
    ("7C6", "7CE", 0xB001, 3, _FLOW),
    ("7A0", "7A8", 0xC00B, 2, _FLOW),
)
# Forms of expressions, how often in 246, name, unit, class, limits. {0}… are image indices of consecutive data bytes.
_FORMS = (
    (98, "CELL_V", "B{0}/50", "V", "voltage", ("0", "5")),
    (40, "TEMP", "S{0}", "degC", "temperature", ("-60", "120")),
    (24, "LEVEL", "B{0}/2", "%", "battery", ("0", "100")),
    (18, "VOLT", "[B{0}:B{1}]/10", "V", "voltage", None),
    (14, "AMP", "((S{0}*256)+B{1})/10", "A", "current", None),
    (14, "FLAG", "B{0}:7", "none", "none", None),
    (12, "ENERGY", "((B{0}<<24)+(B{1}<<16)+(B{2}<<8)+B{3})/10", "kWh", "energy", None),
    (10, "AUX", "B{0}*0.1", "V", "voltage", None),
    (6, "COUNT", "[B{0}:B{3}]", "none", "none", None),
    (6, "POWER", "(B{0}*256+B{1})*0.01-100", "kW", "power", None),
    (4, "SOC_SHOWN", "(((B{0}*20.4)/46)-6.4)", "%", "battery", None),
)


def car() -> dict:
    """The car as the simulator takes it."""
    return {
        "name": "bench-ev",
        "car_model": "Bench: 246 parameters",
        "description": "17 answers of 62 bytes from four control units",
        "protocol": "6",
        "ecus": [_ecu(number, unit) for number, unit in enumerate(_UNITS)],
        "profile": profile(),
        "settings": {"ecu_protocol": "6"},
    }


def profile() -> dict:
    """Its vehicle profile, in the public form of one car."""
    forms = _shuffled_forms()
    entries = [
        {"pid": identifier, "pid_init": init, "parameters": _parameters(number, forms)}
        for number, (identifier, init) in enumerate(_requests())
    ]
    return {"car_model": "Bench: 246 parameters", "init": INIT, "pids": entries}


def reference_plan() -> dict:
    """What the reference firmware sends for one sweep: one request per parameter, each with its commands."""
    requests = [
        (entry["pid_init"], entry["pid"])
        for entry in profile()["pids"]
        for _ in entry["parameters"]
    ]
    return {"class_init": INIT.replace("ATSP", "ATTP"), "requests": requests}


def images(seed: int) -> list[str]:
    """A raw frame image (hex) for each of the profile's requests, with other data bytes for each seed."""
    source = random.Random(seed)
    length = _image_index(ANSWER)
    return [bytes(source.randrange(40, 250) for _ in range(length)).hex() for _ in range(REQUESTS)]


def values(seed: int) -> list[tuple[str, str]]:
    """Name and value, as exact text and believable or not, of each parameter in the answers of that seed."""
    on_cpython.install()
    from autopid import profile as profiles

    loaded = profiles.load(profile())
    return [
        (parameter.name, parameter.value(bytes.fromhex(image)))
        for image, entry in zip(images(seed), loaded.pids)
        for parameter in entry.parameters
    ]


def as_python(expression: str) -> str:
    """The expression as a Python expression over the bytes `b`, with float division."""
    for pattern, replacement in _PYTHON:
        expression = re.sub(pattern, replacement, expression)
    return expression


def _big_endian(match: re.Match[str]) -> str:
    first, last = int(match[1]), int(match[2])
    return "(" + "+".join(f"(b[{n}]<<{8 * (last - n)})" for n in range(first, last + 1)) + ")"


_PYTHON = (
    (r"\[B(\d+):B(\d+)\]", _big_endian),
    (r"B(\d+):(\d)", r"((b[\1]>>\2)&1)"),
    (r"S(\d+)", r"(b[\1]-256 if b[\1]>127 else b[\1])"),
    (r"B(\d+)", r"b[\1]"),
)


def _requests() -> list[tuple[str, str]]:
    return [
        (f"22{first + step:04X}", init.format(tx=tx, rx=rx))
        for tx, rx, first, count, init in _UNITS
        for step in range(count)
    ]


def _ecu(number: int, unit: tuple[str, str, int, int, str]) -> dict:
    tx, rx, first, count, _ = unit
    source = random.Random(number)
    responses = {}
    for step in range(count):
        identifier = first + step
        data = bytes(source.randrange(40, 80) for _ in range(ANSWER - 3))
        responses[f"22{identifier:04X}"] = f"62{identifier:04X}{data.hex().upper()}"
    return {
        "tx": tx,
        "rx": rx,
        "functional": number == 0,
        "mode01": {"42": 14.4},
        "responses": responses,
    }


def _shuffled_forms() -> list[tuple]:
    """All 246 forms, numbered within their kind, in an order that is always the same."""
    forms = [(place + 1, *form) for count, *form in _FORMS for place in range(count)]
    random.Random(PARAMETERS).shuffle(forms)
    return forms


def _parameters(number: int, forms: list[tuple]) -> list[dict]:
    """The parameters of one request: 14 or 15 of them, spread over its answer."""
    first = number * PARAMETERS // REQUESTS
    chosen = forms[first : (number + 1) * PARAMETERS // REQUESTS]
    return [_parameter(3 + place * 4 % (ANSWER - 7), form) for place, form in enumerate(chosen)]


def _parameter(offset: int, form: tuple) -> dict:
    place, name, text, unit, kind, limits = form
    indices = [_image_index(offset + step) for step in range(4)]
    if (
        "[B{0}:B{3}]" in text or "[B{0}:B{1}]" in text
    ):  # a range must not step over a frame's first byte
        indices = _within_a_frame(indices)
    parameter = {
        "name": f"{name}_{place:03d}",
        "expression": text.format(*indices),
        "unit": unit,
        "class": kind,
    }
    if limits:
        parameter["min"], parameter["max"] = limits
    return parameter


def _within_a_frame(indices: list[int]) -> list[int]:
    first = min(indices[0], indices[0] // 8 * 8 + 4)
    return [first + step for step in range(4)]


def _image_index(offset: int) -> int:
    """Where byte `offset` of the payload lies in the raw frame image (ISO 15765-2, first and consecutive frames)."""
    if offset < 6:
        return offset + 2
    frame, position = divmod(offset - 6, 7)
    return 8 * (frame + 1) + 1 + position
