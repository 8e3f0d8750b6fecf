//! Scalars and enums as JSON values.

use super::{Result, Stop, Writer};
use crate::transcode::json::{escape_checked, is_plain};
use crate::transcode::schema::{EnumId, Kind};
use crate::transcode::wellknown::base64;
use crate::transcode::wire::{Cursor, append, unzigzag};

impl Writer<'_> {
    /// A scalar at the cursor. Whether it is the default of its type.
    #[inline]
    pub(super) fn scalar(&mut self, kind: Kind, cursor: &mut Cursor<'_>) -> Result<bool> {
        let out = &mut self.out;
        Ok(match kind {
            Kind::String => {
                let inside = cursor.delimited()?;
                put_string(inside, cursor.bytes, out)?;
                inside.is_empty()
            }
            Kind::Int32 => put_integer(cursor.varint()? as i32, out),
            Kind::Int64 => put_quoted(cursor.varint()? as i64, out),
            Kind::Uint32 => put_integer(cursor.varint()? as u32, out),
            Kind::Uint64 => put_quoted(cursor.varint()?, out),
            Kind::Bool => {
                let value = cursor.varint()? != 0;
                out.extend_from_slice(if value { b"true" } else { b"false" });
                !value
            }
            Kind::Double => put_double(f64::from_le_bytes(cursor.fixed64()?), out),
            Kind::Enum(id) => {
                let number = cursor.varint()? as i32;
                self.enum_number(id, number);
                number == 0
            }
            Kind::Bytes => {
                let inside = cursor.delimited()?;
                out.push(b'"');
                base64::encode(inside.rest(), out);
                out.push(b'"');
                inside.is_empty()
            }
            Kind::Float => put_float(f32::from_le_bytes(cursor.fixed32()?), out),
            Kind::Sint32 => put_integer(unzigzag(u64::from(cursor.varint()? as u32)) as i32, out),
            Kind::Sint64 => put_quoted(unzigzag(cursor.varint()?), out),
            Kind::Fixed32 => put_integer(u32::from_le_bytes(cursor.fixed32()?), out),
            Kind::Sfixed32 => put_integer(i32::from_le_bytes(cursor.fixed32()?), out),
            Kind::Fixed64 => put_quoted(u64::from_le_bytes(cursor.fixed64()?), out),
            Kind::Sfixed64 => put_quoted(i64::from_le_bytes(cursor.fixed64()?), out),
            Kind::Message(_) | Kind::Group(_) => {
                return Err(Stop::failed("a message is not a scalar"));
            }
        })
    }

    /// An enum value by its name, or by its number if it has none.
    pub(super) fn enum_number(&mut self, id: EnumId, number: i32) {
        let plan = self.schema.get_enum(id);
        match plan.printed(number) {
            Some(text) if plan.is_null || !self.options.enum_numbers => {
                self.out.extend_from_slice(text)
            }
            _ => {
                put_integer(number, &mut self.out);
            }
        }
    }

    /// A map key at the cursor: always a string.
    pub(super) fn map_key(&mut self, kind: Kind, cursor: &mut Cursor<'_>) -> Result {
        let quoted = matches!(
            kind,
            Kind::String
                | Kind::Int64
                | Kind::Uint64
                | Kind::Sint64
                | Kind::Fixed64
                | Kind::Sfixed64
        );
        if quoted {
            return self.scalar(kind, cursor).map(drop);
        }
        self.out.push(b'"');
        self.scalar(kind, cursor)?;
        self.out.push(b'"');
        Ok(())
    }
}

/// A `string` field, which must be UTF-8; `bytes` are what it is a part of.
#[inline(always)]
pub(super) fn put_string(inside: Cursor<'_>, bytes: &[u8], out: &mut Vec<u8>) -> Result {
    out.push(b'"');
    if is_plain(bytes, inside.at, inside.bytes.len()) {
        append(out, bytes, inside.at, inside.bytes.len());
    } else if !escape_checked(inside.rest(), out) {
        return Err(Stop::failed("the string is not valid UTF-8"));
    }
    out.push(b'"');
    Ok(())
}

