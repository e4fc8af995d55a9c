"""Requests on CAN and the K-line: addressing, formatting, flow control, waiting."""

from simulator_host import Bench, ecu

QUIET = "ATE0;ATSP6;ATH1;ATAT0;ATST0A"
LONG = "62F190" + "11" * 20
LONG_ECU = ecu("7B3", "7BB", functional=False, responses={"22F190": LONG})


def test_headers_on_shows_identifier_pci_and_padding():
    bench = Bench().setup(QUIET)
    assert bench.lines("0120")[0].startswith("7E8 06 41 20 ")
    assert bench.lines("0120")[0].endswith(" 00")


def test_the_mic3624_hides_padding_also_of_the_last_consecutive_frame():
    bench = Bench("petrol", personality="mic3624").setup(QUIET)
    assert len(bench.lines("0120")[0].split()) == 1 + 7
    assert bench.lines("0168")[1].split() == ["7E8", "21", "00", "00", "00"]


def test_headers_off_shows_data_only_and_numbers_long_answers():
    bench = Bench().setup("ATE0;ATSP6")
    vin = b"WVWZZZ1KZAW000123".hex(" ").upper()
    assert bench.lines("0100")[0].startswith("41 00 ")
    assert bench.lines("0902") == [
        "014",
        "0: 49 02 01 " + vin[:8],
        "1: " + vin[9:29],
        "2: " + vin[30:],
    ]


def test_spaces_off_joins_everything():
    bench = Bench("enyaq").setup("ATE0;ATSP7;ATS0;ATH1;ATCP17;ATSHFC007B;ATCRA17FE007B")
    assert bench.ask("22028C") == "17FE007B0462028CD2555555\r\r"


def test_wide_identifiers_come_as_four_tokens_or_as_one():
    init = "ATE0;ATSP7;ATH1;ATCP17;ATSHFC007B;ATCRA17FE007B"
    four = Bench("enyaq", personality="mic3624").setup(init)
    one = Bench("enyaq", personality="mic3624", joined_ids=True).setup(init)
    assert four.lines("22028C") == ["17 FE 00 7B 04 62 02 8C D2"]
    assert one.lines("22028C") == ["17FE007B 04 62 02 8C D2"]


def test_data_length_is_shown_when_asked_for():
    assert Bench().setup(QUIET + ";ATD1").lines("0120")[0].startswith("7E8 8 06 41 20")


def test_formatting_off_sends_and_shows_raw_bytes():
    bench = Bench().setup("ATE0;ATSP6;ATCAF0")
    assert bench.lines("02 01 20")[0].startswith("06 41 20 ")
    assert bench.lines("0120") == ["NO DATA"]


def test_requests_that_do_not_fit_a_frame_are_not_understood():
    bench = Bench().setup("ATE0;ATSP6")
    assert bench.lines("01" * 8) == ["?"]


def test_first_request_of_an_automatic_protocol_searches():
    bench = Bench(pace=True).setup("ATE0")
    answer = bench.ask("0100")
    assert answer.startswith("SEARCHING...\r41 00 ")
    assert bench.elapsed > 0.9
    assert bench.lines("ATDPN") == ["A6"]
    assert "SEARCHING" not in bench.ask("0100")
    bench.ask("ATPC")
    assert "SEARCHING" in bench.ask("0100")


def test_search_finds_wide_identifiers_and_the_k_line():
    for car, number in (("enyaq", "A7"), ("sprinter", "A5")):
        bench = Bench(car).setup("ATE0")
        assert bench.ask("0100").startswith("SEARCHING...\r41 00"), car
        assert bench.lines("ATDPN") == [number]


def test_search_in_vain():
    bench = Bench().setup("ATE0")
    bench.adapter.asleep = True
    assert bench.ask("0100") == "SEARCHING...\rUNABLE TO CONNECT\r\r"


def test_nobody_at_that_address():
    bench = Bench().setup(QUIET + ";ATSH7C0")
    assert bench.lines("0120") == ["NO DATA"]
    assert bench.adapter.counters["no_data"] == 1


def test_wrong_bit_rate_is_a_can_error_and_wrong_width_no_data():
    assert Bench().setup("ATE0;ATSP8").lines("0100") == ["CAN ERROR"]
    assert Bench().setup("ATE0;ATSP7").lines("0100") == ["NO DATA"]


