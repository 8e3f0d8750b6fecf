//! A call as a span: what is noted while it lasts, kept small, and what becomes of
//! it on the export thread, under the names that were chosen. Which calls have one
//! is for `sampling`, when it begins and ends for `observe`.

mod additions;
mod attributes;
mod clock;
mod expand;
mod names;
mod record;
mod request;

pub use names::{Names, UnknownNames};
pub use record::Record;

use crate::telemetry::observe::Phase;
use crate::telemetry::propagation::{Context, Link, SpanId, TraceId};
use additions::Additions;
use http::request::Parts;
use opentelemetry::trace::SpanContext;
use request::Request;
use std::fmt;
use std::time::Instant;
use tonic::Code;

/// Messages that a span tells of one by one; the rest are counted.
const MAX_EVENTS: usize = 128;

/// The span of a call under way.
#[derive(Debug)]
pub struct Span {
    id: SpanId,
    /// The trace, the parent in it, and what travels along.
    context: Context,
    parent_is_remote: bool,
    /// The id of the one call that is made for this one.
    child: SpanId,
    links: Vec<Link>,
    request: Option<Request>,
    phases: [Option<Instant>; 4],
    messages: Vec<Message>,
    dropped_messages: u32,
    status: String,
    additions: Option<Box<Additions>>,
}

/// A message that went one way or the other.
#[derive(Debug, Clone, Copy)]
struct Message {
    at: Instant,
    sent: bool,
    /// Counted from one, each way by itself.
    number: u64,
    bytes: usize,
}

impl Span {
    /// A span below `context`, with links to what else the request named.
    pub(super) fn new(context: Context, links: Vec<Link>) -> Self {
        Self {
            id: SpanId::random(),
            context,
            parent_is_remote: true,
            child: SpanId::random(),
            links,
            request: None,
            phases: [None; 4],
            messages: Vec::new(),
            dropped_messages: 0,
            status: String::new(),
            additions: None,
        }
    }

    /// A span below one of this process.
    pub(super) fn below(parent: Context) -> Self {
        Self {
            parent_is_remote: false,
            ..Self::new(parent, Vec::new())
        }
    }

    /// The span of the call that is made for this one.
    pub(super) fn child(&self) -> Self {
        Self {
            id: self.child,
            context: self.context.child(self.id),
            parent_is_remote: false,
            child: self.child,
            links: Vec::new(),
            request: None,
            phases: [None; 4],
            messages: Vec::new(),
            dropped_messages: 0,
            status: String::new(),
            additions: None,
        }
    }

    /// The context to send with the call that is made for this one.
    pub(super) fn for_child(&self) -> Context {
        self.context.child(self.child)
    }

    /// What its maker adds to it.
    pub(super) fn additions(&mut self) -> &mut Additions {
        self.additions.get_or_insert_default()
    }

    /// The span as OpenTelemetry's API names it.
    pub(super) fn otel_context(&self) -> SpanContext {
        expand::context(self)
    }

    /// The trace.
    pub fn trace_id(&self) -> TraceId {
        self.context.trace_id()
    }

    /// The span.
    pub fn span_id(&self) -> SpanId {
        self.id
    }

    /// Notes what the request says of itself.
    pub(super) fn describe(&mut self, head: &Parts) {
        self.request = Some(Request::of(head));
    }

    /// What happened in the call, in order, in words.
    pub(super) fn moments(&self) -> Vec<(Instant, String)> {
        const REACHED: [&str; 4] = ["routed", "decoded", "replied", "encoded"];
        let reached = self.phases.iter().zip(REACHED);
        let reached = reached.filter_map(|(at, what)| Some(((*at)?, what.to_owned())));
        let messages = self.messages.iter().map(|message| {
            let way = if message.sent { "sent" } else { "recv" };
            let (number, bytes) = (message.number, message.bytes);
            (
                message.at,
                format!("{way}: message {number}, {bytes} bytes"),
            )
        });
        let mut moments: Vec<_> = reached.chain(messages).collect();
        moments.sort_by_key(|(at, _)| *at);
        moments
    }

    pub(super) fn reach(&mut self, phase: Phase) {
        self.phases[phase as usize] = Some(Instant::now());
    }

    pub(super) fn sent(&mut self, number: u64, bytes: usize) {
        self.message(true, number, bytes);
    }

    pub(super) fn received(&mut self, number: u64, bytes: usize) {
        self.message(false, number, bytes);
    }

    /// What the status of the call says besides its code.
    pub(super) fn explain(&mut self, code: Code, message: &dyn fmt::Display) {
        if code != Code::Ok {
            self.status = message.to_string();
        }
    }

    fn message(&mut self, sent: bool, number: u64, bytes: usize) {
        if self.messages.len() == MAX_EVENTS {
            self.dropped_messages = self.dropped_messages.saturating_add(1);
            return;
        }
        self.messages.push(Message {
            at: Instant::now(),
            sent,
            number,
            bytes,
        });
    }
}
