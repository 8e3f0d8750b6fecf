//! Descriptors → plans, once, at start-up. Everything that depends on a
//! descriptor only is decided here; walking the plans is left to others.

use super::names::NameTable;
use super::write::{put_double, put_float};
use super::schema::{
    Enum, EnumId, Field, Form, Kind, Message, MessageId, NONE, Schema, Shape, Tag,
};
use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, ExtensionDescriptor, FieldDescriptor,
    MessageDescriptor, Syntax, Value,
};
use std::collections::HashMap;

/// Fields with numbers below this are found by index.
const LOW_NUMBERS: usize = 1024;

impl Schema {
    /// Compiles plans for every message of the pool.
    ///
    /// Total: a pool has been checked when it was made. A message that bears the
    /// name of a well-known type but not its fields is treated as a plain one.
    pub fn compile(pool: &DescriptorPool) -> Schema {
        let messages: Vec<MessageDescriptor> = pool.all_messages().collect();
        let ids: HashMap<Box<str>, MessageId> = messages
            .iter()
            .enumerate()
            .map(|(at, message)| (message.full_name().into(), MessageId(at as u32)))
            .collect();
        let enums: Vec<EnumDescriptor> = pool.all_enums().collect();
        let enum_ids = enums
            .iter()
            .enumerate()
            .map(|(at, item)| (item.full_name().into(), EnumId(at as u32)))
            .collect();
        let names = Names { messages: &ids, enums: &enum_ids };
        let mut schema = Schema {
            messages: messages.iter().map(|message| names.message(message)).collect(),
            enums: compile_enums(pool, &enums),
            by_name: HashMap::new(),
        };
        schema.by_name = ids;
        schema.mark_forms();
        schema.mark_null_values();
        schema.mark_required();
        schema
    }

    /// Gives the well-known types their JSON form, if they have the fields for it.
    fn mark_forms(&mut self) {
        let forms: Vec<Form> = self.messages.iter().map(|message| self.form(message)).collect();
        for (message, form) in self.messages.iter_mut().zip(forms) {
            message.form = form;
        }
    }

    fn form(&self, message: &Message) -> Form {
        let Some(name) = message.name.strip_prefix("google.protobuf.") else {
            return Form::Plain;
        };
        let has = |number: u32, shape: Shape, wanted: fn(Kind) -> bool| {
            message.position(number).is_some_and(|at| {
                message.fields[at].shape == shape && wanted(message.fields[at].kind)
            })
        };
        let is_message = |kind: Kind| matches!(kind, Kind::Message(_));
        let one = |wanted: fn(Kind) -> bool| {
            message.fields.len() == 1 && has(1, Shape::Singular, wanted)
        };
        let moment = has(1, Shape::Singular, |kind| kind == Kind::Int64)
            && has(2, Shape::Singular, |kind| kind == Kind::Int32);
        match name {
            "Any" if has(1, Shape::Singular, |kind| kind == Kind::String)
                && has(2, Shape::Singular, |kind| kind == Kind::Bytes) => Form::Any,
            "Timestamp" if moment => Form::Timestamp,
            "Duration" if moment => Form::Duration,
            "FieldMask" if has(1, Shape::Repeated, |kind| kind == Kind::String) => Form::FieldMask,
            "Struct" if has(1, Shape::Map, is_message) && self.leads_to(message, "Value") => Form::Struct,
            "ListValue" if has(1, Shape::Repeated, is_message) && self.leads_to(message, "Value") => Form::ListValue,
            "Value" if has(2, Shape::Singular, |kind| kind == Kind::Double)
                && has(5, Shape::Singular, is_message)
                && has(6, Shape::Singular, is_message)
                && self.leads_to(message, "ListValue") => Form::Value,
            "DoubleValue" if one(|kind| kind == Kind::Double) => Form::Wrapper,
            "FloatValue" if one(|kind| kind == Kind::Float) => Form::Wrapper,
            "Int64Value" if one(|kind| kind == Kind::Int64) => Form::Wrapper,
            "UInt64Value" if one(|kind| kind == Kind::Uint64) => Form::Wrapper,
            "Int32Value" if one(|kind| kind == Kind::Int32) => Form::Wrapper,
            "UInt32Value" if one(|kind| kind == Kind::Uint32) => Form::Wrapper,
            "BoolValue" if one(|kind| kind == Kind::Bool) => Form::Wrapper,
            "StringValue" if one(|kind| kind == Kind::String) => Form::Wrapper,
            "BytesValue" if one(|kind| kind == Kind::Bytes) => Form::Wrapper,
            _ => Form::Plain,
        }
    }

