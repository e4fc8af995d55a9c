"""The power fails at every step: what was flushed is there once, in order and whole, and what was done stays away.

On MicroPython the same is done below littlefs, the chip's file system: at every operation on a flash memory in RAM.
"""

import os
import random

import config.files
import delivery.dead_letters
import delivery.records
import delivery.segments
from delivery.dead_letters import FlashDeadLetters
from delivery.flash_outbox import FlashOutbox
from delivery.message import Message
from disk import Disk, Flash, PowerCut, formatted, mounted

MODULES = (config.files, delivery.records, delivery.segments, delivery.dead_letters)
ROOT = "/cut"
SIZES = (30, 30, 400, 400, 400, 1500, 5000)  # of bodies
SMALL = {"max_items": 1000, "max_kb": 16, "max_age_s": 0}
FEW = {"max_items": 12, "max_kb": 256, "max_age_s": 0}
AMPLE = {"max_items": 1000, "max_kb": 256, "max_age_s": 0}


def body(number):
    """Every message has a body of its own."""
    size = SIZES[number * 31 % len(SIZES)]
    return (b"%d," % number) * (size // 6)


class Ledger:
    """What must be, may be and must not be in the outbox; messages are numbered as they are put.

    Attributes:
        put, gone: how many were put, and done or dropped.
        safe_put, safe_gone: the same at the last flush that succeeded.
        buried: what must be among the dead letters; `dying` may.
    """

    def __init__(self):
        self.put = self.gone = self.safe_put = self.safe_gone = 0
        self.buried = []
        self.dying = None

    def copy(self):
        other = Ledger()
        other.put, other.gone = self.put, self.gone
        other.safe_put, other.safe_gone = self.safe_put, self.safe_gone
        other.buried = list(self.buried)
        return other

    def check(self, found):
        """`found`: the numbers in the outbox after a restart."""
        assert found == list(range(found[0], found[-1] + 1)) if found else True, found
        if found:
            assert self.safe_gone <= found[0] <= self.gone, (found[0], self.safe_gone, self.gone)
            assert self.safe_put <= found[-1] + 1 <= self.put, (found[-1], self.safe_put, self.put)
        else:
            assert self.safe_put <= self.gone, (self.safe_put, self.gone)

    def check_letters(self, found):
        """`found`: the numbers among the dead letters, the oldest first."""
        may = self.buried + ([] if self.dying is None else [self.dying])
        assert found in (self.buried[-20:], may[-20:], may[-21:]), (found, may)


def opened(queue):
    return FlashOutbox(ROOT + "/outbox/1", queue, "dev-7-")


def letters():
    return FlashDeadLetters(ROOT + "/outbox/1.dead", "dev-7-")


def numbers(outbox):
    """All that is in it, with every body as it was."""
    found = outbox.peek(2000, 1 << 24)
    for message in found:
        assert message.body == body(number_of(message.id)), message.id
    assert len(found) == len(outbox)
    return [number_of(message.id) for message in found]


def number_of(id):
    return int(id.split("-")[2])


class Session:
    """Random steps with one outbox from its opening to its closing; stops when `is_off` says so."""

    def __init__(self, seed, queue, ledger, is_off):
        self.seed = seed
        self.queue = queue
        self.ledger = ledger
        self.is_off = is_off
        self.before = ledger.gone
        self.done = 0

    def run(self):
        random.seed(self.seed)
        self.outbox = opened(self.queue)
        now = 0
        for _ in range(12):
            now += random.randint(0, 6000)
            self.step(random.randint(0, 9), now)
            if self.is_off():
                return
        self.step(9, now)

    def step(self, action, now):
        try:
            if action < 4:
                self.put(random.randint(1, 6))
            elif action < 6:
                self.deliver(random.randint(1, 8))
            elif action == 6:
                self.bury()
            elif action == 7:
                self.outbox.tick(now)
            else:
                self.flush()
        finally:
            self.account()

    def account(self):
        self.ledger.gone = self.before + self.done + self.outbox.dropped

    def put(self, count):
        for _ in range(count):
            self.ledger.put += 1
            put(self.outbox, self.ledger.put - 1)

    def deliver(self, count):
        found = self.outbox.peek(count, 8192)
        self.done += len(found)
        self.outbox.done(len(found))

    def bury(self):
        """The oldest is given up; if the power fails in between it may be in both places."""
        for message in self.outbox.peek(1, 8192):
            self.ledger.dying = number_of(message.id)
            kept = letters().add(message, "Rejected.", 400)
            if not self.is_off():
                assert kept
                self.ledger.buried.append(self.ledger.dying)
                self.ledger.dying = None
            self.done += 1
            self.outbox.done(1)

    def flush(self):
        done = self.outbox.flush()
        self.account()
        if not self.is_off():
            assert done, self.outbox.trouble
            self.ledger.safe_put, self.ledger.safe_gone = self.ledger.put, self.ledger.gone


def put(outbox, number):
    outbox.put(Message("dev-7-%d" % number, body(number), 0, 1000 + number))


def check(queue, ledger):
    """Restarts after a cut: all is as it must be, and can be used as before."""
    outbox = opened(queue)
    ledger.gone += outbox.dropped
    found = numbers(outbox)
    ledger.check(found)
    ledger.check_letters([number_of(row[0]) for row in letters().rows()])
    new = [ledger.put, ledger.put + 1, ledger.put + 2]
    before = outbox.dropped
    for number in new:
        put(outbox, number)
    assert outbox.flush(), outbox.trouble
    found = (found + new)[outbox.dropped - before :]
    assert numbers(outbox) == found
    again = opened(queue)
    assert numbers(again) == found and found[-1] == new[-1]
    again.done(len(again))
    assert again.flush() and len(opened(queue)) == 0
    assert delivery.records.names_in(ROOT + "/outbox/1") == []


def test_a_cut_at_any_step_and_inside_of_records_loses_and_repeats_nothing():
    cuts = 0
    for seed, queue in ((1, AMPLE), (2, SMALL), (3, FEW)):
        medium, ledger = {}, Ledger()
        for session in range(4):
            medium, ledger, count = cut_on_disk(medium, seed * 10 + session, queue, ledger)
            cuts += count
    assert cuts > 1000, cuts


def cut_on_disk(medium, seed, queue, ledger):
    """Cuts one session everywhere; returns medium and ledger after the whole of it, and how many cuts there were."""
    left = 0
    while True:
        trial = ledger.copy()
        with Disk(*MODULES, files=medium, early=True, grain=97) as disk:
            disk.left = left
            try:
                Session(seed, queue, trial, lambda: False).run()
                return disk.files, trial, left
            except PowerCut:
                disk.left = None
                check(queue, trial)
        left += 1


def cut_on_flash(content, block, seed, queue, ledger):
    """The same below littlefs, at every change of the flash memory."""
    left = 0
    while True:
        trial = ledger.copy()
        flash = Flash(content, block)
        flash.left = left
        mounted(flash, Session(seed, queue, trial, lambda flash=flash: flash.off).run)
        if not flash.off:
            return flash.content, trial, left
        mounted(Flash(flash.content, block), check, queue, trial)
        left += 1


if hasattr(os, "VfsLfs2"):

    def check_cuts_on_flash(block, blocks, seed, queue, sessions):
        content, ledger, cuts = formatted(blocks, block), Ledger(), 0
        for session in range(sessions):
            content, ledger, count = cut_on_flash(content, block, seed + session, queue, ledger)
            cuts += count
        return cuts

    def test_a_cut_at_any_operation_below_littlefs_loses_and_repeats_nothing():
        cuts = check_cuts_on_flash(512, 512, 100, AMPLE, 4)
        cuts += check_cuts_on_flash(512, 512, 200, SMALL, 4)
        cuts += check_cuts_on_flash(4096, 64, 300, FEW, 4)
        assert cuts > 1000, cuts
