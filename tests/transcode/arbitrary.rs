//! Schemas and wire bytes made from entropy: any legal schema of a few messages,
//! and any legal encoding of them, the unusual ones above all. When the entropy is
//! used up everything is zero, so less of it means a simpler case.

use crate::fixture::{delimited, encoded, group, varint};
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FieldOptions, FileDescriptorProto, FileDescriptorSet, MessageOptions, OneofDescriptorProto,
};
use prost_reflect::{Cardinality, DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

/// A source of choices.
pub(crate) struct Entropy<'a>(pub(crate) std::slice::Iter<'a, u8>);

impl Entropy<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}

const MESSAGES: usize = 3;
const SCALARS: [Type; 16] = [
    Type::Int32,
    Type::Int64,
    Type::Uint32,
    Type::Uint64,
    Type::Sint32,
    Type::Sint64,
    Type::Fixed32,
    Type::Fixed64,
    Type::Sfixed32,
    Type::Sfixed64,
    Type::Bool,
    Type::Float,
    Type::Double,
    Type::String,
    Type::Bytes,
    Type::Enum,
];

/// Makes the length of what it is in longer than one byte.
const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789\
     0123456789012345678901234567890123456789012345678901234567890123456789";

/// A pool with messages `g.M0` to `g.M2` that refer to each other.
pub(crate) fn schema(entropy: &mut Entropy<'_>) -> DescriptorPool {
    let proto2 = entropy.below(2) == 1;
    let message_type = (0..MESSAGES)
        .map(|at| message(entropy, at, proto2))
        .collect();
    let value = |(number, name): (i32, &str)| EnumValueDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        options: None,
    };
    let file = FileDescriptorProto {
        name: Some("g.proto".into()),
        package: Some("g".into()),
        syntax: proto2.then(|| "proto2".into()).or(Some("proto3".into())),
        message_type,
        enum_type: vec![EnumDescriptorProto {
            name: Some("E".into()),
            value: [(0, "ZERO"), (1, "ONE"), (-5, "MINUS"), (300, "MANY")]
                .map(value)
                .to_vec(),
            ..EnumDescriptorProto::default()
        }],
        ..FileDescriptorProto::default()
    };
    DescriptorPool::from_file_descriptor_set(FileDescriptorSet { file: vec![file] })
        .expect("the file is legal")
}

fn message(entropy: &mut Entropy<'_>, at: usize, proto2: bool) -> DescriptorProto {
    let mut message = DescriptorProto {
        name: Some(format!("M{at}")),
        ..DescriptorProto::default()
    };
    message.oneof_decl.push(OneofDescriptorProto {
        name: Some("choice".into()),
        options: None,
    });
    let count = 2 + entropy.below(7);
    let mut number = 0;
    for index in 0..count {
        number += 1 + [0, 0, 0, 1, 15, 2000][entropy.below(6)];
        let name = format!("field_{}{index}", ["", "a_b", "x1_"][entropy.below(3)]);
        let mut field = plain_field(entropy, &name, number, proto2);
        match entropy.below(6) {
            0 | 1 => field.label = Some(Label::Repeated as i32),
            2 | 3 if index > 0 => field.oneof_index = Some(0),
            4 => make_map(entropy, &mut message, &mut field, at),
            5 if !proto2 => field.proto3_optional = Some(true),
            _ => {}
        }
        let packable = !matches!(
            field.r#type(),
            Type::String | Type::Bytes | Type::Message | Type::Group
        );
        if field.label() == Label::Repeated && packable && entropy.below(2) == 1 {
            field.options = Some(FieldOptions {
                packed: Some(!proto2),
                ..FieldOptions::default()
            });
        }
        message.field.push(field);
    }
    if message
        .field
        .iter()
        .all(|field| field.oneof_index.is_none())
    {
        message.oneof_decl.clear();
    }
    message
}

fn plain_field(
    entropy: &mut Entropy<'_>,
    name: &str,
    number: i32,
    proto2: bool,
) -> FieldDescriptorProto {
    let kind = match entropy.below(24) {
        choice @ 0..16 => SCALARS[choice],
        16..18 if proto2 => Type::Group,
        _ => Type::Message,
    };
    let type_name = match kind {
        Type::Message | Type::Group => Some(format!(".g.M{}", entropy.below(MESSAGES))),
        Type::Enum => Some(".g.E".into()),
        _ => None,
    };
    FieldDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        label: Some(Label::Optional as i32),
        r#type: Some(kind as i32),
        type_name,
        ..FieldDescriptorProto::default()
    }
}

fn make_map(
    entropy: &mut Entropy<'_>,
    message: &mut DescriptorProto,
    field: &mut FieldDescriptorProto,
    at: usize,
) {
    let name = format!("Entry{}", field.number());
    // No float, no bytes, no enum and no message as a key.
    let kind = SCALARS[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13][entropy.below(12)]];
    let key = FieldDescriptorProto {
        name: Some("key".into()),
        number: Some(1),
        label: Some(Label::Optional as i32),
        r#type: Some(kind as i32),
        ..FieldDescriptorProto::default()
    };
    let mut value = FieldDescriptorProto {
        name: Some("value".into()),
        number: Some(2),
        ..field.clone()
    };
    if value.r#type() == Type::Group {
        value.r#type = Some(Type::Message as i32);
    }
    field.label = Some(Label::Repeated as i32);
    field.r#type = Some(Type::Message as i32);
    field.type_name = Some(format!(".g.M{at}.{name}"));
    message.nested_type.push(DescriptorProto {
        name: Some(name),
        field: vec![key, value],
        options: Some(MessageOptions {
            map_entry: Some(true),
            ..MessageOptions::default()
        }),
        ..DescriptorProto::default()
    });
}

