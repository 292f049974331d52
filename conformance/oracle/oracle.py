"""CPython's side of the differential tester: runs scenarios on asyncio itself.

    python3 oracle.py < program.json     prints the trace of one program
    python3 oracle.py --serve            {"version": "..."}, then one program a line in, one
                                         answer a line out: {"trace": [...]} or {"error": "..."}
    python3 oracle.py --serve-checked    the same for programs that are known to be right
    --old besides                        runs also what this CPython is too old for

The language is that of ../README.md; language.json has its words. Time is virtual: a
unit is a second of the loop, which jumps to the next timer when nothing is ready.

What runs is CPython's own asyncio, its C tasks included. It is changed where CPython
leaves an order open, or where the Go library differs on purpose: see the list at the
end of the README. Each such change is marked here with ORDER or DIFFERENCE.
"""

import asyncio
import contextlib
import gc
import heapq
import inspect
import json
import os
import re
import sys
import warnings

HORIZON = 1_000_000
BUDGET = 20_000
MAX_DEPTH = 30
MAX_COROUTINES = 100
MAX_NESTED = 100  # lists of operations that run inside each other
MAX_WAITING = 200  # tasks that pass cancellations on


# ---------------------------------------------------------------------------
# The language


class Bad(Exception):
    """A program that is none; its text names the place."""


NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}\Z")
TEXT = re.compile(r"[ -~]{0,64}\Z")
NUMBERS = {
    "count": (0, 1000),
    "places": (1, 1000),
    "duration": (-10_000, 10_000),
    "number": (-1_000_000, 1_000_000),
}


def operations(node):
    """All operations in a program, or in a part of one."""
    if isinstance(node, dict):
        if "op" in node:
            yield node
        node = node.values()
    if not isinstance(node, str) and hasattr(node, "__iter__"):
        for part in node:
            yield from operations(part)


def too_old(language, program):
    """Why this CPython does not behave as the newest with a program, None if it does."""
    words = {o["kind"] for o in program.get("objects", {}).values()}
    for op in operations(program):
        words.add(op["op"])
        words.update(word for word in ("eager", "group") if op.get(word))
    for gate in language["gates"]:
        since = tuple(map(int, gate["since"].split(".")))
        if words.issuperset(gate["has"]) and sys.version_info[:2] < since:
            return (f"{' with '.join(gate['has'])} needs CPython {gate['since']} ({gate['why']}), and this is "
                    f"{sys.version.split()[0]}: see the README for others, or give --old to see what it does")
    return None


def quoted(v):
    """A name as it was given, if it is one that can be shown."""
    if isinstance(v, str) and TEXT.match(v) and '"' not in v and "\\" not in v:
        return f'"{v}"'
    return "(no name)"


def is_list(type_):
    return type_ in ("ops", "callback", "body")


class Checker:
    """Checks a program and fills `kinds`, what each name is."""

    def __init__(self, language):
        self.language = language
        self.declared = {"main": ("task", "main"), "self": ("task", "self")}
        self.refs = []  # (path, wanted kinds, name), to be looked at when all is declared
        self.calls = {}  # coroutine: [(path, coroutine)]

    def check(self, program):
        if not isinstance(program, dict):
            raise Bad("program: want an object")
        for key in sorted(program):
            if key not in ("about", "objects", "coroutines", "main"):
                raise Bad(f"program: unknown field {quoted(key)}")
        if "main" not in program:
            raise Bad("program: main is missing")
        if not isinstance(program.get("about", ""), str):
            raise Bad("about: want a string")
        for where in ("objects", "coroutines"):
            if not isinstance(program.get(where, {}), dict):
                raise Bad(f"{where}: want an object")
        for name, o in sorted(program.get("objects", {}).items()):
            self.object(f"objects.{name}", name, o)
        if len(program.get("coroutines", {})) > MAX_COROUTINES:
            raise Bad(f"coroutines: more than {MAX_COROUTINES}")
        for name in sorted(program.get("coroutines", {})):
            self.declare(f"coroutines.{name}", "coroutine", name)
        for name, ops in sorted(program.get("coroutines", {}).items()):
            self.calls[name] = []
            self.ops(f"coroutines.{name}", ops, 0, "task", False, self.calls[name])
        self.ops("main", program["main"], 0, "task", False, [])
        for path, kinds, name in self.refs:
            have = self.declared.get(name)
            if have is None:
                raise Bad(f"{path}: there is no {' or '.join(kinds)} named {quoted(name)}")
            if have[0] not in kinds:
                raise Bad(f"{path}: {name} is a {have[0]}, want a {' or a '.join(kinds)}")
        fine = set()
        for name in self.calls:
            self.cycle(name, [], fine)

    def declare(self, path, kind, name):
        if not NAME.match(name):
            raise Bad(f"{path}: {quoted(name)} is no name: want letters, digits and _, at most 32, no digit first")
        if name in self.declared:
            raise Bad(f"{path}: {name} is declared already, at {self.declared[name][1]}")
        self.declared[name] = (kind, path)

    def object(self, path, name, o):
        if not isinstance(o, dict):
            raise Bad(f"{path}: want an object")
        kind = o.get("kind")
        if not isinstance(kind, str) or kind not in self.language["objects"]:
            raise Bad(f"{path}: unknown kind {quoted(kind)}")
        self.declare(path, kind, name)
        self.fields(path, o, "kind", self.language["objects"][kind], 0, "task", False, [])

    def ops(self, path, ops, depth, where, caught, calls):
        if not isinstance(ops, list):
            raise Bad(f"{path}: want a list of operations")
        if depth > MAX_DEPTH:
            raise Bad(f"{path}: nested more than {MAX_DEPTH} deep")
        for i, op in enumerate(ops):
            at = f"{path}[{i}]"
            if not isinstance(op, dict):
                raise Bad(f"{at}: want an object")
            name = op.get("op")
            if not isinstance(name, str) or name not in self.language["ops"]:
                raise Bad(f"{at}: unknown operation {quoted(name)}")
            spec = self.language["ops"][name]
            if where == "callback" and (spec.get("waits") or spec.get("in") == "task"):
                raise Bad(f"{at}: {name} is for tasks, not for callbacks")
            if name == "reraise" and not caught:
                raise Bad(f"{at}: reraise outside of a then")
            self.fields(at, op, "op", spec, depth, where, caught, calls)

    def fields(self, path, node, tag, spec, depth, where, caught, calls):
        known = {name: type_ for name, type_ in spec["fields"]}
        for name in sorted(node):
            if name != tag and name not in known:
                raise Bad(f"{path}: unknown field {quoted(name)}")
        for name, type_ in known.items():
            optional = type_.endswith("?")
            if name not in node:
                if not optional:
                    raise Bad(f"{path}: {name} is missing")
                continue
            self.value(f"{path}.{name}", node[name], type_.rstrip("?"), depth, where,
                       caught or name == "then", calls)
        for rule, count in (("one", 1), ("most", 0)):
            given = sum(name in node for name in spec.get(rule, ()))
            if rule in spec and not count <= given <= 1:
                raise Bad(f"{path}: want {'one' if count else 'at most one'} of {' and '.join(spec[rule])}")

    def value(self, path, v, type_, depth, where, caught, calls):
        kind, _, detail = type_.partition(":")
        if kind in NUMBERS:
            low, high = NUMBERS[kind]
            if type(v) is not int or not low <= v <= high:
                raise Bad(f"{path}: want a whole number from {low} to {high}")
        elif kind == "text":
            if not isinstance(v, str) or not TEXT.match(v):
                raise Bad(f"{path}: want a string of at most 64 printable ASCII characters")
        elif kind == "bool":
            if not isinstance(v, bool):
                raise Bad(f"{path}: want true or false")
        elif kind == "enum":
            if not isinstance(v, str) or v not in detail.split("|"):
                raise Bad(f"{path}: want {' or '.join(detail.split('|'))}")
        elif kind == "new":
            if not isinstance(v, str):
                raise Bad(f"{path}: want a name")
            self.declare(path, detail, v)
        elif kind == "ref":
            if not isinstance(v, str):
                raise Bad(f"{path}: want a name")
            self.refs.append((path, detail.split("|"), v))
            if detail == "coroutine":
                calls.append((path, v))
        elif kind == "refs":
            if not isinstance(v, list):
                raise Bad(f"{path}: want a list of names")
            for i, name in enumerate(v):
                self.value(f"{path}[{i}]", name, "ref:task|future", depth, where, caught, calls)
        elif kind == "ops":
            self.ops(path, v, depth + 1, where, caught, calls)
        elif kind == "callback":
            self.ops(path, v, depth + 1, "callback", False, calls)
        elif kind == "body":
            self.ops(path, v, depth + 1, "task", False, calls)

    def cycle(self, name, above, fine):
        """Refuses a coroutine that runs itself; fine are those that do not."""
        if name in above:
            loop = above[above.index(name):] + [name]
            raise Bad(f"coroutines.{name}: runs itself: {' -> '.join(loop)}")
        if name not in fine:
            for _, callee in self.calls[name]:
                self.cycle(callee, above + [name], fine)
            fine.add(name)


