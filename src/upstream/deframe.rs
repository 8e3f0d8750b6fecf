//! The messages of a streamed reply, cut out of the data of its body.

use super::Failure;
use super::frame::{Encoding, PREFIX};
use bytes::{Buf as _, Bytes, BytesMut};
use http::HeaderMap;
use std::mem::take;

/// Cuts messages out of data as it comes. A message that lies whole in one piece
/// of data is not copied.
#[derive(Debug)]
pub(super) struct Deframer {
    limit: usize,
    encoding: Encoding,
    /// Data that has come in one piece.
    piece: Bytes,
    /// The beginning of a message of which more is to come.
    partial: BytesMut,
}

impl Deframer {
    /// Expects messages of at most `limit` bytes in a body with these headers.
    pub(super) fn new(headers: &HeaderMap, limit: usize) -> Self {
        Self {
            limit,
            encoding: Encoding::of(headers),
            piece: Bytes::new(),
            partial: BytesMut::new(),
        }
    }

    /// Takes the next piece; [`next`](Self::next) must have found nothing more.
    pub(super) fn push(&mut self, data: Bytes) {
        self.piece = data;
    }

    /// The next message that is whole.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        if !self.partial.is_empty() {
            return self.completed();
        }
        if let Some(end) = self.end_of(&self.piece)? {
            let mut message = self.piece.split_to(end);
            message.advance(PREFIX);
            return Ok(Some(message));
        }
        // Not kept as it is: a few bytes would hold on to the whole piece.
        self.partial.extend_from_slice(&take(&mut self.piece));
        Ok(None)
    }

    /// The message of which the beginning came before, with no more of the piece
    /// copied than belongs to it.
    fn completed(&mut self) -> Result<Option<Bytes>, Failure> {
        self.fill(PREFIX);
        if self.partial.len() < PREFIX {
            return Ok(None);
        }
        let end = PREFIX + self.encoding.length(&self.partial, self.limit)?;
        self.fill(end);
        if self.partial.len() < end {
            return Ok(None);
        }
        let mut message = take(&mut self.partial).freeze();
        message.advance(PREFIX);
        Ok(Some(message))
    }

    /// Adds to what has begun until it is this long or the piece is used up.
    fn fill(&mut self, length: usize) {
        let lacking = length.saturating_sub(self.partial.len());
        let found = self.piece.split_to(lacking.min(self.piece.len()));
        self.partial.extend_from_slice(&found);
    }

    /// Whether a message has begun and not ended.
    pub(super) fn is_inside_message(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Where the first message ends, if it is whole.
    fn end_of(&self, data: &[u8]) -> Result<Option<usize>, Failure> {
        if data.len() < PREFIX {
            return Ok(None);
        }
        let end = PREFIX + self.encoding.length(data, self.limit)?;
        Ok((data.len() >= end).then_some(end))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn messages_come_whole_however_they_are_cut() {
        let stream = b"\0\0\0\0\x03abc\0\0\0\0\0\0\0\0\0\x01d";
        for size in 1..=stream.len() {
            let mut deframer = Deframer::new(&HeaderMap::new(), 8);
            let mut messages = Vec::new();
            for piece in stream.chunks(size) {
                deframer.push(Bytes::copy_from_slice(piece));
                while let Some(message) = deframer.next().unwrap() {
                    messages.push(message);
                }
            }
            assert_eq!(messages, ["abc", "", "d"], "in pieces of {size}");
            assert!(!deframer.is_inside_message());
        }
    }

    #[test]
    fn an_end_inside_a_message_and_a_message_over_the_limit_are_seen() {
        let mut deframer = Deframer::new(&HeaderMap::new(), 8);
        deframer.push(Bytes::from_static(b"\0\0\0\0\x03ab"));
        assert!(deframer.next().unwrap().is_none() && deframer.is_inside_message());
        let mut deframer = Deframer::new(&HeaderMap::new(), 8);
        deframer.push(Bytes::from_static(b"\0\0\0\0\x09"));
        assert_eq!(
            deframer.next().unwrap_err().code(),
            tonic::Code::ResourceExhausted
        );
    }
}
