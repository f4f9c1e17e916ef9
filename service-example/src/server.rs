//! The routes of the service and its life.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use mdn_infer::PredictError;
use serde_json::json;
use tokio::net::TcpListener;

use crate::Failure;
use crate::answer::{Answer, Question, answer};
use crate::current::{Current, columns};

/// Where the standard way to tell a client how long its request took is told:
/// <https://www.w3.org/TR/server-timing/>.
pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Where a service listens that is not told where.
const ADDRESS: &str = "127.0.0.1:8080";

/// `POST /predict` answers a [`Question`], `GET /model` says what model it is.
pub fn router(current: Arc<Current>) -> Router {
    Router::new()
        .route("/predict", post(predict))
        .route("/model", get(model))
        .with_state(current)
}

/// A program's whole life: `loaded` is asked for its model, then it serves at `address` until it is told
/// to end. What is wrong goes to standard error.
pub fn run(usage: &str, loaded: impl FnOnce(PathBuf) -> Result<Arc<Current>, Failure>) -> ExitCode {
    let run = async {
        let mut arguments = std::env::args_os().skip(1);
        let path = arguments.next().ok_or(usage)?;
        let address = arguments.next().unwrap_or(ADDRESS.into());
        let current = loaded(path.into())?;
        let listener = TcpListener::bind(&*address.to_string_lossy()).await?;
        println!("listening on {}", listener.local_addr()?);
        Ok::<_, Failure>(serve(listener, router(current)).await?)
    };
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::from);
    match runtime.and_then(|runtime| runtime.block_on(run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until the process is told to end; requests under way are answered before.
///
/// # Errors
///
/// Where the system takes the listener away.
pub async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
    let served = axum::serve(listener, router);
    served.with_graceful_shutdown(told_to_end()).await
}

/// An answer with how long the network and the answers of its mixture took.
#[derive(Debug)]
pub struct Timed {
    /// The answer, or what is wrong with the question.
    pub answer: Result<Answer, PredictError>,
    /// The time of the prediction alone.
    pub predict: Duration,
    /// The time of the work as a whole: the model taken, the predictor made, prediction and answers.
    pub work: Duration,
}

async fn predict(State(current): State<Arc<Current>>, Json(question): Json<Question>) -> Timed {
    timed(&current, &question)
}

/// The work itself. Its memory is that of one predictor, and goes with the request.
pub fn timed(current: &Current, question: &Question) -> Timed {
    let start = Instant::now();
    let model = current.model();
    let mut predictor = model.predictor(current.level());
    let before = Instant::now();
    let mixture = predictor.predict(&question.inputs);
    let predict = before.elapsed();
    let targets = question.targets.as_deref();
    let answer = mixture.and_then(|mixture| answer(&model, &mixture, targets));
    let work = start.elapsed();
    Timed {
        answer,
        predict,
        work,
    }
}

impl IntoResponse for Timed {
    fn into_response(self) -> Response {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let (predict, work) = (milliseconds(self.predict), milliseconds(self.work));
        let timing = format!("predict;dur={predict:.6}, work;dur={work:.6}");
        let timing = [(SERVER_TIMING, timing)];
        match self.answer {
            Ok(answer) => (timing, Json(answer)).into_response(),
            // The question is at fault: a model that has passed has no errors of its own.
            Err(error) => {
                let told = Json(json!({ "error": error.to_string() }));
                (StatusCode::UNPROCESSABLE_ENTITY, timing, told).into_response()
            }
        }
    }
}

async fn model(State(current): State<Arc<Current>>) -> Response {
    let model = current.model();
    let view = model.model();
    Json(json!({
        "columns": columns(&model),
        "components": view.components(),
        "parameters": view.parameters(),
        "level": current.level().name(),
    }))
    .into_response()
}

#[cfg(unix)]
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    let interrupt = tokio::signal::ctrl_c();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt => {}
    }
}

#[cfg(not(unix))]
async fn told_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
