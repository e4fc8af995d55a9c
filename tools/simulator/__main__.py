"""`python -m simulator`: one car behind one adapter, until SIGINT or SIGTERM."""

import argparse
import asyncio
import signal
import sys

from .car import car_names, load_car
from .errors import CarError
from .options import PERSONALITIES, QUIRKS, Options
from .server import PtyServer, TcpServer, new_loop, open_pty, serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    defaults = Options()
    parser.add_argument("--car", default="petrol", help="name or path of a car file")
    parser.add_argument("--list", action="store_true", help="list the cars and end")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=35000, help="0: any free one")
    parser.add_argument("--pty", action="store_true", help="a pseudo terminal instead of TCP")
    parser.add_argument("--personality", default=defaults.personality, choices=PERSONALITIES)
    parser.add_argument("--baud", type=int, default=defaults.baud)
    parser.add_argument("--latency", type=float, default=defaults.latency_ms, metavar="MS")
    parser.add_argument("--no-pace", action="store_true", help="as fast as the machine can")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--quirk", action="append", default=[], choices=QUIRKS)
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    options = Options(
        personality=arguments.personality,
        baud=arguments.baud,
        latency_ms=arguments.latency,
        pace=not arguments.no_pace,
        seed=arguments.seed,
        quirks=tuple(arguments.quirk),
    )
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server: PtyServer | TcpServer
    if arguments.pty:
        server = await open_pty(arguments.car, options)
        place = server.path
    else:
        server = await serve(arguments.car, options, arguments.host, arguments.port)
        place = f"{arguments.host}:{server.port}"
    print(f"simulator: {server.car.name} on {place}", flush=True)
    await ended.wait()
    await server.close()


def main() -> int:
    """Runs the command line; 2 if the car or the port cannot be had."""
    arguments = _arguments()
    if arguments.list:
        for name in car_names():
            print(f"{name:10} {load_car(name).description}")
        return 0
    loop = new_loop()
    try:
        loop.run_until_complete(_run(arguments))
    except (CarError, OSError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
