//! The service, which reads its model again at SIGHUP. The model before stays where the file is not
//! sound or does not pass its self-test; the log says which it is.
//!
//! ```sh
//! cargo run --release -p service-example --bin reload -- model.mdn 127.0.0.1:8080
//! kill -HUP PID
//! ```

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    service_example::server::run("usage: reload MODEL [ADDRESS]", unix::load)
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("this system has no SIGHUP");
    ExitCode::FAILURE
}

#[cfg(unix)]
mod unix {
    use std::path::PathBuf;
    use std::sync::Arc;

    use service_example::Failure;
    use service_example::current::{Current, columns};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The model in the file at `path`, which each signal from now on replaces.
    pub fn load(path: PathBuf) -> Result<Arc<Current>, Failure> {
        let told = signal(SignalKind::hangup())?;
        let current = Arc::new(Current::load(&path)?);
        eprintln!("loaded {}: {}", path.display(), columns(&current.model()));
        tokio::spawn(reload(told, path, current.clone()));
        Ok(current)
    }

    /// Reads and tests the file at each signal, on a thread for work that takes long: requests do not
    /// wait for it.
    async fn reload(mut told: Signal, path: PathBuf, current: Arc<Current>) {
        while told.recv().await.is_some() {
            let (file, service) = (path.clone(), current.clone());
            let loaded = tokio::task::spawn_blocking(move || service.reload(&file)).await;
            match loaded.map_err(Failure::from).and_then(|loaded| Ok(loaded?)) {
                Ok(model) => eprintln!("loaded {}: {}", path.display(), columns(&model)),
                Err(refusal) => eprintln!("kept the model before {}: {refusal}", path.display()),
            }
        }
    }
}
