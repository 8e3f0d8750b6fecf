//! Reading standard variables: what an empty, a wrong or an unknown value means,
//! and the collected complaints. As OpenTelemetry asks, a value that cannot be
//! understood leaves the default and a warning; what would send telemetry to the
//! wrong place is an error here.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// Where variables are looked up, and what was wrong with them.
pub(super) struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    pub(super) warnings: Vec<String>,
    pub(super) errors: Vec<String>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            warnings: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// A variable's value; an empty one is as none.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Only `true` is true, in any case.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.text(name) {
            Some(value) if value.eq_ignore_ascii_case("true") => true,
            Some(value) if !value.eq_ignore_ascii_case("false") => {
                self.warnings.push(format!(
                    "{name}: `{value}` is neither true nor false; false is meant"
                ));
                false
            }
            _ => false,
        }
    }

    /// A number of things, at least one.
    pub(super) fn count(&mut self, name: &str, default: usize) -> usize {
        let Some(value) = self.text(name) else {
            return default;
        };
        match value.parse() {
            Ok(count) if count > 0 => count,
            _ => {
                self.warnings.push(format!(
                    "{name}: `{value}` is no whole number above 0; {default} stays"
                ));
                default
            }
        }
    }

    /// A number of milliseconds.
    pub(super) fn millis(&mut self, name: &str, default: Duration) -> Duration {
        let Some(value) = self.text(name) else {
            return default;
        };
        value
            .parse()
            .map(Duration::from_millis)
            .unwrap_or_else(|_| {
                let default = default.as_millis();
                self.warnings.push(format!(
                    "{name}: `{value}` is no whole number of milliseconds; {default} stays"
                ));
                Duration::from_millis(default as u64)
            })
    }

    /// The names in a list, each once.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let value = self.text(name)?;
        let mut items: Vec<String> = Vec::new();
        for item in value.split(',').map(str::trim) {
            if !item.is_empty() && !items.iter().any(|known| known == item) {
                items.push(item.to_owned());
            }
        }
        Some(items)
    }

    /// `key=value` pairs by commas, percent-encoded. One that is wrong spoils all.
    pub(super) fn pairs(&mut self, name: &str) -> Vec<(String, String)> {
        let Some(value) = self.text(name) else {
            return Vec::new();
        };
        let members = value.split(',').filter(|member| !member.trim().is_empty());
        match members.map(pair).collect() {
            Ok(pairs) => pairs,
            Err(error) => {
                self.warnings
                    .push(format!("{name}: {error}; all of it is ignored"));
                Vec::new()
            }
        }
    }

    /// Pairs that are headers. They often are secrets: complaints show no value.
    pub(super) fn headers(&mut self, name: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let Some(value) = self.text(name) else {
            return headers;
        };
        for member in value.split(',').filter(|member| !member.trim().is_empty()) {
            match header(member) {
                Ok((key, value)) => {
                    headers.append(key, value);
                }
                Err(error) => self.errors.push(format!("{name}: {error}")),
            }
        }
        headers
    }
}

fn pair(member: &str) -> Result<(String, String), String> {
    let (key, value) = member
        .split_once('=')
        .filter(|(key, _)| !key.trim().is_empty())
        .ok_or_else(|| format!("`{member}` is not of the form key=value"))?;
    let value = percent_decode_str(value.trim());
    let value = value
        .decode_utf8()
        .map_err(|_| format!("the value of `{}` is not UTF-8", key.trim()))?;
    Ok((key.trim().to_owned(), value.into_owned()))
}

fn header(member: &str) -> Result<(HeaderName, HeaderValue), String> {
    let key = member.split('=').next().unwrap_or_default().trim();
    let (name, value) =
        pair(member).map_err(|_| format!("the header `{key}` is not of the form name=value"))?;
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{key}` is no name of a header"))?;
    let mut value = HeaderValue::from_str(&value).map_err(|_| {
        format!("the value of the header `{key}` has characters that no header has")
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}
