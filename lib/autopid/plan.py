"""What is asked of the car: one job per (link, request), whatever the number of parameters its answer holds."""

from micropython import const
from obd import isotp, j1979
from obd.at import PROTOCOL, Link
from obd.request import Request

from autopid.expression import Expression, ExpressionError
from autopid.parameter import OutOfRange, Parameter

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.request import Reply

    from autopid.group import Group
    from autopid.profile import Profile

_DEFAULT_PERIOD_MS = const(10_000)
_SLOWEST_MS = const(60_000)
_SILENT = const(2)  # unanswered requests in a row after which an ECU is taken to be asleep
_FIRST_PAUSE_MS = const(1000)
_LONGEST_PAUSE_MS = const(30_000)
_MOST_DOUBLINGS = const(5)
_NO_PID = const(-1)


class Ecu:
    """The ECU (or ECUs) behind one link: whether it answers, and how fast it may be asked again if not.

    Attributes:
        link: its link settings.
        known: True once it has answered anything.
    """

    def __init__(self, link: Link) -> None:
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
        standards: for a standard PID, what each of the parameters is decoded by; empty for other requests.
        pid: the mode 01 PID of a standard parameter, else -1.
        due_ms: uptime at which it is due next.
        known: True once it has been answered.
        alone: True if the ECU answers it, but not in a batch.
    """

    def __init__(self, ecu: Ecu, request: Request, pid: int = _NO_PID) -> None:
        self.ecu = ecu
        self.request = request
        self.pid = pid
        self.parameters: list[Parameter] = []
        self.standards: list[j1979.Standard] = []
        self.period_ms = _SLOWEST_MS
        self.due_ms = self._grid_ms = 0
        self.known = False
        self.alone = False
        self._failures = 0

    def add(
        self, parameter: Parameter, period_ms: int, standard: "j1979.Standard | None" = None
    ) -> None:
        """Decodes one more value from the answer; the job runs at the shortest period of all."""
        self.period_ms = min(self.period_ms, period_ms) if self.parameters else period_ms
        self.parameters.append(parameter)
        if standard is not None:
            self.standards.append(standard)

    def succeeded(self) -> None:
        """It gave an answer: back to the full rate."""
        self.known = True
        self._failures = 0

    def wake(self, now_ms: int) -> None:
        """The car answers again: due at once, at the full rate."""
        self._failures = 0
        self.due_now(now_ms)

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
        if self.standards:
            self.decode_payloads(_singles(reply, self.pid), group)
            return
        image = reply.image()
        for parameter in self.parameters:
            store(parameter, image, group)

    def decode_payloads(self, payloads: "list[bytes]", group: "Group") -> None:
        """Stores standard values from single-PID payloads, those of the lowest ECU first."""
        for parameter, standard in zip(self.parameters, self.standards):
            for payload in payloads:
                if standard.present(payload):
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
    singles = []
    for ecu in reply.ecus:
        try:
            singles.extend([single for _, single in j1979.split(reply.payload(ecu), (pid,))])
        except ValueError:
            continue
    return singles


def store(parameter: Parameter, image: bytes, group: "Group") -> None:
    """Decodes one value from a raw frame image into the group: the value, or why it is none."""
    try:
        text = parameter.decode(image, group.text)
    except OutOfRange as error:
        group.fail(parameter, str(error))
    except IndexError:
        group.fail(parameter, "the answer (%d bytes) is too short for the expression" % len(image))
    except (ValueError, ZeroDivisionError, KeyError) as error:
        group.fail(parameter, "the expression gives no value: %s" % error)
    else:
        group.update(parameter, text)


class Plan:
    """Jobs built from settings and vehicle profile, in the order that changes the link least.

    Attributes:
        jobs: what to ask. problems: (field, message) of parameters that cannot be asked for.
        ecus: the ECUs behind the jobs, in the order they are asked.
    """

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.ecus: list[Ecu] = []
        self.problems: list[tuple[str, str]] = []
        self._names: set[str] = set()
        self._shapes: dict = {}  # compiled code that several expressions share
        self._kinds: dict = {}  # metadata that several parameters share
        self._by_key: dict[tuple[Link, str, int], Job] = {}
        self._pending: list[tuple[Job, Parameter, int, j1979.Standard | None]] = []

    @staticmethod
    def build(settings: dict, profile: "Profile | None", group: "Group") -> "Plan":
        """Builds the jobs of all enabled classes and makes the group hold their parameters.

        Args:
            settings: the `autopid` section, validated. profile: the vehicle profile, or None.
        """
        plan = Plan()
        base = protocol_command(settings["standard"]["protocol"])
        if settings["standard"]["enabled"]:
            plan._add_standard(settings["standard"], base)
        if profile is not None and settings["specific"]["enabled"]:
            plan._add_profile(profile, base, settings["cycle_ms"] or _DEFAULT_PERIOD_MS)
        plan._add_custom(settings["custom"], base)
        plan._finish(group)
        return plan

    def _add_standard(self, settings: dict, base: str) -> None:
        for number, item in enumerate(settings["parameters"]):
            if not item["enabled"]:
                continue
            standard = j1979.find(item["name"])
            if standard is None:
                self.problems.append(
                    ("autopid.standard.parameters[%d].name" % number, "no such standard PID")
                )
                continue
            receive = item["receive_header"]
            link = Link.parse(base, "ATCRA" + receive if receive else "")
            parameter = Parameter(
                standard.name,
                Expression(standard.expression, (), self._shapes),
                standard.unit,
                standard.device_class,
                decimals=standard.decimals,
                kinds=self._kinds,
            )
            period = item["period_ms"] or _DEFAULT_PERIOD_MS
            self._add(link, "01%02X" % standard.pid, parameter, period, standard)

    def _add_profile(self, profile: "Profile", base: str, cycle_ms: int) -> None:
        for problem in profile.problems:
            self.problems.append(problem)
        for pid in profile.pids:
            link = Link.parse(base, profile.init, pid.init)
            for parameter in pid.parameters:
                if parameter.enabled:
                    self._add(link, pid.pid, parameter, parameter.period_ms or cycle_ms)

    def _add_custom(self, settings: dict, base: str) -> None:
        items = [item for item in settings["parameters"] if item["enabled"]]
        names = [item["name"] for item in items] + list(self._names)
        for number, item in enumerate(items):
            try:
                expression = Expression(item["expression"], names, self._shapes)
            except ExpressionError as error:
                self.problems.append(
                    ("autopid.custom.parameters[%d].expression" % number, str(error))
                )
                continue
            parameter = Parameter(
                item["name"],
                expression,
                item["unit"],
                item["class"],
                minimum=item["min"],
                maximum=item["max"],
                binary=item["type"] == "binary",
                kinds=self._kinds,
            )
            link = Link.parse(base, settings["init"], item["init"])
            self._add(link, item["pid"], parameter, item["period_ms"])

    def _add(
        self,
        link: Link,
        command: str,
        parameter: Parameter,
        period_ms: int,
        standard: "j1979.Standard | None" = None,
    ) -> None:
        if parameter.name in self._names:
            self.problems.append(
                (parameter.name, "this name is used twice; only the first is read")
            )
            return
        try:
            job = self._job(link, command.upper(), standard.pid if standard else _NO_PID)
        except ValueError as error:
            self.problems.append((parameter.name, str(error)))
            return
        self._names.add(parameter.name)
        self._pending.append((job, parameter, period_ms, standard))

    def _job(self, link: Link, command: str, pid: int) -> Job:
        """The job of a request on a link, made on first use; ValueError if there can be no such request."""
        key = (link, command, pid)
        job = self._by_key.get(key)
        if job is None:
            ecu = self._ecu(link)
            job = self._by_key[key] = Job(ecu, Request(command, link=ecu.link), pid)
            self.jobs.append(job)
        return job

    def _ecu(self, link: Link) -> Ecu:
        for ecu in self.ecus:
            if ecu.link == link:
                return ecu
        self.ecus.append(Ecu(link))
        return self.ecus[-1]

    def _finish(self, group: "Group") -> None:
        group.configure([parameter for _, parameter, _, _ in self._pending])
        for job, parameter, period_ms, standard in self._pending:
            job.add(parameter, period_ms, standard)
        by_ecu: list[Job] = []  # (MicroPython's sort would not keep the order within an ECU)
        for ecu in self.ecus:
            by_ecu.extend([job for job in self.jobs if job.ecu is ecu])
        self.jobs = by_ecu
        for aid in (self._pending, self._by_key, self._names, self._shapes, self._kinds):
            aid.clear()  # they only help to build


def protocol_command(protocol: str) -> str:
    """The init text that selects a protocol number; empty for "0", where the adapter searches."""
    return PROTOCOL + protocol if protocol != "0" else ""
