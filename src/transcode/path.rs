//! Dotted field paths, as rules and query parameters name fields, resolved to
//! plans. What a path is bound to is left to others.

use super::error::{PathError, quote};
use super::schema::{Field, Form, Kind, MessageId, Schema, Shape};

/// A resolved path to a field; never empty. It belongs to the schema and the
/// message that it was resolved with.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FieldPath {
    pub(super) message: MessageId,
    /// Position of the field in its message, from the outside in.
    pub(super) steps: Box<[u16]>,
}

/// How text can be bound to the last field of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PathKind {
    /// What one value is made from.
    pub form: TextForm,
    /// Whether several values may be given. False for a map.
    pub is_repeated: bool,
}

/// What a text stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextForm {
    /// One value: a scalar, an enum, or a well-known type with a string form.
    Scalar,
    /// `Struct`, `Value` or `ListValue`: the text is parsed as JSON.
    JsonText,
    /// A message that no single text can stand for.
    Message,
    /// A map: one entry at a time.
    Map,
}

/// A oneof of one message instance inside a request and the member of it that a
/// path sets, so that two members set at once can be refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    oneof: u16,
    member: FieldPath,
}

impl Choice {
    /// The path to the member.
    pub fn member(&self) -> &FieldPath {
        &self.member
    }

    /// Whether both are of one oneof, and different members of it.
    pub fn excludes(&self, other: &Choice) -> bool {
        let parent = |choice: &Choice| choice.member.steps.len() - 1;
        self.oneof == other.oneof
            && parent(self) == parent(other)
            && self.member.message == other.member.message
            && self.member.steps[..parent(self)] == other.member.steps[..parent(other)]
            && self.member != other.member
    }
}

impl FieldPath {
    /// Whether `prefix` is this path or leads to it.
    pub fn starts_with(&self, prefix: &FieldPath) -> bool {
        self.message == prefix.message && self.steps.starts_with(&prefix.steps)
    }

    /// How many fields the path has, at least one.
    #[allow(clippy::len_without_is_empty, reason = "a path is never empty")]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// The message that the path starts from.
    pub fn message(&self) -> MessageId {
        self.message
    }
}

impl Schema {
    /// Resolves a dotted path. Every element is a field's proto name or JSON
    /// name; every element but the last is a singular message.
    pub fn field_path(&self, message: MessageId, dotted: &str) -> Result<FieldPath, PathError> {
        let mut steps = Vec::new();
        let mut current = message;
        let mut rest = dotted;
        loop {
            let (element, tail) = split_element(rest);
            let fail = |description: String| PathError {
                element: steps.len(),
                description,
            };
            let plan = self.get(current);
            let Some(at) = plan.by_name.find(element.as_bytes()) else {
                return Err(fail(format!(
                    "{} has no field {}",
                    plan.name,
                    quote(element)
                )));
            };
            let field = &plan.fields[at];
            let step =
                u16::try_from(at).map_err(|_| fail("the message has too many fields".into()))?;
            let Some(tail) = tail else {
                steps.push(step);
                return Ok(FieldPath {
                    message,
                    steps: steps.into(),
                });
            };
            current = match (field.shape, field.kind.message()) {
                (Shape::Singular, Some(inner)) => inner,
                (Shape::Singular, None) => {
                    return Err(fail(format!(
                        "field {} of {} is not a message",
                        quote(element),
                        plan.name
                    )));
                }
                _ => {
                    return Err(fail(format!(
                        "field {} of {} is repeated; a path cannot lead through it",
                        quote(element),
                        plan.name
                    )));
                }
            };
            steps.push(step);
            rest = tail;
        }
    }

    /// The path in proto names, dotted.
    pub fn path_name(&self, path: &FieldPath) -> String {
        let names: Vec<&str> = self.along(path).map(|field| &*field.name).collect();
        names.join(".")
    }

    /// How text can be bound to the field.
    pub fn path_kind(&self, path: &FieldPath) -> PathKind {
        let field = self.last(path);
        let form = match (field.shape, field.kind) {
            (Shape::Map, _) => TextForm::Map,
            (_, Kind::Message(id) | Kind::Group(id)) => match self.get(id).form {
                Form::Plain | Form::Any => TextForm::Message,
                Form::Struct | Form::Value | Form::ListValue => TextForm::JsonText,
                Form::Timestamp | Form::Duration | Form::FieldMask | Form::Wrapper => {
                    TextForm::Scalar
                }
            },
            _ => TextForm::Scalar,
        };
        let is_repeated = matches!(field.shape, Shape::Repeated | Shape::Packed);
        PathKind { form, is_repeated }
    }

    /// What setting a field chooses: one member of each real oneof on the way to it,
    /// and of its own.
    pub fn path_choices<'a>(&'a self, path: &'a FieldPath) -> impl Iterator<Item = Choice> + 'a {
        let fields = self.along(path).enumerate();
        fields.filter_map(|(at, field)| {
            Some(Choice {
                oneof: field.oneof?,
                member: FieldPath {
                    message: path.message,
                    steps: path.steps[..=at].into(),
                },
            })
        })
    }

    /// The message type of the last field, if it is a message and not a map.
    pub fn path_message(&self, path: &FieldPath) -> Option<MessageId> {
        let field = self.last(path);
        field.kind.message().filter(|_| field.shape != Shape::Map)
    }

    /// The fields of a path, from the outside in.
    pub(super) fn along<'a>(&'a self, path: &'a FieldPath) -> impl Iterator<Item = &'a Field> {
        let mut current = Some(path.message);
        path.steps.iter().filter_map(move |step| {
            let field = &self.get(current?).fields[usize::from(*step)];
            current = field.kind.message();
            Some(field)
        })
    }

    pub(super) fn last<'a>(&'a self, path: &'a FieldPath) -> &'a Field {
        self.along(path).last().expect("a path is never empty")
    }
}

/// Splits the first element off. The dots of an extension's name stand in brackets.
fn split_element(path: &str) -> (&str, Option<&str>) {
    let from = match path.starts_with('[') {
        true => path.find(']').unwrap_or(path.len()),
        false => 0,
    };
    match path[from..].find('.') {
        Some(dot) => (&path[..from + dot], Some(&path[from + dot + 1..])),
        None => (path, None),
    }
}
