//! Scalars and enums: from JSON values, and from bare text as it stands in map
//! keys, paths and queries. There is one parser for each type.

use super::{Reader, Result};
use crate::transcode::error::{ReadError, Reason, quote};
use crate::transcode::json::{Integral, NotIntegral, Number, Text};
use crate::transcode::schema::{Enum, EnumId, Kind, Schema};
use crate::transcode::wellknown::base64;
use crate::transcode::wire::{close_length, open_length, put_varint, zigzag};

impl Reader<'_> {
    /// The value that comes next, as wire bytes without a tag. `false` if it is
    /// an enum value that is unknown and ignored.
    #[inline(always)]
    pub(super) fn scalar(&mut self, kind: Kind) -> Result<bool> {
        let next = self.json.peek();
        let offset = self.json.offset();
        match (kind, next) {
            (Kind::String, b'"') => put_string(self.json.string()?, &mut self.out),
            (Kind::Bool, b't') => {
                self.json.literal("true")?;
                self.out.push(1);
            }
            (Kind::Bool, b'f') => {
                self.json.literal("false")?;
                self.out.push(0);
            }
            (Kind::Enum(id), _) => return self.enum_value(id, next, offset),
            (Kind::Bytes, b'"') => {
                let text = self.json.string()?;
                put_bytes(&text.content(), &mut self.out).map_err(|error| error.at(offset))?;
            }
            (Kind::String | Kind::Bool | Kind::Bytes, _) => {
                return Err(self.wrong_type(kind.expected()));
            }
            (_, b'-' | b'0'..=b'9') => {
                if let Some(number) = self.json.small_integer() {
                    put_small(kind, number, &mut self.out);
                    return Ok(true);
                }
                let number = self.json.number()?;
                put_number(kind, number, &mut self.out).map_err(|error| error.at(offset))?;
            }
            (_, b'"') => {
                let text = self.json.string()?;
                put_quoted_number(kind, &text.content(), &mut self.out)
                    .map_err(|error| error.at(offset))?;
            }
            _ => return Err(self.wrong_type(kind.expected())),
        }
        Ok(true)
    }

    fn enum_value(&mut self, id: EnumId, next: u8, offset: usize) -> Result<bool> {
        let plan = self.schema.get_enum(id);
        let number = match next {
            b'"' => {
                let name = self.json.string()?;
                match plan.number(&name.content()) {
                    Some(number) => number,
                    None if self.ignore_unknown => return Ok(false),
                    None => return Err(unknown_name(plan, &name.decoded()).at(offset)),
                }
            }
            b'-' | b'0'..=b'9' => {
                let number = enum_number(self.json.number()?).map_err(|error| error.at(offset))?;
                if !plan.holds(number) {
                    return match self.ignore_unknown {
                        true => Ok(false),
                        false => Err(unknown_number(plan, number).at(offset)),
                    };
                }
                number
            }
            b'n' if plan.is_null => {
                self.json.literal("null")?;
                0
            }
            _ => return Err(self.wrong_type("an enum name or number")),
        };
        put_varint(&mut self.out, number as i64 as u64);
        Ok(true)
    }
}

/// Appends a scalar that is given as bare text.
pub(super) fn put_text(schema: &Schema, kind: Kind, text: &str, out: &mut Vec<u8>) -> Result {
    match kind {
        Kind::String => put_string(Text::plain(text), out),
        Kind::Bytes => put_bytes(text.as_bytes(), out)?,
        Kind::Bool => match text {
            "true" => out.push(1),
            "false" => out.push(0),
            _ => return Err(wrong_text(kind.expected(), text)),
        },
        Kind::Enum(id) => {
            let number = enum_from_text(schema.get_enum(id), text)?;
            put_varint(out, number as i64 as u64);
        }
        kind => put_quoted_number(kind, text.as_bytes(), out)?,
    }
    Ok(())
}

