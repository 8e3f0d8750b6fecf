//! The API that is described: descriptors with the notes on them, who may see
//! what, and what everything is called. What a document makes of it is left to
//! others.

use super::names;
use super::notes::{Note, Notes};
use super::settings::Settings;
use crate::rule::{Binding, Method};
use crate::transcode::{FieldPath, MessageId, PathKind, Schema};
use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    OneofDescriptor,
};
use std::collections::{BTreeMap, HashMap};

/// The message of every error.
pub(super) const STATUS: &str = "google.rpc.Status";
pub(super) const ANY: &str = "google.protobuf.Any";
/// Raw bytes with a content type.
pub(super) const HTTP_BODY: &str = "google.api.HttpBody";

/// Names of schemas that are in every document, and so are nobody else's.
const RESERVED: [(&str, &str); 2] = [(STATUS, "Status"), (ANY, "Any")];

#[derive(Debug)]
pub(super) struct Api<'a> {
    pool: &'a DescriptorPool,
    schema: &'a Schema,
    pub(super) notes: Notes,
    pub(super) settings: &'a Settings,
    /// Of messages and enums.
    names: HashMap<String, String>,
    /// Of services.
    services: HashMap<String, String>,
}

impl<'a> Api<'a> {
    pub(super) fn new(
        pool: &'a DescriptorPool,
        schema: &'a Schema,
        bindings: &[Binding],
        settings: &'a Settings,
    ) -> Self {
        let mut api = Self {
            pool,
            schema,
            notes: Notes::of(pool),
            settings,
            names: HashMap::new(),
            services: HashMap::new(),
        };
        let mut types = BTreeMap::new();
        let mut services = BTreeMap::new();
        for binding in bindings {
            for message in [binding.method.input, binding.method.output] {
                if let Some(message) = api.message(message) {
                    api.collect(message, &mut types);
                }
            }
            if let Some(method) = api.method(&binding.method) {
                let service = method.parent_service();
                services.insert(service.full_name().to_owned(), service.package_name().len());
            }
        }
        for (full_name, _) in RESERVED {
            types.remove(full_name);
        }
        let lengths = |names: &BTreeMap<String, usize>, taken: &[&str]| {
            names::shorten(
                names.iter().map(|(name, package)| (&**name, *package)),
                taken,
            )
        };
        api.names = lengths(&types, &RESERVED.map(|(_, name)| name));
        api.services = lengths(&services, &[]);
        api
    }

    /// Gathers a message and all that it leads to, with the lengths of their packages.
    fn collect(&self, message: MessageDescriptor, types: &mut BTreeMap<String, usize>) {
        let mut open = vec![message];
        while let Some(message) = open.pop() {
            let name = message.full_name().to_owned();
            if types.insert(name, message.package_name().len()).is_some() {
                continue;
            }
            for field in message.fields() {
                match field.kind() {
                    Kind::Message(inner) => open.push(inner),
                    Kind::Enum(inner) => {
                        let package = inner.package_name().len();
                        types.insert(inner.full_name().to_owned(), package);
                    }
                    _ => {}
                }
            }
        }
    }

    pub(super) fn message(&self, id: MessageId) -> Option<MessageDescriptor> {
        self.pool.get_message_by_name(self.schema.message_name(id))
    }

    pub(super) fn message_named(&self, full_name: &str) -> Option<MessageDescriptor> {
        self.pool.get_message_by_name(full_name)
    }

    pub(super) fn method(&self, method: &Method) -> Option<MethodDescriptor> {
        let (service, name) = method.full_name.rsplit_once('.')?;
        let service = self.pool.get_service_by_name(service)?;
        service.methods().find(|method| method.name() == name)
    }

    /// The fields of a path, from the outside in; `None` if one is an extension.
    pub(super) fn fields(&self, path: &FieldPath) -> Option<Vec<FieldDescriptor>> {
        let mut message = self.message(path.message());
        let mut fields = Vec::new();
        for name in self.schema.path_name(path).split('.') {
            let field = message?.get_field_by_name(name)?;
            message = match field.kind() {
                Kind::Message(inner) => Some(inner),
                _ => None,
            };
            fields.push(field);
        }
        Some(fields)
    }

    pub(super) fn path_name(&self, path: &FieldPath) -> String {
        self.schema.path_name(path)
    }

    /// The field of a query parameter, and how text is bound to it.
    pub(super) fn bindable(&self, input: MessageId, name: &str) -> Option<(FieldPath, PathKind)> {
        let path = self.schema.field_path(input, name).ok()?;
        let kind = self.schema.path_kind(&path);
        Some((path, kind))
    }

    /// Whether no single text can stand for a message.
    pub(super) fn is_spelt_as_object(&self, message: &MessageDescriptor) -> bool {
        match message.full_name().strip_prefix("google.protobuf.") {
            Some("Any" | "Empty") | None => true,
            Some(_) => false,
        }
    }

    /// Whether google.rpc.Status is also a message of the API.
    pub(super) fn sends_status(&self, bindings: &[Binding]) -> bool {
        let mut types = BTreeMap::new();
        for binding in bindings {
            if let Some(message) = self.message(binding.method.output) {
                self.collect(message, &mut types);
            }
        }
        types.contains_key(STATUS)
    }

    pub(super) fn is_visible(&self, note: &Note) -> bool {
        let known = &self.settings.visibility;
        note.visibility.is_empty() || note.visibility.iter().any(|label| known.contains(label))
    }

    /// Whether a field is shown, and what it holds.
    pub(super) fn shows(&self, field: &FieldDescriptor) -> bool {
        let of_type = match field.kind() {
            Kind::Message(inner) => self.is_visible(self.notes.at(inner.full_name())),
            Kind::Enum(inner) => self.is_visible(self.notes.at(inner.full_name())),
            _ => true,
        };
        of_type && self.is_visible(self.notes.at(field.full_name()))
    }

    /// What a message or an enum is called among the schemas.
    pub(super) fn type_name<'n>(&'n self, full_name: &'n str) -> &'n str {
        let reserved = RESERVED.iter().find(|(name, _)| *name == full_name);
        let name = reserved.map(|(_, name)| *name);
        name.or_else(|| self.names.get(full_name).map(String::as_str))
            .unwrap_or(full_name)
    }

    pub(super) fn service_name<'n>(&'n self, full_name: &'n str) -> &'n str {
        self.services
            .get(full_name)
            .map_or(full_name, String::as_str)
    }

    /// What a field is called in JSON.
    pub(super) fn field_name<'n>(&self, field: &'n FieldDescriptor) -> &'n str {
        match self.settings.write.proto_names {
            true => field.name(),
            false => field.json_name(),
        }
    }

    /// The members of the oneof that a field is in, if it is in a real one.
    pub(super) fn rivals(&self, field: &FieldDescriptor) -> Vec<FieldDescriptor> {
        let oneof = field.containing_oneof();
        let oneof = oneof.filter(|oneof| !oneof.is_synthetic());
        oneof.map_or_else(Vec::new, |oneof| self.members(&oneof))
    }

    pub(super) fn members(&self, oneof: &OneofDescriptor) -> Vec<FieldDescriptor> {
        oneof.fields().filter(|field| self.shows(field)).collect()
    }

    pub(super) fn value_note(&self, item: &EnumDescriptor, value: &str) -> &Note {
        self.notes.at(&format!("{}.{value}", item.full_name()))
    }
}

/// A text and what is to be said after it.
pub(super) fn paragraphs(parts: &[&str]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.copied().collect::<Vec<_>>().join("\n\n")
}

/// "`a`, `b` and `c`".
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
