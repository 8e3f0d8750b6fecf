//! Spans by OTLP: a batch as messages that the receiver will not find too large.

use super::{
    super::{Destination, Exporting, Loss},
    Transport,
};
use bytes::Bytes;
use opentelemetry_proto::{
    tonic::{
        collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
        trace::v1::{ResourceSpans, ScopeSpans, Span},
    },
    transform::{common::tonic::ResourceAttributesWithSchema, trace::tonic},
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use prost::Message as _;

/// gRPC servers take 4 MiB if not told otherwise; X-Ray takes 5 MB.
const MAX_MESSAGE: usize = 4_000_000;
/// A field's tag and length, at most, for each of the levels around a span.
const FRAME: usize = 24;

/// Where spans go by OTLP.
#[derive(Debug)]
pub(in super::super) struct Spans {
    name: &'static str,
    transport: Transport,
    resource: ResourceAttributesWithSchema,
    /// Larger ones are not taken by the receiver.
    max_span: usize,
}

/// A message and how many spans it has.
struct Part {
    spans: usize,
    message: Bytes,
}

impl Spans {
    pub(in super::super) fn new(
        name: &'static str,
        transport: Transport,
        resource: &Resource,
    ) -> Self {
        Self {
            name,
            transport,
            resource: resource.into(),
            max_span: MAX_MESSAGE / 2,
        }
    }

    /// For a receiver that takes no spans larger than this.
    pub(in super::super) fn max_span(mut self, bytes: usize) -> Self {
        self.max_span = bytes;
        self
    }

    async fn send(&mut self, batch: Vec<SpanData>) -> Result<(), Loss> {
        let mut lost = Losses::default();
        for part in parts(batch, &self.resource, self.max_span, &mut lost) {
            match self.transport.send(part.message).await {
                Ok(answer) => lost.partly(part.spans, &answer),
                Err(refusal) => lost.add(part.spans, refusal.reason),
            }
        }
        lost.into_result()
    }
}

impl Destination for Spans {
    fn name(&self) -> &'static str {
        self.name
    }

    fn export(&mut self, batch: Vec<SpanData>) -> Exporting<'_> {
        Box::pin(self.send(batch))
    }
}

/// The batch in messages of bounded size. A span that is too large alone is lost.
fn parts(
    batch: Vec<SpanData>,
    resource: &ResourceAttributesWithSchema,
    max_span: usize,
    lost: &mut Losses,
) -> Vec<Part> {
    let grouped = tonic::group_spans_by_resource_and_scope(batch, resource);
    let mut parts = Vec::new();
    for mut group in grouped {
        let scopes = std::mem::take(&mut group.scope_spans);
        let base = group.encoded_len() + FRAME;
        let mut size = base;
        for mut scope in scopes {
            let spans = std::mem::take(&mut scope.spans);
            let scope_size = scope.encoded_len() + FRAME;
            let mut fresh = true;
            for span in spans {
                let span_size = span.encoded_len() + FRAME;
                if span_size > max_span {
                    lost.add(1, too_large(&span, span_size, max_span));
                    continue;
                }
                let extra = if fresh { scope_size } else { 0 };
                if size + span_size + extra > MAX_MESSAGE {
                    parts.extend(part(&mut group));
                    size = base;
                    fresh = true;
                }
                if fresh {
                    size += scope_size;
                    group.scope_spans.push(scope.clone());
                    fresh = false;
                }
                size += span_size;
                last(&mut group).spans.push(span);
            }
        }
        parts.extend(part(&mut group));
    }
    parts
}

fn last(group: &mut ResourceSpans) -> &mut ScopeSpans {
    let last = group.scope_spans.last_mut();
    last.expect("a scope is put there before its first span")
}

/// What `group` has so far as a message; it is empty then.
fn part(group: &mut ResourceSpans) -> Option<Part> {
    let scope_spans = std::mem::take(&mut group.scope_spans);
    let spans = scope_spans.iter().map(|scope| scope.spans.len()).sum();
    if spans == 0 {
        return None;
    }
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans,
            ..group.clone()
        }],
    };
    Some(Part {
        spans,
        message: request.encode_to_vec().into(),
    })
}

fn too_large(span: &Span, size: usize, limit: usize) -> String {
    format!(
        "the span `{}` has {size} bytes, and the receiver takes {limit}",
        span.name
    )
}

/// What was lost of a batch; the first reason stands for all.
#[derive(Default)]
struct Losses {
    spans: usize,
    reason: Option<String>,
}

impl Losses {
    fn add(&mut self, spans: usize, reason: String) {
        self.spans += spans;
        self.reason.get_or_insert(reason);
    }

    /// A receiver may take a message and refuse some spans of it.
    fn partly(&mut self, sent: usize, answer: &[u8]) {
        // What is no answer of the protocol still is a success by its status.
        let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
        let Some(partial) = answer.partial_success else {
            return;
        };
        let rejected = usize::try_from(partial.rejected_spans).unwrap_or(0);
        if rejected > 0 {
            let reason = format!("the receiver rejects them: {}", partial.error_message);
            self.add(rejected.min(sent), reason);
        } else if !partial.error_message.is_empty() {
            tracing::warn!("a receiver of spans warns: {}", partial.error_message);
        }
    }

    fn into_result(self) -> Result<(), Loss> {
        match self.reason {
            Some(reason) => Err(Loss::new(self.spans, reason)),
            None => Ok(()),
        }
    }
}
