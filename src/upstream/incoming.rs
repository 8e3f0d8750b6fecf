//! The body of a reply, wherever it comes from: an HTTP/2 stream, or a service
//! in the same process.

use super::Failure;
use super::connection::Running;
use bytes::Bytes;
use h2::RecvStream;
use http::HeaderMap;
use http_body_util::BodyExt as _;

/// A reply's body being received. Dropping it cancels the call.
#[derive(Debug)]
pub(super) enum Incoming {
    Stream(
        RecvStream,
        #[expect(dead_code, reason = "counts the call until the body is dropped")] Running,
    ),
    Local {
        body: tonic::body::Body,
        trailers: HeaderMap,
    },
}

impl Incoming {
    /// The next piece of data; `None` when only trailers are left.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Stream(stream, _) => match stream.data().await {
                None => Ok(None),
                Some(data) => {
                    let data = data?;
                    // An error means that the stream is gone, which the next read tells.
                    let _ = stream.flow_control().release_capacity(data.len());
                    Ok(Some(data))
                }
            },
            Self::Local { body, trailers } => loop {
                let Some(frame) = body.frame().await else {
                    return Ok(None);
                };
                let frame = frame.map_err(|status| Failure::ConnectionLost(status.to_string()))?;
                match frame.into_data() {
                    Ok(data) => return Ok(Some(data)),
                    Err(frame) => {
                        if let Ok(end) = frame.into_trailers() {
                            *trailers = end;
                        }
                    }
                }
            },
        }
    }

    /// The trailers, after the data; empty when there were none.
    pub(super) async fn trailers(&mut self) -> Result<HeaderMap, Failure> {
        match self {
            Self::Stream(stream, _) => Ok(stream.trailers().await?.unwrap_or_default()),
            Self::Local { trailers, .. } => Ok(std::mem::take(trailers)),
        }
    }
}
