//! A YAML file as a flat list of dotted keys, each with its value and place, so
//! that all faults can be told at once. What the keys mean is left to `keys`.

use super::Fault;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};
use std::{fmt, path::Path};

/// One setting of the file.
#[derive(Debug)]
pub(super) struct Entry {
    /// `section.key`.
    pub(super) key: String,
    pub(super) value: Value,
    /// Where the key is.
    pub(super) location: Location,
}

/// What a setting is set to; what a scalar means depends on its key.
#[derive(Debug)]
pub(super) enum Value {
    Scalar(String),
    List(Vec<String>),
}

/// YAML without types: a scalar is its text.
enum Node {
    Scalar(String),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
    Null,
}

/// The settings of `text`, and what of it is not even a setting.
pub(super) fn entries(text: &str, path: &Path) -> (Vec<Entry>, Vec<Fault>) {
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    let options = serde_saphyr::options! { with_snippet: false };
    let parsed = serde_saphyr::from_str_with_options::<Option<Spanned<Node>>>(text, options);
    let mut fault = |location: Option<Location>, message: String| {
        let place = location.map_or_else(|| path.display().to_string(), |at| place(path, at));
        faults.push(Fault {
            place: Some(place),
            message,
        });
    };
    match parsed {
        Ok(None) => {}
        Ok(Some(root)) => match root.value {
            Node::Map(members) => flatten("", members, &mut entries, &mut fault),
            Node::Null => {}
            _ => fault(
                Some(root.referenced),
                "expected settings, such as `listen: 127.0.0.1:8080`".to_owned(),
            ),
        },
        Err(error) => fault(error.location(), reason(&error)),
    }
    (entries, faults)
}

/// `file:line:column`.
pub(super) fn place(path: &Path, at: Location) -> String {
    format!("{}:{}:{}", path.display(), at.line(), at.column())
}

/// An error's text without its place, which is told in our own form.
fn reason(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let text = match (text.rfind(" at line "), error.location()) {
        (Some(end), Some(_)) => &text[..end],
        _ => &text,
    };
    format!("not valid YAML: {text}")
}

fn flatten(
    section: &str,
    members: Vec<(Spanned<String>, Spanned<Node>)>,
    entries: &mut Vec<Entry>,
    fault: &mut impl FnMut(Option<Location>, String),
) {
    for (key, node) in members {
        let location = key.referenced;
        let key = match section {
            "" => key.value,
            section => format!("{section}.{}", key.value),
        };
        let value = match node.value {
            Node::Map(members) => {
                flatten(&key, members, entries, fault);
                continue;
            }
            Node::Scalar(text) => Value::Scalar(text),
            Node::List(items) => match items.into_iter().map(scalar).collect() {
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
            Node::Null => continue,
        };
        entries.push(Entry {
            key,
            value,
            location,
        });
    }
}

fn scalar(node: Spanned<Node>) -> Result<String, Location> {
    match node.value {
        Node::Scalar(text) => Ok(text),
        _ => Err(node.referenced),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Untyped;

        impl<'de> Visitor<'de> for Untyped {
            type Value = Node;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a setting")
            }

            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Scalar(text.to_owned()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Scalar(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Scalar(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Scalar(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
                Ok(Node::Scalar(value.to_string()))
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
                let mut map: Vec<(Spanned<String>, Spanned<Node>)> = Vec::new();
                while let Some((key, value)) = members.next_entry::<Spanned<String>, _>()? {
                    if map.iter().any(|(earlier, _)| earlier.value == key.value) {
                        return Err(A::Error::custom(format!("`{}` is set twice", key.value)));
                    }
                    map.push((key, value));
                }
                Ok(Node::Map(map))
            }
        }

        deserializer.deserialize_any(Untyped)
    }
}
