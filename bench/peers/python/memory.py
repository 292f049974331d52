"""What things take in memory."""

import asyncio

from common import HOUR, memory_result, one, resident, start, trio, workload
# A yield after every hundred tasks lets them begin to sleep, so that there is
# never a long queue of tasks to begin, whose memory would count too.
@workload("mem_suspended", size=100_000)
async def mem_suspended(ops, size):
    tasks = [None] * size
    before = resident()
    started = start()
    for i in range(size):
        tasks[i] = asyncio.create_task(asyncio.sleep(HOUR))
        if i % 100 == 99:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    answer = memory_result(started, before, size)
    for task in tasks:
        task.cancel()
    return answer


@mem_suspended.trio
async def _(ops, size):
    async with trio.open_nursery() as nursery:
        before = resident()
        started = start()
        for i in range(size):
            nursery.start_soon(trio.sleep, HOUR)
            if i % 100 == 99:
                await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()
        answer = memory_result(started, before, size)
        nursery.cancel_scope.cancel()
    return answer


# trio keeps nothing of a finished task.
@workload("mem_finished", size=100_000)
async def mem_finished(ops, size):
    tasks = [None] * size
    before = resident()
    started = start()
    for i in range(size):
        tasks[i] = asyncio.create_task(one())
        await tasks[i]
    return memory_result(started, before, size)


@workload("mem_timer", size=100_000)
async def mem_timer(ops, size):
    loop = asyncio.get_running_loop()

    def fire():
        pass

    before = resident()
    started = start()
    for _ in range(size):
        loop.call_later(HOUR, fire)
    return memory_result(started, before, size)
