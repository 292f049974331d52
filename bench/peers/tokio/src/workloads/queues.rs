//! Queues.

use super::*;

pub fn queue() -> Workload {
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

pub fn fan_in() -> Workload {
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
pub type Shared<T> = Arc<Mutex<mpsc::Receiver<T>>>;

pub async fn next<T>(receive: &Shared<T>) -> Option<T> {
    receive.lock().await.recv().await
}

pub fn fan_out() -> Workload {
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
