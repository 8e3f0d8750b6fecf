//! The plans: an arena of messages and enums, each with all that reading and
//! writing needs to know, decided once. How they are made is left to `compile`,
//! walking them to `read` and `write`.

use super::json::{Guess, escape_into};
use super::names::NameTable;
use super::wire::append;
use std::collections::HashMap;

/// The plans for every message of a descriptor pool.
///
/// Immutable after [`Schema::compile`] and free of interior mutability, so one
/// may be shared by all threads.
#[derive(Debug)]
pub struct Schema {
    pub(super) messages: Vec<Message>,
    pub(super) enums: Vec<Enum>,
    pub(super) by_name: HashMap<Box<str>, MessageId>,
}

/// A message of the [`Schema`] that handed it out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MessageId(pub(super) u32);

/// An enum of the schema.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct EnumId(pub(super) u32);

#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: Box<str>,
    pub(super) form: Form,
    /// Regular fields and known extensions, ascending by number.
    pub(super) fields: Box<[Field]>,
    /// JSON names and proto names to positions in `fields`.
    pub(super) by_name: NameTable,
    /// Positions in `fields` for the low numbers; `NONE` where there is none.
    pub(super) by_low_number: Box<[u16]>,
    /// Names of the oneofs, synthetic ones left out.
    pub(super) oneofs: Box<[Box<str>]>,
    /// Whether this message or one below it has a required field.
    pub(super) reaches_required: bool,
}

/// How a message looks in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Plain,
    Any,
    Timestamp,
    Duration,
    FieldMask,
    Struct,
    Value,
    ListValue,
    /// `google.protobuf.Int32Value` and its like: the value of its only field.
    Wrapper,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    pub(super) name: Box<str>,
    pub(super) json_name: Box<str>,
    /// `"jsonName":`, to compare with the input.
    pub(super) guess: Guess,
    /// `,"jsonName":` as it is printed.
    pub(super) json_key: Key,
    /// `,"proto_name":` as it is printed.
    pub(super) proto_key: Key,
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    /// The tag that is written: of the field, or of its packed run.
    pub(super) tag: Tag,
    /// Whether "unset" differs from "set to the default".
    pub(super) presence: bool,
    pub(super) required: bool,
    pub(super) extension: bool,
    /// `null` is a value here and not "unset".
    pub(super) null_is_value: bool,
    /// The default as JSON, if the field is a scalar and no enum.
    pub(super) default_json: Box<[u8]>,
    /// The default of an enum field.
    pub(super) default_number: i32,
    /// A singular scalar of a common type in no oneof: nothing of what makes
    /// printing a field difficult can happen to it.
    pub(super) simple: bool,
    /// Which real oneof the field belongs to.
    pub(super) oneof: Option<u16>,
}

/// A member's name as it is printed, with a comma before and a colon after it.
#[derive(Debug)]
pub(super) struct Key {
    /// Zeros at the end make it long enough to be copied as one block.
    bytes: Box<[u8]>,
    len: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    Singular,
    Repeated,
    Packed,
    Map,
}

/// A field's type; for a map, its entry message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    Enum(EnumId),
    Message(MessageId),
    Group(MessageId),
}

/// An encoded tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tag {
    pub(super) value: u32,
    bytes: [u8; 5],
    len: u8,
}

#[derive(Debug)]
pub(super) struct Enum {
    pub(super) name: Box<str>,
    /// A closed enum knows its own numbers only.
    pub(super) closed: bool,
    /// `google.protobuf.NullValue`, written as `null`.
    pub(super) is_null: bool,
    /// Names to positions in `numbers`.
    pub(super) by_name: NameTable,
    /// The number of each name.
    pub(super) numbers: Box<[i32]>,
    /// `"NAME"` as it is printed, ascending by number, the first alias only.
    pub(super) printed: Box<[(i32, Box<[u8]>)]>,
}

pub(super) const NONE: u16 = u16::MAX;

// === impl Schema ===

impl Schema {
    /// Looks a message up by its full name, without a leading dot.
    pub fn message(&self, full_name: &str) -> Option<MessageId> {
        self.by_name.get(full_name).copied()
    }

    /// The full name of a message.
    pub fn message_name(&self, id: MessageId) -> &str {
        &self.get(id).name
    }

    #[inline]
    pub(super) fn get(&self, id: MessageId) -> &Message {
        &self.messages[id.0 as usize]
    }

    #[inline]
    pub(super) fn get_enum(&self, id: EnumId) -> &Enum {
        &self.enums[id.0 as usize]
    }
}

