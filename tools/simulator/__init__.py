"""A car and its OBD adapter, imitated at the wire: ELM327, STN1110 or MIC3624, TCP or pty.

asynchronous     server = await serve("petrol", Options(latency_ms=10)); …; await server.close()
synchronous      with background("ioniq5", personality="mic3624") as sim: connect(sim.port)
command line     python -m simulator --car petrol --port 35000
"""

from .adapter import Adapter
from .car import Car, car_names, load_car
from .errors import CarError
from .options import PERSONALITIES, QUIRKS, Options
from .server import PtyServer, Server, TcpServer, background, new_loop, open_pty, serve

__all__ = [
    "PERSONALITIES",
    "QUIRKS",
    "Adapter",
    "Car",
    "CarError",
    "Options",
    "PtyServer",
    "Server",
    "TcpServer",
    "background",
    "car_names",
    "load_car",
    "new_loop",
    "open_pty",
    "serve",
]
