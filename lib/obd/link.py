"""Opens the way to the adapter. Imported for each attempt, then given back: see `transient`."""

import asyncio
import errno

import board
import transient
from micropython import const
from net import dial

from obd.errors import AdapterLost

try:
    from typing import TYPE_CHECKING
except ImportError:
    TYPE_CHECKING = False

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

_CONNECT_MS = const(5000)


async def connect(settings: dict) -> "tuple[StreamReader, StreamWriter]":
    """Stream pair to the adapter of these settings. Raises AdapterLost."""
    if settings["kind"] != "board":
        return await _open_tcp(settings["address"])
    port = await board.open_adapter()
    if port is None:
        raise AdapterLost("this board has no OBD chip; set an adapter address")
    reader, writer, set_baud = port
    if set_baud is None:
        return reader, writer
    from obd import baud

    if await baud.negotiate(reader, writer, set_baud) is None:
        await board.adapter_reset()  # it may sleep on, or be stuck
        if await baud.negotiate(reader, writer, set_baud) is None:
            raise AdapterLost("the OBD chip does not react at any speed")
    return reader, writer


async def _open_tcp(address: str) -> "tuple[StreamReader, StreamWriter]":
    """Stream pair to an adapter at host:port. Raises AdapterLost."""
    from net import faults  # given back at the end

    host, _, text = address.rpartition(":")
    port = int(text)
    stage, code = "dns", None
    try:
        where = dial.Address(host, port)
        where.look_up()
        stage, code = "connect", errno.ETIMEDOUT
        stream: dial.Stream = asyncio.StreamReader(  # type: ignore[assignment]  # see Stream
            await asyncio.wait_for_ms(where.connect(), _CONNECT_MS)
        )
    except asyncio.TimeoutError:
        pass
    except OSError as error:
        code = faults.number(error)
    else:
        return stream, stream
    finally:
        transient.release(transient.FAULTS)
    cause, _ = faults.explain(stage, code, host, port)
    raise AdapterLost("no connection to the adapter: %s" % cause)
