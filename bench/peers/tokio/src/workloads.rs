//! The workloads. Each is told how many operations are wanted and a size, and
//! returns what `answer` makes of them. All before `Instant::now()` is set-up,
//! which is not measured.
//!
//! A workload is itself a task: what `block_on` runs is not on a thread of the
//! multi-threaded runtime, and is slower to wake on both.

use std::fs;
use std::future::{ready, Future};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, Mutex};
use tokio::task::{spawn_blocking, unconstrained, yield_now, JoinSet};
use tokio::time::{sleep, sleep_until, timeout, Sleep};

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, PartialEq)]
pub enum Flavor {
    CurrentThread,
    MultiThread,
}

impl Flavor {
    pub fn runtime(self) -> Runtime {
        match self {
            Flavor::CurrentThread => Builder::new_current_thread(),
            Flavor::MultiThread => Builder::new_multi_thread(), // a worker for each core
        }
        .enable_all()
        .build()
        .unwrap()
    }
}

pub struct Wanted {
    pub flavor: Flavor,
    pub ops: usize,
    pub size: usize,
}

pub struct Answer {
    pub ns: u128,
    pub ops: usize,
    pub values: Vec<(&'static str, f64)>,
}

type Outcome = Result<Answer, String>;

pub struct Workload {
    pub name: &'static str,
    pub size: usize, // what a request without one means
    pub run: Box<dyn Fn(Wanted) -> Outcome>,
}

/// A workload that runs as a task on a runtime of the wanted flavor.
fn task<F>(name: &'static str, size: usize, body: fn(Wanted) -> F) -> Workload
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let run = move |wanted: Wanted| {
        let runtime = wanted.flavor.runtime();
        let task = runtime.spawn(body(wanted));
        runtime.block_on(task).map_err(|e| e.to_string())?
    };
    Workload {
        name,
        size,
        run: Box::new(run),
    }
}

/// A workload that makes its runtimes itself.
fn plain(name: &'static str, body: fn(Wanted) -> Outcome) -> Workload {
    Workload {
        name,
        size: 1,
        run: Box::new(body),
    }
}

/// Ends the measured part, which began at started and did ops operations.
fn answer(started: Instant, ops: usize, ok: bool) -> Outcome {
    let ns = started.elapsed().as_nanos();
    if !ok {
        return Err("the workload came to a wrong result".to_string());
    }
    Ok(Answer {
        ns,
        ops,
        values: vec![],
    })
}

/// The process's resident bytes.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let (_, rest) = status.split_once("VmRSS:").unwrap();
    let kib = rest.split_whitespace().next().unwrap();
    kib.parse::<usize>().unwrap() * 1024
}

/// How many each of n has to do so that all together do at least ops.
fn split(ops: usize, n: usize) -> usize {
    ((ops + n - 1) / n).max(1)
}

