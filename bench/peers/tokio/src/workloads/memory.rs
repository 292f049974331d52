//! What things take in memory.

use super::timing::set;
use super::*;

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

pub fn mem_suspended() -> Workload {
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

pub fn mem_finished() -> Workload {
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

pub fn mem_timer() -> Workload {
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
