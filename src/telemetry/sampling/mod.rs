//! Which calls are recorded: decided once for each, before anything is noted of it.

use super::propagation::{Context, Decision, Extracted, Formats, Link, SpanId};
use http::request::Parts;

/// Decides which calls are recorded.
#[derive(Debug, Clone, Default)]
pub struct Sampler {}

/// What a decision may depend on.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    head: &'a Parts,
    rpc: Option<&'a str>,
}

/// A decision with what follows from it.
#[derive(Debug)]
pub struct Admitted {
    /// Where recorded, the place of the span to be; else what is sent on.
    pub context: Context,
    /// What else the request named.
    pub links: Vec<Link>,
    /// Whether the call is recorded.
    pub recorded: bool,
}

impl<'a> Subject<'a> {
    /// A request whose route stands for this method, `package.Service/Method`.
    pub fn of(head: &'a Parts, rpc: Option<&'a str>) -> Self {
        Self { head, rpc }
    }
}

impl Sampler {
    /// Decides about a request that named this.
    pub fn admit(
        &self,
        _subject: &Subject<'_>,
        extracted: Extracted,
        formats: Formats,
    ) -> Admitted {
        let recorded = extracted.decision() != Decision::Deny;
        let (context, links) = extracted.into_parts(formats);
        Admitted::new(context, links, recorded)
    }
}

impl Admitted {
    fn new(context: Context, links: Vec<Link>, recorded: bool) -> Self {
        let before = context.decision();
        let decision = match (recorded, before) {
            (false, _) => Decision::Deny,
            (true, Decision::Debug) => Decision::Debug,
            (true, _) => Decision::Accept,
        };
        // Who changes the decision must not speak in the name of the span above.
        let context = if recorded || (before == decision && context.parent().is_some()) {
            context
        } else {
            context.child(SpanId::random())
        };
        Self {
            context: context.with_decision(decision),
            links,
            recorded,
        }
    }
}
