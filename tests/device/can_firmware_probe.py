"""Runs under Unix MicroPython: the whole firmware on a board with a CAN controller whose bus is a socket.

Standard input holds {"port": where the bus is, "root": the device's file system, "names": parameters} as JSON. Prints
their texts as JSON once each has a value, with the controller's starts and the modules that were left loaded.
"""

import asyncio
import json
import sys

import board
from app import App
from can_probe import Wire


async def main(plan):
    wire = Wire(plan["port"])
    board.can = lambda: wire.can
    app = App(plan["root"])
    tasks = [asyncio.create_task(wire.run()), asyncio.create_task(app.run())]
    while None in [app.group.get(name) and app.group.text(name) for name in plan["names"]]:
        await asyncio.sleep_ms(10)
    found = {name: app.group.text(name) for name in plan["names"]}
    loaded = [name for name in sys.modules if name.startswith("obd.")]
    print(
        json.dumps(
            {
                "values": found,
                "ecu": app.poller.ecu_status,
                "modes": wire.can.modes,
                "loaded": loaded,
            }
        )
    )
    for task in tasks:
        task.cancel()


plan = json.load(sys.stdin)
asyncio.run(asyncio.wait_for(main(plan), 60))
