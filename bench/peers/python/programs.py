"""Whole programs."""

import asyncio

from common import one, result, run_asyncio, split, start, trio, workload
@workload("run")
def run(ops, size):
    async def main():
        pass

    started = start()
    for _ in range(ops):
        run_asyncio(main())
    return result(started, ops)


@run.trio
def _(ops, size):
    async def main():
        pass

    started = start()
    for _ in range(ops):
        trio.run(main)
    return result(started, ops)


@workload("connections", size=10_000)
async def connections(ops, size):
    rounds = split(ops, size)
    loop = asyncio.get_running_loop()
    requests = asyncio.Queue(1000)

    async def handle():
        while True:
            number, reply = await requests.get()
            await asyncio.sleep(0)
            if not reply.done():  # as it is if the connection was cancelled
                reply.set_result(number + 1)

    async def connect():
        total = 0
        for number in range(5):
            reply = loop.create_future()
            await requests.put((number, reply))
            async with asyncio.timeout(30):
                total += await reply
        return total

    handlers = [asyncio.create_task(handle()) for _ in range(100)]
    started = start()
    served = cancelled = 0
    for _ in range(rounds):
        tasks = [asyncio.create_task(connect()) for _ in range(size)]
        await asyncio.sleep(0)
        for task in tasks[::10]:
            task.cancel()
        for answer in await asyncio.gather(*tasks, return_exceptions=True):
            if answer == 1 + 2 + 3 + 4 + 5:
                served += 1
            elif isinstance(answer, asyncio.CancelledError):
                cancelled += 1
    answer = result(started, rounds * size, served + cancelled == rounds * size
                    and cancelled == rounds * len(tasks[::10]))
    for handler in handlers:
        handler.cancel()
    return answer


# trio has no futures: an event and an attribute are one.  Nor can a task be
# cancelled by itself: each connection has a cancel scope.
class Reply:
    __slots__ = ("answer", "event")

    def __init__(self):
        self.event = trio.Event()


@connections.trio
async def _(ops, size):
    rounds = split(ops, size)
    send, receive = trio.open_memory_channel(1000)
    served = cancelled = 0

    async def handle():
        async for number, reply in receive:
            await trio.lowlevel.checkpoint()
            reply.answer = number + 1
            reply.event.set()

    async def connect(scope):
        nonlocal served, cancelled
        total = 0
        with scope:
            for number in range(5):
                reply = Reply()
                await send.send((number, reply))
                with trio.fail_after(30):
                    await reply.event.wait()
                total += reply.answer
        served += total == 1 + 2 + 3 + 4 + 5
        cancelled += scope.cancelled_caught

    async with trio.open_nursery() as handlers:
        for _ in range(100):
            handlers.start_soon(handle)
        started = start()
        for _ in range(rounds):
            async with trio.open_nursery() as nursery:
                scopes = [trio.CancelScope() for _ in range(size)]
                for scope in scopes:
                    nursery.start_soon(connect, scope)
                await trio.lowlevel.checkpoint()
                for scope in scopes[::10]:
                    scope.cancel()
        answer = result(started, rounds * size,
                        served + cancelled == rounds * size
                        and cancelled == rounds * len(scopes[::10]))
        handlers.cancel_scope.cancel()
    return answer
