"""SAE J1979: values of published answers, support bits, batched answers, trouble codes, VINs."""

from autopid.expression import Expression
from helper import raises
from obd import j1979, mode01, scan, vehicle
from obd.isotp import frame_image

# Answers with the value the standard's formula gives for them.
PUBLISHED = (
    ("00-PIDsSupported_01_20", "4100BE1FA813", "3189745683"),
    ("01-MonitorStatus", "41018307E500", "2198332672"),
    ("01-MIL", "41018307E500", "1"),
    ("01-DTCCount", "41018307E500", "3"),
    ("02-FreezeDTC", "41020301", "769"),
    ("03-FuelSystemStatus", "41030200", "2"),
    ("03-FuelSystem2Status", "41030208", "8"),
    ("04-CalcEngineLoad", "41047F", "49.8"),
    ("05-EngineCoolantTemp", "41057B", "83"),
    ("06-ShortFuelTrimBank1", "410680", "0"),
    ("06-ShortFuelTrimBank1", "41067E", "-1.56"),
    ("0A-FuelPressure", "410A64", "300"),
    ("0B-IntakeManiAbsPress", "410B65", "101"),
    ("0C-EngineRPM", "410C1AF8", "1726"),
    ("0D-VehicleSpeed", "410D32", "50"),
    ("0E-TimingAdvance", "410E8F", "7.5"),
    ("0F-IntakeAirTemperature", "410F46", "30"),
    ("10-MAFAirFlowRate", "41100FA0", "40"),
    ("11-ThrottlePosition", "411133", "20"),
    ("12-CmdSecAirStatus", "411204", "4"),
    ("13-OxySensorsPresent_2Banks", "411303", "3"),
    ("14-OxySensor1_Volt", "41145A80", "0.45"),
    ("14-OxySensor1_STFT", "41145A90", "12.5"),
    ("1C-OBDStandard", "411C06", "6"),
    ("1E-AuxInputStatus", "411E81", "1"),
    ("1F-TimeSinceEngStart", "411F0102", "258"),
    ("22-FuelRailPres", "41222710", "790"),
    ("23-FuelRailGaug", "41230BB8", "30000"),
    ("24-OxySensor1_FAER", "412480004000", "1"),
    ("24-OxySensor1_Volt", "412480004000", "2"),
    ("2D-EGRError", "412DFF", "99.22"),
    ("2F-FuelTankLevel", "412F80", "50.2"),
    ("32-EvapSysVaporPres", "4132FFFC", "-1"),
    ("32-EvapSysVaporPres", "41320004", "1"),
    ("32-EvapSysVaporPres", "41328000", "-8192"),
    ("32-EvapSysVaporPres", "41327FFF", "8191.75"),
    ("33-AbsBaroPres", "413365", "101"),
    ("34-OxySensor1_FAER", "413480008000", "1"),
    ("34-OxySensor1_Crnt", "413480008000", "0"),
    ("34-OxySensor1_Crnt", "413480008001", "0.004"),
    ("3C-CatTempBank1Sens1", "413C1194", "410"),
    ("42-ControlModuleVolt", "41423390", "13.2"),
    ("42-ControlModuleVolt", "414236EB", "14.059"),
    ("43-AbsLoadValue", "414300FF", "100"),
    ("43-AbsLoadValue", "41430180", "150.59"),
    ("44-FuelAirCmdEquiv", "41448000", "1"),
    ("4F-Max_FAER", "414F02081032", "2"),
    ("4F-Max_OxySensVol", "414F02081032", "8"),
    ("4F-Max_OxySensCrnt", "414F02081032", "16"),
    ("4F-Max_IntManiAbsPres", "414F02081032", "500"),
    ("50-Max_AirFlowMAF", "415041000000", "650"),
    ("51-FuelType", "415104", "4"),
    ("53-AbsEvapSysVapPres", "415344C1", "88.005"),
    ("54-EvapSysVapPres", "4154FFFF", "-1"),
    ("55-ShortSecOxyTrimBank3", "41558084", "3.13"),
    ("5C-EngineOilTemp", "415C7D", "85"),
    ("5D-FuelInjectionTiming", "415D6900", "0"),
    ("5D-FuelInjectionTiming", "415D6901", "0.008"),
    ("5E-EngineFuelRate", "415E0064", "5"),
    ("5F-EmissionReq", "415F0E", "14"),
    ("61-DemandEngTorqPct", "41617D", "0"),
    ("63-EngRefTorq", "416301C2", "450"),
    ("64-EngPctTorq_EP4", "41648E9DACBBCA", "77"),
    ("65-RecommendedGear", "41651040", "4"),
    ("65-AutoTransDrive", "41651F4D", "0"),
    ("65-ManualTransInGear", "41651F4D", "1"),
    ("65-GlowPlugLamp", "41651F4D", "1"),
    ("66-MAFSensorA", "41660103200000", "25"),
    ("67-EngineCoolantTemp2", "4167037B7C", "84"),
    ("68-IntakeAirTempSens2", "4168034142000000" + "00", "26"),
    ("69-EGRError_A", "41690733348000" + "0000", "0"),
    ("6B-EGRTempBank1Sens1_Wide", "416B1032000000", "160"),
    ("6B-EGRTempBank1Sens2_Wide", "416B2000320000", "160"),
    ("6B-EGRTempBank2Sens1_Wide", "416B4000003200", "160"),
    ("6F-CompressorInletPres_A_Wide", "416F041400", "160"),
    ("6D-FuelRailPres_A", "416D070BB80BC25A", "30100"),
    ("6D-FuelRailTemp_A", "416D070BB80BC25A", "50"),
    ("70-BoostPres_A", "4170030C800C90000000" + "0000", "100.5"),
    ("70-BoostControlStatus_A", "4170240C800C80000000" + "0006", "2"),
    ("70-BoostControlStatus_B", "4170240C800C80000000" + "0006", "1"),
    ("71-VGTControlStatus_A", "4171243333333306", "2"),
    ("71-VGTControlStatus_B", "4171243333333306", "1"),
    ("73-ExhaustPressureBank1", "4173012774" + "0000", "101"),
    ("74-TurbochargerRPM_A", "41740129040000", "105000"),
    ("75-TurbineInletTemp_A", "41750F3C6419642580", "610"),
    ("77-ChargeAirTempBank1Sens2", "4177033C3D0000", "21"),
    ("78-EGTBank1Sens1", "4178031B5817700000" + "0000", "660"),
    ("7A-DPF1_DeltaPres", "417A07FFCE27742742", "-0.5"),
    ("7A-DPF1_OutletPres", "417A07FFCE27742742", "100.5"),
    ("7C-DPF_Temperature", "417C030FA012C000000000", "360"),
    ("7C-DPF1_OutletTemp", "417C030FA012C000000000", "440"),
    ("7F-EngineRunTime", "417F07000F4240000186A000000001", "1000000"),
    ("7F-PTORunTime", "417F07000F4240000186A000000001", "1"),
    ("83-NOxBank1Sens1", "418301012C0000", "300"),
    ("84-ManifoldSurfaceTemp", "418450", "40"),
    ("85-ReagentConsumption", "41850F00C9006480" + "00000E10", "1.005"),
    ("85-ReagentTankLevel", "41850F00C9006480" + "00000E10", "50.2"),
    ("85-NOxWarningTime", "41850F00C9006480" + "00000E10", "3600"),
    ("86-PMSensorBank1", "41860100010000", "0.0125"),
    ("87-IntakeManiAbsPress_A", "4187010CA00000", "101"),
    ("88-SCRInducementDistance", "4188810000000700090000000000" + "00", "7"),
    ("88-SCRBlockDistance", "4188810000000700090000000000" + "00", "9"),
    ("8B-DPFRegenActive", "418B7F017F012C01F4", "1"),
    ("8B-DPFRegenType", "418B7F017F012C01F4", "0"),
    ("8B-NOxAdsorberRegen", "418B7F057F012C01F4", "1"),
    ("8B-NOxAdsorberDesulf", "418B7F057F012C01F4", "0"),
    ("8B-DPFRegenAvgDistance", "418B7F017F012C01F4", "500"),
    ("8D-ThrottlePositionG", "418D33", "20"),
    ("8E-EngineFrictionPercentTorque", "418E87", "10"),
    ("91-ECUMIStatus", "4191F3000A000B", "3"),
    ("91-ECUB1Counter", "4191F3000A000B", "11"),
    ("94-MonitoringSystemTime", "41943F0000010002000300040005", "5"),
    ("9A-HybridChargingState", "419A0F0564000000", "1"),
    ("9A-HybridEnhancedState", "419A0F0564000000", "2"),
    ("9A-HybridBatteryVoltage", "419A0601640000FF", "400"),
    ("9A-HybridBatteryCurrent", "419A06016400FF38", "-20"),
    ("9B-DieselExhaustFluidConc", "419B0F823C80", "32.5"),
    ("9B-DieselExhaustFluidTemp", "419B0F823C80", "20"),
    ("9B-DieselExhaustFluidSensorData", "419B0F823C80", "50.2"),
    ("9D-EngineFuelRateMass", "419D00640032", "2"),
    ("9E-EngineExhaustFlow", "419E0064", "20"),
    ("A2-CylinderFuelRate", "41A20320", "25"),
    ("A4-TransmissionActualGear", "41A403300FA1", "4.001"),
    ("A4-TransmissionGearNumber", "41A403300FA1", "3"),
    ("A5-ComDieselExhaustFluidDosing", "41A50319000A", "12.5"),
    ("A5-DieselExhaustFluidUsed", "41A503190001", "0.0005"),
    ("A6-Odometer", "41A6000668A0", "42000"),
)

