"""Asks the car what is due, stores the answers in the group, and leaves a sleeping car alone."""

import asyncio

from micropython import const
from obd import at
from obd.errors import AdapterLost, BusFault, Garbled, NegativeResponse, NoAnswer
from obd.request import Reply, Request

from autopid.guests import Guests
from autopid.job import Plan

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from log import Logger
    from obd.can import Can
    from obd.elm327 import Elm327
    from uptime import Uptime

    from autopid.group import Group
    from autopid.job import Ecu, Job

_BATCH = const(6)  # PIDs in one mode 01 request on CAN, SAE J1979 / ISO 15031-5
_IDLE_MS = const(1000)
_FIRST_PROBE_MS = const(1000)
_LONGEST_PROBE_MS = const(30_000)
_LONGEST_PAUSE_MS = const(60_000)  # whoever watches over the task wants to see it move
_GIVE_UP = const(8)  # garbled answers in a row after which the adapter is set up anew
_SPOILED = const(
    3
)  # batches in a row that were garbled, while single requests are not: the ECU cannot batch
_BATCHES_KEPT = const(64)

# Refusals that stay: the ECU does not have the service, the sub-function or the identifier (ISO 14229-1 table A.1).
# The last two end a wait of five seconds (P2*) or several repetitions: others must get their turn, too.
_PERMANENT = (0x11, 0x12, 0x31, 0x33, 0x78, 0x21)


