"""SAE J1979-DA / ISO 15031-5 mode 01: the parameters and their encoding.

Packed text, searched with `str.find`: 12 KB instead of 340 objects. `j1979` is the module to use.

Names that the WiCAN firmware also uses mean the same quantity here. Left out are the AECD timers
(81, 82, 89, 8A), A3, A7 and A8: their layout is not certain for every edition of the standard.
"""

# name|expression|unit|Home Assistant device class|decimals if more than 2 are needed|note
# In the expression A, W and L stand for the 1, 2 or 4 data bytes of the parameter, big endian.
# Note: "!" = all bits set means "not available"; "@group" = the number has a text, see
# `j1979_labels`.
KINDS = """
raw|A||none||
raw4|L||none||
low4|A&15||none||
high4|A>>4||none||
dtc|W||none||@dtc
count7|A&127||none||
flag0|A:0||none||@flag
flag2|A:2||none||@flag
flag3|A:3||none||@flag
flag7|A:7||none||@flag
drive|A:1||none||@drive
ingear|A:2||none||@ingear
regentype|A:1||none||@regentype
fuelsys|A||none||@fuelsys
secair|A||none||@secair
obd|A||none||@obd
fueltype|A||none||@fueltype
emission|A||none||@emission
control0|A&3||none||@control
control2|A>>2&3||none||@control
charge0|A&1||none||@charge
charge1|A>>1&3||none||@charge
pct|A*100/255|%|none||
pct2|W*100/255|%|none||
soc|A*100/255|%|battery||
quarter|A/4|%|none||
half|A/2|%|none||
trim|A*100/128-100|%|none||
o2trim|A*100/128-100|%|none||!
torque|A-125|%|none||
spct|((W^32768)-32768)/100|%|none||
o2pct|W*100/65536|%|none|4|
temp|A-40|°C|temperature||
temp4|A*4-40|°C|temperature||
tempw|W/10-40|°C|temperature||
kpa|A|kPa|pressure||
kpa3|A*3|kPa|pressure||
kpa8|A*8|kPa|pressure||
kpa10|A*10|kPa|pressure||
baro|A|kPa|atmospheric_pressure||
rail|W*0.079|kPa|pressure|3|
rail10|W*10|kPa|pressure||
kpa32|W/32|kPa|pressure||
kpa100|W/100|kPa|pressure||
kpa200|W/200|kPa|pressure|3|
skpa100|((W^32768)-32768)/100|kPa|pressure||
spa4|((W^32768)-32768)/4|Pa|pressure||
spa|(W^32768)-32768|Pa|pressure||
rpm|W/4|rpm|none||
rpm10|W*10|rpm|none||
speed|A|km/h|speed||
spark|A/2-64|°|none||
inject|W/128-210|°|none|3|
maf|W/100|g/s|none||
maf10|A*10|g/s|none||
maf32|W/32|g/s|none||
fuelg|W/50|g/s|none||
fuell|W/20|L/h|none||
reagent|W/200|L/h|none|3|
litre|W/2000|L|none|4|
stroke|W/32|mg/stroke|none||
exhaust|W/5|kg/h|none||
pm|W/80|mg/m³|none|4|
ppm|W|ppm|none||!
o2v|A/200|V|voltage|3|
o2w|W/8192|V|voltage|4|
o2c|W/256-128|mA|current|3|
ratio|W/32768||none|4|
ratio8|W/8192||none|4|
gear|W/1000||none|3|
max|A||none||
maxv|A|V|voltage||
maxma|A|mA|current||
volt|W/1000|V|voltage|3|
hvv|W/64|V|voltage||
hva|((W^32768)-32768)/10|A|current||
nm|W|Nm|none||
secs|W|s|duration||
secs4|L|s|duration||
mins|W|min|duration||
hours|W|h|duration||
km|W|km|distance||
odo|L/10|km|distance||
"""

