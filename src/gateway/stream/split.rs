//! Cuts the JSON values of a streamed request out of its body as it arrives: one a
//! line, one behind the other, or as the elements of one array. Only where a value
//! ends is decided here; whether it is JSON at all, the transcoder says.

use super::super::failure::Failure;
use bytes::{Buf as _, Bytes, BytesMut};

/// A value, and where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: Bytes,
    /// Counting from one.
    pub(super) line: usize,
}

/// The splitter's place in the text.
#[derive(Debug)]
pub(super) struct Splitter {
    buffer: BytesMut,
    limit: usize,
    mode: Mode,
    line: usize,
    scan: Scan,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing but white space so far; an array may or may not be the stream itself.
    Unknown {
        array: bool,
    },
    Concatenated,
    /// In an array, behind this.
    Array(Behind),
    /// The array is closed.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Open,
    Element,
    Comma,
}

/// How far the value at the buffer's start has been looked at.
#[derive(Debug, Default)]
struct Scan {
    offset: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
    lines: usize,
}

impl Splitter {
    /// Values may be up to `limit` bytes long. `array`: whether `[` at the start
    /// opens the stream, which it cannot where values are arrays themselves.
    pub(super) fn new(limit: usize, array: bool) -> Self {
        Self {
            buffer: BytesMut::new(),
            limit,
            mode: Mode::Unknown { array },
            line: 1,
            scan: Scan::default(),
        }
    }