/// Returns a generator of numbers from 0 to 1, the same every time.
fn random() -> impl FnMut() -> f64 {
    let mut state = 1u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

async fn one() -> usize {
    1
}

pub fn workloads() -> Vec<Workload> {
    vec![
        spawn_await(),
        spawn_gather(),
        switch(),
        group(),
        queue(),
        fan_in(),
        fan_out(),
        sleep_cancel(),
        timers(),
        timers_cancel(),
        timeout_scope(),
        lock(),
        go_batch(),
        post(),
        wake(),
        loops(),
        mem_suspended(),
        mem_finished(),
        mem_timer(),
        run(),
        connections(),
    ]
}

// --- Tasks ---

fn spawn_await() -> Workload {
    task("spawn_await", 1, |w| async move {
        let started = Instant::now();
        let mut total = 0;
        for _ in 0..w.ops {
            total += tokio::spawn(one()).await.unwrap();
        }
        answer(started, w.ops, total == w.ops)
    })
}

/// The handles are awaited in turn, which is what join_all comes to where tasks
/// finish in that order. A JoinSet costs more.
fn spawn_gather() -> Workload {
    task("spawn_gather", 1000, |w| async move {
        let rounds = split(w.ops, w.size);
        let started = Instant::now();
        let mut total = 0;
        for _ in 0..rounds {
            let tasks: Vec<_> = (0..w.size).map(|_| tokio::spawn(one())).collect();
            for task in tasks {
                total += task.await.unwrap();
            }
        }
        answer(started, rounds * w.size, total == rounds * w.size)
    })
}

/// The tasks yield until all are there, and then as often as they have to. When
/// all tasks have yielded, tokio looks for events: that is a system call.
fn switch() -> Workload {
    task("switch", 2, |w| async move {
        let yields = split(w.ops, w.size).max(10);
        let go = Arc::new(AtomicBool::new(false));
        let yielding = |go: Arc<AtomicBool>| async move {
            while !go.load(Relaxed) {
                yield_now().await;
            }
            for _ in 0..yields {
                yield_now().await;
            }
        };
        let tasks: Vec<_> = (0..w.size)
            .map(|_| tokio::spawn(yielding(go.clone())))
            .collect();
        let started = Instant::now();
        go.store(true, Relaxed);
        for task in tasks {
            task.await.unwrap();
        }
        answer(started, w.size * yields, true)
    })
}

fn group() -> Workload {
    task("group", 10, |w| async move {
        let started = Instant::now();
        let mut total = 0;
        for _ in 0..w.ops {
            let mut group = JoinSet::new();
            for _ in 0..w.size {
                group.spawn(one());
            }
            while let Some(joined) = group.join_next().await {
                total += joined.unwrap();
            }
        }
        answer(started, w.ops, total == w.ops * w.size)
    })
}

// --- Queues ---

fn queue() -> Workload {
    task("queue", 1, |w| async move {
        let (send, mut receive) = mpsc::channel(w.size);
        let started = Instant::now();
        tokio::spawn(async move {
            for _ in 0..w.ops {
                send.send(1).await.unwrap();
            }
        });
        let mut total = 0;
        while let Some(item) = receive.recv().await {
            total += item;
        }
        answer(started, w.ops, total == w.ops)
    })
}

fn fan_in() -> Workload {
    task("fan_in", 100, |w| async move {
        let each = split(w.ops, w.size);
        let (send, mut receive) = mpsc::channel(100);
        let started = Instant::now();
        for _ in 0..w.size {
            let send = send.clone();
            tokio::spawn(async move {
                for _ in 0..each {
                    send.send(1).await.unwrap();
                }
            });
        }
        drop(send);
        let mut total = 0;
        while let Some(item) = receive.recv().await {
            total += item;
        }
        answer(started, w.size * each, total == w.size * each)
    })
}

/// A channel that many tasks receive from. tokio's has one receiver, so they
/// take turns at it. The crate async-channel does the same for fan_out in about
/// 0.6 (tokio-ct) and 0.3 (tokio-mt) of the time; connections it slows down.
type Shared<T> = Arc<Mutex<mpsc::Receiver<T>>>;

async fn next<T>(receive: &Shared<T>) -> Option<T> {
    receive.lock().await.recv().await
}

fn fan_out() -> Workload {
    async fn consume(receive: Shared<usize>) -> usize {
        let mut total = 0;
        while let Some(item) = next(&receive).await {
            total += item;
        }
        total
    }

    task("fan_out", 100, |w| async move {
        let (send, receive) = mpsc::channel(100);
        let receive = Arc::new(Mutex::new(receive));
        let started = Instant::now();
        let consumers: Vec<_> = (0..w.size)
            .map(|_| tokio::spawn(consume(receive.clone())))
            .collect();
        for _ in 0..w.ops {
            send.send(1).await.unwrap();
        }
        drop(send);
        let mut total = 0;
        for consumer in consumers {
            total += consumer.await.unwrap();
        }
        answer(started, w.ops, total == w.ops)
    })
}

// --- Cancellation, timers, timeouts ---

/// With several threads the task may be aborted before it has begun to sleep.
fn sleep_cancel() -> Workload {
    task("sleep_cancel", 1, |w| async move {
        let started = Instant::now();
        let mut cancelled = 0;
        for _ in 0..w.ops {
            let task = tokio::spawn(sleep(HOUR));
            yield_now().await;
            task.abort();
            cancelled += usize::from(task.await.unwrap_err().is_cancelled());
        }
        answer(started, w.ops, cancelled == w.ops)
    })
}

/// tokio has no callbacks: a task sleeps for each timer.
fn timers() -> Workload {
    task("timers", 1_000_000, |w| async move {
        let rounds = split(w.ops, w.size);
        let mut random = random();
        let delays: Vec<_> = (0..w.size)
            .map(|_| Duration::from_secs_f64(random() * 0.010))
            .collect();
        let started = Instant::now();
        for _ in 0..rounds {
            let begun = tokio::time::Instant::now();
            let tasks: Vec<_> = delays
                .iter()
                .map(|&delay| tokio::spawn(sleep_until(begun + delay)))
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        }
        answer(started, rounds * w.size, true)
    })
}

/// Returns a timer that runs, which a Sleep does once it has been polled.
async fn set(duration: Duration) -> Pin<Box<Sleep>> {
    let mut timer = Box::pin(sleep(duration));
    tokio::select! {
        biased;
        () = &mut timer => panic!("the timer has fired already"),
        () = ready(()) => {}
    }
    timer
}

/// Here the timers are without tasks. They are set in one go: without
/// `unconstrained` a task has to yield to others after it has polled so much.
fn timers_cancel() -> Workload {
    task("timers_cancel", 1_000_000, |w| {
        unconstrained(async move {
            let rounds = split(w.ops, w.size);
            let mut random = random();
            let delays: Vec<_> = (0..w.size).map(|_| HOUR.mul_f64(1.0 + random())).collect();
            let mut order: Vec<_> = (0..w.size).collect();
            for i in (1..w.size).rev() {
                order.swap(i, (random() * (i + 1) as f64) as usize);
            }
            let started = Instant::now();
            for _ in 0..rounds {
                let mut timers = Vec::with_capacity(w.size);
                for &delay in &delays {
                    timers.push(Some(set(delay).await));
                }
                for &i in &order {
                    timers[i] = None;
                }
            }
            answer(started, rounds * w.size, true)
        })
    })
}

/// A future that is ready at once, so that tokio never sets the timer.
fn timeout_scope() -> Workload {
    task("timeout", 1, |w| async move {
        let started = Instant::now();
        for _ in 0..w.ops {
            timeout(HOUR, ready(())).await.unwrap();
        }
        answer(started, w.ops, true)
    })
}

fn lock() -> Workload {
    async fn take(mutex: Arc<Mutex<usize>>, times: usize) {
        for _ in 0..times {
            let mut taken = mutex.lock().await;
            yield_now().await;
            *taken += 1;
        }
    }

    task("lock", 1, |w| async move {
        let each = split(w.ops, 2);
        let mutex = Arc::new(Mutex::new(0));
        let started = Instant::now();
        let first = tokio::spawn(take(mutex.clone(), each));
        let second = tokio::spawn(take(mutex.clone(), each));
        first.await.unwrap();
        second.await.unwrap();
        let taken = *mutex.lock().await;
        answer(started, 2 * each, taken == 2 * each)
    })
}

// --- Threads ---

/// Several threads run it as tasks. From a single thread it goes to those that
/// are there for blocking calls, which a round before the measured part makes.
fn go_batch() -> Workload {
    async fn batch(flavor: Flavor, n: usize) -> usize {
        let tasks: Vec<_> = (0..n)
            .map(|_| match flavor {
                Flavor::CurrentThread => spawn_blocking(|| 1),
                Flavor::MultiThread => tokio::spawn(one()),
            })
            .collect();
        let mut total = 0;
        for task in tasks {
            total += task.await.unwrap();
        }
        total
    }

    task("go_batch", 1000, |w| async move {
        let rounds = split(w.ops, w.size);
        batch(w.flavor, w.size).await;
        let started = Instant::now();
        let mut total = 0;
        for _ in 0..rounds {
            total += batch(w.flavor, w.size).await;
        }
        answer(started, rounds * w.size, total == rounds * w.size)
    })
}

/// The calls come in a channel, from which a task takes and runs them.
fn post() -> Workload {
    type Call = Box<dyn FnOnce(&mut usize) + Send>;

    task("post", 1, |w| async move {
        let each = split(w.ops, w.size);
        let (send, mut receive) = mpsc::unbounded_channel::<Call>();
        let gate = Arc::new(Barrier::new(w.size + 1));
        for _ in 0..w.size {
            let (send, gate) = (send.clone(), gate.clone());
            thread::spawn(move || {
                gate.wait(); // all are there
                gate.wait(); // the measured part begins
                for _ in 0..each {
                    let call: Call = Box::new(|ran| *ran += 1);
                    send.send(call).ok().unwrap();
                }
            });
        }
        drop(send);
        gate.wait();
        let started = Instant::now();
        gate.wait();
        let mut ran = 0;
        while let Some(call) = receive.recv().await {
            call(&mut ran);
        }
        answer(started, w.size * each, ran == w.size * each)
    })
}

fn wake() -> Workload {
    task("wake", 1, |w| async move {
        let (send, mut receive) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for _ in 0..w.ops {
                thread::sleep(Duration::from_micros(200));
                send.send(Instant::now()).unwrap();
            }
        });
        let mut latencies = Vec::with_capacity(w.ops);
        while let Some(sent) = receive.recv().await {
            latencies.push(sent.elapsed().as_nanos());
        }
        latencies.sort();
        let at = |percent| latencies[latencies.len() * percent / 100] as f64;
        Ok(Answer {
            ns: latencies.iter().sum(),
            ops: latencies.len(),
            values: vec![("p50", at(50)), ("p99", at(99))],
        })
    })
}