fn enum_from_text(plan: &Enum, text: &str) -> Result<i32> {
    if let Some(number) = plan.number(text.as_bytes()) {
        return Ok(number);
    }
    match Number::parse(text.as_bytes()) {
        Some(number) => {
            let number = enum_number(number)?;
            match plan.holds(number) {
                true => Ok(number),
                false => Err(unknown_number(plan, number)),
            }
        }
        None if plan.is_null && text == "null" => Ok(0),
        None => Err(unknown_name(plan, text)),
    }
}

#[inline]
pub(super) fn put_string(text: Text<'_>, out: &mut Vec<u8>) {
    match text.escaped {
        false => {
            put_varint(out, text.raw.len() as u64);
            out.extend_from_slice(text.raw);
        }
        true => {
            let mark = open_length(out);
            text.decode_into(out);
            close_length(out, mark);
        }
    }
}

#[inline]
fn put_bytes(text: &[u8], out: &mut Vec<u8>) -> Result {
    let mark = open_length(out);
    if base64::decode(text, out).is_none() {
        return Err(not_base64(text));
    }
    close_length(out, mark);
    Ok(())
}

#[cold]
fn not_base64(text: &[u8]) -> ReadError {
    let what = format!(
        "expected base64 (standard or URL-safe, padded or not), found {}",
        quote(&String::from_utf8_lossy(text))
    );
    ReadError::new(Reason::Malformed, what)
}

/// A number inside a string, or one of the words for what JSON has no number for.
fn put_quoted_number(kind: Kind, text: &[u8], out: &mut Vec<u8>) -> Result {
    let word = match (kind, text) {
        (Kind::Float | Kind::Double, b"NaN") => f64::NAN,
        (Kind::Float | Kind::Double, b"Infinity") => f64::INFINITY,
        (Kind::Float | Kind::Double, b"-Infinity") => f64::NEG_INFINITY,
        _ => match Number::parse(text) {
            Some(number) => return put_number(kind, number, out),
            None => {
                let text = String::from_utf8_lossy(text);
                return Err(wrong_text(kind.expected(), &text));
            }
        },
    };
    match kind {
        Kind::Float => out.extend_from_slice(&(word as f32).to_le_bytes()),
        _ => out.extend_from_slice(&word.to_le_bytes()),
    }
    Ok(())
}

fn put_number(kind: Kind, number: Number<'_>, out: &mut Vec<u8>) -> Result {
    match kind {
        Kind::Double => match number.to_f64() {
            value if value.is_finite() => out.extend_from_slice(&value.to_le_bytes()),
            _ => return Err(out_of_range(kind, number.text())),
        },
        Kind::Float => match number.to_f32() {
            value if value.is_finite() => out.extend_from_slice(&value.to_le_bytes()),
            _ => return Err(out_of_range(kind, number.text())),
        },
        _ => match number.integral() {
            Ok(integral) if put_integral(kind, integral, out) => {}
            Err(NotIntegral::Fraction) => return Err(wrong_text(kind.expected(), number.text())),
            _ => return Err(out_of_range(kind, number.text())),
        },
    }
    Ok(())
}

/// Appends a number that fits whatever the kind.
#[inline]
fn put_small(kind: Kind, number: u32, out: &mut Vec<u8>) {
    match kind {
        Kind::Double => out.extend_from_slice(&f64::from(number).to_le_bytes()),
        Kind::Float => out.extend_from_slice(&(number as f32).to_le_bytes()),
        Kind::Fixed32 | Kind::Sfixed32 => out.extend_from_slice(&number.to_le_bytes()),
        Kind::Fixed64 | Kind::Sfixed64 => out.extend_from_slice(&u64::from(number).to_le_bytes()),
        Kind::Sint32 | Kind::Sint64 => put_varint(out, zigzag(i64::from(number))),
        _ => put_varint(out, u64::from(number)),
    }
}