def test_wait_restarts_with_every_frame_and_ends_with_the_prompt():
    bench = Bench(latency_ms=20).setup("ATE0;ATSP6;ATAT0;ATST19")
    bench.ask("0100")
    assert 0.020 + 0x19 * 0.004096 < bench.elapsed < 0.022 + 0x19 * 0.004096
    bench.setup("ATSH7C0")
    bench.ask("0100")
    assert 0x19 * 0.004096 < bench.elapsed < 0.001 + 0x19 * 0.004096


def test_stpto_sets_the_wait_in_milliseconds():
    bench = Bench().setup("ATE0;ATSP6;ATAT0;STPTO500;ATSH7C0")
    bench.ask("0100")
    assert 0.5 < bench.elapsed < 0.502


def test_adaptive_timing_shortens_the_wait_after_an_answer():
    waits = []
    for mode in "012":
        bench = Bench(latency_ms=10).setup("ATE0;ATSP6;ATST32;ATAT" + mode)
        bench.ask("0100")
        waits.append(bench.elapsed)
    assert waits[0] > 0.2 > waits[1] > waits[2] > 0.01


def test_expected_lines_digit_ends_the_wait():
    bench = Bench("ioniq5", latency_ms=10).setup("ATE0;ATSP6;ATH1;ATAT0;ATST96;ATSH7E4")
    assert len(bench.lines("2201019")) == 9
    assert bench.elapsed < 0.02
    assert len(bench.lines("2201012")) == 2


def test_a_pending_line_counts_as_a_line():
    answer = {"pending_ms": 30, "payload": "62000155"}
    bench = Bench({"ecus": [ecu(responses={"220001": answer}, padding="00")]}).setup(QUIET)
    assert bench.lines("2200011") == ["7E8 03 7F 22 78 00 00 00 00"]
    bench.rest(1)
    assert len(bench.lines("2200012")) == 2


def test_an_answer_after_the_prompt_shows_up_in_the_next_window():
    late = {"pending_ms": 100, "payload": "62000155"}
    car = {"ecus": [ecu(responses={"220001": late, "220002": "62000266"}, padding="00")]}
    bench = Bench(car, latency_ms=80).setup("ATE0;ATSP6;ATS0;ATAT0;ATST18")
    assert bench.lines("220001") == ["7F2278"]
    assert bench.lines("220002") == ["62000155", "62000266"]


def test_an_answer_nobody_waits_for_is_lost():
    late = {"pending_ms": 200, "payload": "62000155"}
    car = {"ecus": [ecu(responses={"220001": late, "220002": "62000266"})]}
    bench = Bench(car).setup("ATE0;ATSP6;ATS0;ATAT0;ATST0A")
    bench.ask("220001")
    bench.rest(1)
    assert bench.lines("220002") == ["62000266"]


def test_negative_answers_by_script_and_by_nature():
    car = {"ecus": [ecu(responses={"220001": {"nrc": "22"}, "220002": {"nrc": "12"}})]}
    bench = Bench(car).setup("ATE0;ATSP6;ATS0;ATSH7E0;ATST0A")
    for request, answer in (
        ("220001", "7F2222"),
        ("220002", "7F2212"),
        ("220003", "7F2231"),
        ("2101", "7F2111"),
        ("01A6", "NO DATA"),
    ):
        assert bench.lines(request) == [answer], request


def test_answers_in_turn_and_silence():
    car = {"ecus": [ecu(responses={"220001": ["62000101", {"silent": True}, {"nrc": "22"}]})]}
    bench = Bench(car).setup("ATE0;ATSP6;ATS0;ATST0A")
    assert [bench.lines("220001")[0] for _ in range(4)] == [
        "62000101",
        "NO DATA",
        "7F2222",
        "62000101",
    ]


def test_flow_control_must_reach_the_ecu_that_answers():
    car = {"ecus": [LONG_ECU]}
    base = QUIET + ";ATSH7B3;ATCRA7BB;"
    for chip, extra, count in (
        ("elm327", "", 4),
        ("stn", "", 1),
        ("stn", "STCAFCP7B3,7BB", 4),
        ("stn", "STCAFCP7B3,7BB;STCCFCP", 1),
        ("elm327", "ATCFC0", 1),
        ("elm327", "ATFCSH7B3;ATFCSD300000;ATFCSM1", 4),
        ("elm327", "ATFCSH7B4;ATFCSD300000;ATFCSM1", 1),
        ("elm327", "ATFCSD320000;ATFCSM2", 1),
        ("mic3624", "", 4),
    ):
        bench = Bench(car, personality=chip).setup(base + extra)
        assert len(bench.lines("22F190")) == count, (chip, extra)


