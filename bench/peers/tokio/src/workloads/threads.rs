//! Other threads, and several loops.

use super::*;

/// Several threads run it as tasks. From a single thread it goes to those that
/// are there for blocking calls, which a round before the measured part makes.
pub fn go_batch() -> Workload {
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
pub fn post() -> Workload {
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

pub fn wake() -> Workload {
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
pub fn loops() -> Workload {
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
