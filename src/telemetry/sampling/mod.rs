//! Which calls are recorded: decided once for each, by the first rule that it
//! meets, before anything is noted of it.
//!
//! A rule has conditions, all of which must hold, and an [`Action`]:
//!
//! | written | a call that meets the rule |
//! |---|---|
//! | `drop` | is no business of tracing: not recorded, and the backend is told so |
//! | `never` | is not recorded, whatever its caller decided |
//! | `always` | is recorded, whatever its caller decided |
//! | `parent` | is recorded unless its caller decided otherwise |
//! | `0.1` | is recorded one time in ten |
//! | `10/s` | is recorded ten times a second |
//! | `10/s then 0.1` | the same, and of those above ten a second one in ten |
//!
//! Shares and rates decide where nobody has decided yet; with
//! [`parent: override`](Rule::overrides) they decide for all. A share is one of
//! traces, not of calls: whoever applies the same share to the same trace id
//! decides the same. A caller that debugs (B3's `d`) is recorded all the same, a few
//! times a second at most, unless the call is dropped. What no rule speaks of is treated by [`Settings::default`],
//! health checks apart: these are dropped.

mod action;
mod condition;
mod environment;
mod flag;
mod glob;
mod rate;
mod rules;
mod settings;
mod xray;

pub use action::{Action, Ratio, UnknownAction};
pub use condition::{Condition, Subject};
pub use environment::from_environment;
pub use flag::Flag;
pub use glob::Glob;
pub use rules::{Fault, Rule, read};
pub use settings::Settings;
pub use xray::{LocalRules, read_xray};

use super::propagation::{Context, Decision, Extracted, Formats, Link, SpanId, TraceId};
use rate::Rate;
use std::sync::Arc;

/// Decides which calls are recorded. Clones share their rates.
#[derive(Debug, Clone)]
pub struct Sampler(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rules: Vec<(Rule, Rate)>,
    public: bool,
    debug: Rate,
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

impl Sampler {
    /// Decides by these rules.
    pub fn new(settings: Settings) -> Self {
        let with_rate = |rule: Rule| {
            let rate = Rate::new(rule.action.per_second());
            (rule, rate)
        };
        Self(Arc::new(Inner {
            public: settings.public_endpoint,
            debug: Rate::new(settings.debug_per_second),
            rules: settings.in_order().map(with_rate).collect(),
        }))
    }

    /// Decides about a request that named `extracted`.
    pub fn admit(&self, subject: &Subject<'_>, extracted: Extracted, formats: Formats) -> Admitted {
        let extracted = match self.0.public {
            true => extracted.untrusted(),
            false => extracted,
        };
        let (context, links) = extracted.into_parts(formats);
        let (recorded, debug) = self.decide(subject, context.decision(), context.trace_id());
        Admitted::new(context, links, recorded, debug)
    }

    /// Whether to record, and whether for debugging.
    fn decide(&self, subject: &Subject<'_>, parent: Decision, trace_id: TraceId) -> (bool, bool) {
        let Inner { rules, debug, .. } = &*self.0;
        let met = rules.iter().find(|(rule, _)| rule.is_met(subject));
        let Some((rule, rate)) = met else {
            return (parent.is_sampled(), false);
        };
        if rule.action == Action::Drop {
            return (false, false);
        }
        if parent == Decision::Debug && debug.take() {
            return (true, true);
        }
        let decided = parent != Decision::Defer && !rule.overrides;
        let recorded = match rule.action {
            Action::Drop | Action::Never => false,
            Action::Always => true,
            _ if decided => parent.is_sampled(),
            Action::Parent => true,
            Action::Ratio(ratio) => ratio.takes(trace_id),
            Action::Rate { then, .. } => rate.take() || then.takes(trace_id),
        };
        (recorded, false)
    }
}

impl Default for Sampler {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Admitted {
    fn new(context: Context, links: Vec<Link>, recorded: bool, debug: bool) -> Self {
        let before = context.decision();
        let decision = match (recorded, debug) {
            (false, _) => Decision::Deny,
            (true, true) => Decision::Debug,
            (true, false) => Decision::Accept,
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

#[cfg(test)]
mod tests;
