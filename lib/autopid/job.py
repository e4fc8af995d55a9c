"""Requests that are made again and again: when each is due, and what its answer means."""

from micropython import const
from obd import isotp

from autopid.parameter import OutOfRange, Parameter

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.at import Link
    from obd.field import Field
    from obd.request import Reply, Request

    from autopid.broadcast import Broadcasts
    from autopid.group import Group
    from autopid.runtime import Image

NO_PID = const(-1)

_SLOWEST_MS = const(60_000)
_SILENT = const(2)  # unanswered requests in a row after which an ECU is taken to be asleep
_FIRST_PAUSE_MS = const(1000)
_LONGEST_PAUSE_MS = const(30_000)
_MOST_DOUBLINGS = const(5)


class Ecu:
    """The ECU (or ECUs) behind one link: whether it answers, and how fast it may be asked again if not.

    Attributes:
        link: its link settings.
        known: True once it has answered anything.
    """

    def __init__(self, link: "Link") -> None:
        self.link = link
        self.known = False
        self._unanswered = 0
        self._retry_ms = 0

    @property
    def silent(self) -> bool:
        """True once it has left several requests unanswered."""
        return self._unanswered >= _SILENT

    def ready(self, now_ms: int) -> bool:
        """True if it may be asked at this uptime."""
        return not self.silent or now_ms >= self._retry_ms

    @property
    def retry_ms(self) -> int:
        """Uptime at which a silent ECU is asked again."""
        return self._retry_ms if self.silent else 0

    def answered(self) -> None:
        """Any answer, a refusal too, shows that it is awake."""
        self.known = True
        self._unanswered = 0

    def wake(self) -> None:
        """Another ECU of the car answers again: ask this one, too."""
        self._unanswered = 0

    def unanswered(self, now_ms: int) -> None:
        """Notes a request without answer; the pause before the next one doubles."""
        self._unanswered += 1
        doublings = min(max(self._unanswered - _SILENT, 0), _MOST_DOUBLINGS)
        self._retry_ms = now_ms + min(_FIRST_PAUSE_MS << doublings, _LONGEST_PAUSE_MS)


class Job:
    """One request and the entries of the group that are decoded from its answer.

    Attributes:
        ecu: the ECU it goes to.
        request: what is asked.
        parameters: the values its answer holds.
        fields: for a standard PID, where each of the parameters stands; empty for other requests.
        pid: the mode 01 PID of a standard parameter, else -1.
        period_ms: how often it is asked, in ms.
        due_ms: uptime at which it is due next.
        known: True once it has been answered.
        alone: True if the ECU answers it, but not in a batch.
    """

    # Attributes that keep these values take no room in the object: a car may have a hundred.
    pid = NO_PID
    fields: "tuple[Field, ...]" = ()
    known = False
    alone = False
    _failures = 0

    def __init__(self, ecu: Ecu, request: "Request", pid: int = NO_PID) -> None:
        self.ecu = ecu
        self.request = request
        if pid != NO_PID:
            self.pid = pid
        self.parameters: list[Parameter] = []
        self.period_ms = _SLOWEST_MS
        self.due_ms = self._grid_ms = 0

    def add(self, parameter: Parameter, period_ms: int, field: "Field | None" = None) -> None:
        """Decodes one more value from the answer; the job runs at the shortest period of all."""
        self.period_ms = min(self.period_ms, period_ms) if self.parameters else period_ms
        self.parameters.append(parameter)
        if field is not None:
            self.fields += (field,)

    def succeeded(self) -> None:
        """It gave an answer: back to the full rate."""
        self.known = True
        self._forgive()

    def wake(self, now_ms: int) -> None:
        """The car answers again: due at once, at the full rate."""
        self._forgive()
        self.due_now(now_ms)

    def _forgive(self) -> None:
        if self._failures:
            self._failures = 0

    def due_now(self, now_ms: int) -> None:
        """Starts a new grid at this uptime."""
        self.due_ms = self._grid_ms = now_ms

    @property
    def refused(self) -> bool:
        """True if the ECU was asked for it, but never gave it."""
        return self._failures > 0 and not self.known

    def failed(self) -> None:
        """The ECU does not know it: ask ever more rarely, at least once a minute."""
        self._failures += 1

    def advance(self, now_ms: int) -> None:
        """Plans the next time on the job's own grid, so that delays never add up.

        A job that missed a whole period, because there is more to ask than time, is due again at once: it then
        takes part in every round, as all such jobs do, and none starves.
        """
        period = self.period_ms
        if self._failures:
            period = max(period, min(max(period, 100) << min(self._failures, 10), _SLOWEST_MS))
        self._grid_ms += period
        if self._grid_ms > now_ms:
            self.due_ms = self._grid_ms
            return
        self.due_ms = now_ms
        self._grid_ms = now_ms - (now_ms - self._grid_ms) % period if period else now_ms

    def decode(self, reply: "Reply", group: "Group") -> None:
        """Stores what the answer says in the group."""
        if self.fields:
            self.decode_payloads(_singles(reply, self.pid), group)
            return
        image: Image = reply.image()
        if reply.address is not None:
            from autopid.runtime import AddressedImage  # few ECUs are addressed so

            image = AddressedImage(reply.image(), reply.payload())
        for parameter in self.parameters:
            store(parameter, image, group)

    def decode_payloads(self, payloads: "list[bytes]", group: "Group") -> None:
        """Stores standard values from single-PID payloads, those of the lowest ECU first."""
        for parameter, field in zip(self.parameters, self.fields):
            for payload in payloads:
                if field.present(payload):
                    store(parameter, isotp.frame_image(payload), group)
                    break
            else:
                group.fail(parameter, "the ECU says it does not have this value")

    def fail(self, error: str, group: "Group") -> None:
        """Notes on every parameter why there is no fresh value."""
        for parameter in self.parameters:
            group.fail(parameter, error)


def _singles(reply: "Reply", pid: int) -> "list[bytes]":
    """The answers of all ECUs to a single-PID request, lowest ECU first; wrong ones left out."""
    from obd import mode01  # loaded if there are standard PIDs

    singles = []
    for ecu in reply.ecus:
        try:
            singles.extend([single for _, single in mode01.split(reply.payload(ecu), (pid,))])
        except ValueError:
            continue
    return singles


def store(parameter: Parameter, image: "Image", group: "Group") -> None:
    """Decodes one value from a raw frame image into the group: the value, or why it is none."""
    try:
        text = parameter.decode(image, group.text)
    except OutOfRange as error:
        group.fail(parameter, str(error))
    except IndexError:
        group.fail(parameter, "the answer (%d bytes) is too short for the expression" % len(image))
    except KeyError as error:
        group.fail(parameter, "it is computed from %s, which has no value" % error.args[0])
    except (ValueError, ZeroDivisionError) as error:
        group.fail(parameter, "the expression gives no value: %s" % error)
    else:
        group.update(parameter, text)


class Plan:
    """What is asked of the car.

    Attributes:
        jobs: the requests, in the order that changes the link least.
        ecus: whom they go to, in the order they are asked.
        problems: (field, message) of parameters that cannot be asked for.
        broadcasts: what is only listened for, or None.
    """

    broadcasts: "Broadcasts | None" = None

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.ecus: list[Ecu] = []
        self.problems: list[tuple[str, str]] = []
