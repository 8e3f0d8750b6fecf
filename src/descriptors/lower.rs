//! Files of protobuf editions as the proto2 files that mean the same, since the
//! pool knows no editions. What features mean is left to `features`.
//!
//! An encoded message may say a thing twice and the last holds, so an element is
//! changed by adding to its bytes; everything else in it, known here or not, stays
//! as it was. This is what is added:
//!
//! | feature                           | in the proto2 file                      |
//! |-----------------------------------|-----------------------------------------|
//! | `field_presence = LEGACY_REQUIRED`| `label = LABEL_REQUIRED`                |
//! | `repeated_field_encoding = PACKED`| `options.packed = true`                 |
//! | `message_encoding = DELIMITED`    | `type = TYPE_GROUP`, but not for maps   |
//! | `json_format = LEGACY_BEST_EFFORT`| `json_name`, where one is there twice   |
//! | `field_presence = IMPLICIT`       | stated at each field that it holds for  |
//! | `enum_type = OPEN`                | stated at each enum that it holds for   |
//!
//! Proto2 has no words for the last two, so they stay features, and whoever reads
//! the pool need look at the field or the enum only, not at what encloses it.

use super::{
    Error,
    declared::{
        AddedToEnum, AddedToField, AddedToFile, Enum, EnumOptions, Field, File, Message,
        MessageOptions,
    },
    features::{Features, Presence, Stated, UnknownValue},
    wire,
};
use prost::{Message as _, bytes::Bytes};
use std::collections::HashMap;

/// Deeper messages are left as they are: the pool refuses files with such.
const MAX_DEPTH: u32 = 100;

const LABEL_REQUIRED: i32 = 2;
const LABEL_REPEATED: i32 = 3;
const TYPE_GROUP: i32 = 10;
const TYPE_MESSAGE: i32 = 11;
const IMPLICIT: i32 = 2;
const OPEN: i32 = 1;

/// The file as the pool can take it. `origin` names the set in errors.
pub(super) fn lower(origin: &str, encoded: &Bytes) -> Result<Bytes, Error> {
    let damaged = |error: prost::DecodeError| Error::NotASet {
        origin: origin.to_owned(),
        detail: error.to_string(),
    };
    let file = File::decode(encoded.clone()).map_err(damaged)?;
    let defaults = match file.syntax.as_str() {
        "editions" => Features::EDITIONS,
        "proto3" => return Ok(encoded.clone()),
        _ => Features::PROTO2,
    };
    let stated = file.options.and_then(|options| options.features);
    let lowered = defaults
        .refined(stated)
        .map_err(|unknown| Fault::unknown("the file", unknown))
        .and_then(|features| {
            let scope = match file.package.as_str() {
                "" => String::new(),
                package => format!(".{package}"),
            };
            lower_file(encoded, &scope, features)
        });
    match lowered {
        Ok(mut bytes) => {
            let syntax = "proto2".to_owned();
            bytes.extend(AddedToFile { syntax }.encode_to_vec());
            Ok(bytes.into())
        }
        Err(Fault::Damaged(error)) => Err(damaged(error)),
        Err(Fault::Unknown { element, unknown }) => Err(Error::Feature {
            origin: origin.to_owned(),
            file: file.name,
            element,
            feature: unknown.feature,
            value: unknown.value,
        }),
    }
}

fn lower_file(file: &[u8], scope: &str, features: Features) -> Result<Vec<u8>, Fault> {
    wire::remake(file, |number, inside| match number {
        4 => lower_message(inside, scope, features, 1).map(Some),
        5 => lower_enum(inside, scope, features).map(Some),
        7 => lower_extension(inside, scope, features).map(Some),
        _ => Ok(None),
    })
}

fn lower_message(
    encoded: &[u8],
    scope: &str,
    outer: Features,
    depth: u32,
) -> Result<Vec<u8>, Fault> {
    if depth > MAX_DEPTH {
        return Ok(encoded.to_vec());
    }
    let message = Message::decode(encoded)?;
    let scope = format!("{scope}.{}", message.name);
    let stated = message.options.and_then(|options| options.features);
    let features = refined(outer, stated, &scope)?;
    let place = Place::new(&message, &scope, features)?;
    let mut fields = message.fields.iter();
    wire::remake(encoded, |number, inside| match number {
        2 => fields
            .next()
            .map(|field| place.lower_field(inside, field))
            .transpose(),
        3 => lower_message(inside, &scope, features, depth + 1).map(Some),
        4 => lower_enum(inside, &scope, features).map(Some),
        6 => lower_extension(inside, &scope, features).map(Some),
        _ => Ok(None),
    })
}

fn lower_enum(encoded: &[u8], scope: &str, outer: Features) -> Result<Vec<u8>, Fault> {
    let item = Enum::decode(encoded)?;
    let stated = item.options.and_then(|options| options.features);
    let features = refined(outer, stated, &format!("{scope}.{}", item.name))?;
    let added = features.open_enums.then(|| Stated {
        enum_type: Some(OPEN),
        ..Stated::default()
    });
    let options = added.map(|features| EnumOptions {
        features: Some(features),
    });
    Ok(extended(encoded, &AddedToEnum { options }))
}

