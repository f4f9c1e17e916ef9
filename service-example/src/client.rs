//! A connection to the service, for tests and measurements: one request after the other.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Failure;

/// An open connection.
#[derive(Debug)]
pub struct Client {
    requests: SendRequest<Full<Bytes>>,
    host: String,
}

impl Client {
    /// Connects; the connection lives as long as the client.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let host = address.to_string();
        Ok(Client { requests, host })
    }

    /// Sends `body`, JSON, to `path` and waits for the whole response.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn post(&mut self, path: &str, body: Bytes) -> Result<Response<Bytes>, Failure> {
        let request = Request::post(path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }
}
