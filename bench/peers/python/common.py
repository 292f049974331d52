"""What the workloads have in common."""

import asyncio
import gc
import os
import resource
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
