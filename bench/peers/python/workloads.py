"""The workloads: for asyncio, which is uvloop's code too, and below that for trio.

Each is given ops, how many operations are wanted, and size, and returns what
result() makes of them.  All before start() is set-up, which is not measured.
"""

import asyncio
import gc
import inspect
import os
import random
import resource
import threading
import time

try:
    import trio
except ImportError:
    trio = None

HOUR = 3600
CPUS = len(os.sched_getaffinity(0))
loop_factory = None  # uvloop's, if that is the peer

workloads = []


class Workload:
    """A workload's code for asyncio and, if trio has the like, for trio."""

    def __init__(self, name, size, on_asyncio):
        self.name, self.size = name, size
        self.code = {"asyncio": on_asyncio, "uvloop": on_asyncio}
        workloads.append(self)

    def trio(self, on_trio):
        self.code["trio"] = on_trio
        return on_trio


def workload(name, size=1):
    """Registers asyncio's code; size is what a request without one means."""
    return lambda on_asyncio: Workload(name, size, on_asyncio)


def start():
    """Starts the measured part, after a collection."""
    gc.collect()
    return time.perf_counter_ns()


def result(started, ops, ok=True):
    """Ends the measured part, which began at started and did ops operations."""
    answer = {"ns": time.perf_counter_ns() - started, "ops": ops}
    if not ok:
        raise AssertionError("the workload came to a wrong result")
    return answer


def memory_result(started, before, n):
    """The same for n things that were made when before bytes were resident."""
    answer = result(started, n)
    answer["values"] = {"bytes": (resident() - before) / n}
    return answer


def split(ops, n):
    """How many each of n has to do so that all together do at least ops."""
    return max(1, -(-ops // n))


def resident():
    """The process's resident bytes, after a collection."""
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def run_asyncio(main):
    """asyncio.run(main), which takes a loop_factory only from Python 3.12."""
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main)


async def one():
    return 1


# trio's tasks have no result: where one is wanted, the task puts it in a list.
async def one_into(results):
    results.append(1)


# --- Tasks ---


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


# --- Queues ---


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


# --- Cancellation, timers, timeouts ---


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


# --- Threads ---


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


# --- Memory ---


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


# --- Whole programs ---


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


def supported(peer):
    """The names of the peer's workloads."""
    return [w.name for w in workloads if peer in w.code]


def measure(peer, name, ops, size):
    """Runs a workload once, in an event loop of its own."""
    for found in workloads:
        if found.name == name and peer in found.code:
            break
    else:
        raise LookupError(f"{peer} has no workload {name}")
    code = found.code[peer]
    ops, size = max(1, ops), size or found.size
    if not inspect.iscoroutinefunction(code):
        return code(ops, size)
    if peer == "trio":
        return trio.run(code, ops, size)
    return run_asyncio(code(ops, size))
