// The workloads.
//
// A promise is not a task: an async function runs at once up to its first
// await, and nothing can cancel it. A workload that needs a bounded queue or a
// lock is not here, for node has neither.
//
// Each workload is given ops, how many operations are wanted, and size, and
// returns what result() makes of them. All before start() is set-up, which is
// not measured.

import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

const HOUR = 3_600_000; // ms
export const workloads = {};

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

const now = () => process.hrtime.bigint();

// start begins the measured part, after a collection.
function start() {
  collectGarbage();
  return now();
}

// result ends the measured part, which began at started and did ops operations.
function result(started, ops, ok = true) {
  const ns = Number(now() - started);
  if (!ok) throw new Error("the workload came to a wrong result");
  return { ns, ops };
}

// resident returns the process's resident bytes, after a collection.
function resident() {
  collectGarbage();
  return process.memoryUsage.rss();
}

// split tells how many each of n has to do so that all do at least ops.
const split = (ops, n) => Math.max(1, Math.ceil(ops / n));

// random returns a generator of numbers from 0 to 1, the same every time.
function random() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const one = async () => 1;

// --- Tasks ---

// Nothing is scheduled to run one(): only the await waits, for a microtask.
workloads["spawn_await"] = async (ops) => {
  const started = start();
  let total = 0;
  for (let i = 0; i < ops; i++) total += await one();
  return result(started, ops, total === ops);
};

workloads["spawn_gather"] = async (ops, size = 1000) => {
  const rounds = split(ops, size);
  const started = start();
  let total = 0;
  for (let r = 0; r < rounds; r++) {
    const promises = [];
    for (let i = 0; i < size; i++) promises.push(one());
    for (const value of await Promise.all(promises)) total += value;
  }
  return result(started, rounds * size, total === rounds * size);
};

// `await null` yields to the other microtasks only: neither timers nor input
// are looked at, as they are with setImmediate. The functions wait at a gate
// for the measured part.
workloads["switch"] = async (ops, size = 2) => {
  const yields = Math.max(10, split(ops, size));
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  const yielding = async () => {
    await gate;
    for (let i = 0; i < yields; i++) await null;
  };
  const promises = [];
  for (let i = 0; i < size; i++) promises.push(yielding());
  const started = start();
  open();
  await Promise.all(promises);
  return result(started, size * yields);
};

workloads["group"] = async (ops, size = 10) => {
  const started = start();
  let total = 0;
  for (let r = 0; r < ops; r++) {
    const promises = [];
    for (let i = 0; i < size; i++) promises.push(one());
    for (const value of await Promise.all(promises)) total += value;
  }
  return result(started, ops, total === ops * size);
};

workloads["callbacks"] = async (ops, size = 10) => {
  const rounds = split(ops, size);
  let called = 0;
  const callback = () => { called++; };
  const started = start();
  for (let r = 0; r < rounds; r++) {
    let resolve;
    const promise = new Promise((res) => { resolve = res; });
    for (let i = 0; i < size; i++) promise.then(callback);
    resolve();
    await null; // they run here
  }
  return result(started, rounds * size, called === rounds * size);
};

// --- Cancellation, timers, timeouts ---

workloads["sleep_cancel"] = async (ops) => {
  const started = start();
  let cancelled = 0;
  for (let i = 0; i < ops; i++) {
    const controller = new AbortController();
    const promise = sleep(HOUR, undefined, { signal: controller.signal });
    await null;
    controller.abort();
    try {
      await promise;
    } catch {
      cancelled++;
    }
  }
  return result(started, ops, cancelled === ops);
};

// node's timers count whole milliseconds, and those of equal delay share a
// list: there are ten lists here.
workloads["timers"] = async (ops, size = 1_000_000) => {
  const rounds = split(ops, size);
  const next = random();
  const delays = Array.from({ length: size }, () => next() * 10);
  const started = start();
  for (let r = 0; r < rounds; r++) {
    let left = size;
    await new Promise((done) => {
      const fire = () => { if (--left === 0) done(); };
      for (let i = 0; i < size; i++) setTimeout(fire, delays[i]);
    });
  }
  return result(started, rounds * size);
};

workloads["timers_cancel"] = async (ops, size = 1_000_000) => {
  const rounds = split(ops, size);
  const next = random();
  const delays = Array.from({ length: size }, () => HOUR * (1 + next()));
  const order = delays.map((_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const fire = () => { throw new Error("a cancelled timer fired"); };
  const started = start();
  for (let r = 0; r < rounds; r++) {
    const timers = delays.map((delay) => setTimeout(fire, delay));
    for (const i of order) clearTimeout(timers[i]);
  }
  return result(started, rounds * size);
};

// node has no scope with a timeout. What it has is a signal that a timer
// aborts; AbortSignal.timeout would do, but nothing stops its timer.
workloads["timeout"] = async (ops) => {
  const started = start();
  for (let i = 0; i < ops; i++) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), HOUR);
    clearTimeout(timer);
  }
  return result(started, ops);
};

