//! `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`, by OpenTelemetry's
//! specification: what is not understood is told and ignored.

use super::{Action, Ratio, Rule};

/// The rule for calls of which no other speaks, where the variables name one, and
/// what is to be warned of.
pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> (Option<Rule>, Vec<String>) {
    let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
    let Some(sampler) = set("OTEL_TRACES_SAMPLER") else {
        return (None, Vec::new());
    };
    let mut warnings = Vec::new();
    let mut ratio = || {
        let given = set("OTEL_TRACES_SAMPLER_ARG").unwrap_or_else(|| "1".to_owned());
        let ratio: Option<Ratio> = given.trim().parse().ok();
        if ratio.is_none() {
            warnings.push(format!(
                "OTEL_TRACES_SAMPLER_ARG: `{given}` is no share from 0 to 1; 1 is taken"
            ));
        }
        Action::Ratio(ratio.unwrap_or(Ratio::new(1.0).expect("1 is a share")))
    };
    let none = Action::Ratio(Ratio::new(0.0).expect("0 is a share"));
    let (action, overrides) = match sampler.trim() {
        "always_on" => (Action::Always, false),
        "always_off" => (Action::Never, false),
        "traceidratio" => (ratio(), true),
        "parentbased_always_on" => (Action::Parent, false),
        "parentbased_always_off" => (none, false),
        "parentbased_traceidratio" => (ratio(), false),
        other => {
            let warning = format!(
                "OTEL_TRACES_SAMPLER: `{other}` is not known here and ignored; the known ones are \
                 always_on, always_off, traceidratio and parentbased_ with each of these"
            );
            return (None, vec![warning]);
        }
    };
    let mut rule = Rule::new(Vec::new(), action);
    rule.overrides = overrides;
    (Some(rule), warnings)
}
