"""Cancellation, timers, timeouts and a lock."""

import asyncio
import random

from common import HOUR, one, result, split, start, trio, workload
@workload("sleep_cancel")
async def sleep_cancel(ops, size):
    started = start()
    cancelled = 0
    for _ in range(ops):
        task = asyncio.create_task(asyncio.sleep(HOUR))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            cancelled += 1
    return result(started, ops, cancelled == ops)


# trio runs what is ready in a random order, so one yield might let the task
# sleep or not: here are two.  The task is cancelled by its nursery.
@sleep_cancel.trio
async def _(ops, size):
    started = start()
    cancelled = 0
    for _ in range(ops):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, HOUR)
            await trio.lowlevel.checkpoint()
            await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        cancelled += nursery.cancel_scope.cancelled_caught
    return result(started, ops, cancelled == ops)


# Of the timers' workloads trio has none: what is timed in trio is a task.


@workload("timers", size=1_000_000)
async def timers(ops, size):
    rounds = split(ops, size)
    loop = asyncio.get_running_loop()
    rng = random.Random(1)
    delays = [rng.uniform(0, 0.010) for _ in range(size)]

    def fire():
        nonlocal left
        left -= 1
        if left == 0:
            done.set_result(None)

    started = start()
    for _ in range(rounds):
        left = size
        done = loop.create_future()
        for delay in delays:
            loop.call_later(delay, fire)
        await done
    return result(started, rounds * size)


# asyncio drops cancelled timers from its heap in the loop's next turn, which
# is therefore awaited.
@workload("timers_cancel", size=1_000_000)
async def timers_cancel(ops, size):
    rounds = split(ops, size)
    loop = asyncio.get_running_loop()
    rng = random.Random(1)
    delays = [rng.uniform(HOUR, 2 * HOUR) for _ in range(size)]
    order = list(range(size))
    rng.shuffle(order)

    def fire():
        raise AssertionError("a cancelled timer fired")

    started = start()
    for _ in range(rounds):
        handles = [loop.call_later(delay, fire) for delay in delays]
        for i in order:
            handles[i].cancel()
        await asyncio.sleep(0)
    return result(started, rounds * size)


@workload("timeout")
async def timeout(ops, size):
    started = start()
    for _ in range(ops):
        async with asyncio.timeout(HOUR):
            pass
    return result(started, ops)


@timeout.trio
async def _(ops, size):
    started = start()
    for _ in range(ops):
        with trio.fail_after(HOUR):
            pass
    return result(started, ops)


@workload("lock")
async def lock(ops, size):
    each = split(ops, 2)
    mutex = asyncio.Lock()

    async def taking():
        for _ in range(each):
            async with mutex:
                await asyncio.sleep(0)

    started = start()
    await asyncio.gather(taking(), taking())
    return result(started, 2 * each)


@lock.trio
async def _(ops, size):
    each = split(ops, 2)
    mutex = trio.Lock()

    async def taking():
        for _ in range(each):
            async with mutex:
                await trio.lowlevel.checkpoint()

    started = start()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taking)
        nursery.start_soon(taking)
    return result(started, 2 * each)
