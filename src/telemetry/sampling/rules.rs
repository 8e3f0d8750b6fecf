//! Rules, and a list of them as it stands in a configuration file.

use super::{Action, Condition, Glob, Subject};
use crate::yaml::{Node, Place, Value};
use http::{HeaderName, HeaderValue, Method};

/// What becomes of calls for which all conditions hold.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// What must hold; of no conditions all do.
    pub conditions: Vec<Condition>,
    /// What becomes of them.
    pub action: Action,
    /// Whether a share or a rate decides even where the caller has decided.
    pub overrides: bool,
}

/// What is wrong with a list of rules, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// What is wrong and what to write.
    pub message: String,
}

const KEYS: [&str; 8] = [
    "path", "prefix", "method", "host", "header", "rpc", "sample", "parent",
];

impl Rule {
    /// A rule that leaves what callers have decided to them.
    pub fn new(conditions: Vec<Condition>, action: Action) -> Self {
        Self {
            conditions,
            action,
            overrides: false,
        }
    }

    pub(super) fn is_met(&self, subject: &Subject<'_>) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.holds(subject))
    }
}

/// The rules of a list, or everything that is wrong with it.
///
/// # Errors
///
/// Every fault of every rule.
pub fn read(nodes: &[Node]) -> Result<Vec<Rule>, Vec<Fault>> {
    let mut faults = Vec::new();
    let rules = nodes.iter().filter_map(|node| rule(node, &mut faults));
    let rules = rules.collect();
    if faults.is_empty() {
        Ok(rules)
    } else {
        Err(faults)
    }
}

fn rule(node: &Node, faults: &mut Vec<Fault>) -> Option<Rule> {
    let mut fault = |place: Place, message: String| faults.push(Fault { place, message });
    let Value::Map(members) = &node.value else {
        let message = "expected a rule, such as `{ prefix: /api, sample: always }`".to_owned();
        fault(node.place, message);
        return None;
    };
    let (mut conditions, mut action, mut overrides) = (Vec::new(), None, false);
    for member in members {
        let Value::Scalar(text) = &member.node.value else {
            fault(
                member.node.place,
                format!("`{}`: expected one value", member.key),
            );
            continue;
        };
        let read = match member.key.as_str() {
            "sample" => text
                .parse()
                .map(|read| action = Some(read))
                .map_err(|error: super::UnknownAction| error.to_string()),
            "parent" => parent(text).map(|read| overrides = read),
            key => condition(key, text).map(|read| conditions.push(read)),
        };
        if let Err(message) = read {
            let place = match KEYS.contains(&member.key.as_str()) {
                true => member.node.place,
                false => member.place,
            };
            fault(place, message);
        }
    }
    if action.is_none() && !members.iter().any(|member| member.key == "sample") {
        fault(
            node.place,
            "the rule does not say what to do: add `sample: always`, or the like".to_owned(),
        );
    }
    Some(Rule {
        conditions,
        action: action?,
        overrides,
    })
}

fn condition(key: &str, text: &str) -> Result<Condition, String> {
    let path = || match text.starts_with('/') {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "`{key}`: `{text}` is no path; it must begin with `/`"
        )),
    };
    match key {
        "path" => path().map(Condition::Path),
        "prefix" => path().map(Condition::Prefix),
        "method" => Method::from_bytes(text.to_ascii_uppercase().as_bytes())
            .map(Condition::Method)
            .map_err(|_| format!("`method`: `{text}` is no HTTP method")),
        "host" => Ok(Condition::Host(Glob::new(text))),
        "rpc" if text.contains(['/', '*']) => Ok(Condition::Rpc(Glob::new(text))),
        "rpc" => Err(format!(
            "`rpc`: write `{text}/*` for a service, `package.Service/Method` for a method"
        )),
        "header" => header(text),
        other => Err(format!(
            "unknown key `{other}`; a rule's keys are {}",
            KEYS.join(", ")
        )),
    }
}

/// `name`, or `name: value`.
fn header(text: &str) -> Result<Condition, String> {
    let (name, value) = match text.split_once(':') {
        Some((name, value)) => (name, Some(value.trim())),
        None => (text, None),
    };
    let fault =
        || format!("`header`: `{text}` is no header; write `x-debug`, or `x-debug: 1` in quotes");
    let name: HeaderName = name.trim().parse().map_err(|_| fault())?;
    let value = value
        .map(HeaderValue::from_str)
        .transpose()
        .map_err(|_| fault())?;
    Ok(Condition::Header(name, value))
}

fn parent(text: &str) -> Result<bool, String> {
    match text {
        "honour" => Ok(false),
        "override" => Ok(true),
        _ => Err(format!("`parent`: `{text}` is neither honour nor override")),
    }
}
