//! The program `reload`: its file is replaced by good and by bad ones while it answers.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use axum::http::StatusCode;
use mdn_hostile::{file, samples};
use mdn_infer::{Level, OwnedModel};
use rustix::process::{Pid, Signal, kill_process};
use service_example::Failure;
use service_example::answer::{Answer, Question, answer};
use service_example::client::Client;

/// Longer than anything takes that has not failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `reload`, ended where a test ends.
struct Program {
    process: Child,
    address: SocketAddr,
    log: Receiver<String>,
}

impl Program {
    fn start(model: &Path) -> Result<Self, Failure> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_reload"))
            .args([model.as_os_str(), "127.0.0.1:0".as_ref()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (lines, log) = channel();
        let errors = BufReader::new(process.stderr.take().ok_or("no standard error")?);
        thread::spawn(move || {
            errors
                .lines()
                .map_while(Result::ok)
                .try_for_each(|l| lines.send(l))
        });
        let mut told = String::new();
        let output = process.stdout.take().ok_or("no standard output")?;
        BufReader::new(output).read_line(&mut told)?;
        let address = told.trim().strip_prefix("listening on ");
        let address = address.ok_or_else(|| format!("said {told:?}"))?.parse()?;
        Ok(Program {
            process,
            address,
            log,
        })
    }

    fn signal(&self, signal: Signal) -> Result<(), Failure> {
        let id = i32::try_from(self.process.id())?;
        let id = Pid::from_raw(id).ok_or("no process")?;
        Ok(kill_process(id, signal)?)
    }

    /// The next line of the log.
    fn line(&self) -> Result<String, Failure> {
        Ok(self.log.recv_timeout(PATIENCE)?)
    }

    /// What the log says of `bytes` once they are in the file.
    fn reload(&self, path: &Path, bytes: &[u8]) -> Result<String, Failure> {
        fs::write(path, bytes)?;
        self.signal(Signal::HUP)?;
        self.line()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A committed model by its name.
fn sample(name: &str) -> &'static [u8] {
    let mut samples = samples();
    samples.find(|sample| sample.name == name).expect(name).file
}

/// The same as a service would answer.
fn expected(bytes: &[u8], question: &Question) -> Result<Answer, Failure> {
    let model = OwnedModel::parse(bytes)?;
    let mut predictor = model.predictor(Level::scalar());
    let mixture = predictor.predict(&question.inputs)?;
    Ok(answer(&model, &mixture, question.targets.as_deref())?)
}

async fn ask(client: &mut Client, question: &Question) -> Result<Answer, Failure> {
    let body = serde_json::to_vec(question)?;
    let response = client.post("/predict", body.into()).await?;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key("server-timing"));
    Ok(serde_json::from_slice(response.body())?)
}

/// A sound file whose last golden output is another number, with the checksum to match.
fn with_wrong_expectation(bytes: &[u8]) -> Vec<u8> {
    let model = OwnedModel::parse(bytes).expect("sound");
    let golden = model.model().golden().last().expect("golden vectors");
    let last = golden.expected.last().expect("outputs");
    let pattern = last.to_le_bytes();
    let at = bytes.windows(4).rposition(|word| word == pattern);
    let mut wrong = bytes.to_vec();
    wrong[at.expect("the number is in the file")] ^= 1;
    file::repair_checksum(&mut wrong);
    wrong
}

#[tokio::test]
async fn the_model_before_stays_where_the_new_one_fails() -> Result<(), Failure> {
    let (first, second) = (sample("f16.mdn"), sample("ensemble.mdn"));
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.mdn");
    fs::write(&path, first)?;
    let question = Question {
        inputs: vec![0.25; OwnedModel::parse(first)?.model().inputs()],
        targets: None,
    };
    let [before, after] = [expected(first, &question)?, expected(second, &question)?];
    assert_ne!(before, after);

    let program = Program::start(&path)?;
    let mut client = Client::connect(program.address).await?;
    assert!(program.line()?.starts_with("loaded "));
    assert_eq!(ask(&mut client, &question).await?, before);

    let said = program.reload(&path, second)?;
    assert!(said.starts_with("loaded "), "{said}");
    assert_eq!(ask(&mut client, &question).await?, after);

    let mut damaged = first.to_vec();
    damaged[first.len() / 2] ^= 1;
    for (bytes, reason) in [
        (&damaged[..], "checksum"),
        (&first[..first.len() - 1], "the file is not a sound model"),
        (b"", "the file is not a sound model"),
        (&with_wrong_expectation(first), "the self-test failed"),
        (sample("linear.mdn"), "where the model before has"),
    ] {
        let said = program.reload(&path, bytes)?;
        assert!(said.starts_with("kept the model before "), "{said}");
        assert!(said.contains(reason), "{said}");
        assert_eq!(ask(&mut client, &question).await?, after, "{reason}");
    }
    fs::remove_file(&path)?;
    program.signal(Signal::HUP)?;
    let said = program.line()?;
    assert!(said.contains("the file cannot be read"), "{said}");

    let said = program.reload(&path, first)?;
    assert!(said.starts_with("loaded "), "{said}");
    assert_eq!(ask(&mut client, &question).await?, before);
    Ok(())
}

#[tokio::test]
async fn bad_questions_are_the_clients_fault_and_the_service_goes_on() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.mdn");
    fs::write(&path, sample("classic.mdn"))?;
    let mut program = Program::start(&path)?;
    let mut client = Client::connect(program.address).await?;
    for (body, status) in [
        (r#"{"inputs": [1, 2]}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"inputs": [1e300]}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (
            r#"{"inputs": [1], "targets": []}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (r#"{"input": [1]}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"inputs": ["#, StatusCode::BAD_REQUEST),
    ] {
        let response = client.post("/predict", body.into()).await?;
        assert_eq!(response.status(), status, "{body}");
    }
    let question = Question {
        inputs: vec![2.5],
        targets: Some(vec![0.3]),
    };
    let found = ask(&mut client, &question).await?;
    assert_eq!(found, expected(sample("classic.mdn"), &question)?);
    assert!(found.log_density.is_some());

    // Told to end, it ends in order.
    program.signal(Signal::TERM)?;
    drop(client);
    assert!(program.process.wait()?.success());
    Ok(())
}

#[test]
fn no_service_begins_with_a_model_that_fails() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.mdn");
    fs::write(&path, with_wrong_expectation(sample("classic.mdn")))?;
    for program in [env!("CARGO_BIN_EXE_reload"), env!("CARGO_BIN_EXE_service")] {
        let mut process = Command::new(program);
        let mut process = process.arg(&path).stderr(Stdio::piped()).spawn()?;
        let mut said = String::new();
        let mut errors = process.stderr.take().ok_or("no standard error")?;
        errors.read_to_string(&mut said)?;
        assert!(!process.wait()?.success());
        assert!(said.contains("self-test failed"), "{said}");
    }
    Ok(())
}
