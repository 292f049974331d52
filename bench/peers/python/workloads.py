"""The workloads: for asyncio, which is uvloop's code too, and below that for trio.

Each is given ops, how many operations are wanted, and size, and returns what
result() makes of them.  All before start() is set-up, which is not measured.
"""

import inspect

import common
import memory
import programs
import queues
import tasks
import threads
import timing

# Each of them has registered its workloads.
assert all((tasks, queues, timing, threads, memory, programs))


def supported(peer):
    """The names of the peer's workloads."""
    return [w.name for w in common.workloads if peer in w.code]


def measure(peer, name, ops, size):
    """Runs a workload once, in an event loop of its own."""
    for found in common.workloads:
        if found.name == name and peer in found.code:
            break
    else:
        raise LookupError(f"{peer} has no workload {name}")
    code = found.code[peer]
    ops, size = max(1, ops), size or found.size
    if not inspect.iscoroutinefunction(code):
        return code(ops, size)
    if peer == "trio":
        return common.trio.run(code, ops, size)
    return common.run_asyncio(code(ops, size))
