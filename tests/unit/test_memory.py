"""What the device found out by itself outlives a restart."""

import transient
from car_fakes import Silent
from config import files
from device.memory import Memory
from disk import Disk

transient.ON_DEVICE = False  # what the disk is put under has to stay the same module


def test_it_remembers_over_a_restart():
    with Disk(files):
        Memory("/r", Silent()).put("protocol", "6")
        assert Memory("/r", Silent()).get("protocol") == "6"


def test_it_knows_nothing_at_first():
    log = Silent()
    with Disk(files):
        assert Memory("/r", log).get("protocol") is None
    assert log.lines == []


def test_the_same_text_is_not_written_again():
    with Disk(files) as disk:
        memory = Memory("/r", Silent())
        memory.put("protocol", "6")
        steps = disk.steps
        memory.put("protocol", "6")
        assert disk.steps == steps
        memory.put("protocol", "7")
        assert disk.steps > steps


def test_a_damaged_or_full_medium_only_costs_the_memory():
    log = Silent()
    with Disk(files, files={"/r/config/found.json": b'{"protocol":'}) as disk:
        memory = Memory("/r", log)
        assert memory.get("protocol") is None
        disk.full = "found"
        memory.put("protocol", "6")
        assert memory.get("protocol") == "6" and len(log.lines) == 1


def test_it_counts_over_restarts_and_never_begins_at_the_same_number():
    with Disk(files):
        first = Memory("/r", Silent()).count("boots")
        assert Memory("/r", Silent()).count("boots") == first + 1
    starts = set()
    for _ in range(4):
        with Disk(files):
            starts.add(Memory("/r", Silent()).count("boots"))
    assert len(starts) > 1
