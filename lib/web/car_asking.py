"""Asks the car on behalf of the REST API. Imported while that is done: see `web.car`."""

import asyncio

import jsontext
from autopid.expression import Expression, ExpressionError
from autopid.job import Ecu, Job
from autopid.parameter import Parameter
from obd import at
from obd.errors import AdapterLost, BusFault, Garbled, NegativeResponse, NoAnswer
from obd.request import Request

from web.api import array
from web.problem import Problem, listed, row, unfit

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import TypeVar

    from autopid.group import Group
    from obd.elm327 import Elm327
    from obd.request import Reply

    from web import Model

    Result = TypeVar("Result")

_PROTOCOLS = "0123456789A"
_MEMBERS = ("pid", "init", "expression", "receive_header", "protocol", "response")
_FRAME = 8
# What the next request's link puts back, beside the slots that `at.reset_command` knows, or what does not matter to it.
_PUT_BACK = (at.PROTOCOL, "ATSH", "ATCP", "ATFCSH", "ATFCSD")


async def scan(model: "Model", data: dict, ask_ms: int) -> "list[tuple[int, bytes]]":
    """(ECU, answer) pairs for `obd.scan.supported`; `data` may name another "protocol" than the settings do.

    Raises Problem or Problems.
    """
    from obd import scan as scans

    link = at.Link.parse(Wish(data, ("protocol",)).protocol_command(model))
    return await ask(model, lambda adapter: scans.bitmaps(adapter, link), ask_ms)


async def ask(
    model: "Model",
    work: "Callable[[Elm327], Coroutine[object, object, Result]]",
    ask_ms: int,
    field: str = "",
) -> "Result":
    """Has the car asked by `work`; raises a Problem that says what went wrong, with `field` if the request was."""
    try:
        return await model.poller.guests.ask(work, ask_ms)
    except AdapterLost as error:
        raise _conflict("", "no_adapter", error)
    except NoAnswer as error:
        raise _conflict("", "no_answer", error)
    except NegativeResponse as error:
        raise _conflict(field, "refused", error)
    except (BusFault, Garbled, ValueError) as error:
        raise _conflict("", "bus", error)
    except asyncio.TimeoutError:
        text = "The car takes too long to answer."
        raise Problem(504, "Gateway Timeout", "", "timeout", text)


def _conflict(field: str, code: str, error: Exception) -> Problem:
    return Problem(409, "Conflict", field, code, sentence(error))


def sentence(error: object) -> str:
    """An error's text as a sentence."""
    text = str(error)
    return text[:1].upper() + text[1:] + "."


class Wish:
    """What was sent: the text of each member, "" for one that is missing. Raises Problems."""

    def __init__(self, data: dict, names: "tuple[str, ...]") -> None:
        self.problems: list[dict[str, str]] = []
        self._texts: dict[str, str] = {}
        for name in names:
            text = data.pop(name, None)
            if text is not None and not isinstance(text, str):
                self.refuse(name, "type", "Must be text.")
            elif text:
                self._texts[name] = text
        for name in sorted(data):
            self.refuse(name[:40], "unknown_setting", "There is no such member.")
        if self["protocol"] not in _PROTOCOLS or len(self["protocol"]) > 1:
            self.refuse("protocol", "choice", "Must be one of: %s." % ", ".join(_PROTOCOLS))
        self.check()

    def __getitem__(self, name: str) -> str:
        return self._texts.get(name, "")

    def protocol_command(self, model: "Model") -> str:
        """The init text that selects the protocol."""
        known: str = model.store.settings["autopid"]["standard"]["protocol"]
        protocol = self["protocol"] or known
        return at.PROTOCOL + protocol if protocol != "0" else ""

    def refuse(self, field: str, code: str, message: str) -> None:
        """Notes a problem."""
        self.problems.append(row(field, code, message))

    def check(self) -> None:
        """Raises Problems if there are any."""
        if self.problems:
            raise unfit(self.problems)


class Known:
    """The names an expression may refer to: those of the group."""

    def __init__(self, group: "Group") -> None:
        self._group = group

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._group.get(name) is not None


class Taker:
    """Stands in for the group: takes the value that is decoded, or the reason why there is none."""

    value: str | None = None
    error: str | None = None

    def __init__(self, group: "Group") -> None:
        self.text = group.text

    def update(self, _: Parameter, text: str) -> None:
        """The value."""
        self.value = text

    def fail(self, _: Parameter, error: str) -> None:
        """Why there is none."""
        self.error = error


