"""What the log shows, keeps, hides and survives."""

from helper import raises
from log import Log, line


class Clock:
    def __init__(self):
        self.now = 12345

    def ms(self):
        return self.now


class Loud:
    """An argument that notes being turned into text."""

    def __init__(self):
        self.times = 0

    def __str__(self):
        self.times += 1
        return "loud"


def broken(*_):
    raise OSError(5)


class Unprintable:
    __str__ = __repr__ = broken


def log_of(level="debug", ring=200):
    lines = []
    log = Log(level, ring, lines.append, Clock())
    return log, log.logger("poller"), lines


def test_a_record_is_one_readable_line():
    _, logger, lines = log_of()
    logger.info("ECU %s answered", "7E8")
    assert lines == ["   12.345 I poller  ECU 7E8 answered"]


def test_the_levels_have_their_letters():
    log, logger, lines = log_of()
    for write in (logger.debug, logger.info, logger.warning, logger.error):
        write("x")
    assert [text[10] for text in lines] == ["D", "I", "W", "E"]
    assert [record[2] for record in log.records()] == ["D", "I", "W", "E"]


def test_less_important_records_are_neither_kept_nor_formatted():
    for level, kept in (("debug", 4), ("info", 3), ("warning", 2), ("error", 1)):
        log, logger, lines = log_of(level)
        loud = Loud()
        for write in (logger.debug, logger.info, logger.warning, logger.error):
            write("%s", loud)
        assert len(lines) == len(log.records()) == loud.times == kept, level


def test_the_level_can_be_changed_while_running():
    log, logger, lines = log_of("info")
    logger.debug("no")
    log.set_level("debug")
    logger.debug("yes")
    assert len(lines) == 1
    raises(ValueError, log.set_level, "loud")


def test_the_ring_keeps_the_latest_with_rising_numbers():
    log, logger, _ = log_of(ring=3)
    assert log.records() == []
    for number in range(1, 6):
        logger.info("message %d", number)
    assert [(record[0], record[4]) for record in log.records()] == [
        (3, "message 3"),
        (4, "message 4"),
        (5, "message 5"),
    ]
    assert log.last == 5
    assert [record[0] for record in log.records(4)] == [5]
    assert log.records(5) == [] and log.records(99) == []
    assert line(log.records(4)[0]).endswith("message 5")


def test_long_messages_are_cut():
    log, logger, lines = log_of()
    logger.info("x" * 5000)
    assert len(log.records()[0][4]) == 240
    assert log.records()[0][4][-1] == "…" and len(lines[0]) < 300


def test_secrets_are_masked():
    log, logger, lines = log_of()
    log.redact("hunter2")
    logger.redact("hunter2-and-more")
    logger.info("Authorization: Bearer %s", "hunter2-and-more")
    logger.error("hunter2 hunter2 %s", ["hunter2"])
    assert "hunter2" not in "".join(lines) and "more" not in lines[0]
    assert log.records()[0][4] == "Authorization: Bearer ***"


def test_a_secret_at_the_cut_is_masked_whole():
    log, logger, lines = log_of()
    log.redact("A-LONG-SECRET")
    logger.info("x" * 234 + "A-LONG-SECRET")
    assert "A-L" not in lines[0]


def test_very_short_secrets_mask_nothing():
    log, logger, lines = log_of()
    log.redact("e")
    log.redact("")
    logger.info("one message")
    assert lines[0].endswith("one message")


def test_only_a_bounded_number_of_secrets_is_remembered_the_latest_first():
    log, logger, lines = log_of()
    log.redact("first-secret")
    for number in range(63):
        log.redact("other-%d!" % number)
    log.redact("first-secret")
    log.redact("last-secret")
    logger.info("first-secret last-secret other-0! other-62!")
    assert lines[0].endswith("*** *** other-0! ***"), lines


def test_a_record_stays_one_line_whatever_a_peer_sends():
    _, logger, lines = log_of()
    logger.info("%s", "a\r\n   12.345 E app  fake\x1b[2J\tb")
    assert len(lines) == 1
    for character in "\r\n\x1b\t":
        assert character not in lines[0]
    logger.info("")
    assert lines[1].endswith("poller  ")


def test_logging_never_raises():
    log, logger, lines = log_of()
    logger.info("%d %d", 1)
    logger.info("%d", "x")
    logger.info("no place", 1)
    logger.info("%s", Unprintable())
    logger.info(None)
    assert len(lines) == 5
    assert lines[0].endswith("%d %d (1 arguments that do not fit)")
    log = Log(sink=broken)
    log.logger("app").error("still kept")
    assert log.records()[0][4] == "still kept" and log.sink_failures == 1


def test_a_percent_sign_without_arguments_is_text():
    _, logger, lines = log_of()
    logger.info("100 % done, 5%d")
    assert lines[0].endswith("100 % done, 5%d")