/// tokio-ct has a runtime on each of so many threads, tokio-mt so many tasks on
/// its one runtime.
fn loops() -> Workload {
    async fn spawning(times: usize) -> usize {
        let mut total = 0;
        for _ in 0..times {
            total += tokio::spawn(one()).await.unwrap();
        }
        total
    }

    fn on_one_runtime(n: usize, each: usize) -> Outcome {
        let runtime = Flavor::MultiThread.runtime();
        let started = Instant::now();
        let tasks: Vec<_> = (0..n).map(|_| runtime.spawn(spawning(each))).collect();
        let mut total = 0;
        for task in tasks {
            total += runtime.block_on(task).unwrap();
        }
        answer(started, n * each, total == n * each)
    }

    fn on_a_runtime_each(n: usize, each: usize) -> Outcome {
        let gate = Arc::new(Barrier::new(n + 1));
        let threads: Vec<_> = (0..n)
            .map(|_| gate.clone())
            .map(|gate| {
                thread::spawn(move || {
                    let runtime = Flavor::CurrentThread.runtime();
                    gate.wait(); // all are there
                    gate.wait(); // the measured part begins
                    runtime.block_on(runtime.spawn(spawning(each))).unwrap()
                })
            })
            .collect();
        gate.wait();
        let started = Instant::now();
        gate.wait();
        let totals = threads.into_iter().map(|t| t.join().unwrap());
        let total: usize = totals.sum();
        answer(started, n * each, total == n * each)
    }

    plain("loops", |w| {
        let n = thread::available_parallelism().unwrap().get();
        match w.flavor {
            Flavor::CurrentThread => on_a_runtime_each(n, split(w.ops, n)),
            Flavor::MultiThread => on_one_runtime(n, split(w.ops, n)),
        }
    })
}

