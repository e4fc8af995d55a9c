"""The adapter's own commands: echo, line ends, identities, what it does not know."""

import pytest
from simulator import CarError, Options
from simulator_host import Bench, ecu

QUIET = "ATE0;ATSP6"


def test_echo_comes_back_until_it_is_switched_off():
    bench = Bench()
    assert bench.ask("ATI") == "ATI\rELM327 v1.4b\r\r"
    assert bench.ask("ATE0") == "ATE0\rOK\r\r"
    assert bench.ask("ATI") == "ELM327 v1.4b\r\r"


def test_linefeeds_follow_every_carriage_return_when_on():
    bench = Bench().setup("ATE0;ATL1")
    assert bench.ask("ATI") == "ELM327 v1.4b\r\n\r\n"


def test_spaces_case_and_control_characters_in_commands_do_not_matter():
    bench = Bench().setup("ATE0")
    assert bench.lines("\n a t  D p\tN") == ["A0"]


def test_unknown_commands_get_a_question_mark():
    bench = Bench(personality="elm327").setup("ATE0")
    for command in ("STI", "VTVERS", "HELLO", "ATXY", "ATSH12", "ATST", "1", "ATSH17FC007B"):
        assert bench.lines(command) == ["?"], command
    assert bench.adapter.counters["unknown"] == 8


def test_identities_of_the_chips():
    for options, command, answer in (
        ({"personality": "elm327"}, "ATI", "ELM327 v1.5"),
        ({"personality": "elm327", "version": "2.1"}, "ATI", "ELM327 v2.1"),
        ({"personality": "elm327-2.3"}, "ATI", "ELM327 v2.3"),
        ({"personality": "stn"}, "STI", "STN1110 v4.2.0"),
        ({"personality": "mic3624"}, "VTVERS", "MIC3624 V2.3.22"),
        ({"personality": "mic3624"}, "VTPPSWS", "10"),
        ({}, "AT@1", "OBDII to RS232 Interpreter"),
        ({}, "ATRV", "14.1V"),
    ):
        assert Bench(**options).setup("ATE0").lines(command) == [answer], (options, command)


def test_long_headers_need_version_two():
    assert Bench(personality="elm327").setup("ATE0").lines("ATSH17FC007B") == ["?"]
    assert Bench(personality="elm327-2.1").setup("ATE0").lines("ATSH17FC007B") == ["OK"]


def test_reset_prints_the_banner_and_forgets_the_settings():
    bench = Bench().setup("ATE0;ATH1;ATSP6")
    assert bench.ask("ATZ") == "\r\rELM327 v1.4b\r\r"
    assert bench.ask("ATDPN") == "ATDPN\r6\r\r"
    assert not bench.adapter.settings.headers


def test_a_cold_reset_takes_longer_than_a_warm_one():
    bench = Bench(pace=True).setup("ATE0")
    bench.ask("ATZ")
    cold = bench.elapsed
    bench.ask("ATWS")
    assert 0.5 < cold < 1.0
    assert bench.elapsed < cold / 2


def test_defaults_keep_the_stored_protocol():
    bench = Bench().setup("ATE0;ATSP6;ATTP7;ATD")
    assert bench.lines("ATDPN")[-1] == "6"


def test_protocols_by_number_and_name():
    bench = Bench().setup("ATE0")
    for command, number, name in (
        ("ATSP0", "A0", "AUTO"),
        ("ATTP7", "7", "ISO 15765-4 (CAN 29/500)"),
        ("ATTPA6", "A6", "AUTO, ISO 15765-4 (CAN 11/500)"),
        ("ATSPA", "A", "SAE J1939 (CAN 29/250)"),
        ("STP36", "9", "ISO 15765-4 (CAN 29/250)"),
    ):
        bench.ask(command)
        assert (bench.lines("ATDPN"), bench.lines("ATDP")) == ([number], [name]), command


def test_a_carriage_return_alone_repeats_the_last_command():
    bench = Bench().setup(QUIET)
    assert bench.ask("") == "OK\r\r"
    first = bench.lines("0120")
    assert bench.lines("") == first
    assert bench.adapter.counters["repeats"] == 2


