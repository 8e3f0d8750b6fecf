//! A rule in one word, for the command line: `/api=always`, or `0.1` for the rest.

use super::{Action, Condition, Rule, Settings, UnknownAction};
use std::str::FromStr;

/// A rule with a path prefix, or the rule for what no other speaks of.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    prefix: Option<String>,
    action: Action,
}

impl FromStr for Flag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (prefix, action) = match text.rsplit_once('=') {
            Some((prefix, action)) if prefix.starts_with('/') => (Some(prefix.to_owned()), action),
            Some((prefix, _)) => {
                return Err(format!(
                    "`{prefix}` is no path: write PATH=HOW with a path that begins with `/`, or HOW alone"
                ));
            }
            None => (None, text),
        };
        let action = action
            .trim()
            .parse()
            .map_err(|error: UnknownAction| error.to_string())?;
        Ok(Self { prefix, action })
    }
}

impl Flag {
    /// Puts rules before those that there are, in their order.
    pub fn apply(flags: &[Self], settings: &mut Settings) {
        let mut rules = Vec::new();
        for Self { prefix, action } in flags {
            match prefix {
                Some(prefix) => {
                    let condition = Condition::Prefix(prefix.clone());
                    rules.push(Rule::new(vec![condition], *action));
                }
                None => settings.default = Rule::new(Vec::new(), *action),
            }
        }
        rules.append(&mut settings.rules);
        settings.rules = rules;
    }
}
