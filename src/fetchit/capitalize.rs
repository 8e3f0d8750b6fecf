//! What fetchIt does: letters become capitals. The serving of it is `backend`'s.

use super::calls::Calls;
use super::rpc::{Payload, fetch_server::Fetch};
use crate::telemetry::propagation::{Context as Trace, Decision, Formats, Propagator};
use crate::upstream::parse_timeout;
use futures_core::Stream;
use opentelemetry::trace::{Span as _, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;
use tokio_stream::StreamExt as _;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

/// The `rpc.Fetch` service. It keeps no state, so one may be made anywhere:
/// `FetchServer::new(FetchIt::default())` is a service that can be called in process.
#[derive(Debug, Clone, Default)]
pub struct FetchIt {
    tracer: Option<SdkTracer>,
    next: Option<Calls>,
}

impl FetchIt {
    /// The service with spans of its own, below those of its calls.
    pub fn traced(tracer: SdkTracer) -> Self {
        Self {
            tracer: Some(tracer),
            next: None,
        }
    }

    /// The same, with another fetchIt behind it that `Capitalize` asks, so that a
    /// trace has one hop more.
    pub(super) fn before(self, next: Calls) -> Self {
        let next = Some(next);
        Self { next, ..self }
    }
}

#[tonic::async_trait]
impl Fetch for FetchIt {
    async fn capitalize(&self, request: Request<Payload>) -> Result<Response<Payload>, Status> {
        let deadline = deadline(request.metadata());
        let Payload { id, data } = request.into_inner();
        let span = self.tracer.as_ref().map(|tracer| {
            let mut span = tracer.start("(*fetchIt).Capitalize");
            let len = i64::try_from(data.len()).unwrap_or(i64::MAX);
            span.add_event("Data in", vec![KeyValue::new("len", len)]);
            span
        });
        if let Some(next) = &self.next {
            return ask(next, span, id, data, deadline).await.map(Response::new);
        }
        let data = capitalize(data);
        // It ends when it is dropped.
        drop(span);
        Ok(Response::new(Payload { id, data }))
    }

    type CapitalizeStreamStream = Replies;

    async fn capitalize_stream(
        &self,
        request: Request<Streaming<Payload>>,
    ) -> Result<Response<Replies>, Status> {
        let replies = request.into_inner().map(|payload| {
            let Payload { id, data } = payload?;
            Ok(Payload {
                id,
                data: capitalize(data),
            })
        });
        Ok(Response::new(Box::pin(replies)))
    }

    type CapitalizeWordsStream = Replies;

    async fn capitalize_words(
        &self,
        request: Request<Payload>,
    ) -> Result<Response<Replies>, Status> {
        let Payload { id, data } = request.into_inner();
        let words: Vec<Vec<u8>> = data
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .map(<[u8]>::to_vec)
            .collect();
        let replies = words.into_iter().map(move |word| {
            Ok(Payload {
                id,
                data: capitalize(word),
            })
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(replies))))
    }

    async fn capitalize_all(
        &self,
        request: Request<Streaming<Payload>>,
    ) -> Result<Response<Payload>, Status> {
        let mut payloads = request.into_inner();
        let mut id = None;
        let mut all = Vec::new();
        while let Some(payload) = payloads.message().await? {
            id.get_or_insert(payload.id);
            if all.len() + payload.data.len() > MAX_TOGETHER {
                let fault = format!("the payloads hold more than {MAX_TOGETHER} bytes together");
                return Err(Status::resource_exhausted(fault));
            }
            all.extend_from_slice(&payload.data);
        }
        Ok(Response::new(Payload {
            id: id.unwrap_or_default(),
            data: capitalize(all),
        }))
    }
}

/// Lets the next fetchIt do it, below `span`, in what time is left.
async fn ask(
    next: &Calls,
    span: Option<Span>,
    id: i32,
    data: Vec<u8>,
    deadline: Instant,
) -> Result<Payload, Status> {
    let mut otel = Context::current();
    if let Some(span) = span {
        otel = otel.with_span(span);
    }
    let context = Propagator::outgoing(&otel)
        .unwrap_or_else(|| Trace::new_root(Formats::default(), Decision::Deny));
    let reply = next.capitalize(id, data, &context, deadline).await;
    // What this one answers is its own: the next one is nobody's business.
    reply.map_err(|failure| Status::new(failure.code(), format!("the next fetchIt: {failure}")))
}

/// When the caller has gone.
fn deadline(metadata: &MetadataMap) -> Instant {
    let asked = metadata.get("grpc-timeout");
    let asked = asked.and_then(|value| parse_timeout(value.as_bytes()));
    Instant::now() + asked.unwrap_or(PATIENCE).min(PATIENCE)
}

/// How long the next fetchIt may take at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a streaming method answers with.
type Replies = Pin<Box<dyn Stream<Item = Result<Payload, Status>> + Send>>;

/// What [`FetchIt`] collects for one reply at most, so that the reply fits a
/// client's usual limit.
const MAX_TOGETHER: usize = 4 << 20;

/// As Go's `bytes.ToUpper`, one letter for one letter: a letter whose capital
/// is several letters (`ß`) stays. Where Go replaces bytes that are not UTF-8,
/// this keeps them, for they are the caller's.
fn capitalize(mut data: Vec<u8>) -> Vec<u8> {
    if data.is_ascii() {
        data.make_ascii_uppercase();
        return data;
    }
    match String::from_utf8(data) {
        Ok(text) => text.chars().map(capital).collect::<String>().into_bytes(),
        Err(error) => {
            let mut data = error.into_bytes();
            data.make_ascii_uppercase();
            data
        }
    }
}

fn capital(letter: char) -> char {
    let mut capitals = letter.to_uppercase();
    match (capitals.next(), capitals.next()) {
        (Some(capital), None) => capital,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: impl AsRef<[u8]>, expected: impl AsRef<[u8]>) {
        assert_eq!(capitalize(input.as_ref().to_vec()), expected.as_ref());
    }

    #[test]
    fn letters_become_capitals_and_the_rest_stays() {
        check("", "");
        check("hello, World 42!", "HELLO, WORLD 42!");
        check("ünïcödé ελλάδα", "ÜNÏCÖDÉ ΕΛΛΆΔΑ");
        check("straße ŉ", "STRAßE ŉ");
        check("ǆ ÿ", "Ǆ Ÿ");
    }

    #[test]
    fn bytes_that_are_not_text_keep_their_value() {
        check(b"a\xff\xc3z", b"A\xff\xc3Z");
        check([0u8, 0x7f, b'q'], [0u8, 0x7f, b'Q']);
    }

    #[tokio::test]
    async fn the_reply_carries_the_callers_id() {
        let data = b"hello".to_vec();
        let reply = FetchIt::default()
            .capitalize(Request::new(Payload { id: -7, data }))
            .await;
        let reply = reply.expect("capitalize never fails").into_inner();
        assert_eq!((reply.id, reply.data.as_slice()), (-7, b"HELLO".as_slice()));
    }
}