# ---------------------------------------------------------------------------
# The loop


class Ordered(dict):
    """A set that is iterated in the order in which things were added."""

    def __init__(self, items=()):
        super().__init__((x, None) for x in items)

    def add(self, x):
        self[x] = None

    def discard(self, x):
        self.pop(x, None)

    def remove(self, x):
        del self[x]


def patch(module, name, *replacements):
    """Defines a function or class again, with some of its text replaced."""
    source = inspect.getsource(getattr(module, name))
    for old, new in replacements:
        if old not in source:
            raise RuntimeError(f"{module.__name__}.{name} has no {old!r}: look at what this CPython does")
        source = source.replace(old, new)
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)
    if hasattr(asyncio, name):
        setattr(asyncio, name, getattr(module, name))


# ORDER: sets of tasks and futures, in wait and as_completed.
asyncio.tasks.set = Ordered
if sys.version_info >= (3, 13):
    patch(asyncio.tasks, "_AsCompletedIterator",
          ("todo = {ensure_future(aw, loop=loop) for aw in set(aws)}",
           "todo = set(ensure_future(aw, loop=loop) for aw in set(aws))"))

# ORDER: a group cancels its tasks as they were created.
# DIFFERENCE: the cancellation that a group delivers again has the message of the first.
# DIFFERENCE: tasks of a group that wait for its parent are told when that waits for them.
if sys.version_info >= (3, 13):
    patch(asyncio.taskgroups, "TaskGroup",
          ("for t in self._tasks:", "for t in sorted(self._tasks, key=created):"),
          ("self._parent_task.cancel()", "interrupt(self._parent_task)"),
          ("""self._parent_task.uncancel()
                interrupt(self._parent_task)""",
           """tasks.Task.uncancel(self._parent_task)
                interrupt(self._parent_task, getattr(self._parent_task, "first", None))"""),
          ("                await self._on_completed_fut", "                leaving(self)\n                await self._on_completed_fut"))
    asyncio.taskgroups.created = lambda task: Machine.now.things[task].number
    asyncio.taskgroups.leaving = lambda group: Machine.now.leaving(group)

    def abort_once(abort):
        def _abort(self):
            with one_request():
                abort(self)
        return _abort

    asyncio.TaskGroup._abort = abort_once(asyncio.TaskGroup._abort)


# DIFFERENCE: who leaves a timeout that has expired by its cancellation, and was cancelled by
# somebody else too, leaves by that one. A timeout is its own message.
patch(asyncio.timeouts, "Timeout", ("self._task.cancel()", "interrupt(self._task, self)"))


class Timeout(asyncio.timeouts.Timeout):
    async def __aexit__(self, kind, e, trace):
        swallowed = await super().__aexit__(kind, e, trace)
        task = self._task
        if (isinstance(e, asyncio.CancelledError) and e.args and e.args[0] is self
                and hasattr(task, "first") and task.cancelling() > self._cancelling):
            raise asyncio.CancelledError(task.first)
        return swallowed


asyncio.timeouts.Timeout = asyncio.Timeout = Timeout


@contextlib.contextmanager
def one_request(request=None):
    """What is cancelled inside is so by one request."""
    machine = Machine.now
    before = machine.request
    machine.request = request or object()
    try:
        yield
    finally:
        machine.request = before


def interrupt(task, msg=None):
    """Task.cancel by one who will take it back, or has the first delivered again."""
    with one_request():
        if not task.done():
            task.request = Machine.now.request
        cancel(task, msg)


