// Words for the settings of power, board and broadcast frames.
"use strict";

Object.assign(LABELS, {
  "power.sleep": "Sleep while the engine is off", sleep_volts: "Engine off below (V)", sleep_after_s: "Asleep after (s)", wake_volts: "Wake from (V)",
  wake_rise: "Wake on a rise of (V)", wake_every_s: "Wake every (s)", wake_for_s: "Awake for (s)", wake_least_volts: "Wake every … only from (V)",
  poll_volts: "Ask the car from (V)", poll_grace_s: "Stop after (s)", poll_unused: "Ask also while nobody takes the values", probe_s: "Try a silent car every (s)",
  guard_volts: "Protect the battery below (V)", return_s: "Read again after (s)", "sharing.enabled": "Share the OBD chip", sharing: "Apps on a phone",
  frame_id: "Identifier", extended: "29 bits", filters: "Broadcast frames", led: "LED", uart_tx: "UART TX", uart_rx: "UART RX", uart_baud: "UART speed (baud)",
  can_tx: "CAN TX", can_rx: "CAN RX", can_standby: "CAN standby", pins: "Pins", dns: "DNS server", supply_factor: "Supply: factor", supply_offset: "Supply: offset (V)",
});
choices("adapter.kind", { can: "CAN controller of the board" });
choices("autopid.filters[].parameters[].type", { number: "Number", binary: "On or off" });
choices("board.led", { auto: "As built", rgb: "RGB", high: "On while high", low: "On while low" });
choices("board.clock_chip", { auto: "As built", rx8130: "RX8130", rx8111: "RX8111" });
