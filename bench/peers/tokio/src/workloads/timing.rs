//! Cancellation, timers, timeouts and a lock.

use super::*;

/// With several threads the task may be aborted before it has begun to sleep.
pub fn sleep_cancel() -> Workload {
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
pub fn timers() -> Workload {
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
pub async fn set(duration: Duration) -> Pin<Box<Sleep>> {
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
pub fn timers_cancel() -> Workload {
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
pub fn timeout_scope() -> Workload {
    task("timeout", 1, |w| async move {
        let started = Instant::now();
        for _ in 0..w.ops {
            timeout(HOUR, ready(())).await.unwrap();
        }
        answer(started, w.ops, true)
    })
}

pub fn lock() -> Workload {
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
