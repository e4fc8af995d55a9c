"""ISO 14229-1 negative response codes (the third byte of `7F <service> <code>`) in words."""

# One string instead of a dictionary of 60 strings: it is read only when something goes wrong.
_NAMES = """
00=positive response
10=general reject
11=service not supported
12=sub-function not supported
13=incorrect message length or invalid format
14=response too long
21=busy, repeat the request
22=conditions not correct
24=request sequence error
25=no response from a subnet component
26=a failure prevents execution of the requested action
31=request out of range
33=security access denied
34=authentication required
35=invalid key
36=exceeded number of attempts
37=required time delay not expired
38=secure data transmission required
39=secure data transmission not allowed
3A=secure data verification failed
50=certificate verification failed: invalid time period
51=certificate verification failed: invalid signature
52=certificate verification failed: invalid chain of trust
53=certificate verification failed: invalid type
54=certificate verification failed: invalid format
55=certificate verification failed: invalid content
56=certificate verification failed: invalid scope
57=certificate verification failed: invalid certificate (revoked)
58=ownership verification failed
59=challenge calculation failed
5A=setting access rights failed
5B=session key creation or derivation failed
5C=configuration data usage failed
5D=deauthentication failed
70=upload or download not accepted
71=transfer data suspended
72=general programming failure
73=wrong block sequence counter
78=request received, response pending
7E=sub-function not supported in the active session
7F=service not supported in the active session
81=engine speed too high
82=engine speed too low
83=engine is running
84=engine is not running
85=engine run time too low
86=temperature too high
87=temperature too low
88=vehicle speed too high
89=vehicle speed too low
8A=throttle or pedal too high
8B=throttle or pedal too low
8C=transmission not in neutral
8D=transmission not in gear
8F=brake switch not closed
90=shifter lever not in park
91=torque converter clutch locked
92=voltage too high
93=voltage too low
94=resource temporarily not available
"""


def name(code: int) -> str:
    """The code in words and in hexadecimal: "service not supported (0x11)".

    Raises ValueError when it is not a byte.
    """
    if not 0 <= code <= 0xFF:
        raise ValueError(f"a negative response code is one byte, not {code}")
    return f"{_words(code)} (0x{code:02X})"


def _words(code: int) -> str:
    start = _NAMES.find(f"\n{code:02X}=")
    if start >= 0:
        return _NAMES[start + 4 : _NAMES.find("\n", start + 1)]
    if 0xF0 <= code <= 0xFE:
        return "manufacturer specific condition not correct"
    if 0x95 <= code <= 0xEF:
        return "reserved: specific condition not correct"
    return "reserved by ISO 14229-1"