// === impl Message ===

impl Message {
    /// Position of the field with this number.
    #[inline]
    pub(super) fn position(&self, number: u32) -> Option<usize> {
        match self.by_low_number.get(number as usize) {
            Some(&NONE) => None,
            Some(&at) => Some(usize::from(at)),
            None => self
                .fields
                .binary_search_by_key(&number, |field| field.number)
                .ok(),
        }
    }

    /// Key and value of a map entry.
    pub(super) fn entry(&self) -> (&Field, &Field) {
        (&self.fields[0], &self.fields[1])
    }
}

// === impl Field ===

impl Field {
    /// Whether the wire may hold this field as a packed run.
    pub(super) fn packable(&self) -> bool {
        !matches!(
            self.kind,
            Kind::String | Kind::Bytes | Kind::Message(_) | Kind::Group(_)
        )
    }
}

// === impl Kind ===

impl Kind {
    /// The wire type of one value.
    pub(super) fn wire_type(self) -> u8 {
        match self {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => 1,
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => 5,
            Kind::String | Kind::Bytes | Kind::Message(_) => 2,
            Kind::Group(_) => 3,
            _ => 0,
        }
    }

    pub(super) fn message(self) -> Option<MessageId> {
        match self {
            Kind::Message(id) | Kind::Group(id) => Some(id),
            _ => None,
        }
    }

    /// What a reader of an error message expects to see.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Kind::Double => "a number (double), \"NaN\", \"Infinity\" or \"-Infinity\"",
            Kind::Float => "a number (float), \"NaN\", \"Infinity\" or \"-Infinity\"",
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "an integer (int32)",
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "an integer (int64)",
            Kind::Uint32 | Kind::Fixed32 => "an unsigned integer (uint32)",
            Kind::Uint64 | Kind::Fixed64 => "an unsigned integer (uint64)",
            Kind::Bool => "true or false",
            Kind::String => "a string",
            Kind::Bytes => "a base64 string",
            Kind::Enum(_) => "an enum name or number",
            Kind::Message(_) | Kind::Group(_) => "an object",
        }
    }
}

// === impl Key ===

impl Key {
    pub(super) fn new(name: &str) -> Key {
        let mut bytes = vec![b',', b'"'];
        escape_into(name, &mut bytes);
        bytes.extend_from_slice(b"\":");
        let len = bytes.len();
        bytes.resize(len + 40, 0);
        Key {
            bytes: bytes.into(),
            len,
        }
    }

    /// Appends the key from its byte `from` on.
    #[inline]
    pub(super) fn put(&self, from: usize, out: &mut Vec<u8>) {
        append(out, &self.bytes, from, self.len);
    }
}

// === impl Tag ===

impl Tag {
    pub(super) fn new(number: u32, wire_type: u8) -> Tag {
        let value = number << 3 | u32::from(wire_type);
        let mut bytes = [0; 5];
        let (mut rest, mut len) = (value, 0);
        loop {
            bytes[len] = rest as u8 & 0x7f;
            rest >>= 7;
            len += 1;
            if rest == 0 {
                break;
            }
            bytes[len - 1] |= 0x80;
        }
        Tag {
            value,
            bytes,
            len: len as u8,
        }
    }

    #[inline]
    pub(super) fn put(self, out: &mut Vec<u8>) {
        match self.len {
            1 => out.push(self.bytes[0]),
            len => out.extend_from_slice(&self.bytes[..usize::from(len)]),
        }
    }

    /// The tag that ends the group which this tag starts.
    pub(super) fn end_group(self) -> Tag {
        Tag::new(self.value >> 3, 4)
    }
}

// === impl Enum ===

impl Enum {
    pub(super) fn number(&self, name: &[u8]) -> Option<i32> {
        self.by_name.find(name).map(|at| self.numbers[at])
    }

    /// The quoted name of a number.
    pub(super) fn printed(&self, number: i32) -> Option<&[u8]> {
        // Most enums count from zero without gaps.
        if let Some((found, text)) = self.printed.get(number as usize)
            && *found == number
        {
            return Some(text);
        }
        let at = self
            .printed
            .binary_search_by_key(&number, |entry| entry.0)
            .ok()?;
        Some(&self.printed[at].1)
    }

    /// Whether a value with this number can be held in a field of this enum.
    pub(super) fn holds(&self, number: i32) -> bool {
        !self.closed || self.printed(number).is_some()
    }
}
