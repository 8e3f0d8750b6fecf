//! The document as a tree whose members keep their order: people read it, and
//! files made of it are compared. What stands in it is left to others.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Tree>),
    Object(Object),
}

/// An object; a name stands in it once.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Object(Vec<(String, Tree)>);

impl Tree {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Object {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a member, or replaces it where it stands.
    pub(super) fn set(&mut self, name: impl Into<String>, value: impl Into<Tree>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// As [`Object::set`], to be chained.
    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<Tree>) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a member if there is a value for it.
    pub(super) fn with_some(self, name: &str, value: Option<impl Into<Tree>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a text if there is anything in it.
    pub(super) fn with_text(self, name: &str, text: &str) -> Self {
        self.with_some(name, (!text.is_empty()).then_some(text))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Tree> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Tree> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// Adds all members of another object, which win.
    pub(super) fn extend(&mut self, other: Object) {
        for (name, value) in other.0 {
            self.set(name, value);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Tree> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// The object under a name, made where there is none.
    pub(super) fn object(&mut self, name: &str) -> &mut Object {
        let at = match self.0.iter().position(|(known, _)| known == name) {
            Some(at) => at,
            None => {
                self.0.push((name.to_owned(), Object::new().into()));
                self.0.len() - 1
            }
        };
        let slot = &mut self.0[at].1;
        if !matches!(slot, Tree::Object(_)) {
            *slot = Object::new().into();
        }
        match slot {
            Tree::Object(object) => object,
            _ => unreachable!("made an object just above"),
        }
    }
}

impl FromIterator<(String, Tree)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Tree)>>(members: I) -> Self {
        let mut object = Self::new();
        for (name, value) in members {
            object.set(name, value);
        }
        object
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Tree {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Tree {
    /// A whole number is written as one.
    fn from(value: f64) -> Self {
        if value.fract() == 0.0 && value.abs() < 9e15 {
            Self::Integer(value as i64)
        } else {
            Self::Number(value)
        }
    }
}

impl From<&str> for Tree {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Tree {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Object> for Tree {
    fn from(value: Object) -> Self {
        Self::Object(value)
    }
}

impl<T: Into<Tree>> From<Vec<T>> for Tree {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => match number.as_i64() {
                Some(number) => Self::Integer(number),
                None => Self::Number(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Self::Text(text),
            Value::Array(items) => items.into(),
            Value::Object(members) => {
                let members = members
                    .into_iter()
                    .map(|(name, value)| (name, value.into()));
                Self::Object(members.collect())
            }
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => items.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