# name kind [index of its first data byte, or 0 [bit of byte A that is 1 when the ECU has it]]
PARAMETERS = """
00-PIDsSupported_01_20 raw4
01-MonitorStatus raw4
01-MIL flag7
01-DTCCount count7
02-FreezeDTC dtc
03-FuelSystemStatus fuelsys
03-FuelSystem2Status fuelsys 1
04-CalcEngineLoad pct
05-EngineCoolantTemp temp
06-ShortFuelTrimBank1 trim
07-LongFuelTrimBank1 trim
08-ShortFuelTrimBank2 trim
09-LongFuelTrimBank2 trim
0A-FuelPressure kpa3
0B-IntakeManiAbsPress kpa
0C-EngineRPM rpm
0D-VehicleSpeed speed
0E-TimingAdvance spark
0F-IntakeAirTemperature temp
10-MAFAirFlowRate maf
11-ThrottlePosition pct
12-CmdSecAirStatus secair
13-OxySensorsPresent_2Banks raw
14-OxySensor1_Volt o2v
14-OxySensor1_STFT o2trim 1
15-OxySensor2_Volt o2v
15-OxySensor2_STFT o2trim 1
16-OxySensor3_Volt o2v
16-OxySensor3_STFT o2trim 1
17-OxySensor4_Volt o2v
17-OxySensor4_STFT o2trim 1
18-OxySensor5_Volt o2v
18-OxySensor5_STFT o2trim 1
19-OxySensor6_Volt o2v
19-OxySensor6_STFT o2trim 1
1A-OxySensor7_Volt o2v
1A-OxySensor7_STFT o2trim 1
1B-OxySensor8_Volt o2v
1B-OxySensor8_STFT o2trim 1
1C-OBDStandard obd
1D-OxySensorsPresent_4Banks raw
1E-AuxInputStatus flag0
1F-TimeSinceEngStart secs
20-PIDsSupported_21_40 raw4
21-DistanceMILOn km
22-FuelRailPres rail
23-FuelRailGaug rail10
24-OxySensor1_FAER ratio
24-OxySensor1_Volt o2w 2
25-OxySensor2_FAER ratio
25-OxySensor2_Volt o2w 2
26-OxySensor3_FAER ratio
26-OxySensor3_Volt o2w 2
27-OxySensor4_FAER ratio
27-OxySensor4_Volt o2w 2
28-OxySensor5_FAER ratio
28-OxySensor5_Volt o2w 2
29-OxySensor6_FAER ratio
29-OxySensor6_Volt o2w 2
2A-OxySensor7_FAER ratio
2A-OxySensor7_Volt o2w 2
2B-OxySensor8_FAER ratio
2B-OxySensor8_Volt o2w 2
2C-CmdEGR pct
2D-EGRError trim
2E-CmdEvapPurge pct
2F-FuelTankLevel pct
30-WarmUpsSinceCodeClear raw
31-DistanceSinceCodeClear km
32-EvapSysVaporPres spa4
33-AbsBaroPres baro
34-OxySensor1_FAER ratio
34-OxySensor1_Crnt o2c 2
35-OxySensor2_FAER ratio
35-OxySensor2_Crnt o2c 2
36-OxySensor3_FAER ratio
36-OxySensor3_Crnt o2c 2
37-OxySensor4_FAER ratio
37-OxySensor4_Crnt o2c 2
38-OxySensor5_FAER ratio
38-OxySensor5_Crnt o2c 2
39-OxySensor6_FAER ratio
39-OxySensor6_Crnt o2c 2
3A-OxySensor7_FAER ratio
3A-OxySensor7_Crnt o2c 2
3B-OxySensor8_FAER ratio
3B-OxySensor8_Crnt o2c 2
3C-CatTempBank1Sens1 tempw
3D-CatTempBank2Sens1 tempw
3E-CatTempBank1Sens2 tempw
3F-CatTempBank2Sens2 tempw
40-PIDsSupported_41_60 raw4
41-MonStatusDriveCycle raw4
42-ControlModuleVolt volt
43-AbsLoadValue pct2
44-FuelAirCmdEquiv ratio
45-RelThrottlePos pct
46-AmbientAirTemp temp
47-AbsThrottlePosB pct
48-AbsThrottlePosC pct
49-AbsThrottlePosD pct
4A-AbsThrottlePosE pct
4B-AbsThrottlePosF pct
4C-CmdThrottleAct pct
4D-TimeRunMILOn mins
4E-TimeSinceCodeClear mins
4F-Max_FAER max
4F-Max_OxySensVol maxv 1
4F-Max_OxySensCrnt maxma 2
4F-Max_IntManiAbsPres kpa10 3
50-Max_AirFlowMAF maf10
51-FuelType fueltype
52-EthanolFuelPct pct
53-AbsEvapSysVapPres kpa200
54-EvapSysVapPres spa
55-ShortSecOxyTrimBank1 trim
55-ShortSecOxyTrimBank3 trim 1
56-LongSecOxyTrimBank1 trim
56-LongSecOxyTrimBank3 trim 1
57-ShortSecOxyTrimBank2 trim
57-ShortSecOxyTrimBank4 trim 1
58-LongSecOxyTrimBank2 trim
58-LongSecOxyTrimBank4 trim 1
59-FuelRailAbsPres rail10
5A-RelAccelPedalPos pct
5B-HybrBatPackRemLife soc
5C-EngineOilTemp temp
5D-FuelInjectionTiming inject
5E-EngineFuelRate fuell
5F-EmissionReq emission
60-PIDsSupported_61_80 raw4
61-DemandEngTorqPct torque
62-ActualEngTorqPct torque
63-EngRefTorq nm
64-EngPctTorq_Idle torque
64-EngPctTorq_EP1 torque 1
64-EngPctTorq_EP2 torque 2
64-EngPctTorq_EP3 torque 3
64-EngPctTorq_EP4 torque 4
65-AuxInputOutput raw 1
65-PTOStatus flag0 1 0
65-AutoTransDrive drive 1 1
65-ManualTransInGear ingear 1 2
65-GlowPlugLamp flag3 1 3
65-RecommendedGear high4 1 4
66-MAFSensorA maf32 1 0
66-MAFSensorB maf32 3 1
67-EngineCoolantTemp1 temp 1 0
67-EngineCoolantTemp2 temp 2 1
68-IntakeAirTempSens1 temp 1 0
68-IntakeAirTempSens2 temp 2 1
68-IntakeAirTempSens3 temp 3 2
68-IntakeAirTempBank2Sens1 temp 4 3
68-IntakeAirTempBank2Sens2 temp 5 4
68-IntakeAirTempBank2Sens3 temp 6 5
69-CmdEGR_A pct 1 0
69-ActualEGR_A pct 2 1
69-EGRError_A trim 3 2
69-CmdEGR_B pct 4 3
69-ActualEGR_B pct 5 4
69-EGRError_B trim 6 5
6A-CmdIntakeAirFlow_A pct 1 0
6A-RelIntakeAirFlowPos_A pct 2 1
6A-CmdIntakeAirFlow_B pct 3 2
6A-RelIntakeAirFlowPos_B pct 4 3
6B-EGRTempBank1Sens1 temp 1 0
6B-EGRTempBank1Sens2 temp 2 1
6B-EGRTempBank2Sens1 temp 3 2
6B-EGRTempBank2Sens2 temp 4 3
6B-EGRTempBank1Sens1_Wide temp4 1 4
6B-EGRTempBank1Sens2_Wide temp4 2 5
6B-EGRTempBank2Sens1_Wide temp4 3 6
6B-EGRTempBank2Sens2_Wide temp4 4 7
6C-CmdThrottleAct_A pct 1 0
6C-RelThrottlePos_A pct 2 1
6C-CmdThrottleAct_B pct 3 2
6C-RelThrottlePos_B pct 4 3
6D-CmdFuelRailPres_A rail10 1 0
6D-FuelRailPres_A rail10 3 1
6D-FuelRailTemp_A temp 5 2
6D-CmdFuelRailPres_B rail10 6 3
6D-FuelRailPres_B rail10 8 4
6D-FuelRailTemp_B temp 10 5
6E-CmdInjectionPres_A rail10 1 0
6E-InjectionPres_A rail10 3 1
6E-CmdInjectionPres_B rail10 5 2
6E-InjectionPres_B rail10 7 3
6F-CompressorInletPres_A kpa 1 0
6F-CompressorInletPres_B kpa 2 1
6F-CompressorInletPres_A_Wide kpa8 1 2
6F-CompressorInletPres_B_Wide kpa8 2 3
70-CmdBoostPres_A kpa32 1 0
70-BoostPres_A kpa32 3 1
70-BoostControlStatus_A control0 9 2
70-CmdBoostPres_B kpa32 5 3
70-BoostPres_B kpa32 7 4
70-BoostControlStatus_B control2 9 5
71-CmdVGTPos_A pct 1 0
71-VGTPos_A pct 2 1
71-VGTControlStatus_A control0 5 2
71-CmdVGTPos_B pct 3 3
71-VGTPos_B pct 4 4
71-VGTControlStatus_B control2 5 5
72-CmdWastegatePos_A pct 1 0
72-WastegatePos_A pct 2 1
72-CmdWastegatePos_B pct 3 2
72-WastegatePos_B pct 4 3
73-ExhaustPressureBank1 kpa100 1 0
73-ExhaustPressureBank2 kpa100 3 1
74-TurbochargerRPM_A rpm10 1 0
74-TurbochargerRPM_B rpm10 3 1
75-TurboCompInletTemp_A temp 1 0
75-TurboCompOutletTemp_A temp 2 1
75-TurbineInletTemp_A tempw 3 2
75-TurbineOutletTemp_A tempw 5 3
76-TurboCompInletTemp_B temp 1 0
76-TurboCompOutletTemp_B temp 2 1
76-TurbineInletTemp_B tempw 3 2
76-TurbineOutletTemp_B tempw 5 3
77-ChargeAirTempBank1Sens1 temp 1 0
77-ChargeAirTempBank1Sens2 temp 2 1
77-ChargeAirTempBank2Sens1 temp 3 2
77-ChargeAirTempBank2Sens2 temp 4 3
78-EGTBank1Sens1 tempw 1 0
78-EGTBank1Sens2 tempw 3 1
78-EGTBank1Sens3 tempw 5 2
78-EGTBank1Sens4 tempw 7 3
79-EGTBank2Sens1 tempw 1 0
79-EGTBank2Sens2 tempw 3 1
79-EGTBank2Sens3 tempw 5 2
79-EGTBank2Sens4 tempw 7 3
7A-DPF1_DeltaPres skpa100 1 0
7A-DPF1_InletPres kpa100 3 1
7A-DPF1_OutletPres kpa100 5 2
7B-DPF2_DeltaPres skpa100 1 0
7B-DPF2_InletPres kpa100 3 1
7B-DPF2_OutletPres kpa100 5 2
7C-DPF_Temperature tempw 1 0
7C-DPF1_OutletTemp tempw 3 1
7C-DPF2_InletTemp tempw 5 2
7C-DPF2_OutletTemp tempw 7 3
7D-NOxNTEStatus raw
7E-PMNTEStatus raw
7F-EngineRunTime secs4 1 0
7F-IdleRunTime secs4 5 1
7F-PTORunTime secs4 9 2
80-PIDsSupported_81_A0 raw4
83-NOxBank1Sens1 ppm 1 0
83-NOxBank1Sens2 ppm 3 1
83-NOxBank2Sens1 ppm 5 2
83-NOxBank2Sens2 ppm 7 3
84-ManifoldSurfaceTemp temp
85-ReagentConsumption reagent 1 0
85-ReagentDemand reagent 3 1
85-ReagentTankLevel pct 5 2
85-NOxWarningTime secs4 6 3
86-PMSensorBank1 pm 1 0
86-PMSensorBank2 pm 3 1
87-IntakeManiAbsPress_A kpa32 1 0
87-IntakeManiAbsPress_B kpa32 3 1
88-SCRInducementStatus raw
88-SCRInducementDistance km 3
88-SCRBlockDistance km 5
8B-DPFRegenActive flag0 1 0
8B-DPFRegenType regentype 1 1
8B-NOxAdsorberRegen flag2 1 2
8B-NOxAdsorberDesulf flag3 1 3
8B-DPFRegenTrigger pct 2 4
8B-DPFRegenAvgTime mins 3 5
8B-DPFRegenAvgDistance km 5 6
8C-O2Bank1Sens1_Conc o2pct 1 0
8C-O2Bank1Sens2_Conc o2pct 3 1
8C-O2Bank2Sens1_Conc o2pct 5 2
8C-O2Bank2Sens2_Conc o2pct 7 3
8C-O2Bank1Sens1_Lambda ratio8 9 4
8C-O2Bank1Sens2_Lambda ratio8 11 5
8C-O2Bank2Sens1_Lambda ratio8 13 6
8C-O2Bank2Sens2_Lambda ratio8 15 7
8D-ThrottlePositionG pct
8E-EngineFrictionPercentTorque torque
8F-PMSensorStatusBank1 raw 1 0
8F-PMSensorOutputBank1 spct 2 1
8F-PMSensorStatusBank2 raw 4 2
8F-PMSensorOutputBank2 spct 5 3
90-VehicleMIStatus raw
90-VehicleMITime hours 1
91-ECUMIStatus low4
91-ECUMITime hours 1
91-ECUB1Counter hours 3
92-FuelSystemControl raw 1
93-CumulativeMITime hours 1 0
94-NOxWarningStatus raw 1 0
94-ReagentQualityTime hours 2 1
94-ReagentConsumptionTime hours 4 2
94-DosingActivityTime hours 6 3
94-EGRValveTime hours 8 4
94-MonitoringSystemTime hours 10 5
98-EGTBank1Sens5 tempw 1 0
98-EGTBank1Sens6 tempw 3 1
98-EGTBank1Sens7 tempw 5 2
98-EGTBank1Sens8 tempw 7 3
99-EGTBank2Sens5 tempw 1 0
99-EGTBank2Sens6 tempw 3 1
99-EGTBank2Sens7 tempw 5 2
99-EGTBank2Sens8 tempw 7 3
9A-HybridChargingState charge0 1 0
9A-HybridBatteryVoltage hvv 2 1
9A-HybridBatteryCurrent hva 4 2
9A-HybridEnhancedState charge1 1 3
9B-DieselExhaustFluidSensorData pct 3 3
9B-DieselExhaustFluidConc quarter 1 1
9B-DieselExhaustFluidTemp temp 2 2
9C-O2Bank1Sens3_Conc o2pct 1 0
9C-O2Bank1Sens4_Conc o2pct 3 1
9C-O2Bank2Sens3_Conc o2pct 5 2
9C-O2Bank2Sens4_Conc o2pct 7 3
9C-O2Bank1Sens3_Lambda ratio8 9 4
9C-O2Bank1Sens4_Lambda ratio8 11 5
9C-O2Bank2Sens3_Lambda ratio8 13 6
9C-O2Bank2Sens4_Lambda ratio8 15 7
9D-EngineFuelRateMass fuelg
9D-VehicleFuelRateMass fuelg 2
9E-EngineExhaustFlow exhaust
9F-FuelSystemUseBank1_A pct 1 0
9F-FuelSystemUseBank1_B pct 2 1
9F-FuelSystemUseBank2_A pct 3 2
9F-FuelSystemUseBank2_B pct 4 3
9F-FuelSystemUseBank3_A pct 5 4
9F-FuelSystemUseBank3_B pct 6 5
9F-FuelSystemUseBank4_A pct 7 6
9F-FuelSystemUseBank4_B pct 8 7
A0-PIDsSupported_A1_C0 raw4
A1-NOxCorrectedBank1Sens1 ppm 1 0
A1-NOxCorrectedBank1Sens2 ppm 3 1
A1-NOxCorrectedBank2Sens1 ppm 5 2
A1-NOxCorrectedBank2Sens2 ppm 7 3
A2-CylinderFuelRate stroke
A4-TransmissionActualGear gear 2 1
A4-TransmissionGearNumber high4 1 0
A5-ComDieselExhaustFluidDosing half 1 0
A5-DieselExhaustFluidUsed litre 2 1
A6-Odometer odo
C0-PIDsSupported_C1_E0 raw4
"""