    /// Whether a field of `message`, or the value of a map in it, is the
    /// well-known type `name`.
    fn leads_to(&self, message: &Message, name: &str) -> bool {
        let is = |id: MessageId| self.get(id).name.strip_prefix("google.protobuf.") == Some(name);
        message.fields.iter().any(|field| match (field.shape, field.kind) {
            (Shape::Map, Kind::Message(entry)) => {
                self.get(entry).entry().1.kind.message().is_some_and(is)
            }
            (_, kind) => kind.message().is_some_and(is),
        })
    }

    fn mark_null_values(&mut self) {
        let forms: Vec<Form> = self.messages.iter().map(|message| message.form).collect();
        let nulls: Vec<bool> = self.enums.iter().map(|item| item.is_null).collect();
        for field in self.messages.iter_mut().flat_map(|message| &mut message.fields) {
            field.null_is_value = match field.kind {
                Kind::Message(id) => field.shape != Shape::Map && forms[id.0 as usize] == Form::Value,
                Kind::Enum(id) => nulls[id.0 as usize],
                _ => false,
            };
        }
    }

    /// Finds which messages lead to a required field, to a fixed point.
    fn mark_required(&mut self) {
        loop {
            let reaches: Vec<bool> = self.messages.iter().map(|m| m.reaches_required).collect();
            let mut changed = false;
            for message in &mut self.messages {
                let now = message.fields.iter().any(|field| {
                    field.required
                        || field.kind.message().is_some_and(|id| reaches[id.0 as usize])
                });
                changed |= now != message.reaches_required;
                message.reaches_required = now;
            }
            if !changed {
                return;
            }
        }
    }
}

struct Names<'a> {
    messages: &'a HashMap<Box<str>, MessageId>,
    enums: &'a HashMap<Box<str>, EnumId>,
}

impl Names<'_> {
    fn message(&self, message: &MessageDescriptor) -> Message {
        let mut oneofs: Vec<Box<str>> = Vec::new();
        let mut places = HashMap::new();
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            places.insert(oneof.full_name().to_owned(), oneofs.len() as u16);
            oneofs.push(oneof.name().into());
        }
        let mut fields: Vec<Field> = message
            .fields()
            .map(|field| {
                let oneof = field
                    .containing_oneof()
                    .and_then(|oneof| places.get(oneof.full_name()).copied());
                self.field(&Declared::from(&field), oneof)
            })
            .chain(message.extensions().map(|field| {
                self.field(&Declared::from(&field), None)
            }))
            .collect();
        fields.sort_by_key(|field| field.number);
        // An extension cannot take a number that the message uses, but a pool
        // may hold two extensions with one number.
        fields.dedup_by_key(|field| field.number);
        Message {
            name: message.full_name().into(),
            form: Form::Plain,
            by_name: name_table(&fields),
            by_low_number: low_numbers(&fields),
            oneofs: oneofs.into(),
            reaches_required: false,
            fields: fields.into(),
        }
    }

    fn field(&self, field: &Declared, oneof: Option<u16>) -> Field {
        let kind = self.kind(field);
        let shape = match field.cardinality {
            Cardinality::Repeated if field.is_map => Shape::Map,
            Cardinality::Repeated if field.is_packed => Shape::Packed,
            Cardinality::Repeated => Shape::Repeated,
            _ => Shape::Singular,
        };
        let wire_type = if shape == Shape::Packed { 2 } else { kind.wire_type() };
        let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        let guess = match field.json_name.bytes().all(plain) {
            true => format!("\"{}\"", field.json_name).into_bytes(),
            false => Vec::new(),
        };
        Field {
            number: field.number,
            name: field.name.as_str().into(),
            json_name: field.json_name.as_str().into(),
            guess: guess.into(),
            json_key: printed_key(&field.json_name),
            proto_key: printed_key(&field.name),
            kind,
            shape,
            tag: Tag::new(field.number, wire_type),
            presence: field.presence,
            required: field.cardinality == Cardinality::Required,
            extension: field.extension,
            null_is_value: false,
            default_json: default_json(&field.default).into(),
            default_number: match field.default {
                Value::EnumNumber(number) => number,
                _ => 0,
            },
            oneof,
        }
    }

    fn kind(&self, field: &Declared) -> Kind {
        use prost_reflect::Kind as Declared;
        // Every type a pool's field names is in the pool.
        let message = |name: &str| self.messages.get(name).copied().unwrap_or(MessageId(0));
        match &field.kind {
            Declared::Double => Kind::Double,
            Declared::Float => Kind::Float,
            Declared::Int32 => Kind::Int32,
            Declared::Int64 => Kind::Int64,
            Declared::Uint32 => Kind::Uint32,
            Declared::Uint64 => Kind::Uint64,
            Declared::Sint32 => Kind::Sint32,
            Declared::Sint64 => Kind::Sint64,
            Declared::Fixed32 => Kind::Fixed32,
            Declared::Fixed64 => Kind::Fixed64,
            Declared::Sfixed32 => Kind::Sfixed32,
            Declared::Sfixed64 => Kind::Sfixed64,
            Declared::Bool => Kind::Bool,
            Declared::String => Kind::String,
            Declared::Bytes => Kind::Bytes,
            Declared::Message(of) if field.is_group => Kind::Group(message(of.full_name())),
            Declared::Message(of) => Kind::Message(message(of.full_name())),
            Declared::Enum(of) => {
                Kind::Enum(self.enums.get(of.full_name()).copied().unwrap_or(EnumId(0)))
            }
        }
    }
}

