"""Runs under Unix MicroPython: the access point's name server at 127.0.0.1, on the UDP port that is the argument."""

import asyncio
import sys

from net import captive_dns


async def main():
    server = asyncio.create_task(captive_dns.serve("127.0.0.1", int(sys.argv[1])))
    await asyncio.sleep_ms(0)
    print("ready")
    await asyncio.StreamReader(sys.stdin.buffer).readline()  # asked to end
    server.cancel()
    try:
        await server
    except asyncio.CancelledError:
        print("ended")


asyncio.run(main())
