"""What the numbers of enumerated mode 01 parameters mean (SAE J1979-DA), as short texts.

Imported when a text is first asked for: a device that only delivers numbers never loads it.
"""

_TEXTS = """
@flag
0=off
1=on
@drive
0=park or neutral
1=forward or reverse
@ingear
0=neutral or clutch pressed
1=in gear
@regentype
0=passive
1=active
@control
1=open loop
2=closed loop
3=fault, data unreliable
@charge
0=charge sustaining
1=charge depleting
2=charge increasing
@fuelsys
0=engine off
1=open loop, engine not warm enough
2=closed loop
4=open loop because of load or deceleration
8=open loop because of a fault
16=closed loop with an oxygen sensor fault
32=open loop, engine not warm enough (bank 2)
64=open loop because of load or deceleration (bank 2)
128=open loop because of a fault (bank 2)
@secair
1=upstream of the first catalyst
2=downstream of the first catalyst
4=atmosphere or off
8=pump on for diagnostics
@emission
14=heavy duty Euro IV B1
15=heavy duty Euro V B2
16=heavy duty Euro EEV C
@obd
1=OBD II (California)
2=OBD (US federal)
3=OBD and OBD II
4=OBD I
5=not OBD compliant
6=EOBD
7=EOBD and OBD II
8=EOBD and OBD
9=EOBD, OBD and OBD II
10=JOBD
11=JOBD and OBD II
12=JOBD and EOBD
13=JOBD, EOBD and OBD II
17=EMD
18=EMD+
19=HD OBD-C
20=HD OBD
21=WWH OBD
23=HD EOBD-I
24=HD EOBD-I N
25=HD EOBD-II
26=HD EOBD-II N
28=OBDBr-1
29=OBDBr-2
30=KOBD
31=IOBD I
32=IOBD II
33=HD EOBD-VI
34=OBD, OBD II and HD OBD
35=OBDBr-3
36=motorcycle EOBD-I
37=motorcycle EOBD-II
38=motorcycle China OBD-I
39=motorcycle Taiwan OBD-I
40=motorcycle Japan OBD-I
41=China 6 OBD
42=OBDBr-P7
43=China heavy duty VI OBD
@fueltype
0=not available
1=gasoline
2=methanol
3=ethanol
4=diesel
5=LPG
6=CNG
7=propane
8=electric
9=bi-fuel running gasoline
10=bi-fuel running methanol
11=bi-fuel running ethanol
12=bi-fuel running LPG
13=bi-fuel running CNG
14=bi-fuel running propane
15=bi-fuel running electricity
16=bi-fuel running electricity and engine
17=hybrid gasoline
18=hybrid ethanol
19=hybrid diesel
20=hybrid electric
21=hybrid running electricity and engine
22=hybrid regenerating
23=bi-fuel running diesel
24=bi-fuel running natural gas
25=bi-fuel running diesel
26=natural gas
27=dual fuel diesel and CNG
28=dual fuel diesel and LNG
29=fuel cell, hydrogen
30=hydrogen combustion engine
31=kerosene
32=heavy fuel oil
"""


def text(group: str, value: int) -> str | None:
    """The text of `value` in the group of that name, or None when the standard gives it none."""
    start = _TEXTS.find(f"\n@{group}\n")
    if start < 0:
        return None
    end = _TEXTS.find("\n@", start + 1)
    line = f"\n{value}="
    found = _TEXTS.find(line, start, end if end > 0 else len(_TEXTS))
    if found < 0:
        return None
    return _TEXTS[found + len(line) : _TEXTS.find("\n", found + 1)]
