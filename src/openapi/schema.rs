//! The schemas of messages and enums, each once, for as many as are referred to.

use super::annotations;
use super::api::{ANY, Api, STATUS, paragraphs};
use super::field::{of_type, overlay};
use super::names::Unique;
use super::tree::{Object, Tree};
use prost_reflect::{EnumDescriptor, FieldDescriptor, MessageDescriptor};
use std::collections::{BTreeMap, HashSet};

/// The largest oneof whose pairs are excluded one by one: their number grows with
/// the square of its size.
const MAX_EXCLUDED: usize = 7;

/// The schemas of a document, on their way.
pub(super) struct Schemas<'a> {
    pub(super) api: &'a Api<'a>,
    /// By name; sorted, as that is how they are written.
    made: BTreeMap<String, Object>,
    open: Vec<Type>,
    known: HashSet<String>,
    names: Unique,
    /// Whether every error has all the fields of a status.
    pub(super) status_is_whole: bool,
}

enum Type {
    Message(MessageDescriptor),
    Enum(EnumDescriptor),
}

impl<'a> Schemas<'a> {
    pub(super) fn new(api: &'a Api<'a>) -> Self {
        Self {
            api,
            made: BTreeMap::new(),
            open: Vec::new(),
            known: HashSet::new(),
            names: Unique::default(),
            status_is_whole: true,
        }
    }

    pub(super) fn refer_to_message(&mut self, message: &MessageDescriptor) -> Object {
        let full_name = message.full_name();
        if self.known.insert(full_name.to_owned()) {
            self.open.push(Type::Message(message.clone()));
        }
        reference(self.api.type_name(full_name))
    }

    pub(super) fn refer_to_enum(&mut self, item: &EnumDescriptor) -> Object {
        let full_name = item.full_name();
        if self.known.insert(full_name.to_owned()) {
            self.open.push(Type::Enum(item.clone()));
        }
        reference(self.api.type_name(full_name))
    }

    /// The schema of every error.
    pub(super) fn refer_to_status(&mut self) -> Object {
        match self.api.message_named(STATUS) {
            Some(status) => self.refer_to_message(&status),
            None => of_type("object"),
        }
    }

    /// A message without some of its fields, under a name of its own.
    pub(super) fn refer_to_part(
        &mut self,
        message: &MessageDescriptor,
        name: String,
        is_in: impl Fn(&FieldDescriptor) -> bool,
    ) -> Object {
        let schema = self.message(message, is_in);
        let mut name = name;
        while self
            .known
            .iter()
            .any(|known| self.api.type_name(known) == name)
        {
            name.push('_');
        }
        let name = self.names.claim(name);
        let reference = reference(&name);
        self.made.insert(name, schema);
        reference
    }

    /// All schemas that were referred to, and those to which they refer.
    pub(super) fn finish(mut self) -> Object {
        while let Some(next) = self.open.pop() {
            let (full_name, schema) = match next {
                Type::Message(message) => {
                    let schema = self.message(&message, |_| true);
                    (message.full_name().to_owned(), schema)
                }
                Type::Enum(item) => (item.full_name().to_owned(), self.enumeration(&item)),
            };
            let name = self.api.type_name(&full_name).to_owned();
            self.made.insert(name, schema);
        }
        let made = self.made.into_iter();
        made.map(|(name, schema)| (name, schema.into())).collect()
    }

    fn message(
        &mut self,
        message: &MessageDescriptor,
        is_in: impl Fn(&FieldDescriptor) -> bool,
    ) -> Object {
        match message.full_name() {
            ANY => return any(),
            STATUS => return self.status(message),
            _ => {}
        }
        let api = self.api;
        let note = api.notes.at(message.full_name());
        let stated = annotations::message(note);
        let fields: Vec<_> = message
            .fields()
            .filter(|field| api.shows(field) && is_in(field))
            .collect();
        let mut properties = Object::new();
        for field in &fields {
            properties.set(api.field_name(field), self.property(field));
        }
        let required: Vec<Tree> = fields
            .iter()
            .filter(|field| self.is_required(field, &stated))
            .map(|field| api.field_name(field).into())
            .collect();
        let description = match stated.get("description") {
            Some(Tree::Text(text)) => text.clone(),
            _ => note.comment.clone(),
        };
        let mut schema = of_type("object").with_text("description", &description);
        overlay(&mut schema, stated);
        schema
            .with_some("properties", (!properties.is_empty()).then_some(properties))
            .with_some("required", (!required.is_empty()).then_some(required))
            .with_some("not", self.two_of_a_oneof(message, &fields))
            .with_some("deprecated", note.is_deprecated.then_some(true))
            .with_some("x-google-resource", note.resource.as_deref())
    }