asyncio.taskgroups.interrupt = asyncio.timeouts.interrupt = interrupt

# DIFFERENCE: the end of the run is one request for all tasks.
patch(asyncio.runners, "_cancel_all_tasks",
      ("""    for task in to_cancel:
        task.cancel()""",
       """    with one_request():
        for task in to_cancel:
            task.cancel()"""))
asyncio.runners.one_request = one_request


class RequestTask(asyncio.Task):
    """DIFFERENCE: a request visits each task once, by whichever ways it comes.

    One that has had it is not asked again, and does not count it. It is used only where
    that, or the first message, can make a difference: asyncio.Task has ways of its own in C.

    It remembers the message of the first cancel that was not taken back. Those of timeouts,
    and of a group that interrupts its parent, do not count: they will be taken back.
    """

    request = None  # the latest
    broken = None  # a Broken until the task is told

    def cancel(self, msg=None):
        request = Machine.now.request
        late = request is None and late_request()
        if late and late is self.request:
            return False  # the other is still to be told
        with one_request(request or late or None):
            if self.done():
                return super().cancel(msg)
            if self.request is Machine.now.request:
                return True
            self.request = Machine.now.request
            taken = cancel(self, msg)
        if taken and not hasattr(self, "first"):
            self.first = msg
        return taken

    def uncancel(self):
        left = super().uncancel()
        if left == 0 and hasattr(self, "first"):
            del self.first
        return left


def cancel(task, msg):
    """asyncio.Task.cancel, also of one whose wait was ended by an error."""
    broken = getattr(task, "broken", None)
    if not broken:
        return asyncio.Task.cancel(task, msg)
    broken.error = asyncio.CancelledError(*([] if msg is None else [msg]))
    with broken.asked():
        return asyncio.Task.cancel(task, msg)


class Broken:
    """What a task is woken with when its await of another is ended by an error."""

    def __init__(self, task, of):
        self.task = task
        self.of = of
        self.error = Problem("deadlock")

    def result(self):
        self.task.broken = None
        raise self.error

    @contextlib.contextmanager
    def asked(self):
        """asyncio.Task believes that it waits still; what it waits for is not to hear of it."""
        before, self.of.request = self.of.request, Machine.now.request
        yield
        self.of.request = before


def late_request():
    """The request that a task, which had none to pass it on to, passes on as it begins to wait."""
    task = asyncio.current_task()
    if isinstance(task, RequestTask) and not task.get_coro().cr_running:
        return task.request
    return None


# DIFFERENCE: who awaits a gather that was cancelled gets the message of the first request,
# not that of the child which was last to end.
patch(asyncio.tasks, "_GatheringFuture",
      ("self._cancel_requested = True",
       "self._request = self._request if self._cancel_requested else msg; self._cancel_requested = True"))


def cancel_once(cancel):
    def cancel_all(self, msg=None):
        with one_request(Machine.now.request or late_request()):
            return cancel(self, msg)
    return cancel_all


asyncio.tasks._GatheringFuture.cancel = cancel_once(asyncio.tasks._GatheringFuture.cancel)

# DIFFERENCE: a wait for a failure is told when the last that could have failed has not.
# DIFFERENCE: one that is told of nothing has asked for nothing: see Machine.hear.
patch(asyncio.tasks, "_wait",
      ("        counter -= 1\n",
       "        counter -= 1\n        counted(waiter, f, counter if return_when == FIRST_EXCEPTION else 0)\n"),
      ("        await waiter\n", "        await waiter\n        listened(waiter)\n"))
asyncio.tasks.counted = lambda waiter, f, left: Machine.now.counted(waiter, f, left)
asyncio.tasks.listened = lambda waiter: Machine.now.listened(waiter)
patch(asyncio.tasks, "gather",
      ("""requested:
                # If gather is being cancelled we must propagate the
                # cancellation regardless of *return_exceptions* argument.
                # See issue 32684.
                exc = fut._make_cancelled_error()""",
       """requested:
                exc = exceptions.CancelledError(outer._request)"""))

# DIFFERENCE: who awaits a shield gets the message of the inner cancellation.
patch(asyncio.tasks, "shield",
      ("            outer.cancel()", "            outer.cancel(msg=inner._cancel_message)"))

# DIFFERENCE: what a cancelled shield has left is like any other task.
asyncio.tasks._log_on_exception = lambda future: None

# DIFFERENCE: the numbers of a barrier's round are those of the ones who are in it.
if sys.version_info >= (3, 13):
    patch(asyncio.locks, "Barrier",
          ("index = self._count\n", "self._here = [*getattr(self, '_here', ()), me := object()]\n"),
          ("index + 1 == self._parties", "self._count == self._parties"),
          ("await self._release()",
           "self._numbers = {one: i for i, one in enumerate(self._here)}; await self._release()"),
          ("return index\n", "return self._numbers[me]\n"),
          ("self._count -= 1\n", "self._count -= 1; self._here.remove(me)\n"))


class Timer(asyncio.TimerHandle):
    """ORDER: of timers with the same deadline the one made first is first."""

    __slots__ = ("number",)

    def __lt__(self, other):
        return (self._when, self.number) < (other._when, other.number)


class Selector:
    """Lets time pass instead of waiting for it."""

    def __init__(self, loop):
        self.loop = loop

    def select(self, timeout):
        if timeout:
            self.loop.now += timeout
        return []


