"""The cars: the worked examples line by line, the drive of the petrol car by SAE J1979."""

import json

import pytest
import simulator
from simulator import CarError, car_names, load_car
from simulator_host import FOLDER, Bench, ecu

IONIQ5 = """\
7EC 10 3E 62 01 01 EF FB E7
7EC 21 EF 84 20 40 01 72 00
7EC 22 FF D0 1D 1A 19 17 18
7EC 23 19 18 18 18 00 3F C2
7EC 24 16 C1 0E 00 00 90 00
7EC 25 00 F1 D5 00 00 ED DF
7EC 26 00 00 B4 D5 00 00 AD
7EC 27 12 00 8D 9C 5F 00 02
7EC 28 E7 00 00 00 00 07 07
"""


def test_all_cars_load_and_have_something_to_poll():
    assert car_names() == ["enyaq", "ioniq5", "petrol", "sprinter", "twin"]
    for name in car_names():
        car = load_car(name)
        assert car.profile and car.description and car.standard, name


def test_ioniq5_prints_the_captured_lines_byte_for_byte():
    bench = Bench("ioniq5", personality="mic3624")
    bench.setup("ATE0;ATH1;ATSP6;ATSH7E4;ATST96")
    assert bench.ask("2201019") == IONIQ5.replace("\n", "\r") + "\r"


def test_enyaq_prints_the_captured_line():
    bench = Bench("enyaq", personality="mic3624").setup("ATE0;ATH1")
    for command in load_car("enyaq").profile["pids"][0]["pid_init"].split(";"):
        bench.setup(command)
    assert bench.ask("22028C") == "17 FE 00 7B 04 62 02 8C D2\r\r"


def test_twin_prints_the_captured_lines():
    bench = Bench("twin", personality="mic3624").setup("ATE0;ATH1;ATSP6")
    assert bench.ask("0105") == "7E8 03 41 05 77\r7E9 03 41 05 77\r\r"
    assert bench.ask("01051") == "7E8 03 41 05 77\r\r"


def test_sprinter_prints_the_captured_line():
    bench = Bench("sprinter").setup("ATE0;ATH1;ATSP5;ATS0")
    bench.ask("0110")
    assert bench.ask("0110") == "84F112411000F1C9\r\r"


def test_petrol_answers_a_manufacturer_request_after_a_pending_line():
    bench = Bench("petrol", personality="mic3624").setup("ATE0;ATH1;ATSP6;ATAT0;ATSH7E0")
    assert bench.ask("2210E0") == "7E8 03 7F 22 78\r7E8 07 62 10 E0 00 00 6C B1\r\r"


def _pids_of(bench: Bench, base: int) -> list[int]:
    bits = int(bench.lines(f"01{base:02X}")[0].replace(" ", "")[4:], 16)
    return [base + number for number in range(1, 33) if bits >> 32 - number & 1]


def test_bitmaps_name_exactly_the_pids_that_answer():
    bench = Bench().setup("ATE0;ATSP6;ATST02;ATAT0")
    bench.adapter.latency_ms = 1
    announced = [pid for base in range(0, 0xC0, 0x20) for pid in _pids_of(bench, base)]
    answering = [pid for pid in range(1, 0x100) if bench.lines(f"01{pid:02X}") != ["NO DATA"]]
    assert announced == answering
    assert len(announced) > 45


def _request(bench: Bench, digits: str) -> bytes:
    """The payload of the answer, put together from numbered lines with spaces off."""
    lines = bench.lines(digits)
    if len(lines) == 1:
        return bytes.fromhex(lines[0])
    joined = bytes.fromhex("".join(line.split(":")[1] for line in lines[1:]))
    return joined[: int(lines[0], 16)]