    fn is_required(&self, field: &FieldDescriptor, stated: &Object) -> bool {
        let is_stated = matches!(stated.get("required"), Some(Tree::List(names))
            if names.contains(&field.name().into()) || names.contains(&field.json_name().into()));
        is_stated
            || field.cardinality() == prost_reflect::Cardinality::Required
            || self.api.notes.at(field.full_name()).is_required()
    }

    /// What no message may look like: with two members of one oneof. In this form
    /// generators leave the fields as they are.
    fn two_of_a_oneof(
        &self,
        message: &MessageDescriptor,
        fields: &[FieldDescriptor],
    ) -> Option<Object> {
        let mut pairs = Vec::new();
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let mut names = self.api.members(&oneof);
            names.retain(|member| fields.contains(member));
            if names.len() > MAX_EXCLUDED {
                continue;
            }
            for (at, first) in names.iter().enumerate() {
                for second in &names[at + 1..] {
                    let pair = [first, second].map(|field| self.api.field_name(field));
                    pairs.push(Object::new().with("required", pair.to_vec()));
                }
            }
        }
        match pairs.len() {
            0 | 1 => pairs.pop(),
            _ => Some(Object::new().with("anyOf", pairs)),
        }
    }

    fn status(&mut self, message: &MessageDescriptor) -> Object {
        let about = [
            ("code", "The gRPC status code."),
            ("message", "What went wrong, for developers."),
            (
                "details",
                "What else is known, such as `google.rpc.BadRequest`.",
            ),
        ];
        let mut properties = Object::new();
        for field in message.fields() {
            let about = about.iter().find(|(name, _)| *name == field.name());
            let about = about.map_or("", |(_, text)| text);
            let schema = self.value(&field).with_text("description", about);
            properties.set(field.name(), schema);
        }
        let required = self
            .status_is_whole
            .then(|| about.map(|(name, _)| name).to_vec());
        of_type("object")
            .with("description", "An error, as `google.rpc.Status`.")
            .with("properties", properties)
            .with_some("required", required)
    }

    fn enumeration(&self, item: &EnumDescriptor) -> Object {
        let api = self.api;
        let note = api.notes.at(item.full_name());
        let values: Vec<_> = item
            .values()
            .filter(|value| api.is_visible(api.value_note(item, value.name())))
            .collect();
        let as_numbers = api.settings.write.enum_numbers;
        let lines = values.iter().filter_map(|value| {
            let comment = &api.value_note(item, value.name()).comment;
            let comment = comment.split_whitespace().collect::<Vec<_>>().join(" ");
            let name = value.name();
            match (as_numbers, comment.as_str()) {
                (true, "") => Some(format!("- `{}`: `{name}`", value.number())),
                (true, _) => Some(format!("- `{}`: `{name}`: {comment}", value.number())),
                (false, "") => None,
                (false, _) => Some(format!("- `{name}`: {comment}")),
            }
        });
        let lines = lines.collect::<Vec<_>>().join("\n");
        let schema = if as_numbers {
            let mut numbers: Vec<i64> = values.iter().map(|it| it.number().into()).collect();
            let mut seen = HashSet::new();
            numbers.retain(|number| seen.insert(*number));
            of_type("integer")
                .with("format", "int32")
                .with("enum", numbers)
        } else {
            let names: Vec<_> = values.iter().map(|value| value.name()).collect();
            of_type("string").with("enum", names)
        };
        schema
            .with_text("description", &paragraphs(&[&note.comment, &lines]))
            .with_some("deprecated", note.is_deprecated.then_some(true))
    }
}

fn any() -> Object {
    let kind = of_type("string").with(
        "description",
        "The type of the value, as in `type.googleapis.com/google.rpc.ErrorInfo`.",
    );
    of_type("object")
        .with(
            "description",
            "A value of any type: `@type` names it, and the type's own fields stand beside.",
        )
        .with("properties", Object::new().with("@type", kind))
        .with("additionalProperties", true)
}

fn reference(name: &str) -> Object {
    Object::new().with("$ref", format!("#/components/schemas/{name}"))
}
