//! X-Ray's local rules, the file that its SDKs read (version 2).

use super::{Action, Condition, Glob, Ratio, Rule};
use http::Method;
use serde::Deserialize;

/// What a file of local rules says.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalRules {
    /// Its rules, in order.
    pub rules: Vec<Rule>,
    /// What holds for calls that none of them speaks of.
    pub default: Rule,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default)]
    rules: Vec<Entry>,
    default: Target,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default, rename = "description")]
    _description: String,
    host: String,
    http_method: String,
    url_path: String,
    fixed_target: u32,
    rate: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    fixed_target: u32,
    rate: f64,
}

/// Reads such a file's text.
///
/// # Errors
///
/// What is wrong with it, with line and column where it is no such JSON.
pub fn read_xray(text: &str) -> Result<LocalRules, String> {
    let document: Document = serde_json::from_str(text)
        .map_err(|error| format!("not a file of X-Ray sampling rules: {error}"))?;
    if document.version != 2 {
        return Err(format!(
            "version {} of X-Ray's sampling rules is not known here; write version 2, in which \
             rules have `host` in place of `service_name`",
            document.version
        ));
    }
    let rules = document.rules.into_iter().enumerate();
    let rules = rules.map(|(index, entry)| {
        entry
            .read()
            .map_err(|fault| format!("rule {}: {fault}", index + 1))
    });
    let Target { fixed_target, rate } = document.default;
    Ok(LocalRules {
        rules: rules.collect::<Result<_, _>>()?,
        default: Rule::new(Vec::new(), action(fixed_target, rate)?),
    })
}

impl Entry {
    fn read(self) -> Result<Rule, String> {
        let mut conditions = Vec::new();
        if self.host != "*" {
            conditions.push(Condition::Host(Glob::new(self.host)));
        }
        if self.http_method != "*" {
            let method = Method::from_bytes(self.http_method.as_bytes());
            let method = method.map_err(|_| format!("`{}` is no HTTP method", self.http_method))?;
            conditions.push(Condition::Method(method));
        }
        if self.url_path != "*" {
            conditions.push(Condition::PathLike(Glob::new(self.url_path)));
        }
        Ok(Rule::new(conditions, action(self.fixed_target, self.rate)?))
    }
}

fn action(per_second: u32, rate: f64) -> Result<Action, String> {
    let then =
        Ratio::new(rate).ok_or_else(|| format!("`rate` is {rate}, and must be from 0 to 1"))?;
    Ok(Action::Rate { per_second, then })
}
