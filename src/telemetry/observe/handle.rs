//! The span of a call that is answered, as OpenTelemetry's API knows spans: what a
//! handler finds as the current one, and may add to. It ends with the call, not
//! with the handle.

use super::served::Served;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Event, Link, Span, SpanContext, Status};
use std::borrow::Cow;
use std::time::SystemTime;

/// A handle on a call's span.
#[derive(Debug)]
pub(super) struct Handle {
    served: Served,
    context: SpanContext,
}

impl Handle {
    pub(super) fn new(served: Served, context: SpanContext) -> Self {
        Self { served, context }
    }
}

impl Span for Handle {
    fn add_event_with_timestamp<T>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) where
        T: Into<Cow<'static, str>>,
    {
        let event = Event::new(name, timestamp, attributes, 0);
        self.served.on_span(|span| span.additions().event(event));
    }

    fn span_context(&self) -> &SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        self.served.is_recorded()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        self.served
            .on_span(|span| span.additions().attribute(attribute));
    }

    fn set_status(&mut self, status: Status) {
        self.served.on_span(|span| span.additions().status(status));
    }

    fn update_name<T>(&mut self, name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        // Before the call is locked: it is the handler's own code that makes it.
        let name = name.into();
        self.served.on_span(|span| span.additions().name(name));
    }

    fn add_link(&mut self, context: SpanContext, attributes: Vec<KeyValue>) {
        let link = Link::new(context, attributes, 0);
        self.served.on_span(|span| span.additions().link(link));
    }

    fn end_with_timestamp(&mut self, _: SystemTime) {}
}
