//! Descriptors → plans, once, at start-up. Everything that depends on a
//! descriptor only is decided here; walking the plans is left to others.

mod enums;
mod features;
mod marks;

use crate::transcode::json::Guess;
use crate::transcode::names::NameTable;
use crate::transcode::schema::{
    EnumId, Field, Form, Key, Kind, Message, MessageId, NONE, Schema, Shape, Tag,
};
use crate::transcode::write::{put_double, put_float};
use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, ExtensionDescriptor, FieldDescriptor,
    MessageDescriptor, Value,
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
        let stated = features::Stated::in_files_of(pool);
        let names = Names {
            messages: &ids,
            enums: &enum_ids,
            stated: &stated,
        };
        let mut schema = Schema {
            messages: messages
                .iter()
                .map(|message| names.message(message))
                .collect(),
            enums: enums::compile_enums(&enums, &stated),
            by_name: HashMap::new(),
        };
        schema.by_name = ids;
        schema.mark_forms();
        schema.mark_null_values();
        schema.mark_required();
        schema
    }
}

struct Names<'a> {
    messages: &'a HashMap<Box<str>, MessageId>,
    enums: &'a HashMap<Box<str>, EnumId>,
    stated: &'a features::Stated,
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
                let mut declared = Declared::from(&field);
                // Messages and members of a oneof have presence whatever is stated.
                if declared.kind.as_message().is_none() && field.containing_oneof().is_none() {
                    declared.presence &= !self.stated.implicit.contains(field.full_name());
                }
                self.field(&declared, oneof)
            })
            .chain(
                message
                    .extensions()
                    .map(|field| self.field(&Declared::from(&field), None)),
            )
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
        let wire_type = if shape == Shape::Packed {
            2
        } else {
            kind.wire_type()
        };
        Field {
            number: field.number,
            name: field.name.as_str().into(),
            json_name: field.json_name.as_str().into(),
            guess: Guess::new(&field.json_name),
            json_key: Key::new(&field.json_name),
            proto_key: Key::new(&field.name),
            kind,
            shape,
            tag: Tag::new(field.number, wire_type),
            presence: field.presence,
            required: field.cardinality == Cardinality::Required,
            extension: field.extension,
            null_is_value: false,
            simple: shape == Shape::Singular && oneof.is_none() && is_common(kind),
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

fn is_common(kind: Kind) -> bool {
    use Kind::{Bool, Bytes, Double, Int32, Int64, String, Uint32, Uint64};
    matches!(
        kind,
        String | Bytes | Int32 | Int64 | Uint32 | Uint64 | Bool | Double
    )
}

/// The default of one value. For a repeated field there is none to ask for.
fn default_of(repeated: bool, default: impl FnOnce() -> Value) -> Value {
    if repeated {
        Value::Bool(false)
    } else {
        default()
    }
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
            crate::transcode::json::escape_into(value, &mut out);
            out.push(b'"');
        }
        Value::Bytes(value) => {
            out.push(b'"');
            crate::transcode::wellknown::base64::encode(value, &mut out);
            out.push(b'"');
        }
        _ => {}
    }
    out
}

/// JSON names first: where one field's JSON name is another's proto name, the
/// JSON name wins.
fn name_table(fields: &[Field]) -> NameTable {
    let json = fields
        .iter()
        .enumerate()
        .map(|(at, field)| (&*field.json_name, at));
    let proto = fields
        .iter()
        .enumerate()
        .map(|(at, field)| (&*field.name, at));
    NameTable::new(json.chain(proto))
}

fn low_numbers(fields: &[Field]) -> Box<[u16]> {
    let low = |field: &&Field| (field.number as usize) < LOW_NUMBERS;
    let Some(last) = fields.iter().rfind(low) else {
        return Box::default();
    };
    let mut table = vec![NONE; last.number as usize + 1];
    for (at, field) in fields
        .iter()
        .enumerate()
        .take_while(|(_, field)| low(field))
    {
        table[field.number as usize] = at as u16;
    }
    table.into()
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
