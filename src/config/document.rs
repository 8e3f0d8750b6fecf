//! A YAML file as a flat list of dotted keys, each with its value and place, so
//! that all faults can be told at once. What the keys mean is left to `keys`.

use super::Fault;
use crate::yaml::{self, Member, Node, Place};
use std::path::Path;

/// What a file holds.
pub(super) struct Document {
    pub(super) entries: Vec<Entry>,
    /// The one setting that is a list of sections.
    pub(super) routes: Option<Member>,
    /// What of it is not even a setting.
    pub(super) faults: Vec<Fault>,
}

/// One setting of the file.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// `section.key`.
    pub(super) key: String,
    pub(super) value: Value,
    /// Where the key is.
    pub(super) place: Place,
}

/// What a setting is set to; what a scalar means depends on its key.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Scalar(String),
    List(Vec<String>),
    /// A list of sections, for those who read them with their places.
    Nodes(Vec<Node>),
}

/// Reads `text`, which came from `path`.
pub(super) fn entries(text: &str, path: &Path) -> Document {
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    let mut routes = None;
    let mut fault = |at: Option<Place>, message: String| {
        let place = at.map_or_else(|| path.display().to_string(), |at| place(path, at));
        faults.push(Fault {
            place: Some(place),
            message,
        });
    };
    match yaml::parse(text) {
        Ok(None) => {}
        Ok(Some(root)) => match root.value {
            yaml::Value::Map(mut members) => {
                let at = members.iter().position(|member| member.key == "routes");
                routes = at.map(|at| members.remove(at));
                flatten("", members, &mut entries, &mut fault);
            }
            yaml::Value::Null => {}
            yaml::Value::Scalar(_) | yaml::Value::List(_) => fault(
                Some(root.place),
                "expected settings, such as `listen: 127.0.0.1:8080`".to_owned(),
            ),
        },
        Err(error) => fault(error.place, error.message),
    }
    Document {
        entries,
        routes,
        faults,
    }
}

/// The settings of one section that stands in a list.
pub(super) fn section(members: Vec<Member>, path: &Path) -> (Vec<Entry>, Vec<Fault>) {
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    let mut fault = |at: Option<Place>, message: String| {
        let place = at.map(|at| place(path, at));
        faults.push(Fault { place, message });
    };
    flatten("", members, &mut entries, &mut fault);
    (entries, faults)
}

/// `file:line:column`.
pub(super) fn place(path: &Path, at: Place) -> String {
    format!("{}:{at}", path.display())
}

fn flatten(
    section: &str,
    members: Vec<Member>,
    entries: &mut Vec<Entry>,
    fault: &mut impl FnMut(Option<Place>, String),
) {
    for Member { key, place, node } in members {
        let key = match section {
            "" => key,
            section => format!("{section}.{key}"),
        };
        let value = match node.value {
            yaml::Value::Map(members) => {
                flatten(&key, members, entries, fault);
                continue;
            }
            yaml::Value::Scalar(text) => Value::Scalar(text),
            yaml::Value::List(items) if takes_sections(&key) => Value::Nodes(items),
            yaml::Value::List(items) => match items.into_iter().map(scalar).collect() {
                Ok(items) => Value::List(items),
                Err(at) => {
                    fault(
                        Some(at),
                        format!("`{key}`: expected a list of plain values"),
                    );
                    continue;
                }
            },
            // `key:` with nothing after it: the default.
            yaml::Value::Null => continue,
        };
        entries.push(Entry { key, value, place });
    }
}

/// The one setting that is a list of more than plain values.
fn takes_sections(key: &str) -> bool {
    key == "telemetry.sampling"
}

fn scalar(node: Node) -> Result<String, Place> {
    match node.value {
        yaml::Value::Scalar(text) => Ok(text),
        _ => Err(node.place),
    }
}
