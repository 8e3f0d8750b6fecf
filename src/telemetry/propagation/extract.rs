//! One pass over a request's headers: collects those of ours, reads each format,
//! and picks the winner.

use super::names::Name;
use super::{Context, Decision, Format, Formats, Link, SpanId};
use super::{b3, baggage, cloud, grpc_bin, jaeger, opentracing, w3c, xray};
use http::{HeaderMap, HeaderValue};

/// What the headers of a request say of its trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    context: Option<Context>,
    decision: Option<Decision>,
    links: Vec<Link>,
    baggage: Option<HeaderValue>,
}

/// The first line of each header that is present.
#[derive(Default)]
pub(super) struct Found<'a> {
    first: [Option<&'a HeaderValue>; Name::COUNT],
    traceparents: usize,
}

/// Reads the trace context of a request. Never fails: what is malformed is as if
/// it were not there.
pub fn extract(headers: &HeaderMap) -> Extracted {
    let mut found = None;
    for (name, value) in headers {
        if let Some(name) = Name::recognize(name.as_str()) {
            found.get_or_insert_with(Found::default).note(name, value);
        }
    }
    match found {
        Some(found) => found.read(headers),
        None => Extracted::default(),
    }
}

// === impl Found ===

impl<'a> Found<'a> {
    fn note(&mut self, name: Name, value: &'a HeaderValue) {
        self.first[name as usize].get_or_insert(value);
        self.traceparents += usize::from(name == Name::Traceparent);
    }

    /// The bytes of the first line of a header.
    pub(super) fn get(&self, name: Name) -> Option<&'a [u8]> {
        self.first[name as usize].map(|value| super::ids::trim(value.as_bytes()))
    }

    fn read(&self, headers: &HeaderMap) -> Extracted {
        let xray = self.get(Name::XRay).and_then(xray::parse);
        // In order of precedence. Of two `traceparent`s neither can be trusted.
        let candidates = [
            self.get(Name::Traceparent)
                .filter(|_| self.traceparents == 1)
                .and_then(w3c::parse),
            self.get(Name::B3).and_then(b3::parse_single),
            b3::parse_multi(self),
            xray.as_ref().map(|header| header.context.clone()),
            self.get(Name::GrpcTraceBin).and_then(grpc_bin::parse),
            self.get(Name::CloudTrace).and_then(cloud::parse),
            self.get(Name::Jaeger).and_then(jaeger::parse),
            opentracing::parse(self),
        ];
        let mut candidates = candidates.into_iter().flatten();
        let mut context = candidates.next();
        let links = context
            .as_ref()
            .map(|winner| links(winner, candidates))
            .unwrap_or_default();

        if let Some(winner) = &mut context {
            if winner.origin() == Some(Format::TraceContext) && self.get(Name::Tracestate).is_some()
            {
                winner.set_tracestate(w3c::tracestate(headers));
            }
            // Extras are about one trace, whichever format won with it.
            if let Some(xray) = xray.filter(|xray| xray.context.trace_id() == winner.trace_id()) {
                winner.set_xray_extras(xray.extras);
            }
        }
        Extracted {
            decision: if context.is_none() {
                b3::sampling_only(self)
            } else {
                None
            },
            context,
            links,
            baggage: self.get(Name::Baggage).and_then(|_| baggage::join(headers)),
        }
    }
}

/// The losers that name another trace than the winner, each once. There are
/// never more than formats.
fn links(winner: &Context, losers: impl Iterator<Item = Context>) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for loser in losers {
        let named =
            |link: &Link| (link.trace_id, link.span_id) == (loser.trace_id(), loser.parent());
        if loser.trace_id() != winner.trace_id() && !links.iter().any(named) {
            links.extend(Link::of(&loser));
        }
    }
    links
}

impl Link {
    fn of(context: &Context) -> Option<Self> {
        Some(Self {
            trace_id: context.trace_id(),
            span_id: context.parent(),
            decision: context.decision(),
            origin: context.origin()?,
        })
    }
}

// === impl Extracted ===

impl Extracted {
    /// The winner, if any header was valid.
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// What is decided: by the winner, or without any ids, as `b3: 0` does.
    pub fn decision(&self) -> Decision {
        match &self.context {
            Some(context) => context.decision(),
            None => self.decision.unwrap_or(Decision::Defer),
        }
    }

    /// The other traces that were named, in order of precedence.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The W3C `baggage`: well-formed, within bounds, members as they came.
    pub fn baggage(&self) -> Option<&HeaderValue> {
        self.baggage.as_ref()
    }