/// A legal encoding of `message`: fields in any order and any number of times,
/// runs split and mixed, unknown fields between them.
pub(crate) fn wire(
    entropy: &mut Entropy<'_>,
    message: &MessageDescriptor,
    depth: usize,
) -> Vec<u8> {
    let fields: Vec<FieldDescriptor> = message.fields().collect();
    let mut out = Vec::new();
    for _ in 0..entropy.below(9) {
        if entropy.is_empty() {
            break;
        }
        match entropy.below(12) {
            0 => out.extend(unknown(entropy)),
            choice => {
                // Repeating the same few fields makes pieces that must merge.
                let field = &fields[choice % fields.len()];
                out.extend(occurrence(entropy, field, depth));
            }
        }
    }
    out
}

fn unknown(entropy: &mut Entropy<'_>) -> Vec<u8> {
    match entropy.below(4) {
        0 => varint(100_000, entropy.word()),
        1 => delimited(100_001, [entropy.byte(), entropy.byte()]),
        2 => group(100_002, [varint(1, entropy.word()), group(1, [])].concat()),
        _ => [encoded(100_003 << 3 | 5), vec![entropy.byte(); 4]].concat(),
    }
}

fn occurrence(entropy: &mut Entropy<'_>, field: &FieldDescriptor, depth: usize) -> Vec<u8> {
    let number = field.number();
    if let Kind::Message(inner) = field.kind() {
        return match field.is_map() {
            true => delimited(number, entry(entropy, &inner, depth)),
            false if depth == 0 => message_field(field, vec![]),
            false => message_field(field, wire(entropy, &inner, depth - 1)),
        };
    }
    let packable = !matches!(field.kind(), Kind::String | Kind::Bytes);
    if field.cardinality() == Cardinality::Repeated && packable && entropy.below(2) == 1 {
        let count = entropy.below(4);
        let run: Vec<u8> = (0..count)
            .flat_map(|_| scalar(entropy, &field.kind()).1)
            .collect();
        return delimited(number, run);
    }
    let (wire_type, value) = scalar(entropy, &field.kind());
    [encoded(u64::from(number << 3 | wire_type)), value].concat()
}

fn message_field(field: &FieldDescriptor, inside: Vec<u8>) -> Vec<u8> {
    match field.is_group() {
        true => group(field.number(), inside),
        false => delimited(field.number(), inside),
    }
}

/// Key and value in any order, either left out.
fn entry(entropy: &mut Entropy<'_>, entry: &MessageDescriptor, depth: usize) -> Vec<u8> {
    let key = match entropy.below(4) {
        0 => Vec::new(),
        _ => occurrence(entropy, &entry.map_entry_key_field(), depth),
    };
    let value = match entropy.below(4) {
        0 => Vec::new(),
        _ => occurrence(entropy, &entry.map_entry_value_field(), depth),
    };
    match entropy.below(3) {
        0 => [value, key].concat(),
        _ => [key, value].concat(),
    }
}

/// Wire type and bytes of one scalar.
fn scalar(entropy: &mut Entropy<'_>, kind: &Kind) -> (u32, Vec<u8>) {
    let edge = [
        0,
        1,
        127,
        128,
        u64::from(u32::MAX),
        1 << 31,
        1 << 63,
        u64::MAX,
        (-5i64) as u64,
    ];
    let number = match entropy.below(12) {
        choice @ 0..9 => edge[choice],
        9 => u64::from(entropy.byte()),
        _ => entropy.word(),
    };
    match kind {
        Kind::Fixed32 | Kind::Sfixed32 => (5, (number as u32).to_le_bytes().to_vec()),
        Kind::Fixed64 | Kind::Sfixed64 => (1, number.to_le_bytes().to_vec()),
        // Quarters have few digits, in either width.
        Kind::Float => (5, (f32::from(number as i16) / 4.0).to_le_bytes().to_vec()),
        Kind::Double => (1, (number as i32 as f64 / 4.0).to_le_bytes().to_vec()),
        Kind::String => (2, delimited(0, text(entropy))[1..].to_vec()),
        Kind::Bytes => (
            2,
            delimited(0, number.to_le_bytes().split_at(entropy.below(9)).0)[1..].to_vec(),
        ),
        // A closed enum's unknown numbers are a known difference, tested by hand.
        Kind::Enum(_) => (0, encoded([0, 1, (-5i64) as u64, 300][entropy.below(4)])),
        // Longer than need be.
        _ if entropy.below(8) == 0 && number < 128 => (0, vec![number as u8 | 0x80, 0x80, 0]),
        _ => (0, encoded(number)),
    }
}

fn text(entropy: &mut Entropy<'_>) -> String {
    let parts = [
        "a",
        "\"",
        "\\",
        "\u{0}",
        "\n",
        "é",
        "😀",
        "\u{1f}",
        "longer than eight",
        LONG,
        "\u{2028}",
    ];
    (0..entropy.below(5))
        .map(|_| parts[entropy.below(parts.len())])
        .collect()
}