def test_flow_control_goes_to_the_physical_address_after_a_functional_request():
    assert len(Bench().setup(QUIET + ";ATSH7DF").lines("0902")) == 3


def test_block_size_and_separation_time_are_obeyed():
    car = {"ecus": [LONG_ECU]}
    bench = Bench(car, latency_ms=0).setup(
        QUIET + ";ATSH7B3;ATCRA7BB;ATFCSH7B3;ATFCSD300214;ATFCSM1"
    )
    assert len(bench.lines("22F190")) == 3
    bench.setup("ATFCSD300014")
    assert len(bench.lines("22F1904")) == 4
    assert 0.060 < bench.elapsed < 0.064


def test_a_pair_also_opens_the_receive_filter():
    bench = Bench({"ecus": [LONG_ECU]}).setup(QUIET + ";ATSH7B3")
    assert bench.lines("22F190") == ["NO DATA"]
    assert len(bench.setup("STCAFCP7B3,7BB").lines("22F190")) == 4


def test_receive_filters():
    bench = Bench("twin").setup(QUIET)
    for setting, identifiers in (
        ("ATCRA7E9", ["7E9"]),
        ("ATCRA7EX", ["7E8", "7E9"]),
        ("ATCRA7C8", []),
        ("ATCRA", ["7E8", "7E9"]),
        ("ATCF7E9", ["7E9"]),
        ("ATCM7F0", ["7E8", "7E9"]),
        ("ATAR", ["7E8", "7E9"]),
        ("STFAP7E9,7FF", ["7E9"]),
        ("STFAC", ["7E8", "7E9"]),
        ("STFAB7E9,7FF", ["7E8"]),
    ):
        bench.setup(setting)
        lines = bench.lines("0105")
        assert [line.split()[0] for line in lines if line != "NO DATA"] == identifiers, setting


def test_several_ecus_answer_in_order_of_arrival_and_interleave():
    long = {"220001": "620001" + "00" * 20}
    pair = [ecu("7E0", "7E8", responses=long), ecu("7E1", "7E9", responses=long, latency_ms=15.1)]
    bench = Bench({"ecus": pair}).setup(QUIET)
    order = [line.split()[0] for line in bench.lines("220001")]
    assert sorted(order) == ["7E8"] * 4 + ["7E9"] * 4
    assert order != sorted(order)


def test_up_to_six_pids_in_one_request_each_ecu_with_what_it_has():
    bench = Bench("twin").setup(QUIET + ";ATS0;ATH0")
    assert bench.lines("01050C0D42")[:2] == ["008", "0:4105770C0CB1"]
    bench.setup("ATCRA7E9")
    assert bench.lines("01050C0D42") == ["008", "0:4105770D0042", "1:31380000000000"]
    bench.setup("ATCRA")
    assert bench.lines("012F") == ["NO DATA"]


def test_an_ecu_may_know_only_one_pid_at_a_time():
    car = {"ecus": [ecu(multi_pid=False, mode01={"05": 50, "0D": 30})]}
    assert Bench(car).setup("ATE0;ATSP6;ATS0;ATST0A").lines("01050D") == ["41055A"]


def test_several_identifiers_in_one_request():
    car = {"ecus": [ecu(responses={"221E3B": "621E3B058C", "221E3D": "621E3D01"})]}
    bench = Bench(car).setup("ATE0;ATSP6;ATS0;ATST0A")
    assert "".join(bench.lines("221E3B1E3D")) == "0080:621E3B058C1E1:3D01AAAAAAAAAA"
    assert bench.lines("221E3B9999") == ["621E3B058C"]
    assert bench.lines("2299989999") == ["NO DATA"]
    assert bench.setup("ATSH7E0").lines("22999899991") == ["7F2231"]