/// What a field and an extension have in common; the descriptors share no type.
struct Declared {
    number: u32,
    name: String,
    json_name: String,
    kind: prost_reflect::Kind,
    cardinality: Cardinality,
    is_map: bool,
    is_packed: bool,
    is_group: bool,
    presence: bool,
    extension: bool,
    default: Value,
}

/// The default of one value. For a repeated field there is none to ask for.
fn default_of(repeated: bool, default: impl FnOnce() -> Value) -> Value {
    if repeated { Value::Bool(false) } else { default() }
}

/// The default of a scalar as JSON; empty for what is no scalar.
fn default_json(default: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    match default {
        Value::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::I32(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::U32(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::I64(value) => out.extend_from_slice(format!("\"{value}\"").as_bytes()),
        Value::U64(value) => out.extend_from_slice(format!("\"{value}\"").as_bytes()),
        Value::F32(value) => drop(put_float(*value, &mut out)),
        Value::F64(value) => drop(put_double(*value, &mut out)),
        Value::String(value) => {
            out.push(b'"');
            super::json::escape_into(value, &mut out);
            out.push(b'"');
        }
        Value::Bytes(value) => {
            out.push(b'"');
            super::wellknown::base64::encode(value, &mut out);
            out.push(b'"');
        }
        _ => {}
    }
    out
}

fn printed_key(name: &str) -> Box<[u8]> {
    let mut key = vec![b',', b'"'];
    super::json::escape_into(name, &mut key);
    key.extend_from_slice(b"\":");
    key.into()
}

/// JSON names first: where one field's JSON name is another's proto name, the
/// JSON name wins.
fn name_table(fields: &[Field]) -> NameTable {
    let json = fields.iter().enumerate().map(|(at, field)| (&*field.json_name, at));
    let proto = fields.iter().enumerate().map(|(at, field)| (&*field.name, at));
    NameTable::new(json.chain(proto))
}

fn low_numbers(fields: &[Field]) -> Box<[u16]> {
    let low = |field: &&Field| (field.number as usize) < LOW_NUMBERS;
    let Some(last) = fields.iter().rfind(low) else {
        return Box::default();
    };
    let mut table = vec![NONE; last.number as usize + 1];
    for (at, field) in fields.iter().enumerate().take_while(|(_, field)| low(&field)) {
        table[field.number as usize] = at as u16;
    }
    table.into()
}

fn compile_enums(pool: &DescriptorPool, enums: &[EnumDescriptor]) -> Vec<Enum> {
    let mut stated = HashMap::new();
    for file in pool.files() {
        stated.extend(features::stated_enum_types(&file));
    }
    enums
        .iter()
        .map(|item| {
            let closed = match stated.get(item.full_name()) {
                Some(closed) => *closed,
                None => item.parent_file().syntax() == Syntax::Proto2,
            };
            compile_enum(item, closed)
        })
        .collect()
}

fn compile_enum(item: &EnumDescriptor, closed: bool) -> Enum {
    let is_null = item.full_name() == "google.protobuf.NullValue";
    // Not `values()`, which is not in the order of declaration.
    let values = &item.enum_descriptor_proto().value;
    let mut printed: Vec<(i32, Box<[u8]>)> = values
        .iter()
        .map(|value| match is_null {
            true => (value.number(), b"null".as_slice().into()),
            false => (value.number(), format!("\"{}\"", value.name()).into_bytes().into()),
        })
        .collect();
    // Stable, so that of aliases the one declared first is printed.
    printed.sort_by_key(|entry| entry.0);
    printed.dedup_by_key(|entry| entry.0);
    Enum {
        name: item.full_name().into(),
        closed,
        is_null,
        by_name: NameTable::new(values.iter().enumerate().map(|(at, value)| (value.name(), at))),
        numbers: values.iter().map(|value| value.number()).collect(),
        printed: printed.into(),
    }
}

// === impl Declared ===

impl From<&FieldDescriptor> for Declared {
    fn from(field: &FieldDescriptor) -> Self {
        Declared {
            number: field.number(),
            name: field.name().to_owned(),
            json_name: field.json_name().to_owned(),
            kind: field.kind(),
            cardinality: field.cardinality(),
            is_map: field.is_map(),
            is_packed: field.is_packed(),
            is_group: field.is_group(),
            presence: field.supports_presence(),
            extension: false,
            default: default_of(field.is_list(), || field.default_value()),
        }
    }
}

impl From<&ExtensionDescriptor> for Declared {
    fn from(field: &ExtensionDescriptor) -> Self {
        // Both names of an extension are its full name in brackets.
        let name = format!("[{}]", field.full_name());
        Declared {
            number: field.number(),
            name: name.clone(),
            json_name: name,
            kind: field.kind(),
            cardinality: field.cardinality(),
            is_map: field.is_map(),
            is_packed: field.is_packed(),
            is_group: field.is_group(),
            presence: field.supports_presence(),
            extension: true,
            default: default_of(field.is_list(), || field.default_value()),
        }
    }
}

/// The one editions feature that a pool does not expose: whether an enum is open
/// or closed, stated at the enum or at what encloses it.
mod features {
    use prost::Message as _;
    use prost_reflect::FileDescriptor;

    #[derive(Clone, PartialEq, prost::Message)]
    struct File {
        #[prost(string, optional, tag = "2")]
        package: Option<String>,
        #[prost(message, repeated, tag = "4")]
        message_type: Vec<Declaration>,
        #[prost(message, repeated, tag = "5")]
        enum_type: Vec<EnumDeclaration>,
        #[prost(message, optional, tag = "8")]
        options: Option<FileOptions>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct Declaration {
        #[prost(string, optional, tag = "1")]
        name: Option<String>,
        #[prost(message, repeated, tag = "3")]
        nested_type: Vec<Declaration>,
        #[prost(message, repeated, tag = "4")]
        enum_type: Vec<EnumDeclaration>,
        #[prost(message, optional, tag = "7")]
        options: Option<MessageOptions>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct EnumDeclaration {
        #[prost(string, optional, tag = "1")]
        name: Option<String>,
        #[prost(message, optional, tag = "3")]
        options: Option<EnumOptions>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct FileOptions {
        #[prost(message, optional, tag = "50")]
        features: Option<FeatureSet>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct MessageOptions {
        #[prost(message, optional, tag = "12")]
        features: Option<FeatureSet>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct EnumOptions {
        #[prost(message, optional, tag = "7")]
        features: Option<FeatureSet>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct FeatureSet {
        #[prost(int32, optional, tag = "2")]
        enum_type: Option<i32>,
    }

    const CLOSED: i32 = 2;

    /// Full names of the enums for which the feature is stated, and whether it
    /// makes them closed.
    pub(super) fn stated_enum_types(file: &FileDescriptor) -> Vec<(String, bool)> {
        let Ok(file) = File::decode(file.encode_to_vec().as_slice()) else {
            return Vec::new();
        };
        let stated = file.options.and_then(|options| options.features).and_then(closed);
        let scope = file.package.unwrap_or_default();
        let mut found = Vec::new();
        collect(&scope, stated, &file.message_type, &file.enum_type, &mut found);
        found
    }

    fn collect(
        scope: &str,
        outer: Option<bool>,
        messages: &[Declaration],
        enums: &[EnumDeclaration],
        found: &mut Vec<(String, bool)>,
    ) {
        let full = |name: &Option<String>| match (scope, name.as_deref().unwrap_or_default()) {
            ("", name) => name.to_owned(),
            (scope, name) => format!("{scope}.{name}"),
        };
        for item in enums {
            let own = item.options.as_ref().and_then(|options| options.features.clone());
            if let Some(closed) = own.and_then(closed).or(outer) {
                found.push((full(&item.name), closed));
            }
        }
        for message in messages {
            let own = message.options.as_ref().and_then(|options| options.features.clone());
            let stated = own.and_then(closed).or(outer);
            collect(&full(&message.name), stated, &message.nested_type, &message.enum_type, found);
        }
    }

    fn closed(features: FeatureSet) -> Option<bool> {
        features.enum_type.map(|value| value == CLOSED)
    }
}