def test_values_are_what_a_reader_of_the_standard_makes_of_the_bytes():
    bench = Bench().setup("ATE0;ATSP6;ATS0")
    bench.car.hold(75.3)
    values = bench.car.values()

    def data(pid: str) -> bytes:
        answer = _request(bench, "01" + pid)
        assert answer[:2] == bytes([0x41, int(pid, 16)])
        return answer[2:]

    def word(pid: str, at: int = 0) -> int:
        return int.from_bytes(data(pid)[at : at + 2], "big")

    def signed(pid: str) -> int:
        return int.from_bytes(data(pid)[:2], "big", signed=True)

    for name, value in (
        ("0C-EngineRPM", word("0C") / 4),
        ("0D-VehicleSpeed", data("0D")[0]),
        ("05-EngineCoolantTemp", data("05")[0] - 40),
        ("04-CalcEngineLoad", round(data("04")[0] * 100 / 255, 2)),
        ("06-ShortFuelTrimBank1", round(data("06")[0] * 100 / 128 - 100, 2)),
        ("0E-TimingAdvance", data("0E")[0] / 2 - 64),
        ("10-MAFAirFlowRate", word("10") / 100),
        ("14-OxySensor1_Volt", data("14")[0] / 200),
        ("24-OxySensor1_FAER", round(word("24") * 2 / 65536, 4)),
        ("24-OxySensor1_Volt", round(word("24", 2) * 8 / 65536, 4)),
        ("32-EvapSysVaporPres", signed("32") / 4),
        ("34-OxySensor1_Crnt", round(word("34", 2) / 256 - 128, 3)),
        ("3C-CatTempBank1Sens1", word("3C") / 10 - 40),
        ("42-ControlModuleVolt", word("42") / 1000),
        ("43-AbsLoadValue", round(word("43") * 100 / 255, 2)),
        ("54-EvapSysVapPres", signed("54")),
        ("5E-EngineFuelRate", word("5E") / 20),
        ("61-DemandEngTorqPct", data("61")[0] - 125),
        ("64-EngPctTorq_EP4", data("64")[4] - 125),
        ("66-MAFSensorA", round(word("66", 1) / 32, 2)),
        ("67-EngineCoolantTemp2", data("67")[2] - 40),
        ("68-IntakeAirTempSens2", data("68")[2] - 40),
        ("A6-Odometer", int.from_bytes(data("A6"), "big") / 10),
    ):
        assert float(values[name]) == pytest.approx(value, abs=1e-9), name
    assert values["32-EvapSysVaporPres"].startswith("-")
    assert "." not in values["0D-VehicleSpeed"]


def test_every_standard_value_to_poll_is_simulated():
    for name in car_names():
        car = load_car(name)
        values = car.values()
        for standard in car.standard:
            assert standard in values, (name, standard)


def test_profile_parameters_have_an_expected_value():
    for name in car_names():
        profile = load_car(name).profile
        for pid in profile.get("cars", [profile])[0]["pids"]:
            for parameter in pid["parameters"]:
                key = parameter["name"] if isinstance(parameter, dict) else parameter
                assert key in load_car(name).values(), (name, key)


def test_text_has_the_decimals_of_one_bit_and_no_more_than_asked_for():
    car = load_car("petrol")
    car.hold(75.3)
    assert len(car.values()["24-OxySensor1_FAER"].split(".")[1]) <= 4
    assert all(len(text.partition(".")[2]) <= 2 for text in car.values(2).values())


def test_the_drive_moves_plausibly():
    car = load_car("petrol")
    rows = []
    for second in range(0, 600, 5):
        car.hold(second)
        rows.append({name: float(text) for name, text in car.values().items()})

    def column(name: str) -> list[float]:
        return [row[name] for row in rows]

    assert min(column("0D-VehicleSpeed")) == 0 and max(column("0D-VehicleSpeed")) > 80
    assert 700 < min(column("0C-EngineRPM")) < 900 and 2000 < max(column("0C-EngineRPM")) < 4000
    for name in ("05-EngineCoolantTemp", "A6-Odometer", "1F-TimeSinceEngStart"):
        assert column(name) == sorted(column(name)), name
    assert column("2F-FuelTankLevel") == sorted(column("2F-FuelTankLevel"), reverse=True)
    assert column("05-EngineCoolantTemp")[-1] > 80 > 25 > column("05-EngineCoolantTemp")[0]
    driven = column("A6-Odometer")[-1] - column("A6-Odometer")[0]
    average = sum(column("0D-VehicleSpeed")) / len(rows)
    assert driven == pytest.approx(average * 595 / 3600, rel=0.05)


def test_trouble_codes_and_their_clearing():
    bench = Bench().setup("ATE0;ATSP6;ATS0")
    assert bench.lines("03") == ["430201330420"]
    assert bench.lines("07") == ["47010302"]
    before = bench.car.values()
    assert int(before["01-MonitorStatus"]) >> 24 == 0x82
    assert bench.lines("04") == ["44"]
    assert (bench.lines("03"), bench.lines("07"), bench.lines("0A")) == (
        ["4300"],
        ["4700"],
        ["4A010420"],
    )
    after = bench.car.values()
    assert int(after["01-MonitorStatus"]) >> 24 == 0
    assert int(before["01-MonitorStatus"]) & 0xFF == 0 != int(after["01-MonitorStatus"]) & 0xFF
    for name in ("31-DistanceSinceCodeClear", "4E-TimeSinceCodeClear", "30-WarmUpsSinceCodeClear"):
        assert int(before[name]) > int(after[name]) == 0, name
    assert after["21-DistanceMILOn"] == "0"


