//! Predictions over HTTP beside a handler without a model: the same route, question and answer, over
//! the same connections, taking turns.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use hdrhistogram::Histogram;
use mdn_benches::{Table, machine, model_file, models};
use mdn_infer::{Level, OwnedModel};
use service_example::answer::{Answer, Question};
use service_example::client::Client;
use service_example::current::Current;
use service_example::server::{self, SERVER_TIMING, Timed, timed};
use tokio::net::TcpListener;

/// Connections, each with one request at a time.
const CLIENTS: usize = 2;
/// Turns of each connection, and requests in each turn of either handler.
const TURNS: usize = 500;
const REQUESTS: usize = 100;
const GOLDEN: usize = 3;

type Failure = Box<dyn Error + Send + Sync>;

/// Nanoseconds.
struct Times {
    predict: Histogram<u64>,
    work: Histogram<u64>,
    request: Histogram<u64>,
    bare: Histogram<u64>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut table = Table::new(&["model, what", "p50, µs", "p99, µs", "p99.9, µs"]);
    for (name, shape) in models() {
        let model = OwnedModel::parse(model_file(&shape, GOLDEN).bytes())?;
        let times = measure(model).await?;
        for (what, times) in [
            ("prediction", times.predict),
            ("prediction and answers", times.work),
            ("request", times.request),
            ("request without a model", times.bare),
        ] {
            let quantile = |q| format!("{:.1}", times.value_at_quantile(q) as f64 / 1e3);
            let cells = [0.5, 0.99, 0.999].map(quantile);
            table.row([format!("{name}, {what}")].into_iter().chain(cells));
        }
    }
    println!("{table}\n{}, {CLIENTS} connections.", machine::name());
    Ok(())
}

/// Serves `model` and asks it.
async fn measure(model: OwnedModel) -> Result<Times, Failure> {
    let golden = model.model().golden().next().ok_or("golden vectors")?;
    let question = Question {
        inputs: golden.input.to_vec(),
        targets: None,
    };
    let current = Arc::new(Current::new(model, Level::detect()));
    let answer = timed(&current, &question).answer?;
    let without = Router::new().route("/bare", post(bare)).with_state(answer);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(server::serve(
        listener,
        server::router(current).merge(without),
    ));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(ask(address, question.clone())))
        .collect();
    let mut all = Times::new()?;
    for client in clients {
        all.add(&client.await??);
    }
    serving.abort();
    Ok(all)
}

/// The same question and an answer of the same length, which is ready.
async fn bare(State(answer): State<Answer>, Json(question): Json<Question>) -> Timed {
    drop(question);
    Timed {
        answer: Ok(answer),
        predict: Duration::ZERO,
        work: Duration::ZERO,
    }
}

async fn ask(address: SocketAddr, question: Question) -> Result<Times, Failure> {
    let mut client = Client::connect(address).await?;
    let body = serde_json::to_vec(&question)?;
    let mut times = Times::new()?;
    for turn in 0..TURNS {
        for _ in 0..REQUESTS {
            let start = Instant::now();
            let response = client.post("/bare", body.clone().into()).await?;
            record(&mut times.bare, start.elapsed());
            assert!(response.status().is_success());
        }
        for _ in 0..REQUESTS {
            let start = Instant::now();
            let response = client.post("/predict", body.clone().into()).await?;
            record(&mut times.request, start.elapsed());
            assert!(response.status().is_success(), "turn {turn}");
            let said = response.headers().get(SERVER_TIMING).ok_or("no times")?;
            let (predict, work) = told(said.to_str()?).ok_or("no times")?;
            record(&mut times.predict, predict);
            record(&mut times.work, work);
        }
    }
    Ok(times)
}

/// The times that a response tells: of the prediction, and of the work.
fn told(header: &str) -> Option<(Duration, Duration)> {
    let (predict, work) = header.split_once(", ")?;
    let duration = |metric: &str, name| {
        let milliseconds = metric.strip_prefix(name)?.strip_prefix(";dur=")?;
        Duration::try_from_secs_f64(milliseconds.parse::<f64>().ok()? / 1e3).ok()
    };
    Some((duration(predict, "predict")?, duration(work, "work")?))
}

fn record(times: &mut Histogram<u64>, time: Duration) {
    times.saturating_record(time.as_nanos().try_into().unwrap_or(u64::MAX));
}

impl Times {
    fn new() -> Result<Self, Failure> {
        let times = Histogram::new_with_max(1_000_000_000, 3)?;
        Ok(Times {
            predict: times.clone(),
            work: times.clone(),
            request: times.clone(),
            bare: times,
        })
    }

    fn add(&mut self, other: &Times) {
        self.predict += &other.predict;
        self.work += &other.work;
        self.request += &other.request;
        self.bare += &other.bare;
    }
}