/// Appends an integer; `false` if it does not fit.
#[inline]
fn put_integral(
    kind: Kind,
    Integral {
        negative,
        magnitude,
    }: Integral,
    out: &mut Vec<u8>,
) -> bool {
    let unsigned = (!negative || magnitude == 0).then_some(magnitude);
    let signed = match negative {
        true => 0i64.checked_sub_unsigned(magnitude),
        false => i64::try_from(magnitude).ok(),
    };
    let narrow = |value: i64| i32::try_from(value).ok();
    match kind {
        Kind::Int64 => signed.map(|value| put_varint(out, value as u64)),
        Kind::Int32 => signed
            .and_then(narrow)
            .map(|value| put_varint(out, value as i64 as u64)),
        Kind::Uint64 => unsigned.map(|value| put_varint(out, value)),
        Kind::Uint32 => unsigned
            .filter(|value| *value <= u64::from(u32::MAX))
            .map(|value| put_varint(out, value)),
        Kind::Sint64 => signed.map(|value| put_varint(out, zigzag(value))),
        Kind::Sint32 => signed
            .and_then(narrow)
            .map(|value| put_varint(out, zigzag(value.into()))),
        Kind::Sfixed64 => signed.map(|value| out.extend_from_slice(&value.to_le_bytes())),
        Kind::Sfixed32 => signed
            .and_then(narrow)
            .map(|value| out.extend_from_slice(&value.to_le_bytes())),
        Kind::Fixed64 => unsigned.map(|value| out.extend_from_slice(&value.to_le_bytes())),
        Kind::Fixed32 => unsigned
            .and_then(|value| u32::try_from(value).ok())
            .map(|value| out.extend_from_slice(&value.to_le_bytes())),
        _ => None,
    }
    .is_some()
}

fn enum_number(number: Number<'_>) -> Result<i32> {
    let Integral {
        negative,
        magnitude,
    } = match number.integral() {
        Ok(integral) => integral,
        Err(NotIntegral::Fraction) => {
            return Err(wrong_text("an enum name or number", number.text()));
        }
        Err(NotIntegral::TooLarge) => return Err(out_of_range(Kind::Int32, number.text())),
    };
    let value = i64::try_from(magnitude).map(|size| if negative { -size } else { size });
    value
        .ok()
        .and_then(|value| i32::try_from(value).ok())
        .ok_or_else(|| out_of_range(Kind::Int32, number.text()))
}

#[cold]
fn out_of_range(kind: Kind, text: &str) -> ReadError {
    let (name, range) = match kind {
        Kind::Float => ("float", "-3.4028235e38 to 3.4028235e38".to_owned()),
        Kind::Double => (
            "double",
            "-1.7976931348623157e308 to 1.7976931348623157e308".to_owned(),
        ),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            ("int64", format!("{} to {}", i64::MIN, i64::MAX))
        }
        Kind::Uint64 | Kind::Fixed64 => ("uint64", format!("0 to {}", u64::MAX)),
        Kind::Uint32 | Kind::Fixed32 => ("uint32", format!("0 to {}", u32::MAX)),
        _ => ("int32", format!("{} to {}", i32::MIN, i32::MAX)),
    };
    let quoted = quote(text);
    let what = format!(
        "{} is out of range for {name}: {range}",
        quoted.trim_matches('"')
    );
    ReadError::new(Reason::OutOfRange, what)
}

#[cold]
pub(super) fn wrong_text(expected: &str, text: &str) -> ReadError {
    ReadError::new(
        Reason::WrongType,
        format!("expected {expected}, found {}", quote(text)),
    )
}

#[cold]
fn unknown_name(plan: &Enum, name: &str) -> ReadError {
    let mut what = format!("{} has no value {}", plan.name, quote(name));
    if let Some(near) = super::message::nearest(name, plan.by_name.names()) {
        what += &format!("; did you mean {}?", quote(near));
    }
    ReadError::new(Reason::UnknownEnumValue, what)
}

#[cold]
fn unknown_number(plan: &Enum, number: i32) -> ReadError {
    let what = format!(
        "{} is closed and has no value with number {number}",
        plan.name
    );
    ReadError::new(Reason::UnknownEnumValue, what)
}
