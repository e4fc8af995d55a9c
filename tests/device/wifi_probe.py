"""Runs under Unix MicroPython: the whole firmware, on the file system that is the argument, with a made-up radio.

Prints its log; each line of standard input is something that happens in the air: "come", "leave", "address A". The
network there is "Home" with the password "a password".
"""

import asyncio
import sys
import time

import app
import board
import network


async def happen(air, home, line):
    """What a line says."""
    word, _, argument = line.partition(" ")
    if word == "come":
        home.come()
    elif word == "leave":
        home.leave()
    elif word == "address":
        home.address = argument
    print("probe:", line, board.lan_address(), network.WLAN(network.AP_IF).active())


async def main():
    air = network.begin(time.ticks_ms)
    home = network.Router("Home", "a password")
    home.here, home.address = False, "127.0.0.1"
    air.routers.append(home)
    board.wifi = lambda: network
    board.lan_address = lambda: network.WLAN(network.STA_IF).ifconfig()[0]
    firmware = app.App(sys.argv[1])
    running = asyncio.create_task(firmware.run())
    commands = asyncio.StreamReader(sys.stdin.buffer)
    while True:
        line = (await commands.readline()).decode().strip()
        if not line:
            break
        await happen(air, home, line)
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        print("ended")


asyncio.run(main())
