//! The protobuf wire: varints, tags and lengths, in and out. What the fields
//! mean is left to `read` and `write`.

/// How deep messages and groups may be nested on the wire.
pub(super) const MAX_DEPTH: usize = 100;

/// Appends a varint.
#[inline]
pub(super) fn put_varint(out: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        out.push(value as u8);
    } else {
        put_long_varint(out, value);
    }
}

fn put_long_varint(out: &mut Vec<u8>, mut value: u64) {
    let mut bytes = [0; 10];
    let mut len = 0;
    while value >= 0x80 {
        bytes[len] = value as u8 | 0x80;
        value >>= 7;
        len += 1;
    }
    bytes[len] = value as u8;
    out.extend_from_slice(&bytes[..=len]);
}

/// Appends `source[start..end]`. A short run is copied as one block of a fixed
/// size, of which the rest is dropped again: that takes two moves and no call.
#[inline]
pub(super) fn append(out: &mut Vec<u8>, source: &[u8], start: usize, end: usize) {
    const BLOCK: usize = 32;
    if let Some(block) = source[start..].first_chunk::<BLOCK>()
        && end - start <= BLOCK
    {
        let len = out.len() + (end - start);
        out.extend_from_slice(block);
        out.truncate(len);
    } else {
        out.extend_from_slice(&source[start..end]);
    }
}

/// Where a length prefix was left open.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

/// Leaves room for a length prefix of one byte, the usual case.
#[inline]
pub(super) fn open_length(out: &mut Vec<u8>) -> Mark {
    out.push(0);
    Mark(out.len())
}

/// Fills in the length of what was appended since; moves it if the prefix is longer.
#[inline]
pub(super) fn close_length(out: &mut Vec<u8>, Mark(start): Mark) {
    let len = out.len() - start;
    if len < 0x80 {
        out[start - 1] = len as u8;
    } else {
        close_long(out, start, len);
    }
}

fn close_long(out: &mut Vec<u8>, start: usize, len: usize) {
    let end = out.len();
    // The prefix goes to the end first and is turned into place.
    put_long_varint(out, len as u64);
    let prefix = out.len() - end;
    let mut bytes = [0; 10];
    bytes[..prefix].copy_from_slice(&out[end..]);
    out.copy_within(start..end, start - 1 + prefix);
    out[start - 1..start - 1 + prefix].copy_from_slice(&bytes[..prefix]);
    out.truncate(end + prefix - 1);
}

/// Maps signed to unsigned so that small magnitudes stay short.
#[inline]
pub(super) fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// The inverse of [`zigzag`].
#[inline]
pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// What can be wrong with wire bytes, whatever their schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Malformed {
    Truncated,
    LongVarint,
    BadTag,
    BadWireType,
    UnmatchedGroup,
    TooDeep,
    WrongWireType,
    TooLarge,
}

impl Malformed {
    pub(super) fn text(self) -> &'static str {
        match self {
            Malformed::Truncated => "the message ends in the middle of a field",
            Malformed::LongVarint => "a varint does not fit into 64 bits",
            Malformed::BadTag => "a tag has no valid field number",
            Malformed::BadWireType => "a field has wire type 6 or 7, which do not exist",
            Malformed::UnmatchedGroup => "a group is not ended where it should be",
            Malformed::TooDeep => "messages are nested more than 100 deep",
            Malformed::WrongWireType => "the field has another wire type than its schema says",
            Malformed::TooLarge => "the message is larger than 4 GiB",
        }
    }
}

