//! Answers with predictions of one model, over HTTP.
//!
//! ```sh
//! cargo run --release -p service-example -- mdn-infer/samples/classic.mdn 127.0.0.1:8080
//! curl -d '{"inputs": [2.5]}' -H 'content-type: application/json' http://127.0.0.1:8080/predict
//! ```

use std::process::ExitCode;
use std::sync::Arc;

use service_example::current::Current;
use service_example::server;

fn main() -> ExitCode {
    server::run("usage: service MODEL [ADDRESS]", |path| {
        Ok(Arc::new(Current::load(&path)?))
    })
}