def test_extended_addresses():
    i3 = ecu(
        "6F1", "607", functional=False, extended="07", responses={"22DDBC": "62DDBC" + "01" * 8}
    )
    setting = QUIET + ";ATSH6F1;ATCRA607;ATCEA07"
    bench = Bench({"ecus": [i3]}).setup(setting)
    assert bench.lines("22DDBC") == ["607 F1 10 0B 62 DD BC 01 01"]
    bench.setup("ATFCSH6F1;ATFCSD07300000;ATFCSM1")
    assert bench.lines("22DDBC")[1:] == ["607 F1 21 01 01 01 01 01 01"]
    assert bench.setup("ATFCSD300000").lines("22DDBC")[1:] == []
    assert bench.setup("ATCERF2").lines("22DDBC") == ["NO DATA"]
    assert Bench({"ecus": [i3]}).setup(setting + ";ATTAF0").lines("22DDBC") == ["NO DATA"]
    assert Bench({"ecus": [i3]}).setup(QUIET + ";ATSH6F1;ATCRA607").lines("22DDBC") == ["NO DATA"]


def test_responses_off_does_not_wait():
    bench = Bench().setup(QUIET + ";ATR0")
    assert bench.lines("0100") == []
    assert bench.elapsed < 0.002


def test_k_line_initialises_once_and_shows_header_and_checksum():
    bench = Bench("sprinter", pace=True).setup("ATE0;ATSP5;ATH1")
    assert bench.lines("0110") == ["BUS INIT: OK", "84 F1 12 41 10 00 F1 C9"]
    assert bench.lines("0110") == ["84 F1 12 41 10 00 F1 C9"]
    assert bench.setup("ATH0").lines("0110") == ["41 10 00 F1"]
    assert bench.setup("ATSP4").lines("0110") == ["BUS INIT: ...OK", "41 10 00 F1"]


def test_k_line_that_does_not_answer():
    bench = Bench("sprinter").setup("ATE0;ATSP5")
    bench.adapter.asleep = True
    assert bench.lines("0110") == ["BUS INIT: ERROR"]
    assert Bench("petrol").setup("ATE0;ATSP3").lines("0110") == ["BUS INIT: ...ERROR"]


def test_a_character_interrupts_a_request():
    bench = Bench(latency_ms=100).setup("ATE0;ATSP6")
    bench.send("0100\r")
    bench.rest(0.05)
    bench.send("0")
    assert bench.rest(0.001) == "STOPPED\r\r>"
    assert "41 00" in bench.ask("0100")
    assert bench.adapter.counters["stopped"] == 1


def test_a_character_interrupts_the_search():
    bench = Bench(pace=True).setup("ATE0")
    bench.send("0100\r")
    assert bench.rest(0.3) == "SEARCHING..."
    bench.send(" ")
    assert bench.rest(0.1) == "\rSTOPPED\r\r>"


def test_monitoring_goes_on_until_any_character():
    bench = Bench().setup("ATE0;ATSP6;ATH1;ATCAF0")
    bench.send("ATMA\r")
    frames = bench.rest(0.5).splitlines()
    assert 20 <= sum(line.startswith("280 ") for line in frames) <= 26
    assert 4 <= sum(line.startswith("5A0 ") for line in frames) <= 6
    bench.send(" ")
    assert bench.rest(0.1).endswith("STOPPED\r\r>")


def test_monitoring_through_a_filter():
    bench = Bench().setup("ATE0;ATSP6;ATH1;ATCAF0;ATCRA5A0")
    bench.send("ATMA\r")
    assert {line[:3] for line in bench.rest(0.5).splitlines()} == {"5A0"}
    bench.send("\r")
    assert "STOPPED" in bench.rest(0.1)


def test_monitoring_with_formatting_marks_what_is_not_iso_tp():
    bench = Bench().setup("ATE0;ATSP6;ATH1;ATCRA5A0")
    bench.send("ATMA\r")
    assert "5A0 FF 00 00 81 00 00 00 7F <DATA ERROR" in bench.rest(0.3)


def test_a_slow_line_overruns_while_monitoring():
    bench = Bench(pace=True, baud=9600, personality="elm327").setup("ATE0;ATSP6;ATH1;ATCAF0")
    answer = bench.ask("ATMA")
    assert answer.endswith("BUFFER FULL\r\r")


def test_a_slow_line_overruns_in_a_long_answer():
    car = {"ecus": [ecu(responses={"220001": "620001" + "00" * 200})]}
    bench = Bench(car, pace=True, baud=9600, personality="elm327").setup("ATE0;ATSP6;ATH1")
    assert bench.ask("220001").endswith("BUFFER FULL\r\r")
    fast = Bench(car, pace=True, baud=500000, personality="elm327").setup("ATE0;ATSP6;ATH1")
    assert len(fast.lines("220001")) == 30
