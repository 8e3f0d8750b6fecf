//! What tells one exchange from all others: its request id and its trace. Both go
//! to the backend as metadata and back to the caller with every response, errors
//! included, so that either side can name the exchange in a log.
//!
//! The caller gets the bare trace id as `X-Trace-Id`, since the W3C's
//! `traceresponse` is a draft and wants the id of a span that was recorded here.

use super::settings::Settings;
use crate::telemetry::observe::Exchange;
use crate::telemetry::propagation::{Context, Decision, Extracted, TraceId, extract};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(super) const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// The longest request id that is taken from a caller.
const MAX_REQUEST_ID: usize = 128;

/// The request id, and the trace where there is one.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) request_id: HeaderValue,
    /// What goes upstream, once that is decided. Nothing where the caller has no
    /// trace and none is recorded here, so that the backend starts one by its own
    /// rules.
    pub(super) trace: Option<Context>,
    /// What the request says of its trace, until that is decided.
    extracted: Option<Extracted>,
}

impl Identity {
    /// Reads the identity of a request; a request id that is missing, given twice
    /// or unsafe to log is replaced by a fresh one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut ids = headers.get_all(&REQUEST_ID).iter();
        let request_id = match (ids.next(), ids.next()) {
            (Some(id), None) if is_request_id(id) => id.clone(),
            _ => hex(TraceId::random()),
        };
        Self {
            request_id,
            trace: None,
            extracted: Some(extract(headers)),
        }
    }

    /// Decides what becomes of the trace, now that the route is known, or that there
    /// is none; the first decision holds.
    pub(super) fn decide(
        &mut self,
        exchange: &mut Exchange,
        head: &Parts,
        route: Option<usize>,
        settings: &Settings,
    ) {
        let Some(extracted) = self.extracted.take() else {
            return;
        };
        self.trace = match exchange.admit(head, route, extracted) {
            Ok(context) => Some(context),
            Err(extracted) => passed_on(extracted, settings),
        };
        exchange.identify(&self.request_id, self.trace.as_ref().map(Context::trace_id));
    }

    /// Adds both to a response.
    pub(super) fn mark(self, headers: &mut HeaderMap) {
        headers.insert(REQUEST_ID, self.request_id);
        if let Some(trace) = self.trace {
            headers.insert(TRACE_ID, hex(trace.trace_id()));
        }
    }
}

/// What goes upstream where no span is recorded here.
fn passed_on(extracted: Extracted, settings: &Settings) -> Option<Context> {
    if extracted.context().is_none() && extracted.decision() == Decision::Defer {
        return None;
    }
    Some(extracted.or_new(settings.trace_formats, Decision::Accept))
}

/// A fresh request id is 128 bits from the generator of trace ids: unique, and no
/// secret.
fn hex(id: TraceId) -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(id.to_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    HeaderValue::from_bytes(&text).expect("hexadecimal digits are legal in a header")
}

/// A request id that is safe to pass on and to log.
fn is_request_id(value: &HeaderValue) -> bool {
    (1..=MAX_REQUEST_ID).contains(&value.len())
        && value
            .as_bytes()
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_callers_or_fresh() {
        let of = |ids: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for id in ids {
                headers.append(REQUEST_ID, HeaderValue::from_static(id));
            }
            Identity::of(&headers).request_id
        };
        assert_eq!(of(&["a-B_c.9"]), "a-B_c.9");
        for bad in [&[][..], &["a", "b"], &[""], &["a b"], &["a\"b"]] {
            let (first, second) = (of(bad), of(bad));
            assert_eq!(first.len(), 32, "{bad:?}");
            assert!(first.as_bytes().iter().all(u8::is_ascii_hexdigit));
            assert_ne!(first, second);
        }
    }
}
