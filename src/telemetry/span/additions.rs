//! What a handler adds to the span of its call, by OpenTelemetry's API and within
//! its limits.

use opentelemetry::KeyValue;
use opentelemetry::trace::{Event, Link, Status};
use opentelemetry_sdk::trace::SpanData;
use std::borrow::Cow;

/// OpenTelemetry's own limit of each.
const MOST: usize = 128;

/// Things added.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Additions {
    name: Option<Cow<'static, str>>,
    attributes: Vec<KeyValue>,
    events: Vec<Event>,
    links: Vec<Link>,
    status: Status,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
}

impl Additions {
    pub(in crate::telemetry) fn name(&mut self, name: Cow<'static, str>) {
        self.name = Some(name);
    }

    /// An attribute; of one key the last holds.
    pub(in crate::telemetry) fn attribute(&mut self, attribute: KeyValue) {
        let mut attributes = self.attributes.iter_mut();
        match attributes.find(|earlier| earlier.key == attribute.key) {
            Some(earlier) => *earlier = attribute,
            None => push(
                &mut self.attributes,
                attribute,
                &mut self.dropped_attributes,
            ),
        }
    }

    pub(in crate::telemetry) fn event(&mut self, event: Event) {
        push(&mut self.events, event, &mut self.dropped_events);
    }

    pub(in crate::telemetry) fn link(&mut self, link: Link) {
        push(&mut self.links, link, &mut self.dropped_links);
    }

    /// A status, which `Ok` fixes and `Unset` never takes back.
    pub(in crate::telemetry) fn status(&mut self, status: Status) {
        if status > self.status {
            self.status = status;
        }
    }

    /// The span with all of it.
    pub(super) fn apply(self, span: &mut SpanData) {
        if let Some(name) = self.name {
            span.name = name;
        }
        span.attributes.extend(self.attributes);
        span.dropped_attributes_count += self.dropped_attributes;
        span.events.events.extend(self.events);
        span.events.dropped_count += self.dropped_events;
        span.links.links.extend(self.links);
        span.links.dropped_count += self.dropped_links;
        // What gRPC says of the call is more than its handler could know.
        if span.status == Status::Unset {
            span.status = self.status;
        }
    }
}

fn push<T>(list: &mut Vec<T>, item: T, dropped: &mut u32) {
    if list.len() < MOST {
        list.push(item);
    } else {
        *dropped = dropped.saturating_add(1);
    }
}
