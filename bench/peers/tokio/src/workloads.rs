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

mod memory;
mod programs;
mod queues;
mod tasks;
mod threads;
mod timing;

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
        tasks::spawn_await(),
        tasks::spawn_gather(),
        tasks::switch(),
        tasks::group(),
        queues::queue(),
        queues::fan_in(),
        queues::fan_out(),
        timing::sleep_cancel(),
        timing::timers(),
        timing::timers_cancel(),
        timing::timeout_scope(),
        timing::lock(),
        threads::go_batch(),
        threads::post(),
        threads::wake(),
        threads::loops(),
        memory::mem_suspended(),
        memory::mem_finished(),
        memory::mem_timer(),
        programs::run(),
        programs::connections(),
    ]
}