# The values of the lowest and the highest raw number: one parameter for each formula.
RANGES = (
    ("04-CalcEngineLoad", "0", "100"),
    ("05-EngineCoolantTemp", "-40", "215"),
    ("06-ShortFuelTrimBank1", "-100", "99.22"),
    ("0A-FuelPressure", "0", "765"),
    ("0B-IntakeManiAbsPress", "0", "255"),
    ("0C-EngineRPM", "0", "16383.75"),
    ("0D-VehicleSpeed", "0", "255"),
    ("0E-TimingAdvance", "-64", "63.5"),
    ("10-MAFAirFlowRate", "0", "655.35"),
    ("14-OxySensor1_Volt", "0", "1.275"),
    ("14-OxySensor1_STFT", "-100", "99.22"),
    ("20-PIDsSupported_21_40", "0", "4294967295"),
    ("21-DistanceMILOn", "0", "65535"),
    ("22-FuelRailPres", "0", "5177.265"),
    ("23-FuelRailGaug", "0", "655350"),
    ("24-OxySensor1_FAER", "0", "2"),
    ("25-OxySensor2_Volt", "0", "7.9999"),
    ("34-OxySensor1_Crnt", "-128", "127.996"),
    ("3C-CatTempBank1Sens1", "-40", "6513.5"),
    ("42-ControlModuleVolt", "0", "65.535"),
    ("43-AbsLoadValue", "0", "25700"),
    ("4F-Max_IntManiAbsPres", "0", "2550"),
    ("50-Max_AirFlowMAF", "0", "2550"),
    ("53-AbsEvapSysVapPres", "0", "327.675"),
    ("5B-HybrBatPackRemLife", "0", "100"),
    ("4E-TimeSinceCodeClear", "0", "65535"),
    ("8F-PMSensorOutputBank1", "0", "-0.01"),
    ("5D-FuelInjectionTiming", "-210", "301.992"),
    ("5E-EngineFuelRate", "0", "3276.75"),
    ("62-ActualEngTorqPct", "-125", "130"),
    ("66-MAFSensorB", "0", "2047.97"),
    ("6B-EGRTempBank1Sens1_Wide", "-40", "980"),
    ("6F-CompressorInletPres_A_Wide", "0", "2040"),
    ("70-BoostPres_B", "0", "2047.97"),
    ("73-ExhaustPressureBank2", "0", "655.35"),
    ("74-TurbochargerRPM_B", "0", "655350"),
    ("85-ReagentDemand", "0", "327.675"),
    ("86-PMSensorBank2", "0", "819.1875"),
    ("8C-O2Bank1Sens1_Conc", "0", "99.9985"),
    ("8C-O2Bank2Sens2_Lambda", "0", "7.9999"),
    ("9A-HybridBatteryVoltage", "0", "1023.98"),
    ("9B-DieselExhaustFluidConc", "0", "63.75"),
    ("9D-VehicleFuelRateMass", "0", "1310.7"),
    ("9E-EngineExhaustFlow", "0", "13107"),
    ("A2-CylinderFuelRate", "0", "2047.97"),
    ("A4-TransmissionActualGear", "0", "65.535"),
    ("A5-ComDieselExhaustFluidDosing", "0", "127.5"),
    ("A5-DieselExhaustFluidUsed", "0", "32.7675"),
    ("A6-Odometer", "0", "429496729.5"),
)


