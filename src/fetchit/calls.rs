//! Calls of fetchIt by gRPC, watched and with their trace: what the client makes,
//! and what one fetchIt asks of the next.

use super::rpc::Payload;
use crate::telemetry::observe::{Operations, Recorder, Telemetry};
use crate::telemetry::propagation::{Context, Formats, inject};
use crate::upstream::{self, Code, Failure, Outgoing, Upstream, UrlError};
use http::HeaderMap;
use http::uri::PathAndQuery;
use prost::Message as _;
use std::sync::Arc;
use tokio::time::Instant;

const CAPITALIZE: &str = "rpc.Fetch/Capitalize";

/// A fetchIt to call.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    upstream: Upstream,
    recorder: Recorder,
    /// The method, as the recorder knows it.
    method: usize,
    formats: Formats,
}

impl Calls {
    /// A fetchIt at `url`. `methods` are all that the process has to do with: what
    /// it answers itself is counted by the same list.
    pub(super) fn new(
        url: &str,
        formats: Formats,
        telemetry: &Telemetry,
        methods: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, UrlError> {
        let mut operations = Operations::default();
        for method in methods {
            operations.add_method(method.as_ref());
        }
        let method = operations.add_method(CAPITALIZE);
        Ok(Self {
            upstream: Upstream::connect_lazy(url, upstream::Settings::default())?,
            recorder: telemetry.recorder(&Arc::new(operations)),
            method,
            formats,
        })
    }

    /// Has `data` capitalized by a call that belongs to `parent`.
    pub(super) async fn capitalize(
        &self,
        id: i32,
        data: Vec<u8>,
        parent: &Context,
        deadline: Instant,
    ) -> Result<Payload, Failure> {
        let (mut made, context) = self.recorder.make(self.method, parent);
        let payload = Payload { id, data };
        let mut message = Outgoing::with_capacity(payload.encoded_len());
        payload
            .encode(message.buffer())
            .expect("a vector grows as far as it must");
        let mut trace = HeaderMap::new();
        inject(&context, self.formats, &mut trace);
        let metadata = trace
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)));
        made.message_sent(message.message().len());
        let request = upstream::Request {
            path: PathAndQuery::from_static("/rpc.Fetch/Capitalize"),
            metadata: metadata.collect(),
            message,
            deadline,
            idempotent: true,
        };
        let reply = self.upstream.unary(request).await.and_then(|reply| {
            made.message_received(reply.message.len());
            Payload::decode(reply.message)
                .map_err(|_| Failure::Protocol("the reply is no rpc.Payload"))
        });
        match &reply {
            Ok(_) => made.ended(Code::Ok, &""),
            Err(failure) => made.ended(failure.code(), failure),
        }
        reply
    }
}
