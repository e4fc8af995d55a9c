"""SAE J1979 mode 01: how physical values become bytes, and what those bytes mean exactly.

One line a value: PID, name, bytes, unit of one bit, offset (default 0), `signed`. Values of one
PID follow each other in the message in the order of the lines.
"""

import math
from fractions import Fraction
from typing import NamedTuple

_TABLE = """
01 MonitorStatus 4 1
03 FuelSystemStatus 1 1
03 FuelSystem2Status 1 1
04 CalcEngineLoad 1 100/255
05 EngineCoolantTemp 1 1 -40
06 ShortFuelTrimBank1 1 100/128 -100
07 LongFuelTrimBank1 1 100/128 -100
0A FuelPressure 1 3
0B IntakeManiAbsPress 1 1
0C EngineRPM 2 1/4
0D VehicleSpeed 1 1
0E TimingAdvance 1 1/2 -64
0F IntakeAirTemperature 1 1 -40
10 MAFAirFlowRate 2 1/100
11 ThrottlePosition 1 100/255
13 OxySensorsPresent_2Banks 1 1
14 OxySensor1_Volt 1 1/200
14 OxySensor1_STFT 1 100/128 -100
15 OxySensor2_Volt 1 1/200
15 OxySensor2_STFT 1 100/128 -100
1C OBDStandard 1 1
1F TimeSinceEngStart 2 1
21 DistanceMILOn 2 1
23 FuelRailGaug 2 10
24 OxySensor1_FAER 2 2/65536
24 OxySensor1_Volt 2 8/65536
2C CmdEGR 1 100/255
2E CmdEvapPurge 1 100/255
2F FuelTankLevel 1 100/255
30 WarmUpsSinceCodeClear 1 1
31 DistanceSinceCodeClear 2 1
32 EvapSysVaporPres 2 1/4 0 signed
33 AbsBaroPres 1 1
34 OxySensor1_FAER 2 2/65536
34 OxySensor1_Crnt 2 1/256 -128
3C CatTempBank1Sens1 2 1/10 -40
42 ControlModuleVolt 2 1/1000
43 AbsLoadValue 2 100/255
44 FuelAirCmdEquiv 2 2/65536
45 RelThrottlePos 1 100/255
46 AmbientAirTemp 1 1 -40
47 AbsThrottlePosB 1 100/255
49 AbsThrottlePosD 1 100/255
4A AbsThrottlePosE 1 100/255
4C CmdThrottleAct 1 100/255
4D TimeRunMILOn 2 1
4E TimeSinceCodeClear 2 1
4F Max_FAER 1 1
4F Max_OxySensVol 1 1
4F Max_OxySensCrnt 1 1
4F Max_IntManiAbsPres 1 10
51 FuelType 1 1
52 EthanolFuelPct 1 100/255
54 EvapSysVapPres 2 1 0 signed
5B HybrBatPackRemLife 1 100/255
5C EngineOilTemp 1 1 -40
5E EngineFuelRate 2 1/20
61 DemandEngTorqPct 1 1 -125
62 ActualEngTorqPct 1 1 -125
63 EngRefTorq 2 1
64 EngPctTorq_Idle 1 1 -125
64 EngPctTorq_EP1 1 1 -125
64 EngPctTorq_EP2 1 1 -125
64 EngPctTorq_EP3 1 1 -125
64 EngPctTorq_EP4 1 1 -125
66 MAFSensorA 2 1/32
66 MAFSensorB 2 1/32
67 EngineCoolantTemp1 1 1 -40
67 EngineCoolantTemp2 1 1 -40
68 IntakeAirTempSens1 1 1 -40
68 IntakeAirTempSens2 1 1 -40
8E EngineFrictionPercentTorque 1 1 -125
A6 Odometer 4 1/10
"""

# Bytes a message has around its values: which sensors there are, and sensors this car has not got.
_AROUND = {0x66: ("03", ""), 0x67: ("03", ""), 0x68: ("03", "00000000")}


class Field(NamedTuple):
    """One value: `physical = raw * unit + offset`, in `size` bytes.

    Two's complement if `signed`.
    """

    name: str
    size: int
    unit: Fraction
    offset: int = 0
    signed: bool = False

    def raw(self, physical: float) -> int:
        """The nearest raw value, within what fits."""
        nearest = math.floor((Fraction(physical) - self.offset) / self.unit + Fraction(1, 2))
        span = 1 << 8 * self.size
        low, high = (-span // 2, span // 2 - 1) if self.signed else (0, span - 1)
        return max(low, min(high, nearest))

    def text(self, physical: float, most: int) -> str:
        """What a reader has to make of the raw value.

        It has as many decimals as one bit is worth, two at least and `most` at most.
        """
        shown = math.ceil(-math.log10(self.unit))
        exact = self.raw(physical) * self.unit + self.offset
        return decimal(exact, min(most, max(2, shown)))


def _parse(table: str) -> dict[int, list[Field]]:
    fields: dict[int, list[Field]] = {}
    for line in table.strip().splitlines():
        pid, name, size, unit, *rest = line.split()
        field = Field(name, int(size), Fraction(unit), int(rest[0]) if rest else 0, rest[1:] != [])
        fields.setdefault(int(pid, 16), []).append(field)
    return fields


FIELDS = _parse(_TABLE)


def encode(pid: int, physical: list[float]) -> bytes:
    """The data bytes (after the PID) of a mode 01 answer."""
    before, after = _AROUND.get(pid, ("", ""))
    body = b"".join(
        field.raw(value).to_bytes(field.size, "big", signed=field.signed)
        for field, value in zip(FIELDS[pid], physical, strict=True)
    )
    return bytes.fromhex(before) + body + bytes.fromhex(after)


def texts(pid: int, physical: list[float], most: int = 4) -> list[tuple[str, str]]:
    """Name (as in `0C-EngineRPM`) and exact text of every value, as the encoding carries it."""
    return [
        (f"{pid:02X}-{field.name}", field.text(value, most))
        for field, value in zip(FIELDS[pid], physical, strict=True)
    ]


def decimal(value: Fraction, places: int) -> str:
    """At most `places` decimals, halves away from zero, trailing zeros cut."""
    scaled = math.floor(abs(value) * 10**places + Fraction(1, 2))
    whole, part = divmod(scaled, 10**places)
    text = f"{whole}.{part:0{places}d}".rstrip("0").rstrip(".")
    return "-" + text if value < 0 and scaled else text


def bitmap(base: int, supported: set[int]) -> bytes:
    """The four bytes of PID `base` (00, 20, 40, …): which of the next 32 PIDs are supported.

    The highest bit stands for the first; the last announces that the following bitmap exists.
    """
    announced = supported | {pid for pid in range(0x20, 0x100, 0x20) if has_above(pid, supported)}
    bits = sum(1 << 32 - number for number in range(1, 33) if base + number in announced)
    return bits.to_bytes(4, "big")


def has_above(base: int, supported: set[int]) -> bool:
    """True if a PID above `base` is supported."""
    return any(pid > base for pid in supported)