def value(name, payload):
    """The parameter's value in a single-PID answer, decoded as the firmware does."""
    standard = j1979.find(name)
    return Expression(standard.expression).value(frame_image(payload), standard.decimals)


def present(name, answer):
    return j1979.find(name).field.present(bytes.fromhex(answer))


def payload_indices(expression):
    """The payload bytes that an expression of the table reads."""
    if expression.find("[P") < 0:
        digits = "".join(c if c.isdigit() else " " for c in expression[expression.find("P") :])
        return [int(digits.split()[0])]
    first, last = expression[expression.find("[") + 1 : expression.find("]")].split(":")
    return list(range(int(first[1:]), int(last[1:]) + 1))


def everything():
    return [j1979.find(name) for name in j1979.names()]


def test_published_answers_have_their_published_value():
    for name, answer, expected in PUBLISHED:
        payload = bytes.fromhex(answer)
        assert payload[1] == j1979.find(name).pid, name
        assert j1979.find(name).field.present(payload), name
        assert value(name, payload) == expected, (name, answer, value(name, payload))


def test_the_whole_range_of_each_encoding_is_delivered_unclamped():
    for name, lowest, highest in RANGES:
        head = bytes((0x41, j1979.find(name).pid))
        assert value(name, head + bytes(20)) == lowest, name
        assert value(name, head + b"\xff" * 20) == highest, name


