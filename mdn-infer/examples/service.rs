//! A prediction service in one process: one model, shared by all threads, and a predictor for each
//! thread. Clients send an input and wait for an interval; at the end the tails of the latency are
//! printed, of the work and of the whole round trip.
//!
//! ```sh
//! cargo run --release -p mdn-infer --example service
//! ```

use std::error::Error;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use hdrhistogram::Histogram;
use mdn_infer::{Level, Model, PredictError, Predictor, include_model, working_len};

const FILE: &[u8] = include_model!("../samples/classic.mdn");
/// A predictor's memory is part of it, and as large as the file needs.
type Worker<'m> = Predictor<'m, { working_len(FILE) }>;

const CLIENTS: usize = 4;
const REQUESTS: usize = 50_000;
/// Requests that may wait for a worker; more make their clients wait.
const QUEUE: usize = 64;

/// What a client sends: its input and where the answer goes.
struct Request {
    x: f32,
    reply: SyncSender<Result<Interval, PredictError>>,
}

/// The central 90% of the distribution, and its median.
struct Interval {
    low: f32,
    median: f32,
    high: f32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let model = Model::parse(FILE)?;
    let level = Level::detect();
    let workers: Vec<Worker<'_>> = (0..thread::available_parallelism()?.get())
        .map(|_| Predictor::new(&model, level))
        .collect::<Result<_, _>>()?;
    // Once, before the first request: this machine computes the bits that the file promises.
    if !workers[0].clone().self_test()?.passed() {
        return Err("the self-test failed".into());
    }
    println!(
        "{} workers, {}, {CLIENTS} clients",
        workers.len(),
        level.name()
    );
    let (work, round_trips) = run(workers);
    print("work", &work);
    print("round trip", &round_trips);
    Ok(())
}

/// Serves every client to its end; returns the nanoseconds of all answers and round trips.
fn run(workers: Vec<Worker<'_>>) -> (Histogram<u64>, Histogram<u64>) {
    thread::scope(|scope| {
        let (queues, workers): (Vec<_>, Vec<_>) = workers
            .into_iter()
            .map(|worker| {
                let (queue, requests) = sync_channel(QUEUE);
                (queue, scope.spawn(move || serve(worker, &requests)))
            })
            .unzip();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| queues[client % queues.len()].clone())
            .map(|queue| scope.spawn(move || ask(&queue)))
            .collect();
        // A worker ends when the last client has dropped its end of the queue.
        drop(queues);
        (merge(workers), merge(clients))
    })
}

/// A worker's life. Its predictor is its own: between request and answer nothing is shared, locked
/// or allocated.
fn serve(mut worker: Worker<'_>, requests: &Receiver<Request>) -> Histogram<u64> {
    let mut times = histogram();
    for Request { x, reply } in requests {
        let start = Instant::now();
        let answer = interval(&mut worker, x);
        times.saturating_record(nanoseconds(start));
        // A client that has gone does not need its answer.
        let _ = reply.send(answer);
    }
    times
}

/// The answer itself. A bad input is the client's error, and the worker goes on.
fn interval(worker: &mut Worker<'_>, x: f32) -> Result<Interval, PredictError> {
    let mixture = worker.predict(&[x])?;
    let marginal = mixture.marginal(0).ok_or(PredictError::NoSuchDimension)?;
    Ok(Interval {
        low: marginal.quantile(0.05)?,
        median: marginal.median(),
        high: marginal.quantile(0.95)?,
    })
}

/// A client: one request after the other, over the whole range of the training data.
fn ask(queue: &SyncSender<Request>) -> Histogram<u64> {
    let (reply, answers) = sync_channel(1);
    let mut times = histogram();
    for i in 0..REQUESTS {
        let x = 20.0 * (i as f32 / REQUESTS as f32) - 10.0;
        let reply = reply.clone();
        let start = Instant::now();
        queue
            .send(Request { x, reply })
            .expect("workers outlive clients");
        let answer = answers.recv().expect("a request is always answered");
        times.saturating_record(nanoseconds(start));
        let interval = answer.expect("the input is finite");
        assert!(interval.low <= interval.median && interval.median <= interval.high);
    }
    times
}

fn nanoseconds(since: Instant) -> u64 {
    since.elapsed().as_nanos().try_into().unwrap_or(u64::MAX)
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(1_000_000_000, 3).expect("valid bounds")
}

fn merge(threads: Vec<thread::ScopedJoinHandle<'_, Histogram<u64>>>) -> Histogram<u64> {
    threads.into_iter().fold(histogram(), |mut all, thread| {
        all += thread.join().expect("no thread panics");
        all
    })
}

fn print(what: &str, times: &Histogram<u64>) {
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|q| times.value_at_quantile(q) as f64 / 1e3);
    println!("{what:<10}  p50 {p50:.1} µs  p99 {p99:.1} µs  p99.9 {p999:.1} µs");
}
