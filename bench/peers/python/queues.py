"""Queues."""

import asyncio

from common import result, split, start, trio, workload
@workload("queue", size=1)
async def queue(ops, size):
    items = asyncio.Queue(size)

    async def produce():
        for _ in range(ops):
            await items.put(1)

    started = start()
    producer = asyncio.create_task(produce())
    total = 0
    for _ in range(ops):
        total += await items.get()
    await producer
    return result(started, ops, total == ops)


@queue.trio
async def _(ops, size):
    send, receive = trio.open_memory_channel(size)

    async def produce():
        async with send:
            for _ in range(ops):
                await send.send(1)

    started = start()
    total = 0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(produce)
        async for item in receive:
            total += item
    return result(started, ops, total == ops)


@workload("fan_in", size=100)
async def fan_in(ops, size):
    each = split(ops, size)
    items = asyncio.Queue(100)

    async def produce():
        for _ in range(each):
            await items.put(1)

    started = start()
    producers = [asyncio.create_task(produce()) for _ in range(size)]
    total = 0
    for _ in range(each * size):
        total += await items.get()
    await asyncio.gather(*producers)
    return result(started, each * size, total == each * size)


@fan_in.trio
async def _(ops, size):
    each = split(ops, size)
    send, receive = trio.open_memory_channel(100)

    async def produce(send):
        async with send:
            for _ in range(each):
                await send.send(1)

    started = start()
    total = 0
    async with trio.open_nursery() as nursery:
        async with send:
            for _ in range(size):
                nursery.start_soon(produce, send.clone())
        async for item in receive:
            total += item
    return result(started, each * size, total == each * size)


# A None ends a consumer: Queue.shutdown is there from Python 3.13 only.
@workload("fan_out", size=100)
async def fan_out(ops, size):
    items = asyncio.Queue(100)

    async def consume():
        total = 0
        while (item := await items.get()) is not None:
            total += item
        return total

    started = start()
    consumers = [asyncio.create_task(consume()) for _ in range(size)]
    for _ in range(ops):
        await items.put(1)
    for _ in range(size):
        await items.put(None)
    total = sum(await asyncio.gather(*consumers))
    return result(started, ops, total == ops)


@fan_out.trio
async def _(ops, size):
    send, receive = trio.open_memory_channel(100)
    totals = []

    async def consume(receive):
        total = 0
        async with receive:
            async for item in receive:
                total += item
        totals.append(total)

    started = start()
    async with trio.open_nursery() as nursery:
        async with receive:
            for _ in range(size):
                nursery.start_soon(consume, receive.clone())
        async with send:
            for _ in range(ops):
                await send.send(1)
    return result(started, ops, sum(totals) == ops)