/// A reader over `bytes[at..]`. Its end is the end of `bytes`, and positions
/// count from the start of `bytes`, so cursors over parts of one message agree.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, at: 0 }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Malformed> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in 0..10 {
            let byte = *self.bytes.get(self.at).ok_or(Malformed::Truncated)?;
            self.at += 1;
            // Of the tenth byte only one bit is left.
            if shift == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (shift * 7);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed::LongVarint)
    }

    /// A tag, with a field number that is not zero.
    #[inline]
    pub(super) fn tag(&mut self) -> Result<u32, Malformed> {
        let tag = u32::try_from(self.varint()?).map_err(|_| Malformed::BadTag)?;
        if tag < 8 {
            Err(Malformed::BadTag)
        } else {
            Ok(tag)
        }
    }

    #[inline]
    pub(super) fn fixed32(&mut self) -> Result<[u8; 4], Malformed> {
        let bytes = self.bytes[self.at..]
            .first_chunk()
            .ok_or(Malformed::Truncated)?;
        self.at += 4;
        Ok(*bytes)
    }

    #[inline]
    pub(super) fn fixed64(&mut self) -> Result<[u8; 8], Malformed> {
        let bytes = self.bytes[self.at..]
            .first_chunk()
            .ok_or(Malformed::Truncated)?;
        self.at += 8;
        Ok(*bytes)
    }

    /// A cursor over a length-delimited value, which is stepped over.
    #[inline]
    pub(super) fn delimited(&mut self) -> Result<Cursor<'a>, Malformed> {
        let len = usize::try_from(self.varint()?).map_err(|_| Malformed::Truncated)?;
        let at = self.at;
        let end = at.checked_add(len).ok_or(Malformed::Truncated)?;
        let bytes = self.bytes.get(..end).ok_or(Malformed::Truncated)?;
        self.at = end;
        Ok(Cursor { bytes, at })
    }

    /// A cursor over the inside of a group, which is stepped over with its end.
    pub(super) fn group(&mut self, number: u32, depth: usize) -> Result<Cursor<'a>, Malformed> {
        let at = self.at;
        loop {
            let end = self.at;
            let tag = self.tag()?;
            if tag & 7 == 4 {
                return match tag >> 3 == number {
                    true => Ok(Cursor {
                        bytes: &self.bytes[..end],
                        at,
                    }),
                    false => Err(Malformed::UnmatchedGroup),
                };
            }
            self.skip(tag, depth)?;
        }
    }

    /// Steps over the value that follows `tag`.
    #[inline]
    pub(super) fn skip(&mut self, tag: u32, depth: usize) -> Result<(), Malformed> {
        match tag & 7 {
            0 => self.varint().map(drop),
            1 => self.fixed64().map(drop),
            2 => self.delimited().map(drop),
            3 if depth >= MAX_DEPTH => Err(Malformed::TooDeep),
            3 => self.group(tag >> 3, depth + 1).map(drop),
            4 => Err(Malformed::UnmatchedGroup),
            5 => self.fixed32().map(drop),
            _ => Err(Malformed::BadWireType),
        }
    }

    /// The bytes from here to the end.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn varints_come_back() {
        for value in [
            0,
            1,
            127,
            128,
            16_383,
            16_384,
            u64::from(u32::MAX),
            u64::MAX,
        ] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            let mut cursor = Cursor::new(&out);
            assert_eq!(cursor.varint(), Ok(value));
            assert!(cursor.is_empty());
        }
    }

    #[test]
    fn long_and_truncated_varints_are_refused() {
        assert_eq!(
            Cursor::new(&[0x80; 11]).varint(),
            Err(Malformed::LongVarint)
        );
        assert_eq!(Cursor::new(&[0x80; 3]).varint(), Err(Malformed::Truncated));
    }

    #[test]
    fn a_length_moves_its_body_only_when_it_must() {
        for len in [0, 1, 127, 128, 129, 16_383, 16_384, 70_000] {
            let mut out = vec![9];
            let mark = open_length(&mut out);
            out.resize(out.len() + len, 7);
            close_length(&mut out, mark);
            let mut cursor = Cursor { bytes: &out, at: 1 };
            let inner = cursor.delimited().unwrap();
            assert!(cursor.is_empty());
            assert_eq!(inner.rest(), vec![7; len]);
        }
    }

    #[test]
    fn runs_of_any_length_are_appended() {
        let source: Vec<u8> = (0..100).collect();
        for start in 0..source.len() {
            for end in start..=source.len() {
                let mut out = vec![7];
                append(&mut out, &source, start, end);
                assert_eq!(out[1..], source[start..end]);
            }
        }
    }

    #[test]
    fn zigzag_comes_back() {
        for value in [0, -1, 1, i64::MIN, i64::MAX] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
        assert_eq!(zigzag(-1), 1);
    }

    #[test]
    fn groups_are_skipped_to_their_own_end_and_bounded() {
        let mut cursor = Cursor::new(&[0x0b, 0x13, 0x08, 0x01, 0x14, 0x0c, 0x08]);
        let tag = cursor.tag().unwrap();
        cursor.skip(tag, 0).unwrap();
        assert_eq!(cursor.at, 6);
        assert_eq!(
            Cursor::new(&[0x14]).group(1, 0).err(),
            Some(Malformed::UnmatchedGroup)
        );
        assert_eq!(
            Cursor::new(&[0x0b; 5000]).skip(0x0b, 0),
            Err(Malformed::TooDeep)
        );
    }
}