    pub(super) fn push(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// The next value that is whole. `ended`: nothing more will be pushed.
    pub(super) fn next(&mut self, ended: bool) -> Result<Option<Value>, Failure> {
        if !self.skip_between()? {
            return if ended { self.end() } else { Ok(None) };
        }
        let end = match self.value_end() {
            Some(end) => end,
            // What is cut off, the transcoder reports with its place.
            None if ended => self.buffer.len(),
            None if self.buffer.len() > self.limit => {
                return Err(Failure::BodyTooLarge { limit: self.limit });
            }
            None => return Ok(None),
        };
        if end > self.limit {
            return Err(Failure::BodyTooLarge { limit: self.limit });
        }
        let value = Value {
            text: self.buffer.split_to(end).freeze(),
            line: self.line,
        };
        self.line += std::mem::take(&mut self.scan).lines;
        if let Mode::Array(behind) = &mut self.mode {
            *behind = Behind::Element;
        }
        Ok(Some(value))
    }

    fn end(&self) -> Result<Option<Value>, Failure> {
        match self.mode {
            Mode::Array(_) => Err(self.fault("the array is not closed")),
            _ => Ok(None),
        }
    }

    /// Skips white space and what stands between elements; whether a value follows.
    fn skip_between(&mut self) -> Result<bool, Failure> {
        while self.scan.offset == 0 {
            let Some(byte) = self.buffer.first().copied() else {
                return Ok(false);
            };
            match (byte, self.mode) {
                (b' ' | b'\t' | b'\r' | b'\n', _) => self.line += usize::from(byte == b'\n'),
                // RFC 7464 puts this before each value.
                (0x1e, Mode::Unknown { .. } | Mode::Concatenated) => {}
                (b'[', Mode::Unknown { array: true }) => {
                    self.mode = Mode::Array(Behind::Open);
                }
                (_, Mode::Unknown { .. }) => {
                    self.mode = Mode::Concatenated;
                    return Ok(true);
                }
                (_, Mode::Concatenated) => return Ok(true),
                (b']', Mode::Array(Behind::Open | Behind::Element)) => self.mode = Mode::Closed,
                (b',', Mode::Array(Behind::Element)) => self.mode = Mode::Array(Behind::Comma),
                (_, Mode::Array(Behind::Element)) => {
                    return Err(self.fault("expected `,` or `]` after an element"));
                }
                (b',' | b']', Mode::Array(_)) => return Err(self.fault("expected an element")),
                (_, Mode::Array(_)) => return Ok(true),
                (_, Mode::Closed) => {
                    return Err(self.fault("something follows the end of the array"));
                }
            }
            self.buffer.advance(1);
        }
        Ok(true)
    }

    /// Where the value at the buffer's start ends, looking only at what is new.
    fn value_end(&mut self) -> Option<usize> {
        let first = *self.buffer.first()?;
        let Scan {
            offset,
            depth,
            in_string,
            escaped,
            lines,
        } = &mut self.scan;
        while let Some(&byte) = self.buffer.get(*offset) {
            let at = *offset;
            *offset += 1;
            *lines += usize::from(byte == b'\n');
            if *in_string {
                match byte {
                    _ if *escaped => *escaped = false,
                    b'\\' => *escaped = true,
                    b'"' => {
                        *in_string = false;
                        if *depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => *in_string = true,
                b'{' | b'[' => *depth += 1,
                b'}' | b']' if *depth > 0 => {
                    *depth -= 1;
                    if *depth == 0 {
                        return Some(at + 1);
                    }
                }
                // Numbers and bare words end where something else begins.
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}' | 0x1e
                    if *depth == 0 && !matches!(first, b'{' | b'[' | b'"') && at > 0 =>
                {
                    *lines -= usize::from(byte == b'\n');
                    return Some(at);
                }
                _ => {}
            }
        }
        None
    }

    fn fault(&self, fault: &'static str) -> Failure {
        Failure::BadStream {
            line: self.line,
            fault,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn split(text: &str, piece: usize) -> Result<Vec<(String, usize)>, String> {
        let mut splitter = Splitter::new(32, true);
        let mut values = Vec::new();
        let mut pieces = text.as_bytes().chunks(piece);
        loop {
            let ended = match pieces.next() {
                Some(piece) => {
                    splitter.push(piece);
                    false
                }
                None => true,
            };
            loop {
                match splitter.next(ended) {
                    Ok(Some(value)) => {
                        values.push((String::from_utf8(value.text.to_vec()).unwrap(), value.line))
                    }
                    Ok(None) => break,
                    Err(failure) => return Err(format!("{failure:?}")),
                }
            }
            if ended {
                return Ok(values);
            }
        }
    }

    #[test]
    fn values_are_found_however_they_stand_and_arrive() {
        let cases: [(&str, &[(&str, usize)]); 7] = [
            ("", &[]),
            (" \n\n", &[]),
            (
                "{\"a\":1}\n{\"b\":\"}\\\"\"}\n",
                &[("{\"a\":1}", 1), ("{\"b\":\"}\\\"\"}", 2)],
            ),
            (
                "{}{} 1 2\n\"x\"null",
                &[
                    ("{}", 1),
                    ("{}", 1),
                    ("1", 1),
                    ("2", 1),
                    ("\"x\"", 2),
                    ("null", 2),
                ],
            ),
            (
                "[{\n},\n{\"a\":[1,2]}, 3]\n",
                &[("{\n}", 1), ("{\"a\":[1,2]}", 3), ("3", 3)],
            ),
            ("[]", &[]),
            ("{\"a\":", &[("{\"a\":", 1)]),
        ];
        for (text, expected) in cases {
            for piece in 1..=text.len().max(1) {
                let values = split(text, piece).unwrap();
                let values: Vec<_> = values
                    .iter()
                    .map(|(text, line)| (text.as_str(), *line))
                    .collect();
                assert_eq!(values, expected, "{text:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn faults_between_values_and_values_over_the_limit_are_told() {
        for (text, fault) in [
            ("[{} {}]", "expected `,`"),
            ("[,]", "expected an element"),
            ("[{},]", "expected an element"),
            ("[{},\n", "not closed"),
            ("[{}]\n{}", "follows the end"),
            ("\"0123456789012345678901234567890123456789", "BodyTooLarge"),
        ] {
            for piece in [1, 3, 64] {
                let error = split(text, piece).unwrap_err();
                assert!(error.contains(fault), "{text:?}: {error}");
            }
        }
    }
}
