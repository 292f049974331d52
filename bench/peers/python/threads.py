"""Other threads, and several loops."""

import asyncio
import gc
import threading
import time

from common import CPUS, one, result, run_asyncio, split, start, trio, workload
def one_on_thread():
    return 1


# The threads are made by a round before the measured part.  asyncio.to_thread
# takes half as long again, as it runs each call in a copy of the context.
@workload("go_batch", size=1000)
async def go_batch(ops, size):
    rounds = split(ops, size)
    loop = asyncio.get_running_loop()

    async def batch():
        calls = [loop.run_in_executor(None, one_on_thread)
                 for _ in range(size)]
        return sum(await asyncio.gather(*calls))

    await batch()
    started = start()
    total = 0
    for _ in range(rounds):
        total += await batch()
    return result(started, rounds * size, total == rounds * size)


@go_batch.trio
async def _(ops, size):
    rounds = split(ops, size)

    async def call(results):
        results.append(await trio.to_thread.run_sync(one_on_thread))

    async def batch():
        results = []
        async with trio.open_nursery() as nursery:
            for _ in range(size):
                nursery.start_soon(call, results)
        return sum(results)

    await batch()
    started = start()
    total = 0
    for _ in range(rounds):
        total += await batch()
    return result(started, rounds * size, total == rounds * size)


def posting(ops, threads, post, finish):
    """Starts threads that wait for the returned event to be set and then post
    together at least ops calls; the last call of all calls finish."""
    each = split(ops, threads)
    left = threads * each
    go = threading.Event()

    def callback():
        nonlocal left
        left -= 1
        if left == 0:
            finish()

    def poster():
        go.wait()
        for _ in range(each):
            post(callback)

    for _ in range(threads):
        threading.Thread(target=poster, daemon=True).start()
    return go, left


@workload("post", size=1)
async def post(ops, size):
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    go, ops = posting(ops, size, loop.call_soon_threadsafe,
                      lambda: done.set_result(None))
    started = start()
    go.set()
    await done
    return result(started, ops)


@post.trio
async def _(ops, size):
    token = trio.lowlevel.current_trio_token()
    done = trio.Event()
    go, ops = posting(ops, size, token.run_sync_soon, done.set)
    started = start()
    go.set()
    await done.wait()
    return result(started, ops)


def waking(ops, post, finish):
    """Starts a thread that posts ops calls, one every 200 µs and more; returns
    the list of how many ns each took to come.  The last one calls finish."""
    latencies = []

    def callback(posted):
        latencies.append(time.perf_counter_ns() - posted)
        if len(latencies) == ops:
            finish()

    def poster():
        for _ in range(ops):
            time.sleep(200e-6)
            post(callback, time.perf_counter_ns())

    threading.Thread(target=poster, daemon=True).start()
    return latencies


def latency_result(latencies):
    latencies.sort()
    n = len(latencies)
    return {"ns": sum(latencies), "ops": n, "values": {
        "p50": latencies[n // 2], "p99": latencies[n * 99 // 100]}}


@workload("wake")
async def wake(ops, size):
    gc.collect()
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    latencies = waking(ops, loop.call_soon_threadsafe,
                       lambda: done.set_result(None))
    await done
    return latency_result(latencies)


@wake.trio
async def _(ops, size):
    gc.collect()
    token = trio.lowlevel.current_trio_token()
    done = trio.Event()
    latencies = waking(ops, token.run_sync_soon, done.set)
    await done.wait()
    return latency_result(latencies)


# The threads take turns at the interpreter's lock, so two loops are not faster
# than one.
@workload("loops")
def loops(ops, size):
    each = split(ops, CPUS)
    barrier = threading.Barrier(CPUS + 1)
    totals = []

    async def spawning():
        barrier.wait()  # all are there
        barrier.wait()  # the measured part begins
        total = 0
        for _ in range(each):
            total += await asyncio.create_task(one())
        totals.append(total)
        barrier.wait()

    threads = [threading.Thread(target=lambda: run_asyncio(spawning()))
               for _ in range(CPUS)]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = start()
    barrier.wait()
    barrier.wait()
    answer = result(started, CPUS * each, sum(totals) == CPUS * each)
    for thread in threads:
        thread.join()
    return answer