def test_every_parameter_can_be_evaluated_on_its_answer():
    for standard in everything():
        length = mode01.data_length(standard.pid) or 20
        answer = bytes((0x41, standard.pid)) + b"\xff" * length
        text = Expression(standard.expression).value(frame_image(answer), standard.decimals)
        assert text and text != "-0", standard.name


def test_every_parameter_lies_within_its_answer():
    for standard in everything():
        length = mode01.data_length(standard.pid)
        if length and standard.name.find("OxySensor") < 0:
            answer = bytes((0x41, standard.pid)) + b"\x7f" * length
            at_bit_7 = standard.support and standard.support[1] == 7
            assert standard.field.present(answer) or at_bit_7, standard.name
        assert not standard.field.present(bytes((0x41, standard.pid))), standard.name


def test_the_parameters_of_a_pid_leave_no_data_byte_out_and_share_none():
    """Only status bits and wide-range forms share a byte. Not for PIDs with reserved bytes."""
    for pid in range(0x100):
        if pid in (0x01, 0x50, 0x88, 0x92):
            continue
        used = []
        for standard in j1979.by_pid(pid):
            shares = "_Wide" in standard.name or any(c in standard.expression for c in "&>")
            fields = payload_indices(standard.expression)
            if not (shares or "P3:" in standard.expression):
                assert not any(index in used for index in fields), standard.name
            used.extend(fields + ([2] if standard.support else []))
        expected = mode01.data_length(pid) or len(set(used))
        assert sorted(set(used)) == list(range(2, 2 + expected)) or not used, hex(pid)


