//! Whole programs.

use super::queues::{next, Shared};
use super::*;

pub fn run() -> Workload {
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
pub fn connections() -> Workload {
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