// --- Memory ---

/// Answers for the things in kept, which it took so long to make. Before that
/// so many bytes were resident.
fn memory_answer<T>(made: Duration, before: usize, kept: &[T]) -> Outcome {
    let bytes = resident().saturating_sub(before);
    Ok(Answer {
        ns: made.as_nanos(),
        ops: kept.len(),
        values: vec![("bytes", bytes as f64 / kept.len() as f64)],
    })
}

fn mem_suspended() -> Workload {
    task("mem_suspended", 100_000, |w| async move {
        let mut tasks: Vec<_> = (0..w.size).map(|_| None).collect();
        let before = resident();
        let started = Instant::now();
        for task in &mut tasks {
            *task = Some(tokio::spawn(sleep(HOUR)));
        }
        yield_now().await;
        let made = started.elapsed();
        sleep(Duration::from_millis(100)).await; // all have begun by then
        memory_answer(made, before, &tasks)
    })
}

fn mem_finished() -> Workload {
    task("mem_finished", 100_000, |w| async move {
        let mut tasks: Vec<_> = (0..w.size).map(|_| None).collect();
        let before = resident();
        let started = Instant::now();
        for task in &mut tasks {
            *task = Some(tokio::spawn(one()));
        }
        while !tasks.iter().flatten().all(|task| task.is_finished()) {
            yield_now().await;
        }
        memory_answer(started.elapsed(), before, &tasks)
    })
}