def test_support_bits_follow_the_order_of_the_data():
    for pid in range(0x100):
        fields = [s for s in j1979.by_pid(pid) if s.support and "Stat" not in s.name]
        fields.sort(key=lambda standard: standard.support[1])
        starts = [payload_indices(standard.expression)[0] for standard in fields]
        plain = [start for start, s in zip(starts, fields) if "_Wide" not in s.name]
        assert plain == sorted(plain), hex(pid)


def test_names_begin_with_the_pid_and_are_unique():
    names = list(j1979.names())
    assert len(names) == len(set(names)) > 300
    for name in names:
        standard = j1979.find(name)
        assert standard.name == name and name[:3] == f"{standard.pid:02X}-"


def test_names_the_reference_knows_keep_their_unit_in_proper_form():
    for name, unit, device_class in (
        ("05-EngineCoolantTemp", "°C", "temperature"),
        ("0C-EngineRPM", "rpm", "none"),
        ("0D-VehicleSpeed", "km/h", "speed"),
        ("10-MAFAirFlowRate", "g/s", "none"),
        ("32-EvapSysVaporPres", "Pa", "pressure"),
        ("33-AbsBaroPres", "kPa", "atmospheric_pressure"),
        ("42-ControlModuleVolt", "V", "voltage"),
        ("4D-TimeRunMILOn", "min", "duration"),
        ("5B-HybrBatPackRemLife", "%", "battery"),
        ("A6-Odometer", "km", "distance"),
    ):
        standard = j1979.find(name)
        assert (standard.unit, standard.device_class) == (unit, device_class), name


def test_unknown_names_are_not_found():
    for name in ("", "0C", "0C-Engine", "FF-Nothing", "0C-EngineRPM ", "66-MAFSensorA maf32"):
        assert j1979.find(name) is None, name
    assert j1979.by_pid(0x81) == [] and j1979.by_pid(0xFF) == []


def test_a_pid_has_all_its_parameters():
    assert [s.name for s in j1979.by_pid(0x0C)] == ["0C-EngineRPM"]
    assert [s.name for s in j1979.by_pid(0x24)] == ["24-OxySensor1_FAER", "24-OxySensor1_Volt"]
    assert len(j1979.by_pid(0x00)) == 1 and len(j1979.by_pid(0xC0)) == 1
    assert sum(len(j1979.by_pid(pid)) for pid in range(256)) == len(list(j1979.names()))


def test_a_field_whose_support_bit_is_0_is_never_a_value():
    assert present("66-MAFSensorA", "41660103200320") is True
    assert present("66-MAFSensorB", "41660103200320") is False
    assert present("67-EngineCoolantTemp1", "4167027B7C") is False
    assert present("67-EngineCoolantTemp2", "4167027B7C") is True
    assert present("7C-DPF_Temperature", "417C020FA012C000000000") is False
    assert present("6B-EGRTempBank1Sens1", "416B1050000000") is False
    assert present("6B-EGRTempBank1Sens1_Wide", "416B1050000000") is True
    assert j1979.find("66-MAFSensorB").support == (2, 1)
    assert j1979.find("0C-EngineRPM").support is None


def test_a_number_that_means_not_available_is_not_a_value():
    assert present("14-OxySensor1_STFT", "41145AFF") is False
    assert present("14-OxySensor1_Volt", "41145AFF") is True
    assert present("06-ShortFuelTrimBank1", "4106FF") is True
    assert present("83-NOxBank1Sens1", "418301FFFF0000") is False
    assert present("83-NOxBank1Sens1", "418301FF000000") is True


def test_a_field_beyond_the_end_of_the_answer_is_not_present():
    assert present("55-ShortSecOxyTrimBank3", "415580") is False
    assert present("6D-FuelRailPres_B", "416D3F0BB80BC25A") is False


