"""What can be made to go wrong while the simulator runs."""

from simulator_host import Bench

QUIET = "ATE0;ATSP6;ATH1;ATAT0;ATST0A"


def test_a_sleeping_car_says_nothing_until_it_wakes():
    bench = Bench().setup(QUIET)
    bench.adapter.asleep = True
    assert bench.lines("0120") == ["NO DATA"]
    bench.adapter.asleep = False
    assert bench.lines("0120")[0].startswith("7E8")


def test_a_car_that_falls_asleep_in_the_middle_of_an_answer():
    bench = Bench("ioniq5").setup(QUIET + ";ATSH7E4;ATFCSH7E4;ATFCSD30000A;ATFCSM1")
    bench.send("220101\r")
    bench.rest(0.045)
    bench.adapter.asleep = True
    assert 1 < len(bench.ask("").splitlines()) < 9


def test_a_bus_without_acknowledgement():
    bench = Bench().setup(QUIET)
    bench.adapter.bus_fault = True
    assert bench.lines("0120") == ["CAN ERROR"]
    assert Bench("sprinter").setup("ATE0;ATSP5").lines("0105")[0] == "BUS INIT: OK"


def test_lost_characters():
    bench = Bench().setup(QUIET)
    whole = bench.ask("0120")
    bench.adapter.drop_every = 5
    assert len(whole) * 0.7 < len(bench.ask("0120")) < len(whole) * 0.9


def test_garbage_comes_from_the_seed():
    answers = []
    for seed in (1, 1, 2):
        bench = Bench(seed=seed).setup(QUIET)
        bench.adapter.garbage = 0.2
        answers.append(bench.ask("0120"))
    assert answers[0] == answers[1] != answers[2]
    assert len(answers[0]) > len(Bench().setup(QUIET).ask("0120"))


def test_a_stale_frame_comes_first_and_a_foreign_one_after_the_first_answer():
    bench = Bench("twin", latency_ms=5).setup(QUIET)
    bench.adapter.stale_frame = "7E8 04 41 0C 1A F8 00 00 00"
    assert bench.lines("0105")[0] == "7E8 04 41 0C 1A F8 00 00 00"
    bench.adapter.stale_frame = None
    bench.adapter.foreign_frame = "7EB 03 7F 01 11 00 00 00 00"
    bench.setup("ATST20")
    order = [line.split()[0] for line in bench.lines("0105")]
    assert order[0] == "7E8" and "7EB" in order[1:]


def test_a_foreign_frame_has_to_pass_the_filters():
    bench = Bench().setup(QUIET)
    bench.adapter.foreign_frame = "123 03 7F 01 11 00 00 00 00"
    assert len(bench.lines("0120")) == 1


def test_a_wedged_adapter_is_silent_until_the_right_command():
    bench = Bench().setup(QUIET)
    bench.adapter.wedged = "ATWS"
    bench.send("0120\rATI\r\r")
    assert bench.rest(60) == ""
    assert "ELM327" in bench.ask("atws")
    assert bench.adapter.wedged is None


def test_a_wedge_in_the_middle_of_a_request():
    bench = Bench(latency_ms=50).setup(QUIET + ";ATST32")
    bench.send("0120\r")
    bench.rest(0.02)
    bench.adapter.wedged = "CR"
    assert bench.rest(60) == ""
    assert "ELM327" in bench.ask("ATI")


def test_only_the_reset_pin_ends_the_last_kind_of_wedge():
    bench = Bench().setup(QUIET)
    bench.adapter.wedged = "never"
    bench.send("ATZ\r")
    assert bench.rest(10) == ""
    bench.adapter.hard_reset()
    assert bench.rest(2) == "\r\rELM327 v1.4b\r\r>"
    assert "ATI" in bench.ask("ATI")


def test_the_reset_pin_ends_a_request():
    bench = Bench(latency_ms=1000).setup(QUIET + ";ATSTFF")
    bench.send("0120\r")
    bench.rest(0.1)
    bench.adapter.hard_reset()
    assert bench.rest(2).endswith("ELM327 v1.4b\r\r>")
    assert bench.lines("ATI")[-1] == "ELM327 v1.4b"


def test_latency_changes_at_run_time():
    bench = Bench(latency_ms=10).setup(QUIET + ";ATST32")
    bench.ask("01201")
    assert 0.010 < bench.elapsed < 0.012
    bench.adapter.latency_ms = 100
    bench.ask("01201")
    assert 0.100 < bench.elapsed < 0.102


def test_healing_takes_all_faults_away():
    bench = Bench().setup(QUIET)
    bench.adapter.asleep = bench.adapter.bus_fault = True
    bench.adapter.garbage, bench.adapter.drop_every, bench.adapter.wedged = 0.5, 3, "never"
    bench.adapter.heal()
    assert bench.lines("0120")[0].startswith("7E8 06 41 20")
