"""Settings and vehicle profile -> what is asked of the car.

One job per (link, request), whatever the number of parameters its answer holds. Needed when
settings change, not to poll.
"""

from micropython import const
from obd import j1979
from obd.at import PROTOCOL, Link
from obd.request import Request

from autopid.expression import Expression, ExpressionError
from autopid.job import NO_PID, Ecu, Job, Plan
from autopid.parameter import Parameter

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from obd.field import Field

    from autopid.group import Group
    from autopid.profile import Profile

_DEFAULT_PERIOD_MS = const(10_000)


def build(settings: dict, profile: "Profile | None", group: "Group") -> Plan:
    """The plan of all enabled classes; makes the group hold their parameters.

    Args:
        settings: the `autopid` section, validated.
        profile: the vehicle profile, or None.
    """
    builder = _Builder()
    base = protocol_command(settings["standard"]["protocol"])
    if settings["standard"]["enabled"]:
        builder.add_standard(settings["standard"], base)
    if profile is not None and settings["specific"]["enabled"]:
        builder.add_profile(profile, base, settings["cycle_ms"] or _DEFAULT_PERIOD_MS)
    builder.add_custom(settings["custom"], base)
    return builder.finish(group)


class _Builder:
    def __init__(self) -> None:
        self.plan = Plan()
        self._names: set[str] = set()
        self._shapes: dict = {}  # compiled code that several expressions share
        self._kinds: dict = {}  # metadata that several parameters share
        self._by_key: dict[tuple[Link, str, int], Job] = {}
        self._pending: list[tuple[Job, Parameter, int, Field | None]] = []

    def add_standard(self, settings: dict, base: str) -> None:
        """Standard PIDs; `base` selects the protocol."""
        for number, item in enumerate(settings["parameters"]):
            if not item["enabled"]:
                continue
            standard = j1979.find(item["name"])
            if standard is None:
                self.plan.problems.append(
                    ("autopid.standard.parameters[%d].name" % number, "no such standard PID")
                )
                continue
            receive = item["receive_header"]
            inits = (base, "ATCRA" + receive if receive else "")
            parameter = Parameter(
                standard.name,
                Expression(standard.expression, (), self._shapes),
                standard.unit,
                standard.device_class,
                decimals=standard.decimals,
                kinds=self._kinds,
            )
            period = item["period_ms"] or _DEFAULT_PERIOD_MS
            self._add(inits, "01%02X" % standard.pid, parameter, period, standard)

    def add_profile(self, profile: "Profile", base: str, cycle_ms: int) -> None:
        """Parameters of the vehicle profile; those without a period are read every `cycle_ms`."""
        for problem in profile.problems:
            self.plan.problems.append(problem)
        for pid in profile.pids:
            inits = (base, profile.init, pid.init)
            for parameter in pid.parameters:
                if parameter.enabled:
                    self._add(inits, pid.pid, parameter, parameter.period_ms or cycle_ms)

    def add_custom(self, settings: dict, base: str) -> None:
        """The user's own parameters; they may refer to all others."""
        names = [item["name"] for item in settings["parameters"] if item["enabled"]]
        names.extend(self._names)
        for number, item in enumerate(settings["parameters"]):
            if not item["enabled"]:
                continue
            try:
                expression = Expression(item["expression"], names, self._shapes)
            except ExpressionError as error:
                self.plan.problems.append(
                    ("autopid.custom.parameters[%d].expression" % number, str(error))
                )
                continue
            parameter = Parameter(
                item["name"],
                expression,
                item["unit"],
                item["class"],
                minimum=item["min"] or None,
                maximum=item["max"] or None,
                binary=item["type"] == "binary",
                kinds=self._kinds,
            )
            inits = (base, settings["init"], item["init"])
            self._add(inits, item["pid"], parameter, item["period_ms"])

    def _add(
        self,
        inits: "tuple[str, ...]",
        command: str,
        parameter: Parameter,
        period_ms: int,
        standard: "j1979.Standard | None" = None,
    ) -> None:
        if parameter.name in self._names:
            self.plan.problems.append(
                (parameter.name, "this name is used twice; only the first is read")
            )
            return
        try:
            link = Link.parse(*inits)
            job = self._job(link, command.upper(), standard.pid if standard else NO_PID)
        except ValueError as error:
            self.plan.problems.append((parameter.name, str(error)))
            return
        self._names.add(parameter.name)
        self._pending.append((job, parameter, period_ms, standard.field if standard else None))

    def _job(self, link: Link, command: str, pid: int) -> Job:
        """The job of a request on a link, made on first use; ValueError if there can be no such request."""
        key = (link, command, pid)
        job = self._by_key.get(key)
        if job is None:
            ecu = self._ecu(link)
            job = self._by_key[key] = Job(ecu, Request(command, link=ecu.link), pid)
            self.plan.jobs.append(job)
        return job

    def _ecu(self, link: Link) -> Ecu:
        for ecu in self.plan.ecus:
            if ecu.link == link:
                return ecu
        self.plan.ecus.append(Ecu(link))
        return self.plan.ecus[-1]

    def finish(self, group: "Group") -> Plan:
        """Makes the group hold the parameters; returns the plan."""
        group.configure([parameter for _, parameter, _, _ in self._pending])
        for job, parameter, period_ms, field in self._pending:
            job.add(parameter, period_ms, field)
        by_ecu: list[Job] = []  # (MicroPython's sort would not keep the order within an ECU)
        for ecu in self.plan.ecus:
            by_ecu.extend([job for job in self.plan.jobs if job.ecu is ecu])
        self.plan.jobs = by_ecu
        return self.plan


def protocol_command(protocol: str) -> str:
    """The init text that selects a protocol number; empty for "0", where the adapter searches."""
    return PROTOCOL + protocol if protocol != "0" else ""