class Trial:
    """One parameter that somebody tries: what is asked, and what came of it.

    `data` has "pid" and, if wanted, "init" (all of it: that of all custom PIDs goes first), "receive_header",
    "expression" and "protocol". With a "response", that is taken for the car's answer. Raises Problems.
    """

    def __init__(self, model: "Model", data: dict) -> None:
        self._model = model
        wish = self._wish = Wish(data, _MEMBERS)
        self.is_pasted = bool(wish["response"])
        self._request = self._made(model)
        self._expression = self._compiled(model.group)
        wish.check()
        self._reply: Reply | None = None
        if self.is_pasted:
            self._read_pasted()
            wish.check()

    async def ask(self, ask_ms: int) -> None:
        """Asks the car. Raises Problem."""
        self._reply = await ask(self._model, self._work, ask_ms, "pid")

    async def _work(self, adapter: "Elm327") -> "Reply":
        request = self._asked()
        try:
            return await adapter.request(request)
        finally:
            if _lasts(request.link):
                adapter.ready = False  # it is set up anew before the next request

    def told(self) -> "Iterator[str]":
        """The pieces of the answer; what the expression lacks is told beside what the car said."""
        reply, taker = self._answer(), Taker(self._model.group)
        self._decode(reply, taker)
        yield '{"ok":%s,"value":%s' % (jsontext.value(taker.error is None), taker.value or "null")
        if taker.error is not None:
            found = row("expression", "no_value", sentence(taker.error))
            yield ',"problems":%s' % listed([found])
        yield ',"frames":'
        yield from array(
            [text for ecu in reply.ecus for text in _frames(reply, ecu)], jsontext.quote
        )
        image = reply.image()
        yield ',"image":"%s","bytes":' % _hex(image)
        yield from array(range(len(image)), lambda i: '{"i":%d,"hex":"%02X"}' % (i, image[i]))
        yield "}"

    def _decode(self, reply: "Reply", taker: Taker) -> None:
        """As polling does it."""
        if self._expression is None:
            return
        job = Job(Ecu(self._asked().link), self._asked())
        job.add(Parameter("value", self._expression), 0)
        job.decode(reply, taker)  # type: ignore[arg-type]  # see Taker

    def _asked(self) -> Request:
        assert self._request is not None  # else Problems were raised
        return self._request

    def _answer(self) -> "Reply":
        assert self._reply is not None
        return self._reply

    # What was sent

    def _made(self, model: "Model") -> Request | None:
        """The request; None if there can be no such, which is noted."""
        link = self._link(model)
        try:
            return Request(self._wish["pid"], link=link or at.Link(()))
        except ValueError as error:
            self._wish.refuse("pid", "pid", sentence(error))
            return None

    def _link(self, model: "Model") -> at.Link | None:
        """What polling would set the link to."""
        from config import checks

        wish, receive = self._wish, self._wish["receive_header"]
        wrong = checks.ALL["init"](wish["init"])
        if wrong is not None:
            wish.refuse("init", *wrong)
        if len(receive) not in (0, 3, 8) or not _is_hex(receive):
            text = "Must have 3 (11 bit) or 8 (29 bit) hexadecimal digits, or be empty."
            wish.refuse("receive_header", "header", text)
        if wish.problems:
            return None
        only = "ATCRA" + receive if receive else ""
        return at.Link.parse(wish.protocol_command(model), wish["init"], only)

    def _compiled(self, group: "Group") -> Expression | None:
        """The expression; None if there is none, or a wrong one, which is noted."""
        text = self._wish["expression"]
        try:
            return Expression(text, Known(group)) if text else None
        except ExpressionError as error:
            self._wish.refuse("expression", "expression", sentence(error))
            return None

    def _read_pasted(self) -> None:
        from obd import pasted

        try:
            self._reply = pasted.read(self._wish["response"], self._asked())
        except NegativeResponse as error:
            self._wish.refuse("response", "refused", sentence(error))
        except (BusFault, NoAnswer, Garbled, ValueError) as error:
            self._wish.refuse("response", "response", sentence(error))


def _lasts(link: at.Link) -> bool:
    """Whether a link sets something that the next one cannot put back."""
    return any(
        [
            slot is None or not (slot in _PUT_BACK or at.reset_command(slot))
            for slot, _ in link.commands
        ]
    )


def _is_hex(text: str) -> bool:
    return not [digit for digit in text.upper() if digit not in "0123456789ABCDEF"]


def _hex(data: bytes, between: str = "") -> str:
    return between.join(["%02X" % byte for byte in data])


def _frames(reply: "Reply", ecu: int) -> "list[str]":
    """The frames of an ECU as an adapter prints them, without padding."""
    from web import car_listing

    image, head = reply.image(ecu), car_listing.name(ecu)
    starts = range(0, len(image), _FRAME)
    return [(head + " " + _hex(image[at : at + _FRAME], " ")).strip() for at in starts]