class Poller:
    """Runs the plan's jobs on an adapter.

    Attributes:
        guests: through them others ask the car, too.
        online: whether an ECU answers; the one source of `ecu_status`.
        requests: number of requests answered.
        rounds: another number whenever it asked, or found nothing to ask: it is alive.
        held: why nothing is asked now; "" while the car is asked.
        longest_probe_ms: how long to wait at most before a car that does not answer is asked again.
    """

    def __init__(self, group: "Group", uptime: "Uptime", log: "Logger") -> None:
        self._group = group
        self._uptime = uptime
        self._log = log
        self._plan = Plan()
        self._changed = asyncio.Event()
        self._batches: dict[tuple, Request] = {}
        self._probe_ms = 0
        self._probes = 0
        self._garbled = 0
        self._spoiled = 0
        self.guests = Guests()
        self.online = False
        self.requests = 0
        self.rounds = 0
        self.held = ""
        self.longest_probe_ms = _LONGEST_PROBE_MS

    @property
    def ecu_status(self) -> str:
        """ "online" or "offline"."""
        return "online" if self.online else "offline"

    def configure(self, plan: Plan) -> None:
        """Takes a new plan; it is used from the next request on."""
        if self._plan.broadcasts is not None:
            self._plan.broadcasts.stop()
        self._plan = plan
        self._batches = {}
        self._probes = 0
        self._changed.set()
        for field, message in plan.problems:
            self._log.warning("%s: %s", field, message)

    def hold(self, reason: str) -> None:
        """Asks nothing from the next request on; "" goes on with all there is to ask."""
        if bool(reason) != bool(self.held):
            self._rouse()
            self._changed.set()
        self.held = reason

    def disconnected(self, reason: str) -> None:
        """The adapter is gone: every parameter says so, and the ECU counts as offline."""
        self.guests.trouble = reason
        self._set_online(False, reason)
        for job in self._plan.jobs:
            job.fail(reason, self._group)
        if self._plan.broadcasts is not None:
            self._plan.broadcasts.fail(reason)

    async def run(self, adapter: "Elm327 | Can") -> None:
        """Polls until the adapter is lost (AdapterLost)."""
        self.guests.welcome(adapter)
        try:
            await self._keep_polling(adapter)
        finally:
            self.guests.dismiss()

    async def _keep_polling(self, adapter: "Elm327 | Can") -> None:
        self._garbled = 0
        self._rouse()
        while True:
            self.rounds += 1
            plan = self._plan
            if plan.broadcasts is not None:
                plan.broadcasts.follow(adapter)
            now = self._uptime.ms()
            if self.held:
                self._set_online(False, self.held)
                await self._sleep(_IDLE_MS)
                continue
            due = self._due(plan, now)
            if not due:
                await self._sleep(self._pause(plan, now))
                continue
            for jobs in self._batched(due, adapter):
                await self._poll(adapter, jobs)
                if self._plan is not plan or self.held:
                    break

    def _rouse(self) -> None:
        """Everything is due at once, whether it was answered before or not."""
        now = self._uptime.ms()
        self._probes = self._probe_ms = 0
        for job in self._plan.jobs:
            job.ecu.wake()
            job.due_now(now)

    async def _sleep(self, milliseconds: int) -> None:
        try:
            await asyncio.wait_for_ms(self._changed.wait(), milliseconds)
        except asyncio.TimeoutError:
            return
        self._changed.clear()

    # What is due

    def _due(self, plan: Plan, now: int) -> "list[Job]":
        """One round: every due job once, in the order that changes the link least; of a silent ECU only one."""
        if self._asleep(plan):
            return self._probe(plan, now)
        due: list[Job] = []
        probed = []
        for job in plan.jobs:
            ecu = job.ecu
            if job.due_ms > now or not ecu.ready(now) or ecu in probed:
                continue
            if ecu.silent:
                probed.append(ecu)
            due.append(job)
        return due

    def _asleep(self, plan: Plan) -> bool:
        return bool(plan.ecus) and all([ecu.silent for ecu in plan.ecus])

    def _probe(self, plan: Plan, now: int) -> "list[Job]":
        """While no ECU answers: one request at a time, ever more rarely, to each ECU in turn."""
        if now < self._probe_ms:
            return []
        pause = min(_FIRST_PROBE_MS << min(self._probes, 8), self.longest_probe_ms)
        ecu = plan.ecus[self._probes % len(plan.ecus)]
        jobs = [job for job in plan.jobs if job.ecu is ecu]
        jobs = [job for job in jobs if job.known] or jobs
        self._probe_ms = now + pause
        self._probes += 1
        return [jobs[self._probes % len(jobs)]]

    def _pause(self, plan: Plan, now: int) -> int:
        if not plan.jobs:
            return _IDLE_MS
        if self._asleep(plan):
            return min(max(self._probe_ms - now, 1), _LONGEST_PAUSE_MS)
        first = min([max(job.due_ms, job.ecu.retry_ms) for job in plan.jobs])
        return min(max(first - now, 1), _IDLE_MS)

    def _batched(self, due: "list[Job]", adapter: "Elm327 | Can") -> "list[list[Job]]":
        """Puts up to six standard PIDs of one ECU together."""
        rounds: list[list[Job]] = []
        for job in due:
            last = rounds[-1] if rounds else None
            if (
                last
                and len(last) < _BATCH
                and job.ecu is last[0].ecu
                and _batchable(job, last[0], adapter)
            ):
                last.append(job)
            else:
                rounds.append([job])
        return rounds

    # Asking

    async def _poll(self, adapter: "Elm327 | Can", jobs: "list[Job]") -> None:
        self.rounds += 1
        if len(jobs) > 1:
            await self._poll_batch(adapter, jobs)
        else:
            await self._poll_one(adapter, jobs[0])

    async def _poll_one(self, adapter: "Elm327 | Can", job: "Job") -> bool:
        """Asks for one job; True if it was answered."""
        try:
            reply = await adapter.request(job.request)
        except (NoAnswer, BusFault) as error:
            self._unanswered(job.ecu, [job], str(error))
        except NegativeResponse as error:
            self._answered(job.ecu)
            if error.code in _PERMANENT:
                job.failed()
            self._failed(job, str(error))
        except Garbled as error:
            self._count_garbled(error)
            self._failed(job, str(error))
        else:
            self._answered(job.ecu)
            self._finish(job)
            job.decode(reply, self._group)
            return True
        return False

    async def _poll_batch(self, adapter: "Elm327 | Can", jobs: "list[Job]") -> None:
        """Asks for several PIDs at once; what the answer leaves out is asked for on its own."""
        ecu = jobs[0].ecu
        request = self._batch_request(jobs)
        parts: dict[int, list[bytes]] = {}
        try:
            parts = _split(await adapter.request(request), request)
            self._answered(ecu)
            self._spoiled = 0
        except (NoAnswer, BusFault):
            pass  # one PID it does not have keeps some ECUs from answering: ask for each
        except NegativeResponse:
            self._answered(ecu)  # it may refuse the batch only: ask for each
        except Garbled as error:
            self._count_garbled(error)
            self._spoiled += 1  # a short answer may come through where a long one does not
        await self._poll_missing(adapter, ecu, self._take_parts(jobs, parts))

    def _take_parts(self, jobs: "list[Job]", parts: "dict[int, list[bytes]]") -> "list[Job]":
        """Decodes what a batch brought; returns the jobs it left out."""
        missing = []
        for job in jobs:
            payloads = parts.get(job.pid)
            if payloads is None:
                missing.append(job)
            else:
                self._finish(job)
                job.decode_payloads(payloads, self._group)
        return missing

    async def _poll_missing(
        self, adapter: "Elm327 | Can", ecu: "Ecu", missing: "list[Job]"
    ) -> None:
        """Asks for each of what a batch left out.

        If the ECU gives them all, it cannot batch these; a disturbed line is no reason, though. If not, those that it
        does not have were the reason.
        """
        cannot_batch = not 0 < self._spoiled < _SPOILED
        for job in missing:
            if not await self._poll_one(adapter, job):
                cannot_batch = False
                if ecu.silent:
                    return
        for job in missing:
            job.alone = job.alone or cannot_batch

    def _batch_request(self, jobs: "list[Job]") -> Request:
        key = (jobs[0].ecu.link,) + tuple([job.pid for job in jobs])
        request = self._batches.get(key)
        if request is None:
            if len(self._batches) >= _BATCHES_KEPT:
                self._batches = {}
            text = "01" + "".join(["%02X" % job.pid for job in jobs])
            request = self._batches[key] = Request(text, link=jobs[0].ecu.link)
        return request

    # Bookkeeping

    def _answered(self, ecu: "Ecu") -> None:
        self._garbled = 0
        self.requests += 1
        if ecu.silent:
            self._wake(ecu)
        ecu.answered()
        self._set_online(True, "an ECU answers")

    def _wake(self, ecu: "Ecu") -> None:
        """The first answer after a silence: everything that waited for it is due now."""
        now = self._uptime.ms()
        self._probes = 0
        for job in self._plan.jobs:
            if job.ecu is ecu or not self.online:
                job.wake(now)
                job.ecu.wake()

    def _finish(self, job: "Job") -> None:
        job.succeeded()
        job.advance(self._uptime.ms())

    def _failed(self, job: "Job", error: str) -> None:
        job.advance(self._uptime.ms())
        job.fail(error, self._group)

    def _unanswered(self, ecu: "Ecu", jobs: "list[Job]", error: str) -> None:
        for job in jobs:
            job.failed()
            self._failed(job, error)
        if ecu.known and not any([job.known for job in jobs]):
            return  # it answers others: this is something it does not have
        ecu.unanswered(self._uptime.ms())
        if ecu.silent:  # its other values are no fresher
            for job in self._plan.jobs:
                if job.ecu is ecu and job not in jobs:
                    job.fail("the ECU does not answer", self._group)
        if self._asleep(self._plan):
            self._set_online(False, error)

    def _set_online(self, online: bool, reason: str) -> None:
        if online != self.online:
            self.online = online
            self._group.version += 1
            self._log.info("ECU %s: %s", self.ecu_status, reason)

    def _count_garbled(self, error: Exception) -> None:
        self._garbled += 1
        if self._garbled >= _GIVE_UP:
            raise AdapterLost("nothing but garbled answers (%s)" % error)


def _batchable(job: "Job", other: "Job", adapter: "Elm327 | Can") -> bool:
    """True if the two may go into one request: mode 01 PIDs of known length that the ECU may have, on CAN."""
    if job.pid < 0 or other.pid < 0:
        return False
    from obd import mode01  # loaded if there are standard PIDs

    for each in (job, other):
        if each.alone or each.refused or mode01.data_length(each.pid) is None:
            return False
    return not at.is_legacy(adapter.protocol(job.request))


def _split(reply: Reply, request: Request) -> "dict[int, list[bytes]]":
    """Single-PID payloads by PID, lowest ECU first; an answer that does not add up counts as none."""
    from obd import mode01

    parts: dict[int, list[bytes]] = {}
    for ecu in reply.ecus:
        try:
            for pid, payload in mode01.split(reply.payload(ecu), request.data[1:]):
                parts.setdefault(pid, []).append(payload)
        except ValueError:
            request.forget_lines()
    return parts