class Loop(asyncio.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self.now = 0
        self.timers = 0
        self._clock_resolution = 0.5  # so that a timer is due when its time has come
        self._selector = Selector(self)

    def time(self):
        return self.now

    def call_at(self, when, callback, *args, context=None):
        timer = Timer(when, callback, args, self, context)
        timer.number = self.timers
        self.timers += 1
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        return timer

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass


class PriorityQueue(asyncio.PriorityQueue):
    """ORDER: of equal items the first put is the first to be had."""

    def _init(self, maxsize):
        super()._init(maxsize)
        self._count = 0

    def _put(self, item):
        self._count += 1
        heapq.heappush(self._queue, (item[0], self._count, item[1]))

    def _get(self):
        priority, _, text = heapq.heappop(self._queue)
        return priority, text


# ---------------------------------------------------------------------------
# The interpreter


class Over(BaseException):
    """The program has been ended from outside."""


class Failed(Exception):
    """What a fail raises; args[0] is its name."""


class Problem(Exception):
    """An error of the language or one of the library's own; args[0] is its text."""


class Return:
    def __init__(self, value):
        self.value = value


class Thing:
    """What a name stands for: an object of asyncio's, or a task that is being made."""

    def __init__(self, name, obj=None):
        self.name = name
        self.obj = obj
        self.waits = ()  # of a task: what it awaits, and passes cancellations on to
        self.blocked = None  # of a task: how it waits for the ends of others, a Blocked
        self.mended = False
        self.heard = False  # of a task or future: somebody was told of its error, or is to be


class Blocked:
    """Waiting for the ends of things: all, the first, the first failure, or a group's tasks."""

    def __init__(self, how, things=(), group=None):
        self.how = how
        self.things = things
        self.group = group
        self.counted = set()  # of those that have not failed

    def left(self, machine):
        if self.group:
            tasks = sorted(self.group._tasks, key=asyncio.taskgroups.created)
            # A group comes to know an eager task after its first step.
            tasks += [x.obj for group, x in machine.entering if group is self.group and x.obj]
            return [machine.things[t] for t in tasks if not t.done()]
        return [x for x in self.things if not x.obj.done()]

    def ends(self):
        """Whether it is about to be over."""
        return (self.how in ("first_completed", "first_exception")
                and any(x.obj.done() and x not in self.counted for x in self.things))


class Env:
    """Where operations run: the thing of the task, None in a callback; how many lists of

    operations are around them; and what was caught.
    """

    __slots__ = ("me", "depth", "caught")

    def __init__(self, me, depth=0, caught=None):
        self.me = me
        self.depth = depth
        self.caught = caught

    def inside(self, caught=None):
        return Env(self.me, self.depth + 1, caught or self.caught)


def show(e):
    if isinstance(e, Failed):
        return "error " + e.args[0]
    if isinstance(e, Problem):
        return e.args[0]
    if isinstance(e, asyncio.CancelledError):
        return "cancelled " + e.args[0] if e.args and isinstance(e.args[0], str) and e.args[0] else "cancelled"
    if isinstance(e, TimeoutError):
        return "timeout"
    if isinstance(e, BaseExceptionGroup):
        return f"group({', '.join(show(x) for x in e.exceptions)})"
    for name, text in (("InvalidStateError", "invalid state"), ("QueueEmpty", "queue empty"),
                       ("QueueFull", "queue full"), ("QueueShutDown", "queue shut down"),
                       ("BrokenBarrierError", "broken barrier")):
        if isinstance(e, getattr(asyncio, name, ())):
            return text
    return f"{type(e).__name__}: {e}"


def word(v):
    return "none" if v is None else str(v).lower() if isinstance(v, bool) else str(v)


@contextlib.contextmanager
def misuse(text="misuse"):
    """Gives asyncio's complaints a name. BrokenBarrierError, a RuntimeError, is none."""
    try:
        yield
    except (RuntimeError, ValueError) as e:
        if type(e) not in (RuntimeError, ValueError):
            raise
        raise Problem(text) from None


def matches(catch, e):
    if catch == "any":
        return True
    if catch == "cancelled":
        return isinstance(e, asyncio.CancelledError)
    if catch == "timeout":
        return isinstance(e, TimeoutError)
    return not isinstance(e, asyncio.CancelledError)


class Machine:
    """Runs one program."""

    now = None  # the one that runs

    def __init__(self, language, program, text):
        self.language = language["ops"]
        # A key may be written with escapes; then it is done to be sure.
        scopes = any(op in text for op in ('"group"', '"timeout"', '"wait_for"'))
        waits = any(op in text for op in ('"await"', '"gather"', '"wait_for"', '"group"'))
        special = waits or scopes and '"message"' in text or "\\" in text
        self.task_type = RequestTask if special else asyncio.Task
        self.request = None  # that goes round
        self.program = program
        self.trace = []
        self.over = False
        self.steps = 0
        self.names = {}
        self.made = {}  # how many things each name has stood for
        self.things = {}  # the thing of each task and future
        self.tasks = []  # the things of all tasks, in the order of their creation
        self.entering = []  # the groups and things of tasks that are being made
        self.failed = []  # in this order
        self.next = {}  # how the next task is to be made
        self.factory_eager = False
        self.waiting = 0  # in passing_on
        self.asked = {}  # what each waiter of a wait for a failure has asked; None when that has listened

    # -- the run

    def run(self):
        Machine.now = self
        self.loop = loop = Loop()
        loop.set_task_factory(self.factory)
        loop.set_exception_handler(self.handler)
        self.horizon = loop.call_at(HORIZON, self.end, "out of time")
        objects = self.program.get("objects", {})
        for name in sorted(objects, key=lambda n: objects[n]["kind"] == "condition"):
            thing = self.bind(name)
            thing.obj = self.make(objects[name])
            if objects[name]["kind"] == "future":
                self.things[thing.obj] = thing
        main = Thing("main")
        self.names["main"] = main
        try:
            main.obj = self.create(self.body(main, self.program["main"]), main)
            main.heard = True
            try:
                v = loop.run_until_complete(main.obj)
            except BaseException as e:
                self.say("run ! " + show(e))
            else:
                self.say("run = " + v)
            if not self.over:
                self.shut_down()
        except RuntimeError:  # the loop was stopped
            if not self.over:
                raise
        for thing in self.failed:
            if thing.obj._log_traceback or not thing.heard:
                what = thing.name if isinstance(thing.obj, asyncio.Task) else "future"
                self.say(f"never retrieved {what}: {show(thing.obj.exception())}")
        loop.set_exception_handler(lambda loop, context: None)
        loop.close()
        # Lets go of the tasks: asyncio.all_tasks looks at all there are in the process.
        for table in (self.names, self.things, self.tasks, self.failed):
            table.clear()
        return self.trace

    def shut_down(self):
        """The end of asyncio.run.

        DIFFERENCE: tasks that come up meanwhile are cancelled and awaited too.
        """
        loop = self.loop
        while self.cancel_all():
            pass
        for shut_down in (loop.shutdown_asyncgens, loop.shutdown_default_executor):
            loop.run_until_complete(shut_down())
            while self.cancel_all():
                pass

    def cancel_all(self):
        """Cancels and awaits all tasks there are; whether there were any."""
        # ORDER: all_tasks is a set.
        left = [thing for thing in self.tasks if not thing.obj.done()]
        tasks = [thing.obj for thing in left]
        for thing in left:
            thing.heard = True  # it is said there
        all_tasks = asyncio.tasks.all_tasks
        asyncio.tasks.all_tasks = lambda loop: tasks
        try:
            asyncio.runners._cancel_all_tasks(self.loop)
        finally:
            asyncio.tasks.all_tasks = all_tasks
        return tasks

    def pending(self):
        """The names of the tasks that are not done, in the order of their creation."""
        there = asyncio.all_tasks(self.loop)
        return ",".join(thing.name for thing in self.tasks if thing.obj in there) or "none"

    def make(self, o):
        kind = o["kind"]
        if kind == "lock":
            return asyncio.Lock()
        if kind == "event":
            return asyncio.Event()
        if kind == "condition":
            return asyncio.Condition(self.names[o["lock"]].obj if "lock" in o else None)
        if kind == "semaphore":
            return asyncio.Semaphore(o["value"])
        if kind == "bounded_semaphore":
            return asyncio.BoundedSemaphore(o["value"])
        if kind == "barrier":
            return asyncio.Barrier(o["parties"])
        if kind == "queue":
            return asyncio.Queue(o.get("max", 0))
        if kind == "priority_queue":
            return PriorityQueue(o.get("max", 0))
        if kind == "lifo_queue":
            return asyncio.LifoQueue(o.get("max", 0))
        if kind == "future":
            return self.loop.create_future()
        return o.get("value", 0)  # a variable

    def say(self, event):
        if self.over:
            return
        task = asyncio.current_task(self.loop)
        self.trace.append(f"{int(self.loop.now)} {task.get_name() if task else '-'} {event}")

    def end(self, why):
        """Ends the program from outside."""
        if self.over:
            return
        self.trace.append(f"{int(self.loop.now)} - {why}; pending: {self.pending()}")
        self.over = True
        self.loop.stop()

    def step(self):
        if not self.over:
            self.steps += 1
            if self.steps <= BUDGET:
                return
            self.end("out of steps")
        raise Over

    def handler(self, loop, context):
        message = context["message"]
        for words, kind in (("Exception in callback", "callback"),
                            ("during asyncio.run() shutdown", "shutdown")):
            if words in message:
                message = kind
                break
        e = context.get("exception")
        self.say(f"handler: {message}" + (f": {show(e)}" if e else ""))

    # -- names

    def bind(self, name):
        self.made[name] = n = self.made.get(name, 0) + 1
        thing = Thing(name if n == 1 else f"{name}#{n}")
        self.names[name] = thing
        return thing

    def get(self, name):
        if name == "self":
            task = asyncio.current_task(self.loop)
            thing = self.things.get(task) if task else None
        else:
            thing = self.names.get(name)
        if thing is None or thing.obj is None:
            raise Problem("unbound")
        self.mend(thing)
        return thing

    def of(self, name):
        return self.get(name).obj

    def mend(self, thing):
        """DIFFERENCE: everybody who awaits a cancelled task gets its message.

        In CPython only the first does. Called before the program can look at the
        result: by each operation, and by the first done callback.
        """
        task = thing.obj
        if not thing.mended and isinstance(task, asyncio.Task) and task.done():
            thing.mended = True
            if task.cancelled():
                e = task._make_cancelled_error()
                task._cancel_message = e.args[0] if e.args else None

    def hear(self, things, e=None):
        """DIFFERENCE: an error is heard of by who is told of it.

        In CPython also by who would have been told, but is cancelled before its next step; by a
        wait, gather or shield on behalf of such a one; and by what passes a request on to it.

        With an error, these are the things of which who has got that was told. That CPython
        has not had it asked for, since nobody had come to that, counts all the same.
        """
        for x in things:
            if e is None or x.obj.done() and not x.obj.cancelled() and x.obj._exception is e:
                x.heard = True

    # -- tasks

    def factory(self, loop, coro, **kwargs):
        # Up to 3.13 the name comes after the first step of an eager task.
        kwargs.update(self.next)
        self.next = {}
        if self.factory_eager and "eager_start" not in kwargs and sys.version_info >= (3, 12):
            kwargs["eager_start"] = True
        return self.task_type(coro, loop=loop, **kwargs)

    def create(self, coro, thing, eager=False, group=None):
        self.next = {"name": thing.name}
        if eager:
            self.next["eager_start"] = True
        self.tasks.append(thing)
        thing.number = len(self.tasks)
        self.entering.append((group, thing))
        thing.heard = group is not None
        try:
            task = (group or self.loop).create_task(coro, name=thing.name)
        finally:
            self.entering.pop()
        self.known(thing, task)
        return task

    def known(self, thing, task):
        if thing.obj is None:
            thing.obj = task
            self.things[task] = thing
            task.add_done_callback(lambda _: self.mend(thing))

    async def body(self, me, ops, depth=0):
        self.known(me, asyncio.current_task())
        self.say("start")
        try:
            v = await self.run_ops(ops, Env(me, depth))
        except (Over, GeneratorExit):
            raise
        except BaseException as e:
            self.say("end ! " + show(e))
            if not isinstance(e, asyncio.CancelledError):
                self.failed.append(me)
            raise
        v = v.value if v else "none"
        self.say("end = " + v)
        return v

    # -- operations

    def label(self, op):
        if "label" in op:  # no field has this name
            return op["label"]
        words = [op["op"]]
        for name, type_ in self.language[op["op"]]["fields"]:
            if name in op and not is_list(type_.rstrip("?")):
                v = op[name]
                words.append(",".join(v) if isinstance(v, list) else word(v))
        op["label"] = " ".join(words)
        return op["label"]

    async def run_ops(self, ops, env):
        if env.depth > MAX_NESTED:
            raise Problem("too deep")
        for op in ops:
            name = op["op"]
            spec = self.language[name]
            self.step()
            if env.me:
                env.me.blocked = None
            quiet = spec.get("quiet")
            block = not quiet and spec.get("block")
            if block:
                self.say(self.label(op) + " in")
            try:
                f = WAITING.get(name)
                v = await f(self, op, env) if f else PLAIN[name](self, op, env)
            except (Over, GeneratorExit):
                raise
            except BaseException as e:
                if not quiet:
                    self.say(f"{self.label(op)} ! {show(e)}")
                raise
            if isinstance(v, Return):
                if block:
                    self.say(self.label(op) + " out")
                return v
            if not quiet:
                self.say(self.label(op) + ("" if v is None else f" = {v}") + (" out" if block else ""))

    def run_plain(self, ops, env):
        """run_ops for callbacks."""
        coro = self.run_ops(ops, env)
        try:
            coro.send(None)
        except StopIteration as e:
            return e.value
        raise AssertionError("a callback waits")

    def callback(self, ops):
        return lambda *_: self.run_plain(ops, Env(None)) and None

    # quiet ones

    async def op_try(self, op, env):
        v = None
        try:
            try:
                v = await self.run_ops(op["do"], env.inside())
            except (Over, GeneratorExit):
                raise
            except BaseException as e:
                if "catch" not in op or not matches(op["catch"], e):
                    raise
                v = await self.run_ops(op.get("then", ()), env.inside(e))
        except (Over, GeneratorExit):
            raise
        except BaseException:
            final = await self.run_ops(op.get("finally", ()), env.inside())
            if final is None:
                raise
            return final
        final = await self.run_ops(op.get("finally", ()), env.inside())
        return v if final is None else final

    async def op_repeat(self, op, env):
        for _ in range(op["times"]):
            v = await self.run_ops(op["do"], env.inside())
            if v is not None:
                return v

    def op_return(self, op, env):
        return Return(op.get("value", "none"))

    def op_fail(self, op, env):
        raise Failed(op["error"])

    def op_raise_cancelled(self, op, env):
        raise asyncio.CancelledError(*([op["message"]] if "message" in op else []))

    def op_reraise(self, op, env):
        raise env.caught

    def op_log(self, op, env):
        pass

    # variables

    def op_set(self, op, env):
        self.get(op["variable"]).obj = op["to"]

    def op_add(self, op, env):
        thing = self.get(op["variable"])
        thing.obj += op["by"]
        return thing.obj

    # tasks and futures

    async def op_call(self, op, env):
        v = await self.run_ops(self.program["coroutines"][op["coroutine"]], Env(env.me, env.depth + 1))
        return v.value if v else "none"

    async def op_sleep(self, op, env):
        await asyncio.sleep(op["for"])

    def op_create(self, op, env):
        group = self.of(op["group"]) if "group" in op else None
        before = self.names.get(op["task"])
        thing = self.bind(op["task"])
        ops = op["do"] if "do" in op else self.program["coroutines"][op["coroutine"]]
        eager = op.get("eager", False)
        coro = self.body(thing, ops, env.depth + 1 if eager or self.factory_eager else 0)
        try:
            with misuse("group closed"):
                self.create(coro, thing, eager, group)
        except Problem:
            coro.close()
            self.tasks.remove(thing)
            self.next = {}
            self.names[op["task"]] = before
            raise

    def op_task_factory(self, op, env):
        self.factory_eager = op["eager"]

    # circles

    def leads_to(self, thing):
        """How a thing waits for others, None if it does not."""
        task = thing.obj
        if not isinstance(task, asyncio.Task) or not thing.blocked:
            return None
        f = task._fut_waiter
        if f is None or f.done() or task is asyncio.current_task() or getattr(task, "broken", None):
            return None
        return thing.blocked

    def stuck(self, me, blocked):
        """The things that could never end if me waited so, because they wait for me."""
        needs, above, free, todo = {me: 0}, {}, [], [me]
        while todo:
            x = todo.pop()
            on = blocked if x is me else self.leads_to(x)
            if not on or on.ends():
                free.append(x)
            if not on:
                continue
            for y in on.left(self):
                needs[x] += 1
                above.setdefault(y, []).append(x)
                if y not in needs:
                    needs[y] = 0
                    todo.append(y)
            if needs[x] == 0:
                free.append(x)
            elif on.how in ("first_completed", "first_exception"):
                needs[x] = 1
        ends = set()
        while free:
            x = free.pop()
            if x not in ends:
                ends.add(x)
                for y in above.get(x, ()):
                    if needs[y] > 0:
                        needs[y] -= 1
                        if needs[y] == 0:
                            free.append(y)
        back, todo = set(), [me]
        while todo:
            for y in above.get(todo.pop(), ()):
                if y not in ends and y not in back:
                    back.add(y)
                    todo.append(y)
        return back

    async def block(self, env, how, things, at_once=False):
        """DIFFERENCE: an await that would close a circle is refused, on the next turn.

        Before something is cancelled at once, a task in its eager first step is none of its
        group's.
        """
        env.me.blocked = Blocked(how, things)
        made = any(x is env.me for _, x in self.entering)
        if not (at_once and made) and env.me in self.stuck(env.me, env.me.blocked):
            env.me.blocked = None
            if not at_once:
                await asyncio.sleep(0)
            raise Problem("deadlock")

    def leaving(self, group):
        """The task of a group is about to wait for its tasks."""
        me = self.things[group._parent_task]
        me.blocked = Blocked("all", group=group)
        back = self.stuck(me, me.blocked)
        todo = [me.blocked]
        while todo:
            for thing in todo.pop(0).left(self):
                if thing in back and thing.blocked:
                    if thing.blocked.group:
                        todo.append(thing.blocked)
                    else:
                        self.break_off(thing)

    def counted(self, waiter, f, left):
        """A wait has counted an end; none is left, or it is not for a failure."""
        if left > 0 and not f.cancelled() and f._exception is not None:
            if waiter in self.asked and self.asked[waiter] is None:
                self.hear([self.things[f]])
            else:
                self.asked.setdefault(waiter, []).append(self.things[f])
        for me in self.tasks:
            on = me.blocked
            if on and on.how == "first_exception" and me.obj._fut_waiter is waiter:
                if left > 0 and not waiter.done() and (f.cancelled() or f._exception is None):
                    on.counted.add(self.things[f])
                    if me in self.stuck(me, on):
                        self.break_off(me)
                return

    def listened(self, waiter):
        """Who waits has been told."""
        self.hear(self.asked.get(waiter) or ())
        self.asked[waiter] = None

    def break_off(self, thing):
        """Ends the wait of a task by an error."""
        task = thing.obj
        f = task._fut_waiter
        if f not in self.things:
            for x in thing.blocked.things:  # of which a gather is not to hear any more
                for c, _ in list(x.obj._callbacks or ()):
                    cells = getattr(c, "__closure__", None) or ()
                    if any(cell.cell_contents is f for cell in cells):
                        x.obj.remove_done_callback(c)
            f.set_exception(Problem("deadlock"))
            return
        for c, _ in list(f._callbacks or ()):
            if getattr(c, "__self__", None) is task:
                f.remove_done_callback(c)
                task.broken = Broken(task, f)
                self.loop.call_soon(c, task.broken)
                return
        raise AssertionError("a task is not among the callbacks of what it waits for")

    async def passing_on(self, env, things, aw, at_once=False, over=False):
        """Awaits what cancellations of this task are passed on to.

        Where that leads back to this task it would end in a recursion, or never; to await
        oneself leaves a C task in a state in which others cannot await it for a turn.
        """
        seen, todo = set(), list(things)
        while todo:
            thing = todo.pop()
            if thing is env.me:
                raise Problem("deadlock")
            if thing not in seen:
                seen.add(thing)
                todo.extend(thing.waits)
        if self.waiting == MAX_WAITING:
            raise Problem("too deep")
        if not over:
            await self.block(env, "all", things, at_once)
        self.waiting += 1
        env.me.waits = things
        try:
            return await aw()
        except BaseException as e:
            self.hear(things, e)
            raise
        finally:
            env.me.waits = ()
            self.waiting -= 1

    async def op_await(self, op, env):
        thing = self.get(op["of"])

        async def await_it():
            return await thing.obj

        return await self.passing_on(env, [thing], await_it)

    def op_cancel(self, op, env):
        thing = self.get(op["of"])
        taken = thing.obj.cancel(*([op["message"]] if "message" in op else []))
        if not taken and thing.obj.done():
            self.hear([thing])
        return word(taken)

    def op_cancelling(self, op, env):
        return self.of(op["task"]).cancelling()

    def op_uncancel(self, op, env):
        return self.of(op["task"]).uncancel()

    def op_done(self, op, env):
        f = self.of(op["of"])
        return f"{word(f.done())} {word(f.cancelled())}"

    def op_result(self, op, env):
        return self.outcome(self.get(op["of"]))

    def op_exception(self, op, env):
        thing = self.get(op["of"])
        try:
            e = thing.obj.exception()
            self.hear([thing])
        except (asyncio.CancelledError, asyncio.InvalidStateError) as raised:
            e = raised
        return "none" if e is None else show(e)

    def outcome(self, thing):
        try:
            return thing.obj.result()
        except BaseException as e:
            self.hear([thing], e)
            return "! " + show(e)

    def op_current_task(self, op, env):
        task = asyncio.current_task(self.loop)
        return task.get_name() if task else "none"

    def op_all_tasks(self, op, env):
        return self.pending()

    # combinators

    def all_of(self, op):
        return [self.get(name) for name in op["all"]]

    async def op_gather(self, op, env):
        things = self.all_of(op)

        async def gather():
            all_of = asyncio.gather(*[x.obj for x in things],
                                    return_exceptions=op.get("return_exceptions", False))
            try:
                values = await all_of
            except BaseException as e:
                # The cancellation of one that is gathered is told in any case.
                told = all_of.done() and (isinstance(all_of._exception, asyncio.CancelledError) or any(
                    x.obj.done() and not x.obj.cancelled() and x.obj._exception is e for x in things))
                if told and not op.get("return_exceptions"):
                    self.hear(things)
                raise
            self.hear(things)
            return values

        # With one that has failed there is nothing to wait for.
        over = not op.get("return_exceptions") and any(
            x.obj.done() and (x.obj.cancelled() or x.obj._exception) for x in things)
        values = await self.passing_on(env, things, gather, over=over)
        return f"[{', '.join(v if isinstance(v, str) else '! ' + show(v) for v in values)}]"

    async def op_wait(self, op, env):
        things = list(dict.fromkeys(self.all_of(op)))
        if op.get("timeout") is None and things:
            await self.block(env, op.get("return_when", "all_completed"), things)
        with misuse("nothing to wait for"):
            done, pending = await asyncio.wait(
                [x.obj for x in things], timeout=op.get("timeout"),
                return_when=op.get("return_when", "all_completed").upper())
        return " ".join(f"{what} {','.join(x.name for x in things if x.obj in of) or 'none'}"
                        for what, of in (("done", done), ("pending", pending)))

    async def op_as_completed(self, op, env):
        things = self.all_of(op)
        left = op.get("take", 0)
        async for f in asyncio.as_completed([x.obj for x in things], timeout=op.get("timeout")):
            thing = self.things[f]
            self.say(f"{self.label(op)} next {thing.name} = {self.outcome(thing)}")
            v = await self.run_ops(op.get("do", ()), env.inside())
            if v is not None:
                return v
            left -= 1
            if left == 0:
                break

    async def op_wait_for(self, op, env):
        thing = self.get(op["of"])

        async def wait_for():
            return await asyncio.wait_for(thing.obj, op.get("timeout"))

        # With no time at all it is not waited for before it was cancelled.
        return await self.passing_on(env, [thing], wait_for, op.get("timeout", 1) <= 0)

    async def op_shield(self, op, env):
        thing = self.get(op["of"])
        await self.block(env, "all", [thing])
        try:
            return await asyncio.shield(thing.obj)
        except BaseException as e:
            self.hear([thing], e)
            raise

    # scopes

    async def op_timeout(self, op, env):
        if "at" in op:
            scope = asyncio.timeout_at(op["at"])
        else:
            scope = asyncio.timeout(op.get("after"))
        async with scope:
            self.bind(op["scope"]).obj = scope
            v = await self.run_ops(op["do"], env.inside())
        return v

    def op_reschedule(self, op, env):
        when = self.loop.now + op["after"] if "after" in op else op.get("at")
        with misuse("timeout over"):
            self.of(op["scope"]).reschedule(when)

    def op_deadline(self, op, env):
        scope = self.of(op["scope"])
        when = scope.when()
        return f"{'none' if when is None else int(when)} {word(scope.expired())}"

    async def op_group(self, op, env):
        async with asyncio.TaskGroup() as group:
            self.bind(op["group"]).obj = group
            v = await self.run_ops(op["do"], env.inside())
        return v

    # futures

    def op_set_result(self, op, env):
        self.of(op["future"]).set_result(op["value"])

    def op_set_exception(self, op, env):
        thing = self.get(op["future"])
        thing.obj.set_exception(Failed(op["error"]))
        self.failed.append(thing)

    # callbacks

    def op_call_soon(self, op, env):
        self.bind(op["handle"]).obj = self.loop.call_soon(self.callback(op["do"]))

    def op_call_later(self, op, env):
        self.bind(op["handle"]).obj = self.loop.call_later(op["after"], self.callback(op["do"]))

    def op_call_at(self, op, env):
        self.bind(op["handle"]).obj = self.loop.call_at(op["at"], self.callback(op["do"]))

    def op_cancel_handle(self, op, env):
        self.of(op["handle"]).cancel()

    def op_turns(self, op, env):
        def turn(i):
            if i <= op["times"]:
                self.step()
                self.say(f"turn {i}")
                self.loop.call_soon(turn, i + 1)
        self.loop.call_soon(turn, 1)

    def op_add_callback(self, op, env):
        f = self.of(op["of"])
        callback = self.callback(op["do"])
        self.bind(op["callback"]).obj = (f, callback)
        f.add_done_callback(callback)

    def op_remove_callback(self, op, env):
        f, callback = self.of(op["callback"])
        return word(f.remove_done_callback(callback) > 0)

    # locks

    async def op_acquire(self, op, env):
        await self.of(op["lock"]).acquire()

    def op_release(self, op, env):
        with misuse():
            self.of(op["lock"]).release()

    def op_locked(self, op, env):
        return word(self.of(op["lock"]).locked())

    async def op_with(self, op, env):
        lock = self.of(op["lock"])
        await lock.__aenter__()
        try:
            v = await self.run_ops(op["do"], env.inside())
        except BaseException:
            with misuse():  # it may be released already
                await lock.__aexit__(*sys.exc_info())
            raise
        with misuse():
            await lock.__aexit__(None, None, None)
        return v

    async def op_event_wait(self, op, env):
        await self.of(op["event"]).wait()

    def op_event_set(self, op, env):
        self.of(op["event"]).set()

    def op_event_clear(self, op, env):
        self.of(op["event"]).clear()

    def op_event_is_set(self, op, env):
        return word(self.of(op["event"]).is_set())

    async def op_condition_wait(self, op, env):
        with misuse():
            await self.of(op["condition"]).wait()

    async def op_condition_wait_for(self, op, env):
        variable = self.get(op["variable"])

        def enough():
            answer = variable.obj >= op["at_least"]
            if op.get("look"):
                self.say(f"look {op['variable']} = {word(answer)}")
            return answer

        with misuse():
            await self.of(op["condition"]).wait_for(enough)

    def op_notify(self, op, env):
        with misuse():
            self.of(op["condition"]).notify(op["n"])

    def op_notify_all(self, op, env):
        with misuse():
            self.of(op["condition"]).notify_all()

    async def op_barrier_wait(self, op, env):
        return await self.of(op["barrier"]).wait()

    async def op_barrier_abort(self, op, env):
        await self.of(op["barrier"]).abort()

    async def op_barrier_reset(self, op, env):
        await self.of(op["barrier"]).reset()

    def op_barrier_state(self, op, env):
        barrier = self.of(op["barrier"])
        return f"{barrier.n_waiting} {word(barrier.broken)}"

    # queues

    def item(self, queue, op):
        if isinstance(queue, PriorityQueue):
            return op.get("priority", 0), op["item"]
        return op["item"]

    def text(self, item):
        return item[1] if isinstance(item, tuple) else item

    async def op_put(self, op, env):
        queue = self.of(op["queue"])
        await queue.put(self.item(queue, op))

    def op_put_nowait(self, op, env):
        queue = self.of(op["queue"])
        queue.put_nowait(self.item(queue, op))

    async def op_get(self, op, env):
        return self.text(await self.of(op["queue"]).get())

    def op_get_nowait(self, op, env):
        return self.text(self.of(op["queue"]).get_nowait())

    def op_task_done(self, op, env):
        with misuse():
            self.of(op["queue"]).task_done()

    async def op_join(self, op, env):
        await self.of(op["queue"]).join()

    def op_shutdown(self, op, env):
        self.of(op["queue"]).shutdown(op.get("immediate", False))

    def op_queue_state(self, op, env):
        queue = self.of(op["queue"])
        return f"{queue.qsize()} {word(queue.empty())} {word(queue.full())}"


WAITING, PLAIN = {}, {}
for _name, _f in vars(Machine).items():
    if _name.startswith("op_"):
        (WAITING if inspect.iscoroutinefunction(_f) else PLAIN)[_name[3:]] = _f


# ---------------------------------------------------------------------------
# The command


def read_language(folder):
    with open(os.path.join(folder, "language.json")) as f:
        return json.load(f)


def quiet():
    """For many programs in a row."""
    sys.unraisablehook = lambda _: None  # of coroutines that the end of a program leaves behind
    warnings.simplefilter("ignore", RuntimeWarning)  # likewise
    gc.set_threshold(20_000)


def no_number(text):
    raise ValueError(f"{text} is no JSON")


def answer(language, text, checked=False, old=False):
    """Returns the trace of the program in text, or raises Bad."""
    try:
        program = json.loads(text, parse_constant=no_number)
    except (ValueError, RecursionError) as e:
        raise Bad(f"program: {e}") from None
    if not checked:
        Checker(language).check(program)
        why = None if old else too_old(language, program)
        if why:
            raise Bad(why)
    return Machine(language, program, text).run()


def version_line():
    return json.dumps({"version": sys.version.split()[0]})


def answer_line(language, line, checked=False, old=False):
    """answer in JSON, for --serve."""
    try:
        return json.dumps({"trace": answer(language, line, checked, old)})
    except Bad as e:
        return json.dumps({"error": str(e)})
    except Exception as e:  # the others are to be answered all the same
        return json.dumps({"error": f"oracle: {type(e).__name__}: {e}"})


def main(argv):
    language = read_language(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
    quiet()
    old = "--old" in argv
    rest = [arg for arg in argv if arg != "--old"]
    if rest in (["--serve"], ["--serve-checked"]):
        print(version_line(), flush=True)
        for line in sys.stdin:
            print(answer_line(language, line, rest == ["--serve-checked"], old), flush=True)
        return 0
    if rest:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print("\n".join(answer(language, sys.stdin.read(), old=old)))
    except Bad as e:
        print(f"oracle: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
