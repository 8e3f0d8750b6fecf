//! A request path, checked and split: what is malformed, where the segments are,
//! and what they say once decoded. Which template they match is left to `table`.

use crate::rule::MAX_SEGMENTS;
use memchr::{memchr, memrchr};
use std::{borrow::Cow, fmt, ops::Range};

/// Why a path is refused, and at which byte of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    /// The byte of the path, from 0.
    pub offset: usize,
    /// What is wrong there.
    pub fault: PathFault,
}

/// What can be wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// It does not begin with `/`.
    NotAbsolute,
    /// A `%` without two hexadecimal digits after it.
    BadEscape,
    /// A control character, as it is or percent-encoded.
    Control,
    /// A byte that may only stand there percent-encoded.
    NotAscii,
    /// A `\`, which some servers read as `/`.
    Backslash,
    /// A segment that is `.` or `..`, as it is or percent-encoded.
    DotSegment,
    /// Percent-encoded bytes that are not UTF-8.
    NotUtf8,
    /// More segments than any template has.
    TooManySegments,
    /// More bytes than any HTTP server takes.
    TooLong,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed path, byte {}: {}", self.offset, self.fault)
    }
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathFault::NotAbsolute => "a path begins with `/`",
            PathFault::BadEscape => {
                "`%` must be followed by two hexadecimal digits; a percent sign is `%25`"
            }
            PathFault::Control => "control characters are refused",
            PathFault::NotAscii => "non-ASCII characters must be percent-encoded",
            PathFault::Backslash => "a backslash must be percent-encoded, as `%5C`",
            PathFault::DotSegment => {
                "`.` and `..` segments are refused; resolve them before sending"
            }
            PathFault::NotUtf8 => "the percent-encoded bytes are not UTF-8",
            PathFault::TooManySegments => "the path has too many segments",
            PathFault::TooLong => "the path is too long",
        })
    }
}

impl std::error::Error for PathError {}

/// A well-formed path and where its segments start.
#[derive(Clone)]
pub(super) struct Path<'p> {
    text: &'p str,
    starts: [u16; MAX_SEGMENTS],
    count: usize,
    /// Where the last segment ends: before the verb once that is taken off.
    end: usize,
    has_empty: bool,
}

impl<'p> Path<'p> {
    /// Checks and splits a path in one pass; segments with percent-encodings, and
    /// only those, are looked at again.
    pub(super) fn read(text: &'p str) -> Result<Path<'p>, PathError> {
        let bytes = text.as_bytes();
        if bytes.first() != Some(&b'/') {
            return Err(PathError {
                offset: 0,
                fault: PathFault::NotAbsolute,
            });
        }
        if bytes.len() > usize::from(u16::MAX) {
            return Err(PathError {
                offset: usize::from(u16::MAX),
                fault: PathFault::TooLong,
            });
        }
        let mut path = Path {
            text,
            starts: [0; MAX_SEGMENTS],
            count: 0,
            end: bytes.len(),
            has_empty: false,
        };
        if bytes.len() == 1 {
            return Ok(path);
        }
        let mut start = 1;
        let mut escaped = false;
        for (at, &byte) in bytes.iter().enumerate().skip(1) {
            match byte {
                b'/' => {
                    path.push(start, at, escaped)?;
                    (start, escaped) = (at + 1, false);
                }
                b'%' => escaped = true,
                b'\\' => {
                    return Err(PathError {
                        offset: at,
                        fault: PathFault::Backslash,
                    });
                }
                0x00..=0x1f | 0x7f => {
                    return Err(PathError {
                        offset: at,
                        fault: PathFault::Control,
                    });
                }
                0x80.. => {
                    return Err(PathError {
                        offset: at,
                        fault: PathFault::NotAscii,
                    });
                }
                _ => {}
            }
        }
        path.push(start, bytes.len(), escaped)?;
        path.check_under_verb(start)?;
        Ok(path)
    }

    fn push(&mut self, start: usize, end: usize, escaped: bool) -> Result<(), PathError> {
        if self.count == MAX_SEGMENTS {
            return Err(PathError {
                offset: start,
                fault: PathFault::TooManySegments,
            });
        }
        let segment = &self.text[start..end];
        if escaped {
            check_escapes(segment, start)?;
        }
        if is_dot(segment) {
            return Err(PathError {
                offset: start,
                fault: PathFault::DotSegment,
            });
        }
        self.has_empty |= segment.is_empty();
        // The whole path is no longer than `u16::MAX`.
        self.starts[self.count] = start as u16;
        self.count += 1;
        Ok(())
    }

    /// What is left of the last segment without its verb may be no dot segment either.
    fn check_under_verb(&self, start: usize) -> Result<(), PathError> {
        match self.split_verb() {
            Some((under, _)) if is_dot(&under.text[start..under.end]) => Err(PathError {
                offset: start,
                fault: PathFault::DotSegment,
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whether a segment is empty, so that no template can match.
    pub(super) fn has_empty(&self) -> bool {
        self.has_empty
    }

    /// The segment, decoded.
    pub(super) fn segment(&self, index: usize) -> Cow<'p, str> {
        decode(self.slice(index..index + 1), Keep::Nothing)
    }

    /// The path without its verb, and the verb, decoded: what follows the last
    /// colon of the last segment, if neither side of the colon is empty.
    pub(super) fn split_verb(&self) -> Option<(Path<'p>, Cow<'p, str>)> {
        let last = self.slice(self.count.checked_sub(1)?..self.count);
        let colon =
            memrchr(b':', last.as_bytes()).filter(|&colon| colon > 0 && colon + 1 < last.len())?;
        let verb = decode(&last[colon + 1..], Keep::Nothing);
        let path = Path {
            end: self.end - (last.len() - colon),
            ..self.clone()
        };
        Some((path, verb))
    }

    fn slice(&self, segments: Range<usize>) -> &'p str {
        let end = if segments.end < self.count {
            usize::from(self.starts[segments.end]) - 1
        } else {
            self.end
        };
        &self.text[usize::from(self.starts[segments.start])..end]
    }
}

/// The segments of a path that matched a template.
#[derive(Clone)]
pub struct Captures<'p> {
    path: Path<'p>,
    /// The index of the template's `**`, if it has one.
    rest: Option<usize>,
}

impl<'p> Captures<'p> {
    pub(super) fn new(path: Path<'p>, rest: Option<usize>) -> Captures<'p> {
        Captures { path, rest }
    }

    /// What the given segments of the matched template stand for in the path,
    /// percent-decoded. With `multi`, the reserved characters of RFC 6570 stay encoded
    /// as they were sent, as the comment of `google/api/http.proto` has it. Empty where
    /// a `**` matched nothing.
    pub fn decode(&self, segments: Range<usize>, multi: bool) -> Result<Cow<'p, str>, PathError> {
        let end = match self.rest {
            Some(rest) if segments.end > rest => self.path.count,
            _ => segments.end.min(self.path.count),
        };
        if segments.start >= end {
            return Ok(Cow::Borrowed(""));
        }
        let keep = if multi { Keep::Reserved } else { Keep::Nothing };
        Ok(decode(self.path.slice(segments.start..end), keep))
    }
}

impl fmt::Debug for Captures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments: Vec<_> = (0..self.path.count)
            .map(|index| self.path.segment(index))
            .collect();
        f.debug_struct("Captures")
            .field("segments", &segments)
            .field("rest", &self.rest)
            .finish()
    }
}