def test_enumerated_numbers_have_a_text():
    for name, number, text in (
        ("03-FuelSystemStatus", 2, "closed loop"),
        ("12-CmdSecAirStatus", 4, "atmosphere or off"),
        ("1C-OBDStandard", 6, "EOBD"),
        ("1C-OBDStandard", 250, None),
        ("1E-AuxInputStatus", 1, "on"),
        ("01-MIL", 0, "off"),
        ("51-FuelType", 4, "diesel"),
        ("5F-EmissionReq", 14, "heavy duty Euro IV B1"),
        ("65-AutoTransDrive", 1, "forward or reverse"),
        ("70-BoostControlStatus_A", 2, "closed loop"),
        ("8B-DPFRegenType", 0, "passive"),
        ("9A-HybridChargingState", 1, "charge depleting"),
        ("02-FreezeDTC", 0x0301, "P0301"),
        ("02-FreezeDTC", 0, "no trouble code"),
        ("0C-EngineRPM", 2, None),
    ):
        assert j1979.find(name).labels(number) == text, (name, number)


def test_every_group_of_texts_that_the_table_names_exists():
    for standard in everything():
        texts = [standard.labels(number) for number in range(18)]
        assert any(texts) == (standard._note[:1] == "@"), standard.name


def test_data_lengths():
    for pid, length in (
        (0x00, 4), (0x02, 2), (0x0C, 2), (0x0D, 1), (0x24, 4), (0x3B, 4), (0x4F, 4), (0x50, 4),
        (0x64, 5), (0x65, 2), (0x67, 3), (0x68, 7), (0x69, 7), (0x7C, 9), (0x7F, 13), (0x84, 1),
        (0x85, 10), (0x88, 13), (0x8C, 17), (0x94, 12), (0x9A, 6), (0x9E, 2), (0xA2, 2),
        (0xA6, 4), (0xC0, 4),
    ):  # fmt: skip
        assert mode01.data_length(pid) == length, hex(pid)
    for pid in (0x55, 0x6D, 0x70, 0x81, 0x83, 0x95, 0xA7, 0xB0, 0xC1, 0xFF, 256, -1):
        assert mode01.data_length(pid) is None, hex(pid)


def test_a_batched_answer_is_cut_into_single_answers():
    answer = bytes.fromhex("410C1AF80541" + "0D32" + "1F0102")
    assert mode01.split(answer) == [
        (0x0C, bytes.fromhex("410C1AF8")),
        (0x05, bytes.fromhex("410541")),
        (0x0D, bytes.fromhex("410D32")),
        (0x1F, bytes.fromhex("411F0102")),
    ]
    assert mode01.split(answer, (0x05, 0x0C, 0x0D, 0x1F, 0x42)) == mode01.split(answer)
    assert mode01.split(memoryview(answer)) == mode01.split(answer)


def test_padding_is_tolerated_behind_a_single_pid_only():
    for padding in ("00", "AA", "55", "0000000000", "AAAA"):
        answer = bytes.fromhex("410541" + padding)
        assert mode01.split(answer) == [(0x05, bytes.fromhex("410541"))], padding
    raises(ValueError, mode01.split, bytes.fromhex("4105410D32AAAA"))


def test_a_batched_answer_that_does_not_add_up_is_refused():
    for answer in ("", "41", "4105", "7F0111", "620C1AF8", "410C1A", "4105410C1A", "4195000541"):
        raises(ValueError, mode01.split, bytes.fromhex(answer))
    raises(ValueError, mode01.split, bytes.fromhex("4105410D32"), (0x05, 0x0C))


def test_the_answer_to_a_single_pid_is_taken_whole():
    unknown = bytes.fromhex("41830101F40000")
    assert mode01.split(unknown, (0x83,)) == [(0x83, unknown)]
    two_banks = bytes.fromhex("41068081")
    assert mode01.split(two_banks, [0x06]) == [(0x06, two_banks)]
    raises(ValueError, mode01.split, unknown, (0x84,))
    raises(ValueError, mode01.split, bytes.fromhex("410C1A"), (0x0C,))


