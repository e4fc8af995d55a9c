"""Trouble codes for the REST API. Imported while somebody asks for them: see `web.diagnostics`."""

import jsontext
from obd import diagnostics
from obd.at import Link
from obd.dtc_text import Texts

from web.api import array
from web.car_asking import Wish, ask, sentence
from web.car_listing import name

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obd.diagnostics import Ecu, Findings
    from obd.elm327 import Elm327
    from obd.freeze_frame import FreezeFrame, Value
    from obd.readiness import Readiness

    from web import Model

    Cleared = tuple[list[int], list[tuple[int, int]]]

_CONFIRMED = "clear"


# Asking


async def ask_vins(model: "Model", ask_ms: int) -> dict[int, str]:
    """The identification number by ECU. Raises Problem."""
    link = _link(model)

    async def work(adapter: "Elm327") -> dict[int, str]:
        return await diagnostics.vins(adapter, link)

    return await ask(model, work, ask_ms)


async def ask_codes(model: "Model", ask_ms: int) -> "Findings":
    """All that the car says of its faults. Raises Problem."""
    link = _link(model)

    async def work(adapter: "Elm327") -> "Findings":
        return await diagnostics.read(adapter, link)

    return await ask(model, work, ask_ms)


async def ask_to_clear(model: "Model", ask_ms: int) -> "Cleared":
    """Has the car forget them; returns what `obd.diagnostics.clear` does. Raises Problem."""
    link = _link(model)
    log = model.log.logger("car")

    async def work(adapter: "Elm327") -> "Cleared":
        return await diagnostics.clear(adapter, link)

    log.info("somebody at the page has the car's trouble codes cleared")
    found = await ask(model, work, ask_ms)
    log.info("trouble codes cleared by %s", ", ".join([name(ecu) for ecu in found[0]]))
    return found


def _link(model: "Model") -> Link:
    """The functional address, in the protocol of the settings."""
    return Link.parse(Wish({}, ("protocol",)).protocol_command(model))


def check_confirmed(data: dict) -> None:
    """Raises Problems unless the object says that it is meant."""
    wish = Wish(data, ("confirm",))
    if wish["confirm"] != _CONFIRMED:
        text = 'Must be "clear": freeze frames and the results of self-tests are lost, too.'
        wish.refuse("confirm", "confirm", text)
    wish.check()


# Telling


def vins(found: dict[int, str]) -> "Iterator[str]":
    """{"vin":"WVW…","ecus":[{"ecu":"7E8","vin":"WVW…"}]}, the first for the whole car."""
    ecus = sorted(found)
    yield '{"vin":%s,"ecus":' % jsontext.quote(found[ecus[0]])
    yield from array(ecus, lambda ecu: _pair(ecu, "vin", found[ecu]))
    yield "}"


def cleared(ecus: list[int], refused: "list[tuple[int, int]]") -> "Iterator[str]":
    """{"cleared":["7E8"],"refused":[{"ecu":"7E9","message":"Conditions not correct (0x22)."}]}."""
    from obd import nrc

    yield '{"cleared":'
    yield from array([name(ecu) for ecu in ecus], jsontext.quote)
    yield ',"refused":'
    yield from array(refused, lambda pair: _pair(pair[0], "message", sentence(nrc.name(pair[1]))))
    yield "}"


def _pair(ecu: int, key: str, text: str) -> str:
    return jsontext.plain((("ecu", name(ecu)), (key, text)))


def findings(found: "Findings") -> "Iterator[str]":
    """{"ecus":[…],"problems":[{"what":"pending","message":"…"}]}; for an ECU see `_ecu`."""
    with Texts() as texts:
        mark = '{"ecus":['
        for identifier in sorted(found.ecus):
            yield mark
            yield from _ecu(name(identifier), found.ecus[identifier], texts)
            mark = ","
    yield '],"problems":'
    yield from array(
        found.problems,
        lambda pair: jsontext.plain((("what", pair[0]), ("message", sentence(pair[1])))),
    )
    yield "}"


def _ecu(title: str, ecu: "Ecu", texts: Texts) -> "Iterator[str]":
    """{"ecu":"7E8","stored":[{"code":"P0133","text":"…"}],…}; null for what an ECU does not tell."""
    yield '{"ecu":%s' % jsontext.quote(title)
    for kind, _ in diagnostics.KINDS:
        codes = ecu.codes.get(kind)
        yield ',"%s":' % kind
        if codes is None:
            yield "null"
        else:
            yield from array(codes, lambda code: "{%s}" % _code(code, texts))
    yield ',"readiness":'
    yield "null" if ecu.readiness is None else _readiness(ecu.readiness)
    yield ',"freeze_frame":'
    if ecu.frame is None:
        yield "null"
    else:
        yield from _frame(ecu.frame, texts)
    yield "}"


def _code(code: str, texts: Texts) -> str:
    return '"code":"%s","text":%s' % (code, jsontext.quote(texts.of(code)))


def _readiness(status: "Readiness") -> str:
    """{"lamp":true,"count":2,"ignition":"spark","complete":false,"monitors":[{"name":"misfire","complete":true},…]}."""
    head = jsontext.plain(
        (
            ("lamp", status.lamp),
            ("count", status.count),
            ("ignition", "compression" if status.compression else "spark"),
            ("complete", status.complete),
        )
    )
    keys = ("name", "complete")
    rows = array(status.monitors, lambda pair: jsontext.plain(zip(keys, pair)))
    return head[:-1] + ',"monitors":' + "".join(rows) + "}"


def _frame(frame: "FreezeFrame", texts: Texts) -> "Iterator[str]":
    """{"code":"P0133","text":"…","values":[{"name":"0C-EngineRPM","value":2210,"unit":"rpm","meaning":null},…]
    ,"missing":["11"]}."""
    yield '{%s,"values":' % _code(frame.code, texts)
    yield from array(frame.values, _value)
    yield ',"missing":'
    yield from array(frame.missing, lambda pid: '"%02X"' % pid)
    yield "}"


def _value(value: "Value") -> str:
    title, text, unit, meaning = value
    words = (jsontext.quote(title), text, jsontext.quote(unit), jsontext.value(meaning))
    return '{"name":%s,"value":%s,"unit":%s,"meaning":%s}' % words
