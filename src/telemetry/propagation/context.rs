//! What is known of the trace that a request belongs to.

use super::{Formats, SpanId, TraceId};
use http::HeaderValue;
use std::time::{SystemTime, UNIX_EPOCH};

/// Whether a trace is recorded, as far as those upstream of us decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Record.
    Accept,
    /// Do not record.
    Deny,
    /// Record, whatever a sampler would say (B3 `d`, Jaeger's debug flag).
    Debug,
    /// Nobody has decided yet; who receives this decides.
    Defer,
}

/// A spelling of trace context on the wire, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// `traceparent` and `tracestate`.
    TraceContext,
    /// `b3`.
    B3,
    /// `x-b3-traceid` and its companions.
    B3Multi,
    /// `x-amzn-trace-id`.
    XRay,
    /// `grpc-trace-bin`.
    GrpcTraceBin,
    /// `x-cloud-trace-context`.
    CloudTrace,
    /// `uber-trace-id`.
    Jaeger,
    /// `ot-tracer-traceid` and its companions.
    OpenTracing,
}

/// A position in a trace: which one, below which span, recorded or not, and
/// what else travels along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    trace_id: TraceId,
    parent: Option<SpanId>,
    decision: Decision,
    random: bool,
    origin: Option<Format>,
    /// Boxed because most requests carry none of it.
    cargo: Option<Box<Cargo>>,
}

/// What travels with the ids. Every part is bounded where it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cargo {
    tracestate: Option<HeaderValue>,
    xray: Option<Box<str>>,
    baggage: Option<HeaderValue>,
}

/// A trace that a request also names, though another one won.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// The other trace.
    pub trace_id: TraceId,
    /// The span of it, where the format names one.
    pub span_id: Option<SpanId>,
    /// Whether that trace is recorded.
    pub decision: Decision,
    /// The format that named it.
    pub origin: Format,
}

// === impl Decision ===

impl Decision {
    /// Whether this says to record. [`Decision::Defer`] does not say so.
    pub fn is_sampled(self) -> bool {
        matches!(self, Self::Accept | Self::Debug)
    }

    pub(super) fn from_sampled(sampled: bool) -> Self {
        if sampled { Self::Accept } else { Self::Deny }
    }
}

// === impl Format ===

impl Format {
    /// The header that it is known by.
    pub fn name(self) -> &'static str {
        match self {
            Self::TraceContext => "traceparent",
            Self::B3 => "b3",
            Self::B3Multi => "x-b3-traceid",
            Self::XRay => "x-amzn-trace-id",
            Self::GrpcTraceBin => "grpc-trace-bin",
            Self::CloudTrace => "x-cloud-trace-context",
            Self::Jaeger => "uber-trace-id",
            Self::OpenTracing => "ot-tracer-traceid",
        }
    }
}

// === impl Context ===

impl Context {
    /// The `sampled` bit of [`flags`](Self::flags).
    pub const SAMPLED: u8 = 0x01;
    /// The `random` bit of [`flags`](Self::flags): the trace id's last 7 bytes are random.
    pub const RANDOM: u8 = 0x02;

    /// What a header of `origin` says, before cargo is added.
    pub(super) fn remote(
        origin: Format,
        trace_id: TraceId,
        parent: Option<SpanId>,
        decision: Decision,
    ) -> Self {
        Self {
            trace_id,
            parent,
            decision,
            random: false,
            origin: Some(origin),
            cargo: None,
        }
    }

    /// The start of a new trace, with no parent. Where X-Ray is among the
    /// formats its ids begin with the time, as X-Ray demands of all trace ids.
    pub fn new_root(formats: Formats, decision: Decision) -> Self {
        Self {
            trace_id: TraceId::fresh(formats),
            parent: None,
            decision,
            random: true,
            origin: None,
            cargo: None,
        }
    }

    /// The same trace below `span`: what a recorded span sends on.
    pub fn child(&self, span: SpanId) -> Self {
        Self {
            parent: Some(span),
            ..self.clone()
        }
    }

    /// The same position with another decision, such as a sampler makes.
    pub fn with_decision(self, decision: Decision) -> Self {
        Self { decision, ..self }
    }

