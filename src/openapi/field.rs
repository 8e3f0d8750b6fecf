//! The schema of a value: how each type of field looks in JSON. Messages and enums
//! get schemas of their own, which is left to `schema`.

use super::api::{ANY, listed, paragraphs};
use super::schema::Schemas;
use super::tree::{Object, Tree};
use super::{annotations, notes::Note};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

impl Schemas<'_> {
    /// What a message has under a field's name: type and description.
    pub(super) fn property(&mut self, field: &FieldDescriptor) -> Object {
        let mut schema = self.value(field);
        let note = self.api.notes.at(field.full_name());
        let stated = annotations::field(note);
        let own = match stated.get("description") {
            Some(Tree::Text(text)) => text.clone(),
            _ => note.comment.clone(),
        };
        let about = match own.as_str() {
            "" => about_type(field).to_owned(),
            own => own.to_owned(),
        };
        let oneof = self.about_oneof(field);
        let fixed = match note.is_immutable() {
            true => "It cannot be changed once it is set.",
            false => "",
        };
        let description = paragraphs(&[&about, about_keys(field), &oneof, fixed]);
        overlay(&mut schema, stated);
        schema = schema.with_text("description", &description);
        mark(note, &mut schema);
        schema
    }

    /// Type and format alone.
    pub(super) fn value(&mut self, field: &FieldDescriptor) -> Object {
        if field.is_map()
            && let Kind::Message(entry) = field.kind()
        {
            let value = self.one(&entry.map_entry_value_field());
            return of_type("object").with("additionalProperties", value);
        }
        let one = self.one(field);
        match field.is_list() {
            true => of_type("array").with("items", one),
            false => one,
        }
    }

    /// One value of a field that may have several.
    pub(super) fn one(&mut self, field: &FieldDescriptor) -> Object {
        match field.kind() {
            Kind::Message(message) => self.of_message(&message),
            Kind::Enum(item) => self.of_enum(&item),
            kind => scalar(&kind),
        }
    }

    /// A message where it is used: spelt out if JSON has another form for it than
    /// an object with its fields.
    pub(super) fn of_message(&mut self, message: &MessageDescriptor) -> Object {
        match message.full_name() {
            ANY => self.refer_to_message(message),
            "google.protobuf.Timestamp" => of_type("string").with("format", "date-time"),
            "google.protobuf.Duration" | "google.protobuf.FieldMask" => of_type("string"),
            "google.protobuf.Struct" => of_type("object").with("additionalProperties", true),
            "google.protobuf.Value" => Object::new(),
            "google.protobuf.ListValue" => of_type("array").with("items", Object::new()),
            name if is_wrapper(name) => match message.get_field(1) {
                Some(value) => scalar(&value.kind()),
                None => Object::new(),
            },
            _ => self.refer_to_message(message),
        }
    }

    fn of_enum(&mut self, item: &EnumDescriptor) -> Object {
        match item.full_name() {
            // Always null, for which the two versions have no common word.
            "google.protobuf.NullValue" => Object::new(),
            _ => self.refer_to_enum(item),
        }
    }

    fn about_oneof(&self, field: &FieldDescriptor) -> String {
        let rivals = self.api.rivals(field);
        if rivals.len() < 2 {
            return String::new();
        }
        let names: Vec<_> = rivals.iter().map(|it| self.api.field_name(it)).collect();
        format!("At most one of {} may be set.", listed(&names))
    }
}

/// What `google.api.field_behavior` and deprecation say of a property.
fn mark(note: &Note, schema: &mut Object) {
    for (keyword, holds) in [
        ("readOnly", note.is_output_only()),
        ("writeOnly", note.is_input_only()),
        ("deprecated", note.is_deprecated),
    ] {
        if holds {
            schema.set(keyword, true);
        }
    }
    if let Some(reference) = note.reference.as_deref().filter(|kind| *kind != "*") {
        schema.set("x-google-resource-reference", reference);
    }
}

/// Puts annotated keywords over a schema, but for those that do not fit its type:
/// limits of numbers say nothing about a number in a string.
pub(super) fn overlay(schema: &mut Object, mut stated: Object) {
    stated.remove("description");
    stated.remove("required");
    if !matches!(schema.get("type"), Some(Tree::Text(kind)) if kind == "integer" || kind == "number")
    {
        for limit in [
            "maximum",
            "minimum",
            "exclusiveMaximum",
            "exclusiveMinimum",
            "multipleOf",
        ] {
            stated.remove(limit);
        }
    }
    if schema.get("format").is_some() {
        stated.remove("format");
    }
    schema.extend(stated);
}

pub(super) fn of_type(name: &str) -> Object {
    Object::new().with("type", name)
}

fn scalar(kind: &Kind) -> Object {
    let string = |format: &str| of_type("string").with("format", format);
    match kind {
        Kind::Double => of_type("number").with("format", "double"),
        Kind::Float => of_type("number").with("format", "float"),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => of_type("integer").with("format", "int32"),
        // There is no format for it, and int32 is too small.
        Kind::Uint32 | Kind::Fixed32 => of_type("integer")
            .with("format", "int64")
            .with("minimum", 0)
            .with("maximum", i64::from(u32::MAX)),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => string("int64"),
        Kind::Uint64 | Kind::Fixed64 => string("uint64"),
        Kind::Bool => of_type("boolean"),
        Kind::String => of_type("string"),
        // Older tools know the one, newer ones the other.
        Kind::Bytes => string("byte").with("contentEncoding", "base64"),
        Kind::Message(_) | Kind::Enum(_) => Object::new(),
    }
}

/// What a field without a comment should say all the same.
fn about_type(field: &FieldDescriptor) -> &'static str {
    match field.kind() {
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Duration" => "Seconds with up to nine decimals, as in `1.5s`.",
            "google.protobuf.FieldMask" => "Paths of fields, joined by commas.",
            _ => "",
        },
        _ => "",
    }
}

/// What a map's keys are, which in JSON are all strings.
fn about_keys(field: &FieldDescriptor) -> &'static str {
    let Kind::Message(entry) = field.kind() else {
        return "";
    };
    match field.is_map().then(|| entry.map_entry_key_field().kind()) {
        None | Some(Kind::String) => "",
        Some(Kind::Bool) => "The keys are `true` and `false`.",
        Some(_) => "The keys are integers.",
    }
}

fn is_wrapper(full_name: &str) -> bool {
    let kind = full_name
        .strip_prefix("google.protobuf.")
        .and_then(|name| name.strip_suffix("Value"));
    let kinds = [
        "Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes",
    ];
    kind.is_some_and(|kind| kinds.contains(&kind))
}
