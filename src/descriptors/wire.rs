//! Encoded messages, taken apart one level deep and put together again. What is in
//! them is left to the caller.

use prost::{
    DecodeError,
    encoding::{
        DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, skip_field,
    },
};

/// Copies a message. Of its length-delimited fields, those are replaced for which
/// `edit` has something else to say, given their number and what is in them.
pub(super) fn remake<E: From<DecodeError>>(
    message: &[u8],
    mut edit: impl FnMut(u32, &[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<Vec<u8>, E> {
    let mut out = Vec::with_capacity(message.len());
    let mut rest = message;
    while !rest.is_empty() {
        let whole = rest;
        let (number, wire_type) = decode_key(&mut rest)?;
        let after_key = rest;
        skip_field(wire_type, number, &mut rest, DecodeContext::default())?;
        let edited = match wire_type {
            WireType::LengthDelimited => {
                let mut inside = &after_key[..after_key.len() - rest.len()];
                decode_varint(&mut inside)?;
                edit(number, inside)?
            }
            _ => None,
        };
        match edited {
            Some(inside) => {
                encode_key(number, WireType::LengthDelimited, &mut out);
                encode_varint(inside.len() as u64, &mut out);
                out.extend(inside);
            }
            None => out.extend_from_slice(&whole[..whole.len() - rest.len()]),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn upper(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
        remake(bytes, |number, inside| {
            Ok((number == 2).then(|| [inside, b"!"].concat()))
        })
    }

    #[test]
    fn fields_that_are_not_edited_stay_byte_for_byte() {
        // A varint longer than need be, both fixed widths, a group, another string.
        let bytes = b"\x08\x81\x00\x11abcdefgh\x1dabcd\x23\x12\x01x\x24\x2a\x81\x00x";
        assert_eq!(upper(bytes).unwrap(), bytes);
    }

    #[test]
    fn edited_fields_get_a_new_length() {
        let bytes = [b"\x12\x7f".as_slice(), &[b'x'; 127], b"\x08\x01\x12\x00"].concat();
        let wanted = [
            b"\x12\x80\x01".as_slice(),
            &[b'x'; 127],
            b"!\x08\x01\x12\x01!",
        ]
        .concat();
        assert_eq!(upper(&bytes).unwrap(), wanted);
    }

    #[test]
    fn what_is_cut_short_or_no_message_is_an_error() {
        for bytes in [
            &b"\x12\x05abc"[..],
            b"\x12",
            b"\x07",
            b"\x0b\x08\x01",
            b"\x00\x00",
        ] {
            upper(bytes).unwrap_err();
        }
    }
}