    /// The trace.
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The span above: none at a root, and none where the format named only the
    /// trace, as load balancers do in `x-amzn-trace-id`.
    pub fn parent(&self) -> Option<SpanId> {
        self.parent
    }

    /// Whether to record.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// The W3C trace flags: [`SAMPLED`](Self::SAMPLED) and [`RANDOM`](Self::RANDOM).
    pub fn flags(&self) -> u8 {
        let sampled = if self.decision.is_sampled() {
            Self::SAMPLED
        } else {
            0
        };
        let random = if self.random { Self::RANDOM } else { 0 };
        sampled | random
    }

    /// The format that it was read from; none where it began here.
    pub fn origin(&self) -> Option<Format> {
        self.origin
    }

    /// The W3C `tracestate`, valid and never empty.
    pub fn tracestate(&self) -> Option<&HeaderValue> {
        self.cargo.as_ref()?.tracestate.as_ref()
    }

    /// The fields of `x-amzn-trace-id` besides its own three, as `k=v;k=v`.
    pub fn xray_extras(&self) -> Option<&str> {
        self.cargo.as_ref()?.xray.as_deref()
    }

    /// The W3C `baggage`, as it came.
    pub fn baggage(&self) -> Option<&HeaderValue> {
        self.cargo.as_ref()?.baggage.as_ref()
    }

    pub(super) fn with_random(self, random: bool) -> Self {
        Self { random, ..self }
    }

    pub(super) fn set_tracestate(&mut self, tracestate: Option<HeaderValue>) {
        if self.cargo.is_some() || tracestate.is_some() {
            self.cargo.get_or_insert_default().tracestate = tracestate;
        }
    }

    pub(super) fn set_xray_extras(&mut self, extras: Option<Box<str>>) {
        if self.cargo.is_some() || extras.is_some() {
            self.cargo.get_or_insert_default().xray = extras;
        }
    }

    pub(super) fn set_baggage(&mut self, baggage: Option<HeaderValue>) {
        if self.cargo.is_some() || baggage.is_some() {
            self.cargo.get_or_insert_default().baggage = baggage;
        }
    }
}

impl TraceId {
    /// A new id that these formats can carry.
    pub fn fresh(formats: Formats) -> Self {
        match formats.contains(Formats::XRAY) {
            true => Self::random_at(epoch_seconds()),
            false => Self::random(),
        }
    }
}

/// Seconds since 1970. A clock before that gives 0: the id is still unique, and
/// X-Ray would refuse any time of such a clock.
fn epoch_seconds() -> u32 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_root_is_random_and_timed_only_for_xray() {
        let now = epoch_seconds();
        let timed = Context::new_root(Formats::XRAY, Decision::Accept);
        let seconds = u32::from_be_bytes(
            timed.trace_id().to_bytes()[..4]
                .try_into()
                .expect("four bytes of sixteen"),
        );
        assert!(seconds.abs_diff(now) <= 1, "{seconds} {now}");
        assert_eq!(timed.flags(), Context::SAMPLED | Context::RANDOM);
        assert_eq!((timed.parent(), timed.origin()), (None, None));

        let plain = Context::new_root(Formats::default(), Decision::Deny);
        assert_eq!(plain.flags(), Context::RANDOM);
        assert_ne!(
            plain.trace_id(),
            Context::new_root(Formats::default(), Decision::Deny).trace_id()
        );
    }

    #[test]
    fn a_child_keeps_all_but_the_parent() {
        let mut root = Context::new_root(Formats::default(), Decision::Debug);
        root.set_baggage(Some(HeaderValue::from_static("a=1")));
        let span = SpanId::random();
        let child = root.child(span);
        assert_eq!(child.parent(), Some(span));
        assert_eq!(child.trace_id(), root.trace_id());
        assert_eq!(child.decision(), Decision::Debug);
        assert_eq!(child.baggage(), root.baggage());
    }

    #[test]
    fn a_context_stays_small_enough_to_pass_around() {
        assert!(size_of::<Context>() <= 48, "{}", size_of::<Context>());
    }
}
