//! What an operator may choose about sampling, and in which order it is looked at.

use super::{Action, Condition, Glob, Rule};

/// Which calls are recorded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The operator's rules, in order.
    pub rules: Vec<Rule>,
    /// Rules of an X-Ray file, after those.
    pub xray: Vec<Rule>,
    /// What holds for calls that no rule speaks of.
    pub default: Rule,
    /// Whether callers are strangers: what they say of a trace becomes a link, and
    /// each call begins a trace of its own.
    pub public_endpoint: bool,
    /// How many calls a second are recorded because they say that they are being
    /// debugged (B3's `d`); above that they are calls like others.
    pub debug_per_second: u32,
}

/// Paths that are asked every few seconds to see whether somebody answers.
const HEALTH_PATHS: [&str; 3] = ["/healthz", "/livez", "/readyz"];

/// gRPC's health service, of any version.
const HEALTH_METHODS: &str = "grpc.health.*";

impl Settings {
    /// Every rule, in the order in which they are tried.
    pub(super) fn in_order(self) -> impl Iterator<Item = Rule> {
        let health = HEALTH_PATHS.map(|path| Condition::Path(path.to_owned()));
        let health = health
            .into_iter()
            .chain([Condition::Rpc(Glob::new(HEALTH_METHODS))]);
        let health = health.map(|condition| Rule::new(vec![condition], Action::Drop));
        let given = self.rules.into_iter().chain(self.xray);
        given.chain(health).chain([self.default])
    }
}

/// Every call whose caller has not decided otherwise, health checks apart.
impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            xray: Vec::new(),
            default: Rule::new(Vec::new(), Action::Parent),
            public_endpoint: false,
            debug_per_second: 10,
        }
    }
}