/// An extension has explicit presence whatever the features say.
fn lower_extension(encoded: &[u8], scope: &str, outer: Features) -> Result<Vec<u8>, Fault> {
    let field = Field::decode(encoded)?;
    let features = refined(outer, field.stated(), &format!("{scope}.{}", field.name))?;
    let mut added = AddedToField::default();
    add_encodings(&mut added, &field, features, true);
    Ok(extended(encoded, &added))
}

/// What the fields of a message need to know of it.
struct Place<'a> {
    message: &'a Message,
    scope: &'a str,
    features: Features,
    /// The features of each oneof.
    oneofs: Vec<Features>,
    /// Which field keeps a JSON name that several have.
    json_names: HashMap<&'a str, &'a str>,
}

impl<'a> Place<'a> {
    fn new(message: &'a Message, scope: &'a str, features: Features) -> Result<Place<'a>, Fault> {
        let oneofs = message.oneofs.iter().map(|oneof| {
            let stated = oneof.options.and_then(|options| options.features);
            refined(features, stated, &format!("{scope}.{}", oneof.name))
        });
        let oneofs = oneofs.collect::<Result<_, _>>()?;
        let mut json_names = HashMap::new();
        for field in message.fields.iter().filter(|_| features.legacy_json) {
            let Some(json_name) = field.json_name.as_deref() else {
                continue;
            };
            // The field whose own name it is, else the first.
            let keeper = json_names.entry(json_name).or_insert(&*field.name);
            if field.name == json_name {
                *keeper = &field.name;
            }
        }
        Ok(Place {
            message,
            scope,
            features,
            oneofs,
            json_names,
        })
    }

    fn lower_field(&self, encoded: &[u8], field: &Field) -> Result<Vec<u8>, Fault> {
        let oneof = field.oneof_index.and_then(|at| usize::try_from(at).ok());
        let outer = oneof.and_then(|at| self.oneofs.get(at).copied());
        let name = || format!("{}.{}", self.scope, field.name);
        let features = refined(outer.unwrap_or(self.features), field.stated(), &name())?;
        let mut added = AddedToField::default();
        let singular = field.label != LABEL_REPEATED && field.oneof_index.is_none();
        match features.presence {
            Presence::LegacyRequired if singular => added.label = Some(LABEL_REQUIRED),
            // For message fields it is without meaning, as whoever reads it knows.
            Presence::Implicit if singular => added.features().field_presence = Some(IMPLICIT),
            _ => {}
        }
        add_encodings(&mut added, field, features, self.may_be_delimited(field));
        let json_name = field.json_name.as_deref().unwrap_or_default();
        let keeper = self.json_names.get(json_name);
        if keeper.is_some_and(|keeper| *keeper != field.name) {
            added.json_name = Some(field.name.clone());
        }
        Ok(extended(encoded, &added))
    }

    /// Maps are length-prefixed, and so are the messages in them.
    fn may_be_delimited(&self, field: &Field) -> bool {
        let is_entry = |options: Option<MessageOptions>| options.is_some_and(|it| it.map_entry);
        let is_map = self.message.nested.iter().any(|nested| {
            let full_name = field.type_name.strip_prefix(self.scope);
            let name = full_name.and_then(|rest| rest.strip_prefix('.'));
            is_entry(nested.options) && nested.name == name.unwrap_or(&field.type_name)
        });
        !is_map && !is_entry(self.message.options)
    }
}

/// How the values of the field are written.
fn add_encodings(
    added: &mut AddedToField,
    field: &Field,
    features: Features,
    may_be_delimited: bool,
) {
    if features.packed && field.label == LABEL_REPEATED {
        // Without meaning, and without harm, for what cannot be packed.
        added.options.get_or_insert_default().packed = Some(true);
    }
    if features.delimited && field.kind == TYPE_MESSAGE && may_be_delimited {
        added.kind = Some(TYPE_GROUP);
    }
}

fn refined(outer: Features, stated: Option<Stated>, scope: &str) -> Result<Features, Fault> {
    let name = scope.strip_prefix('.').unwrap_or(scope);
    outer
        .refined(stated)
        .map_err(|unknown| Fault::unknown(name, unknown))
}

fn extended(encoded: &[u8], added: &impl prost::Message) -> Vec<u8> {
    let mut bytes = encoded.to_vec();
    bytes.extend(added.encode_to_vec());
    bytes
}

enum Fault {
    Damaged(prost::DecodeError),
    Unknown {
        element: String,
        unknown: UnknownValue,
    },
}

impl Fault {
    fn unknown(element: &str, unknown: UnknownValue) -> Fault {
        Fault::Unknown {
            element: element.to_owned(),
            unknown,
        }
    }
}

impl From<prost::DecodeError> for Fault {
    fn from(error: prost::DecodeError) -> Fault {
        Fault::Damaged(error)
    }
}