def test_flow_control_modes_need_their_data_first():
    bench = Bench().setup("ATE0")
    assert bench.lines("ATFCSM1") == ["?"]
    assert bench.lines("ATFCSM2") == ["?"]
    bench.setup("ATFCSH7E0;ATFCSD300000;ATFCSM1;ATFCSM2;ATFCSM0")


def test_every_command_of_the_public_profiles_is_known():
    commands = (
        "ATSH7E4;ATSH0007E0;ATCRA7EC;ATCRA;ATCRA7EX;ATCRA17FE007B;ATFCSH7E4;ATFCSD300000;ATFCSM1;ATFCSM0;ATST96;"
        "ATSP0;ATSP6;ATSP7;ATTP6;ATCP17;ATAT0;ATAT1;ATCEA;ATCEA07;ATCERF1;ATTAF1;ATS0;ATL0;ATM0;ATH0;ATH1;"
        "ATR1;ATE0;ATCAF1;STCAFCP7E0,7E8;STPTO200;STCSEGR0"
    )
    for chip in ("stn", "mic3624"):
        Bench(personality=chip).setup(commands)


def test_quirks_of_clones():
    for quirk, command, answer in (
        ("no_at2", "ATAT2", "?"),
        ("no_pp", "ATPPS", "?"),
        ("no_flow_setup", "ATFCSM0", "?"),
        ("no_receive_filter", "ATCRA7E8", "?"),
        ("no_count_digit", "01001", "?"),
    ):
        assert Bench(quirks=(quirk,)).setup("ATE0").lines(command) == [answer], quirk
    bench = Bench(quirks=("keeps_echo", "keeps_spaces"))
    assert bench.setup("ATE0;ATS0;ATSP6").ask("0120").startswith("0120\r41 20 ")


def test_options_that_make_no_sense_are_refused():
    with pytest.raises(CarError):
        Options(quirks=("sings",))
    with pytest.raises(CarError):
        Options(personality="elm999").chip()


def test_low_power_ends_with_a_character():
    bench = Bench().setup("ATE0")
    bench.send("STSLEEP0\r")
    assert "OK" in bench.rest(60)
    bench.send(" ")
    assert "ELM327" in bench.rest(1)


def test_commands_are_counted_and_logged():
    bench = Bench().setup("ATE0;ATSP6")
    bench.ask("01 0c")
    bench.ask("STI")
    counters = bench.adapter.counters
    assert (counters["at"], counters["requests"], counters["st"]) == (2, 1, 1)
    assert list(bench.adapter.log) == ["ATE0", "ATSP6", "01 0c", "STI"]


def test_the_log_is_bounded():
    bench = Bench(log_size=3)
    for _ in range(5):
        bench.ask("ATI")
    assert len(bench.adapter.log) == 3


def test_divisor_switch_stays_if_the_host_follows_and_goes_back_if_not():
    bench = Bench(pace=True, baud=38400, personality="elm327").setup("ATE0")
    bench.send("ATBRD08\r")
    assert bench.rest(0.03) == "OK\rELM327 v1.5\r"
    assert bench.ask("") == "OK\r\r"
    assert bench.adapter.baud == 500000
    bench.ask("ATBRD23")
    assert bench.adapter.baud == 500000


def test_speed_set_by_stsbr_survives_a_reset_only_when_stored():
    bench = Bench(pace=True, personality="mic3624").setup("ATE0;STSBR2000000")
    assert bench.adapter.baud == 2000000
    bench.ask("ATZ")
    assert bench.adapter.baud == 115200
    bench.setup("STSBR2000000;STWBR")
    bench.ask("ATZ")
    assert bench.adapter.baud == 2000000


def test_wrong_speed_garbles_in_strict_mode():
    bench = Bench(strict_baud=True).setup("ATE0")
    bench.adapter.host_baud = 9600
    bench.send("ATI\r")
    assert "ELM" not in bench.rest(1)
    bench.adapter.host_baud = 115200
    assert bench.lines("ATI") == ["ELM327 v1.4b"]


def test_two_ecus_need_no_shared_state_between_benches():
    first = Bench({"ecus": [ecu(responses={"220001": "62000101"})]}).setup("ATE0;ATSP6")
    second = Bench({"ecus": [ecu(responses={"220001": "62000102"})]}).setup("ATE0;ATSP6")
    assert first.lines("220001") != second.lines("220001")