def test_vehicle_information():
    bench = Bench().setup("ATE0;ATSP6;ATS0")
    assert _request(bench, "0902") == b"\x49\x02\x01WVWZZZ1KZAW000123"
    assert _request(bench, "0904") == b"\x49\x04\x01SIM16-CAL-000042"
    assert bench.lines("0900") == ["490054400000"]


def test_k_line_codes_come_three_to_a_message():
    bench = Bench("sprinter").setup("ATE0;ATSP5;ATS0")
    bench.ask("0100")
    assert bench.lines("03") == ["43010100000000"]


def test_k_line_messages_follow_each_other():
    codes = ["P0101", "P0102", "P0103", "P0104"]
    spec = {"tx": "12", "dtcs": {"stored": codes}, "mode09": {"02": "WDB90366210000451"}}
    bench = Bench({"protocol": "5", "ecus": [spec]}).setup("ATE0;ATSP5;ATS0")
    assert bench.lines("03")[-2:] == ["43010101020103", "43010400000000"]
    assert bench.lines("0902") == [
        "49020100000057",
        "49020244423930",
        "49020333363632",
        "49020431303030",
        "49020530343531",
    ]
    assert bench.lines("0900") == ["49000140000000"]
    assert bench.lines("0A") == ["NO DATA"], "permanent codes came with CAN"


def test_freeze_frame_until_the_codes_are_cleared():
    bench = Bench().setup("ATE0;ATSP6;ATS0")
    assert bench.lines("020200") == ["4202000133"]
    assert bench.lines("020000") == ["4200007E388000"]
    assert bench.lines("020C00") == ["420C002289"]
    assert _request(bench, "020C000D00") == b"\x42\x0c\0\x22\x89\x0d\0\x44"
    assert bench.lines("020C01") == bench.lines("021000") == ["NO DATA"]
    bench.ask("04")
    assert bench.lines("020200") == ["4202000000"]
    assert bench.lines("020C00") == ["NO DATA"]


def test_two_ecus_tell_their_codes_one_in_several_frames():
    bench = Bench("twin").setup("ATE0;ATSP6;ATS0;ATH1")
    lines = bench.lines("03")
    assert "7E80443010301000000" in lines
    assert [line for line in lines if line.startswith("7E9")] == [
        "7E9100A430407000730",
        "7E9210741C100000000",
    ]


def test_a_freeze_frame_that_cannot_be_encoded_is_refused():
    frame = {"code": "P0133", "values": {"FF": 1}}
    with pytest.raises(CarError, match="FF"):
        load_car({"protocol": "6", "ecus": [ecu(freeze_frame=frame)]})


def test_tester_present_and_sessions():
    bench = Bench().setup("ATE0;ATSP6;ATS0;ATSH7E0;ATST0A")
    assert bench.lines("3E00") == ["7E00"]
    assert bench.lines("3E80") == ["NO DATA"]
    assert bench.lines("1003") == ["5003003201F4"]


def test_a_car_may_be_a_file_or_data(tmp_path):
    data = {"protocol": "6", "ecus": [ecu()]}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(data))
    assert load_car(path).name == "mine"
    assert load_car(data).name == "car"
    assert load_car(FOLDER / "twin.json").name == "twin"


def test_bad_cars_are_refused_with_a_reason():
    for data, word in (
        ({"protocol": "Q"}, "protocol"),
        ({}, "protocol"),
        ({"protocol": "6", "ecus": [{"mode01": {"FF": 1}}]}, "FF"),
        ({"protocol": "6", "ecus": [{"mode01": {"14": 1}}]}, "14"),
    ):
        with pytest.raises(CarError, match=word):
            load_car(data)
    with pytest.raises(CarError, match="petrol"):
        load_car("no such car")


def test_malformed_answers_can_be_scripted():
    frames = {"frames": ["100A620001112233", "2244556677889900"]}
    bench = Bench({"ecus": [ecu(responses={"220001": frames})]}).setup(
        "ATE0;ATSP6;ATH1;ATS0;ATST0A"
    )
    assert bench.lines("220001") == ["7E8100A620001112233", "7E82244556677889900"]


def test_the_package_lists_what_it_offers():
    assert all(hasattr(simulator, name) for name in simulator.__all__)
