//! gRPC's length-prefixed messages ("gRPC over HTTP/2", Length-Prefixed-Message):
//! one flag byte, four bytes of length, the message.

use super::Failure;
use bytes::{Buf as _, Bytes, BytesMut};
use http::HeaderMap;

pub(super) const PREFIX: usize = 5;

/// A request message being written, with room for its prefix in front, so that
/// the finished frame needs no copy.
#[derive(Debug)]
pub struct Outgoing(Vec<u8>);

impl Outgoing {
    /// An empty message with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut buffer = Vec::with_capacity(PREFIX + capacity);
        buffer.resize(PREFIX, 0);
        Self(buffer)
    }

    /// Where the message's bytes are appended; what stands in it already must stay.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The message's bytes so far.
    pub fn message(&self) -> &[u8] {
        &self.0[PREFIX..]
    }

    /// The finished frame. A message of 4 GiB or more has none.
    pub(super) fn seal(mut self) -> Result<Bytes, Failure> {
        let length = u32::try_from(self.0.len() - PREFIX)
            .map_err(|_| Failure::Protocol("a request message of 4 GiB or more"))?;
        self.0[1..PREFIX].copy_from_slice(&length.to_be_bytes());
        Ok(Bytes::from(self.0))
    }
}

/// Collects the one message of a unary reply from the data of its body.
#[derive(Debug)]
pub(super) struct Unary {
    limit: usize,
    encoding: Encoding,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Less than one message has come.
    Partial(BytesMut),
    /// The message, without its prefix.
    Whole(Bytes),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Encoding {
    Identity,
    /// The backend named an encoding that it was never told we accept.
    Foreign,
}

impl Unary {
    /// Expects one message of at most `limit` bytes in a body with these headers.
    pub(super) fn new(headers: &HeaderMap, limit: usize) -> Self {
        Self {
            limit,
            encoding: Encoding::of(headers),
            state: State::Partial(BytesMut::new()),
        }
    }

    /// Takes the next piece of the body.
    pub(super) fn push(&mut self, data: Bytes) -> Result<(), Failure> {
        if data.is_empty() {
            return Ok(());
        }
        let State::Partial(buffer) = &mut self.state else {
            return Err(Failure::Protocol("more than one message in a unary reply"));
        };
        if buffer.is_empty() && data.len() >= PREFIX {
            // The ordinary case: the whole message in one piece, not copied.
            let length = self.encoding.length(&data, self.limit)?;
            if data.len() == PREFIX + length {
                self.state = State::Whole(data.slice(PREFIX..));
                return Ok(());
            }
        }
        buffer.extend_from_slice(&data);
        if buffer.len() < PREFIX {
            return Ok(());
        }
        let length = self.encoding.length(buffer, self.limit)?;
        if buffer.len() > PREFIX + length {
            return Err(Failure::Protocol("more than one message in a unary reply"));
        }
        if buffer.len() == PREFIX + length {
            let mut whole = std::mem::take(buffer).freeze();
            whole.advance(PREFIX);
            self.state = State::Whole(whole);
        }
        Ok(())
    }

    /// Whether the body has begun a message that it has not finished.
    pub(super) fn is_inside_message(&self) -> bool {
        matches!(&self.state, State::Partial(buffer) if !buffer.is_empty())
    }

    /// The message, after the body has ended with status OK.
    pub(super) fn finish(self) -> Result<Bytes, Failure> {
        match self.state {
            State::Whole(message) => Ok(message),
            State::Partial(buffer) if buffer.is_empty() => {
                Err(Failure::Protocol("status OK, but no message"))
            }
            State::Partial(_) => Err(Failure::Protocol("the body ended inside a message")),
        }
    }
}

impl Encoding {
    /// What the headers of a body say.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        match headers.get("grpc-encoding") {
            Some(value) if value != "identity" => Self::Foreign,
            _ => Self::Identity,
        }
    }

    /// The length that a prefix announces.
    pub(super) fn length(self, prefix: &[u8], limit: usize) -> Result<usize, Failure> {
        match (prefix[0], self) {
            (0, _) => {}
            (1, Self::Identity) => {
                return Err(Failure::Protocol(
                    "a compressed message, but no grpc-encoding",
                ));
            }
            (1, Self::Foreign) => {
                return Err(Failure::Protocol(
                    "a message in an encoding that was not offered",
                ));
            }
            _ => {
                return Err(Failure::Protocol(
                    "a message whose first byte is neither 0 nor 1",
                ));
            }
        }
        let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
        if length > limit {
            return Err(Failure::TooLarge(limit));
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(pieces: &[&[u8]]) -> Result<Bytes, Failure> {
        let mut unary = Unary::new(&HeaderMap::new(), 8);
        for piece in pieces {
            unary.push(Bytes::copy_from_slice(piece))?;
        }
        unary.finish()
    }

    #[test]
    fn message_comes_whole_however_it_is_cut() {
        let frame = b"\0\0\0\0\x03abc";
        for cut in 0..frame.len() {
            let (head, tail) = frame.split_at(cut);
            assert_eq!(
                collect(&[head, tail]).expect("one message"),
                "abc",
                "cut at {cut}"
            );
        }
        let bytes: Vec<&[u8]> = frame.chunks(1).collect();
        assert_eq!(collect(&bytes).expect("one message"), "abc");
    }

    #[test]
    fn faults_have_their_codes() {
        use tonic::Code::{Internal, ResourceExhausted};
        let cases: [(&[&[u8]], tonic::Code); 7] = [
            (&[], Internal),
            (&[b"\0\0\0"], Internal),
            (&[b"\0\0\0\0\x03ab"], Internal),
            (&[b"\0\0\0\0\x01a\0\0\0\0\x01b"], Internal),
            (&[b"\0\0\0\0\x01a", b"\0\0\0\0\x01b"], Internal),
            (&[b"\x01\0\0\0\x01a"], Internal),
            (&[b"\0\xff\xff\xff\xffa"], ResourceExhausted),
        ];
        for (pieces, code) in cases {
            assert_eq!(
                collect(pieces).expect_err("a fault").code(),
                code,
                "{pieces:?}"
            );
        }
    }

    #[test]
    fn sealed_message_carries_its_length() {
        let mut message = Outgoing::with_capacity(3);
        message.buffer().extend_from_slice(b"abc");
        assert_eq!(message.message(), b"abc");
        assert_eq!(message.seal().expect("small"), &b"\0\0\0\0\x03abc"[..]);
    }
}
