//! What the features of protobuf editions say about an element: the ones that it
//! states over those of what encloses it, down from the edition's defaults. What
//! follows for its descriptor is left to `lower`.
//!
//! `utf8_validation` is not among them: a string that is not UTF-8 cannot stand in
//! JSON, whether or not its file has it verified. The features of edition 2024 that
//! are new are about names and visibility, which end with the compiler.

/// `google.protobuf.FeatureSet`, as it is stated.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Stated {
    #[prost(int32, optional, tag = "1")]
    pub(super) field_presence: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(super) enum_type: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    pub(super) repeated_field_encoding: Option<i32>,
    #[prost(int32, optional, tag = "5")]
    pub(super) message_encoding: Option<i32>,
    #[prost(int32, optional, tag = "6")]
    pub(super) json_format: Option<i32>,
}

/// `FeatureSet.FieldPresence`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Presence {
    Explicit,
    Implicit,
    LegacyRequired,
}

/// The features that hold for an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Features {
    pub(super) presence: Presence,
    /// `enum_type = OPEN`.
    pub(super) open_enums: bool,
    /// `repeated_field_encoding = PACKED`.
    pub(super) packed: bool,
    /// `message_encoding = DELIMITED`.
    pub(super) delimited: bool,
    /// `json_format = LEGACY_BEST_EFFORT`: JSON names need not be unique.
    pub(super) legacy_json: bool,
}

/// A value that a feature does not have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownValue {
    pub(super) feature: &'static str,
    pub(super) value: i32,
}

impl Features {
    /// What proto2 files have; compilers let them state nothing else.
    pub(super) const PROTO2: Features = Features {
        presence: Presence::Explicit,
        open_enums: false,
        packed: false,
        delimited: false,
        legacy_json: true,
    };

    /// The defaults of the editions 2023 and 2024, which in these are one.
    pub(super) const EDITIONS: Features = Features {
        presence: Presence::Explicit,
        open_enums: true,
        packed: true,
        delimited: false,
        legacy_json: false,
    };

    /// The features of an element that states some inside one that has these.
    pub(super) fn refined(self, stated: Option<Stated>) -> Result<Features, UnknownValue> {
        let stated = stated.unwrap_or_default();
        let presence = match stated.field_presence {
            None => self.presence,
            Some(1) => Presence::Explicit,
            Some(2) => Presence::Implicit,
            Some(3) => Presence::LegacyRequired,
            Some(value) => {
                return Err(UnknownValue {
                    feature: "field_presence",
                    value,
                });
            }
        };
        Ok(Features {
            presence,
            open_enums: !second("enum_type", stated.enum_type, !self.open_enums)?,
            packed: !second(
                "repeated_field_encoding",
                stated.repeated_field_encoding,
                !self.packed,
            )?,
            delimited: second("message_encoding", stated.message_encoding, self.delimited)?,
            legacy_json: second("json_format", stated.json_format, self.legacy_json)?,
        })
    }
}

/// Whether a feature of two values has its second.
fn second(
    feature: &'static str,
    stated: Option<i32>,
    inherited: bool,
) -> Result<bool, UnknownValue> {
    match stated {
        None => Ok(inherited),
        Some(value @ (1 | 2)) => Ok(value == 2),
        Some(value) => Err(UnknownValue { feature, value }),
    }
}
