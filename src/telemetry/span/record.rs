//! What goes through the queue to the export thread: a finished call with the
//! tables that its indices are of, or a span that an SDK has made.

use super::expand::expand;
use crate::telemetry::export::Expand;
use crate::telemetry::observe::{Call, Vocabulary};
use opentelemetry_sdk::trace::SpanData;
use std::fmt;
use std::sync::Arc;

/// A finished span on its way out.
pub struct Record(What);

// A call is moved into the queue as it is; boxing it would cost an allocation.
#[allow(clippy::large_enum_variant)]
enum What {
    Call(Arc<Vocabulary>, Call),
    Made(Box<SpanData>),
}

impl Record {
    pub(in crate::telemetry) fn of(vocabulary: &Arc<Vocabulary>, call: Call) -> Self {
        Self(What::Call(vocabulary.clone(), call))
    }
}

impl From<SpanData> for Record {
    fn from(span: SpanData) -> Self {
        Self(What::Made(Box::new(span)))
    }
}

impl Expand for Record {
    fn expand(self) -> SpanData {
        match self.0 {
            What::Call(vocabulary, call) => expand(&vocabulary, call),
            What::Made(span) => *span,
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            What::Call(_, call) => out.debug_tuple("Record").field(call).finish(),
            What::Made(span) => out.debug_tuple("Record").field(span).finish(),
        }
    }
}
