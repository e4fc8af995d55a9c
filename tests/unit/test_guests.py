"""Others than the poller who ask the car."""

import asyncio

from autopid.guests import Guests
from helper import run
from obd.errors import AdapterLost, NoAnswer


async def failing(function, *arguments):
    """The error that it ends with."""
    try:
        await function(*arguments)
    except (Exception, asyncio.CancelledError) as error:
        return error
    raise AssertionError("no error")


async def answer(adapter):
    return adapter + "!"


async def refuse(_):
    raise NoAnswer("no ECU answered")


class Asked:
    """Work that does not end by itself."""

    def __init__(self):
        self.began = asyncio.Event()
        self.ended = False

    async def work(self, _):
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


def test_without_an_adapter_the_guest_is_told_why():
    async def session():
        guests, reasons = Guests(), []
        reasons.append(str(await failing(guests.ask, answer, 1000)))
        guests.trouble = "no connection to the adapter"
        reasons.append(str(await failing(guests.ask, answer, 1000)))
        return reasons

    reasons = run(session())
    assert reasons == ["the adapter is not connected yet", "no connection to the adapter"]


def test_the_work_is_given_the_adapter_and_its_result_returned():
    async def session():
        guests = Guests()
        guests.welcome("adapter")
        return await guests.ask(answer, 1000), await failing(guests.ask, refuse, 1000)

    result, error = run(session())
    assert result == "adapter!" and isinstance(error, NoAnswer)


def test_work_that_takes_too_long_is_ended():
    async def session():
        guests, asked = Guests(), Asked()
        guests.welcome("adapter")
        error = await failing(guests.ask, asked.work, 1)
        return error, asked.ended, await guests.ask(answer, 1000)

    error, ended, result = run(session())
    assert isinstance(error, asyncio.TimeoutError) and ended and result == "adapter!"


def test_whoever_asks_while_the_adapter_goes_is_told():
    async def session():
        guests, asked = Guests(), Asked()
        guests.welcome("adapter")
        task = asyncio.create_task(failing(guests.ask, asked.work, 60_000))
        await asked.began.wait()
        guests.dismiss()
        return await task, asked.ended, await failing(guests.ask, answer, 1000)

    error, ended, later = run(session())
    assert isinstance(error, AdapterLost) and "lost" in str(error) and ended
    assert isinstance(later, AdapterLost)


def test_a_guest_that_leaves_takes_its_work_along():
    async def session():
        guests, asked = Guests(), Asked()
        guests.welcome("adapter")
        task = asyncio.create_task(failing(guests.ask, asked.work, 60_000))
        await asked.began.wait()
        task.cancel()
        return await task, asked.ended

    error, ended = run(session())
    assert isinstance(error, asyncio.CancelledError) and ended
