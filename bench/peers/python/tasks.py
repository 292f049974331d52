"""Tasks made, awaited, gathered, grouped, and that yield."""

import asyncio

from common import one, one_into, result, split, start, trio, workload
@workload("spawn_await")
async def spawn_await(ops, size):
    started = start()
    total = 0
    for _ in range(ops):
        total += await asyncio.create_task(one())
    return result(started, ops, total == ops)


# A trio task can't be awaited, only its nursery: one of one task.
@spawn_await.trio
async def _(ops, size):
    started = start()
    results = []
    for _ in range(ops):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one_into, results)
    return result(started, ops, len(results) == ops)


@workload("spawn_gather", size=1000)
async def spawn_gather(ops, size):
    rounds = split(ops, size)
    started = start()
    total = 0
    for _ in range(rounds):
        total += sum(await asyncio.gather(*[one() for _ in range(size)]))
    return result(started, rounds * size, total == rounds * size)


@spawn_gather.trio
async def _(ops, size):
    rounds = split(ops, size)
    started = start()
    total = 0
    for _ in range(rounds):
        results = []
        async with trio.open_nursery() as nursery:
            for _ in range(size):
                nursery.start_soon(one_into, results)
        total += sum(results)
    return result(started, rounds * size, total == rounds * size)


# The tasks are made before the measured part and run in it.  Ten yields each
# are the least, so that their first step does not count for much.
@workload("switch", size=2)
async def switch(ops, size):
    yields = max(10, split(ops, size))

    async def yielding():
        for _ in range(yields):
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(yielding()) for _ in range(size)]
    started = start()
    for task in tasks:
        await task
    return result(started, size * yields)


@switch.trio
async def _(ops, size):
    yields = max(10, split(ops, size))

    async def yielding():
        for _ in range(yields):
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for _ in range(size):
            nursery.start_soon(yielding)
        started = start()
    return result(started, size * yields)


@workload("group", size=10)
async def group(ops, size):
    started = start()
    total = 0
    for _ in range(ops):
        async with asyncio.TaskGroup() as tg:
            tasks = [tg.create_task(one()) for _ in range(size)]
        total += sum([task.result() for task in tasks])
    return result(started, ops, total == ops * size)


@group.trio
async def _(ops, size):
    started = start()
    total = 0
    for _ in range(ops):
        results = []
        async with trio.open_nursery() as nursery:
            for _ in range(size):
                nursery.start_soon(one_into, results)
        total += sum(results)
    return result(started, ops, total == ops * size)


@workload("callbacks", size=10)
async def callbacks(ops, size):
    rounds = split(ops, size)
    loop = asyncio.get_running_loop()
    called = 0

    def callback(future):
        nonlocal called
        called += 1

    started = start()
    for _ in range(rounds):
        future = loop.create_future()
        for _ in range(size):
            future.add_done_callback(callback)
        future.set_result(None)
        await asyncio.sleep(0)  # they run here
    return result(started, rounds * size, called == rounds * size)