/// Every `%` of a segment has two hexadecimal digits, none means a control
/// character, and what they decode to is UTF-8.
fn check_escapes(segment: &str, start: usize) -> Result<(), PathError> {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut first_high = None;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            decoded.push(bytes[at]);
            at += 1;
            continue;
        }
        let offset = start + at;
        let byte = escape(&bytes[at..]).ok_or(PathError {
            offset,
            fault: PathFault::BadEscape,
        })?;
        if byte.is_ascii_control() {
            return Err(PathError {
                offset,
                fault: PathFault::Control,
            });
        }
        if !byte.is_ascii() {
            first_high.get_or_insert(offset);
        }
        decoded.push(byte);
        at += 3;
    }
    match first_high {
        Some(offset) if std::str::from_utf8(&decoded).is_err() => Err(PathError {
            offset,
            fault: PathFault::NotUtf8,
        }),
        _ => Ok(()),
    }
}

/// Whether a segment, decoded, is `.` or `..`.
fn is_dot(segment: &str) -> bool {
    let mut rest = segment.as_bytes();
    let mut dots = 0;
    while !rest.is_empty() {
        let length = match rest {
            [b'.', ..] => 1,
            [b'%', b'2', b'e' | b'E', ..] => 3,
            _ => return false,
        };
        rest = &rest[length..];
        dots += 1;
    }
    dots == 1 || dots == 2
}

enum Keep {
    Nothing,
    Reserved,
}

/// Percent-decodes text whose escapes [`check_escapes`] has seen.
fn decode(text: &str, keep: Keep) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let Some(first) = memchr(b'%', bytes) else {
        return Cow::Borrowed(text);
    };
    let mut decoded = Vec::with_capacity(bytes.len());
    decoded.extend_from_slice(&bytes[..first]);
    let mut at = first;
    while at < bytes.len() {
        match escape(&bytes[at..]) {
            Some(byte) if matches!(keep, Keep::Nothing) || !is_reserved(byte) => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    let decoded = String::from_utf8(decoded);
    Cow::Owned(
        decoded.expect(
            "each segment's escapes decode to UTF-8, as was checked when the path was read",
        ),
    )
}

/// The byte that a percent-encoding at the start of `bytes` stands for.
fn escape(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = *bytes else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// RFC 6570 `reserved`. The percent sign is not among them: who sends `100%25` means `100%`.
fn is_reserved(byte: u8) -> bool {
    b":/?#[]@!$&'()*+,;=".contains(&byte)
}