/// Appends an integer in decimal. Whether it is zero.
#[inline]
pub(super) fn put_integer<I: itoa::Integer + TryInto<u8>>(value: I, out: &mut Vec<u8>) -> bool {
    match value.try_into() {
        // One digit needs no division and no copy.
        Ok(digit @ 0..=9) => {
            out.push(b'0' + digit);
            digit == 0
        }
        _ => {
            out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            false
        }
    }
}

/// 64-bit integers are strings, because JSON's readers mostly hold numbers as doubles.
#[inline]
pub(super) fn put_quoted<I: itoa::Integer + TryInto<u8>>(value: I, out: &mut Vec<u8>) -> bool {
    out.push(b'"');
    let default = put_integer(value, out);
    out.push(b'"');
    default
}

/// The shortest digits that come back as the same double. Whether it is +0.
pub(in crate::transcode) fn put_double(value: f64, out: &mut Vec<u8>) -> bool {
    if let Some(hundredths) = whole_hundredths(value) {
        put_hundredths(hundredths, out);
    } else {
        match word(value) {
            Some(word) => out.extend_from_slice(word),
            None => put_digits(zmij::Buffer::new().format_finite(value), out),
        }
    }
    value.to_bits() == 0
}

/// The value times a hundred, if that decimal is the value's shortest form, as
/// prices and counts are. Two decimals of at most 15 digits are never the nearest
/// to one double, so the one that is found is the shortest.
#[inline]
fn whole_hundredths(value: f64) -> Option<i64> {
    const LIMIT: f64 = 1e15;
    let hundredths = (value * 100.0).round_ties_even();
    let exact = hundredths.abs() < LIMIT && hundredths / 100.0 == value;
    // -0 equals 0 but is not printed like it.
    (exact && (hundredths != 0.0 || value.is_sign_positive())).then_some(hundredths as i64)
}

fn put_hundredths(hundredths: i64, out: &mut Vec<u8>) {
    if hundredths < 0 {
        out.push(b'-');
    }
    let size = hundredths.unsigned_abs();
    put_integer(size / 100, out);
    let (tenth, hundredth) = ((size / 10 % 10) as u8, (size % 10) as u8);
    match (tenth, hundredth) {
        (0, 0) => {}
        (_, 0) => out.extend_from_slice(&[b'.', b'0' + tenth]),
        _ => out.extend_from_slice(&[b'.', b'0' + tenth, b'0' + hundredth]),
    }
}

/// The shortest digits that come back as the same float. Whether it is +0.
pub(in crate::transcode) fn put_float(value: f32, out: &mut Vec<u8>) -> bool {
    match word(f64::from(value)) {
        Some(word) => out.extend_from_slice(word),
        None => put_digits(zmij::Buffer::new().format_finite(value), out),
    }
    value.to_bits() == 0
}

fn word(value: f64) -> Option<&'static [u8]> {
    match value {
        _ if value.is_nan() => Some(b"\"NaN\""),
        _ if value.is_finite() => None,
        _ if value > 0.0 => Some(b"\"Infinity\""),
        _ => Some(b"\"-Infinity\""),
    }
}

fn put_digits(digits: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(digits.strip_suffix(".0").unwrap_or(digits).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(value: f64) -> String {
        let mut out = Vec::new();
        put_double(value, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn doubles_have_the_shortest_digits() {
        let mut values = vec![
            0.0,
            -0.0,
            0.1,
            -0.5,
            0.01,
            0.07,
            1.005,
            1e15,
            9_999_999_999_999.99,
            1e13,
            0.3,
            0.1 + 0.2,
        ];
        values.extend((0..20_000).map(|at| f64::from(at * 37 - 370_000) / 100.0));
        values.extend((0..20_000).map(|at| f64::from(at * 37) / 1000.0));
        values.extend(
            (0..2_000u64).map(|at| f64::from_bits(at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2)),
        );
        for value in values {
            let shortest = zmij::Buffer::new().format_finite(value).to_owned();
            assert_eq!(
                printed(value),
                shortest.strip_suffix(".0").unwrap_or(&shortest)
            );
        }
    }

    #[test]
    fn what_json_has_no_number_for_is_a_word() {
        assert_eq!(printed(f64::NAN), "\"NaN\"");
        assert_eq!(printed(f64::INFINITY), "\"Infinity\"");
        assert_eq!(printed(f64::NEG_INFINITY), "\"-Infinity\"");
    }
}
