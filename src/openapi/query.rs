//! Query parameters: every field that the gateway binds from a query, by the same
//! plans by which it does.

use super::field::of_type;
use super::schema::Schemas;
use super::tree::{Object, Tree};
use crate::rule::{Binding, BodySelector};
use crate::transcode::{FieldPath, MessageId, TextForm};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// How deep parameters lead into messages; the gateway itself goes further.
const MAX_DEPTH: usize = 8;

/// How many parameters are listed, as many as a request may have by default.
const MAX_PARAMETERS: usize = 256;

/// The way down to a field.
struct Walk<'s, 'a> {
    schemas: &'s mut Schemas<'a>,
    input: MessageId,
    /// What path and body give.
    bound: Vec<&'s FieldPath>,
    /// The fields on the way, from the outside in.
    names: Vec<String>,
    /// The messages on the way: one inside itself is not entered.
    messages: Vec<String>,
    parameters: Vec<Object>,
    maps: Vec<String>,
}

/// The parameters of a binding, in the order of the fields, and the names of the
/// maps whose entries can be parameters. OpenAPI has a style for those
/// (`deepObject`), but there are generators that refuse it and others whose code for
/// it does not compile; so they are told to people only.
pub(super) fn parameters(
    schemas: &mut Schemas<'_>,
    binding: &Binding,
) -> (Vec<Object>, Vec<String>) {
    let mut bound: Vec<_> = binding.captures.iter().map(|it| &it.field).collect();
    match &binding.body {
        BodySelector::None => {}
        BodySelector::Whole => return Default::default(),
        BodySelector::Field(field) => bound.push(field),
    }
    let Some(message) = schemas.api.message(binding.method.input) else {
        return Default::default();
    };
    let mut walk = Walk {
        schemas,
        input: binding.method.input,
        bound,
        names: Vec::new(),
        messages: Vec::new(),
        parameters: Vec::new(),
        maps: Vec::new(),
    };
    walk.message(&message, true);
    (walk.parameters, walk.maps)
}

impl Walk<'_, '_> {
    fn message(&mut self, message: &MessageDescriptor, is_required: bool) {
        self.messages.push(message.full_name().to_owned());
        for field in message.fields() {
            let api = self.schemas.api;
            let note = api.notes.at(field.full_name());
            if self.parameters.len() >= MAX_PARAMETERS
                || note.is_output_only()
                || !api.shows(&field)
            {
                continue;
            }
            let is_required = is_required && note.is_required();
            self.names.push(api.field_name(&field).to_owned());
            self.field(&field, is_required);
            self.names.pop();
        }
        self.messages.pop();
    }

    fn field(&mut self, field: &FieldDescriptor, is_required: bool) {
        let name = self.names.join(".");
        let api = self.schemas.api;
        let Some((path, kind)) = api.bindable(self.input, &name) else {
            return;
        };
        if self.bound.iter().any(|bound| path.starts_with(bound)) {
            return;
        }
        let is_part = self.bound.iter().any(|bound| bound.starts_with(&path));
        match kind.form {
            TextForm::Message => self.inside(field, kind.is_repeated, is_required),
            _ if is_part => {}
            TextForm::Map => self.map(field, &name),
            TextForm::JsonText => {
                let json = of_type("string");
                let json = match kind.is_repeated {
                    true => of_type("array").with("items", json),
                    false => json,
                };
                self.put(field, &name, is_required, json, "The value is JSON.");
            }
            TextForm::Scalar => {
                let schema = self.schemas.value(field);
                self.put(field, &name, is_required, schema, "");
            }
        }
    }

    fn inside(&mut self, field: &FieldDescriptor, is_repeated: bool, is_required: bool) {
        let Kind::Message(message) = field.kind() else {
            return;
        };
        let is_open = !is_repeated
            && message.full_name() != super::api::ANY
            && self.names.len() < MAX_DEPTH
            && !self.messages.iter().any(|name| name == message.full_name());
        if is_open {
            self.message(&message, is_required);
        }
    }

    /// `name[key]=value`, where a text can stand for a value.
    fn map(&mut self, field: &FieldDescriptor, name: &str) {
        let Kind::Message(entry) = field.kind() else {
            return;
        };
        let is_spelt_out = match entry.map_entry_value_field().kind() {
            Kind::Message(message) => self.schemas.api.is_spelt_as_object(&message),
            _ => false,
        };
        if !is_spelt_out {
            self.maps.push(name.to_owned());
        }
    }

    fn put(
        &mut self,
        field: &FieldDescriptor,
        name: &str,
        is_required: bool,
        schema: Object,
        remark: &str,
    ) {
        // What is said of a property is said of the parameter.
        let mut property = self.schemas.property(field);
        let about = match property.remove("description") {
            Some(Tree::Text(text)) => text,
            _ => String::new(),
        };
        let about = super::api::paragraphs(&[&about, remark]);
        let is_deprecated = property.get("deprecated").is_some();
        self.parameters.push(
            Object::new()
                .with("name", name)
                .with("in", "query")
                .with_some("required", is_required.then_some(true))
                .with_text("description", &about)
                .with_some("deprecated", is_deprecated.then_some(true))
                .with("schema", schema),
        );
    }
}
