"""The benchmark's peers from Python: asyncio, uvloop and trio.

    python3 worker.py asyncio|uvloop|trio             answer requests, a JSON line each
    python3 worker.py asyncio|uvloop|trio --hello     run one task that says hello
    python3 worker.py asyncio|uvloop|trio --check     run every workload once, tiny

Python 3.11 or later.  What is measured is in workloads.py.
"""

import sys


def say_hello(peer):
    """The smallest program, which imports nothing but what it needs."""
    async def hello():
        print("hello", flush=True)

    if peer == "trio":
        import trio

        async def main():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(hello)
        trio.run(main)
        return

    import asyncio

    async def main():
        await asyncio.create_task(hello())

    if peer == "uvloop":
        import uvloop
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
    else:
        asyncio.run(main())


def version(peer):
    """Makes the peer ready and tells its version."""
    import platform
    import common
    python = f"{platform.python_implementation()} {platform.python_version()}"
    if peer == "uvloop":
        import uvloop
        common.loop_factory = uvloop.new_event_loop
        return f"uvloop {uvloop.__version__}, {python}"
    if peer == "trio":
        import trio
        return f"trio {trio.__version__}, {python}"
    return python


def check(peer):
    """Runs every workload once, tiny; whether all of them worked."""
    import json
    import workloads
    print(version(peer))
    names = workloads.supported(peer)
    failed = 0
    for name in names:
        try:
            answer = workloads.measure(peer, name, 20, 20)
            assert answer["ns"] > 0 and answer["ops"] >= 20, answer
            print("ok", name, json.dumps(answer))
        except Exception as error:
            failed += 1
            print("FAILED", name, repr(error))
    print(f"{len(names) - failed} passed, {failed} failed")
    return failed == 0


def serve(peer):
    """Answers the requests on standard input."""
    import json
    import workloads

    def say(line):
        print(json.dumps(line), flush=True)

    say({"peer": "python-asyncio" if peer == "asyncio" else peer,
         "version": version(peer), "workloads": workloads.supported(peer)})
    for line in sys.stdin:
        try:
            request = json.loads(line)
            say(workloads.measure(peer, request["workload"], request["ops"],
                                  request.get("size")))
        except Exception as error:
            say({"error": repr(error)})


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["asyncio" | "uvloop" | "trio" as peer]:
            serve(peer)
        case ["asyncio" | "uvloop" | "trio" as peer, "--hello"]:
            say_hello(peer)
        case ["asyncio" | "uvloop" | "trio" as peer, "--check"]:
            sys.exit(0 if check(peer) else 1)
        case _:
            sys.exit(__doc__)