def test_supported_pids_are_those_of_all_ecus():
    engine = bytes.fromhex("4100BE1FA813")
    transmission = bytes.fromhex("410000080001")
    second = bytes.fromhex("412080000000")
    found = scan.supported([engine, transmission, second])
    assert found[:8] == [0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0C, 0x0D]
    assert 0x20 in found and 0x21 in found and 0x22 not in found
    assert found == sorted(set(found))
    assert scan.supported([]) == []
    raises(ValueError, scan.supported, [b"\x7f\x01\x11"])


def test_batched_bitmaps_are_understood():
    found = scan.supported([bytes.fromhex("41008000000120" + "00000001" + "4040000000")])
    assert found == [0x01, 0x20, 0x40, 0x42]


def test_the_scan_goes_on_while_an_ecu_announces_more():
    first, last = bytes.fromhex("4100BE1FA813"), bytes.fromhex("412080000000")
    assert scan.next_support_pid([]) == 0x00
    assert scan.next_support_pid([first]) == 0x20
    assert scan.next_support_pid([bytes.fromhex("410098180000"), first]) == 0x20
    assert scan.next_support_pid([first, last]) is None
    assert scan.next_support_pid([bytes.fromhex("41C0FFFFFFFF")]) is None
    assert scan.SUPPORT_PIDS == (0x00, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0)


def test_the_vin_of_a_can_answer():
    answer = bytes.fromhex("4902013144344750303052353542313233343536")
    assert vehicle.vin(answer) == "1D4GP00R55B123456"
    assert vehicle.vin(b"\x49\x02\x01\x00\x00\x00" + b"1D4GP00R55B123456") == "1D4GP00R55B123456"


def test_the_vin_of_five_legacy_messages():
    messages = [
        bytes.fromhex(text)
        for text in (
            "49020100000031",
            "49020244344750",
            "49020330305235",
            "49020435423132",
            "49020533343536",
        )
    ]
    assert vehicle.vin(b"".join(messages)) == "1D4GP00R55B123456"
    assert vehicle.vin(b"".join(reversed(messages))) == "1D4GP00R55B123456"
    raises(ValueError, vehicle.vin, b"".join(messages[:4]))
    raises(ValueError, vehicle.vin, b"".join(messages[:4] + messages[:1]))


def test_what_is_no_vin_is_refused():
    for answer in (
        b"",
        b"\x49\x02",
        b"\x49\x04\x01" + b"1D4GP00R55B123456",
        b"\x49\x02\x01" + b"1D4GP00R55B12345",
        b"\x49\x02\x01" + b"1D4GP00R55B1234567",
        b"\x49\x02\x01" + b"1D4GP00R55B12345\x07",
        b"\x49\x02\x01" + b"\xff" * 17,
    ):
        raises(ValueError, vehicle.vin, answer)


def test_trouble_codes_of_a_can_answer():
    assert vehicle.dtcs(bytes.fromhex("43020301C100")) == ["P0301", "U0100"]
    assert vehicle.dtcs(bytes.fromhex("4700")) == []
    assert vehicle.dtcs(bytes.fromhex("4A0443218123C1230420")) == [
        "C0321",
        "B0123",
        "U0123",
        "P0420",
    ]
    assert vehicle.dtcs(bytes.fromhex("43010301AAAA")) == ["P0301"]
    assert vehicle.dtcs(bytes.fromhex("43013FFF")) == ["P3FFF"]


def test_trouble_codes_of_legacy_answers():
    assert vehicle.dtcs(bytes.fromhex("43010343000000"), can=False) == ["P0103", "C0300"]
    assert vehicle.dtcs(bytes.fromhex("43000000000000"), can=False) == []
    joined = bytes.fromhex("43010301040105" + "43C1000000" + "0000")
    assert vehicle.dtcs(joined, can=False) == ["P0103", "P0104", "P0105", "U0100"]


def test_trouble_codes_that_do_not_add_up_are_refused():
    for answer in ("", "43", "44", "43020301", "4301030102", "7F0311"):
        raises(ValueError, vehicle.dtcs, bytes.fromhex(answer))
    for answer in ("43", "430103", "4301034300000000", "43010343000000" + "47010343000000"):
        raises(ValueError, vehicle.dtcs, bytes.fromhex(answer), False)
