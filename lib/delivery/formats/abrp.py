"""A Better Routeplanner's live data: POST https://api.iternio.com/1/tlm/send?api_key=…

token=…&tlm={"utc":1730000000,"soc":66,"power":-3.576,"is_charging":1}      (percent-encoded)

Source: Iternio Telemetry API. The user's token is a secret and is put in front when the document is sent; what may lie
in a queue has none. The names are those of the reference firmware's vehicle profiles, the units those that Iternio asks
for: kW, km/h, km, °C, kPa. Positive power leaves the battery.
"""

from autopid.decimal import decimal_text, parse_decimal, rounded
from net.url import percent_encode

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from autopid.parameter import Parameter

    from delivery.sample import Sample

CONTENT_TYPE = "application/x-www-form-urlencoded"
OPEN, SEPARATOR, CLOSE = b"", None, b""

# Parameter, Iternio's name, unit if the parameter names none.
_FIELDS = (
    ("SOC", "soc", ""),
    ("HV_W", "power", "W"),
    ("SPEED", "speed", ""),
    ("lat", "lat", ""),
    ("lon", "lon", ""),
    ("elevation", "elevation", ""),
    ("CHARGING", "is_charging", ""),
    ("CHARGING_DC", "is_dcfc", ""),
    ("PARK_BRAKE", "is_parked", ""),
    ("HV_CAPACITY_KWH", "capacity", ""),
    ("HV_CAPACITY_R", "soe", ""),
    ("SOH", "soh", ""),
    ("TMP_A", "ext_temp", ""),
    ("BATT_TEMP", "batt_temp", ""),
    ("HV_V", "voltage", ""),
    ("HV_A", "current", ""),
    ("ODOMETER", "odometer", ""),
    ("RANGE", "est_battery_range", ""),
    ("T_CAB", "cabin_temp", ""),
    ("TYRE_P_FL", "tire_pressure_fl", "psi"),
    ("TYRE_P_FR", "tire_pressure_fr", "psi"),
    ("TYRE_P_RL", "tire_pressure_rl", "psi"),
    ("TYRE_P_RR", "tire_pressure_rr", "psi"),
)
# Unit: (factor, decimals of the factor) to the unit that Iternio asks for; mile and psi as in NIST SP 811, B.8.
_UNITS = {
    "W": (1, 3),
    "Wh": (1, 3),
    "mi": (1609344, 6),
    "miles": (1609344, 6),
    "mph": (1609344, 6),
    "mi/h": (1609344, 6),
    "psi": (6894757, 6),
    "bar": (100, 0),
    "hPa": (1, 1),
}


def document(sample: "Sample") -> bytes:
    """A form whose field `tlm` is compact JSON of the values that Iternio knows; b"" if none of them was read yet."""
    read = {p.name: p for p in sample.parameters if p.text is not None}
    members = [
        '"%s":%s' % (key, _text(read[name], unit)) for name, key, unit in _FIELDS if name in read
    ]
    if not members:
        return b""
    if sample.unix_s:
        members.insert(0, '"utc":%d' % sample.unix_s)
    return ("tlm=" + percent_encode("{%s}" % ",".join(members))).encode()


def _text(parameter: "Parameter", default_unit: str) -> str:
    """The value as Iternio wants it: exact, but for °F, which is rounded to two decimals."""
    if parameter.binary:
        return "1" if parameter.text == "on" else "0"
    unit = default_unit if parameter.unit in ("", "none") else parameter.unit
    number, decimals = parse_decimal(str(parameter.text))
    if unit in ("°F", "F"):
        number = rounded((number - 32 * 10**decimals) * 500, 9 * 10**decimals)
        return decimal_text(number, 2)
    factor, more = _UNITS.get(unit, (1, 0))
    return decimal_text(number * factor, decimals + more)