    /// The same request, its caller not being trusted: the context becomes a
    /// link, so that a new trace begins here, and nothing that the caller
    /// decided or wrote besides is kept.
    pub fn untrusted(self) -> Self {
        let mut links: Vec<Link> = self
            .context
            .as_ref()
            .and_then(Link::of)
            .into_iter()
            .collect();
        links.extend(self.links);
        Self {
            links,
            ..Self::default()
        }
    }

    /// The place that a span of this request has, in a new trace if need be, and
    /// what else the request named. What a span's sampler decides is not in it yet.
    pub fn into_parts(self, formats: Formats) -> (Context, Vec<Link>) {
        let decision = self.decision();
        let mut context = self
            .context
            .unwrap_or_else(|| Context::new_root(formats, decision));
        context.set_baggage(self.baggage);
        (context, self.links)
    }

    /// The context to send upstream while no span is recorded here: the
    /// caller's own, unchanged where it names a span, and otherwise one with a
    /// new span id, below a new root if need be. `undecided` takes the place of
    /// [`Decision::Defer`] where nobody above has decided and we are the ones
    /// to: at new roots, and where the format names no span.
    pub fn or_new(self, formats: Formats, undecided: Decision) -> Context {
        let decision = self.decision();
        let mut context = self
            .context
            .unwrap_or_else(|| Context::new_root(formats, decision));
        context.set_baggage(self.baggage);
        if context.parent().is_some() {
            return context;
        }
        let decision = if decision == Decision::Defer {
            undecided
        } else {
            decision
        };
        context.child(SpanId::random()).with_decision(decision)
    }
}

/// As if it had been read from a request.
impl From<Context> for Extracted {
    fn from(context: Context) -> Self {
        Self {
            baggage: context.baggage().cloned(),
            context: Some(context),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_valid_parent_is_passed_on_unchanged() {
        let extracted = extract(&headers(&[
            ("traceparent", TRACEPARENT),
            ("baggage", "a=1"),
        ]));
        let context = extracted.clone().or_new(Formats::default(), Decision::Deny);
        let parent = extracted.context().unwrap();
        assert_eq!(context.parent(), parent.parent());
        assert_eq!(context.flags(), 3);
        assert_eq!(context.baggage().unwrap(), "a=1");
    }

    #[test]
    fn no_headers_make_a_new_sendable_root() {
        let extracted = extract(&headers(&[("host", "a"), ("accept", "*/*")]));
        assert_eq!(extracted, Extracted::default());
        let context = extracted.or_new(Formats::default(), Decision::Accept);
        assert!(context.parent().is_some());
        assert_eq!(context.flags(), Context::SAMPLED | Context::RANDOM);
        assert_eq!(context.origin(), None);
    }

    #[test]
    fn a_decision_without_ids_rules_the_new_root() {
        let extracted = extract(&headers(&[("b3", "0")]));
        assert_eq!(
            (extracted.context(), extracted.decision()),
            (None, Decision::Deny)
        );
        let context = extracted.or_new(Formats::B3, Decision::Accept);
        assert_eq!(context.decision(), Decision::Deny);
    }

    #[test]
    fn a_deferred_parent_stays_deferred_but_a_load_balancers_root_is_decided_here() {
        let deferred = extract(&headers(&[("b3", "80f198ee56343ba8-e457b5a2e4d86bd1")]));
        assert_eq!(
            deferred.or_new(Formats::B3, Decision::Accept).decision(),
            Decision::Defer
        );

        let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
        let extracted = extract(&headers(&[("x-amzn-trace-id", root)]));
        let context = extracted.clone().or_new(Formats::XRAY, Decision::Accept);
        assert_eq!(context.trace_id(), extracted.context().unwrap().trace_id());
        assert_eq!(extracted.context().unwrap().parent(), None);
        assert!(context.parent().is_some());
        assert_eq!(context.decision(), Decision::Accept);
    }

    #[test]
    fn an_untrusted_caller_is_linked_not_followed() {
        let extracted = extract(&headers(&[
            ("traceparent", TRACEPARENT),
            ("baggage", "a=1"),
            ("b3", "80f198ee56343ba8-e457b5a2e4d86bd1-1"),
        ]))
        .untrusted();
        assert_eq!(extracted.context(), None);
        assert_eq!(extracted.baggage(), None);
        assert_eq!(extracted.decision(), Decision::Defer);
        let origins: Vec<Format> = extracted.links().iter().map(|link| link.origin).collect();
        assert_eq!(origins, [Format::TraceContext, Format::B3]);
    }
}