// --- Threads ---

// On a thread a workload's other half runs, which onThreads started. It gets
// the number of operations and a shared array; each tells when it is ready.
const threadSide = {
  // posts the calls, when all threads are there
  posting(ops, shared) {
    Atomics.wait(shared, 0, 0);
    for (let i = 0; i < ops; i++) parentPort.postMessage(i);
  },
  // posts what time it is, after a sleep
  waking(ops, shared) {
    Atomics.wait(shared, 0, 0);
    for (let i = 0; i < ops; i++) {
      Atomics.wait(shared, 1, 0, 0.2);
      parentPort.postMessage(now());
    }
  },
  // does spawn_await in its own loop
  async spawning(ops, shared) {
    Atomics.wait(shared, 0, 0);
    let total = 0;
    for (let i = 0; i < ops; i++) total += await one();
    parentPort.postMessage(total);
  },
};

// onThreads starts n threads that wait for go() and then each do ops; what they
// post comes to receive.
async function onThreads(n, half, ops, receive) {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const threads = [];
  for (let i = 0; i < n; i++) {
    const thread = new Worker(new URL(import.meta.url), { workerData: { half, ops, shared } });
    await new Promise((ready) => thread.once("message", ready));
    thread.on("message", receive);
    threads.push(thread);
  }
  return {
    go() {
      Atomics.store(shared, 0, 1);
      Atomics.notify(shared, 0);
    },
    ended: () => Promise.all(threads.map((thread) => thread.terminate())),
  };
}

// A call into node's loop from another thread is a message to it, which is
// copied.
workloads["post"] = async (ops, size = 1) => {
  const each = split(ops, size);
  let left = size * each;
  let done;
  const all = new Promise((resolve) => { done = resolve; });
  const threads = await onThreads(size, "posting", each, () => { if (--left === 0) done(); });
  const started = start();
  threads.go();
  await all;
  const answer = result(started, size * each);
  await threads.ended();
  return answer;
};

workloads["wake"] = async (ops) => {
  const latencies = [];
  let done;
  const all = new Promise((resolve) => { done = resolve; });
  const threads = await onThreads(1, "waking", ops, (posted) => {
    latencies.push(Number(now() - posted));
    if (latencies.length === ops) done();
  });
  collectGarbage();
  threads.go();
  await all;
  await threads.ended();
  latencies.sort((a, b) => a - b);
  return {
    ns: latencies.reduce((sum, ns) => sum + ns, 0),
    ops,
    values: { p50: latencies[Math.floor(ops / 2)], p99: latencies[Math.floor(ops * 0.99)] },
  };
};

workloads["loops"] = async (ops) => {
  const cpus = availableParallelism();
  const each = split(ops, cpus);
  let left = cpus;
  let total = 0;
  let done;
  const all = new Promise((resolve) => { done = resolve; });
  const threads = await onThreads(cpus, "spawning", each, (count) => {
    total += count;
    if (--left === 0) done();
  });
  const started = start();
  threads.go();
  await all;
  const answer = result(started, cpus * each, total === cpus * each);
  await threads.ended();
  return answer;
};

// --- Memory ---

// An async function that waits for what keeps it from going on for an hour.
workloads["mem_suspended"] = async (ops, size = 100_000) => {
  const sleeping = async () => { await sleep(HOUR); };
  const promises = new Array(size).fill(null);
  const before = resident();
  const started = start();
  for (let i = 0; i < size; i++) promises[i] = sleeping();
  return memoryResult(started, before, promises);
};

workloads["mem_finished"] = async (ops, size = 100_000) => {
  const promises = new Array(size).fill(null);
  const before = resident();
  const started = start();
  for (let i = 0; i < size; i++) await (promises[i] = one());
  return memoryResult(started, before, promises);
};

workloads["mem_timer"] = async (ops, size = 100_000) => {
  const timers = new Array(size).fill(null);
  const fire = () => {};
  const before = resident();
  const started = start();
  for (let i = 0; i < size; i++) timers[i] = setTimeout(fire, HOUR);
  return memoryResult(started, before, timers);
};

// memoryResult is result for the things in kept, made when before bytes were
// resident.
function memoryResult(started, before, kept) {
  const answer = result(started, kept.length);
  return { ...answer, values: { bytes: (resident() - before) / kept.length } };
}

// measure runs a workload once.
export async function measure({ workload, ops, size }) {
  const code = workloads[workload];
  if (!code) throw new Error(`node has no workload ${workload}`);
  return code(Math.max(1, ops), size || undefined);
}

if (!isMainThread) {
  const { half, ops, shared } = workerData;
  parentPort.postMessage("ready");
  await threadSide[half](ops, shared);
}
