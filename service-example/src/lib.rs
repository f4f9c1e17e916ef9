//! An HTTP service that answers with predictions, and takes a new model while it goes on answering.
//!
//! - [`current`]: the model of the moment, loaded, tested and replaced;
//! - [`answer`]: a question and its answer, as JSON;
//! - [`server`]: the routes;
//! - [`client`]: a connection for tests and measurements.
//!
//! The programs are `service` and `reload` in `src/bin`; `docs/service.md` says what they promise and
//! what they cost.
#![forbid(unsafe_code)]

pub mod answer;
pub mod client;
pub mod current;
pub mod server;

/// What ends a program, or a connection.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

#[cfg(doctest)]
#[doc = include_str!("../../docs/service.md")]
struct Page;