fn mem_timer() -> Workload {
    task("mem_timer", 100_000, |w| {
        unconstrained(async move {
            let mut timers: Vec<_> = (0..w.size).map(|_| None).collect();
            let before = resident();
            let started = Instant::now();
            for timer in &mut timers {
                *timer = Some(set(HOUR).await);
            }
            memory_answer(started.elapsed(), before, &timers)
        })
    })
}

// --- Whole programs ---

fn run() -> Workload {
    plain("run", |w| {
        let started = Instant::now();
        for _ in 0..w.ops {
            w.flavor.runtime().block_on(async {});
        }
        answer(started, w.ops, true)
    })
}

/// With several threads some connections have been served before they could be
/// aborted.
fn connections() -> Workload {
    type Request = (usize, oneshot::Sender<usize>);

    async fn handle(requests: Shared<Request>) {
        while let Some((number, reply)) = next(&requests).await {
            yield_now().await;
            let _ = reply.send(number + 1); // none waits if it was aborted
        }
    }

    async fn connect(requests: mpsc::Sender<Request>) -> usize {
        let mut total = 0;
        for number in 0..5 {
            let (reply, replied) = oneshot::channel();
            requests.send((number, reply)).await.unwrap();
            let in_time = timeout(Duration::from_secs(30), replied).await;
            total += in_time.unwrap().unwrap();
        }
        total
    }

    task("connections", 10_000, |w| async move {
        let rounds = split(w.ops, w.size);
        let (send, receive) = mpsc::channel(1000);
        let receive = Arc::new(Mutex::new(receive));
        for _ in 0..100 {
            tokio::spawn(handle(receive.clone()));
        }
        let started = Instant::now();
        let (mut served, mut cancelled) = (0, 0);
        for _ in 0..rounds {
            let tasks: Vec<_> = (0..w.size)
                .map(|_| tokio::spawn(connect(send.clone())))
                .collect();
            yield_now().await;
            for task in tasks.iter().step_by(10) {
                task.abort();
            }
            for task in tasks {
                match task.await {
                    Ok(total) => served += usize::from(total == 1 + 2 + 3 + 4 + 5),
                    Err(error) => cancelled += usize::from(error.is_cancelled()),
                }
            }
        }
        let ok = match w.flavor {
            Flavor::CurrentThread => cancelled == rounds * split(w.size, 10),
            Flavor::MultiThread => true,
        };
        let all = rounds * w.size;
        answer(started, all, ok && served + cancelled == all)
    })
}
