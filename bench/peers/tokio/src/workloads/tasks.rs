//! Tasks made, awaited, gathered, grouped, and that yield.

use super::*;

pub fn spawn_await() -> Workload {
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
pub fn spawn_gather() -> Workload {
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
pub fn switch() -> Workload {
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

pub fn group() -> Workload {
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
