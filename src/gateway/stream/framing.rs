//! How the messages of a streamed reply stand in an HTTP body, and how the caller
//! chooses. In every framing an error is the last record, and what then breaks off
//! is a body that was not finished, not one that was.

use http::HeaderMap;
use http::header::{ACCEPT, HeaderValue};
use std::str::FromStr;

/// The framing of a streamed reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Framing {
    /// Lines of `{"result":…}`, an error as `{"error":…}`.
    #[default]
    Envelope,
    /// Lines of bare messages, an error as `{"error":…}`.
    Bare,
    /// One JSON array, an error as its last element; unfinished after an error.
    Array,
    /// RFC 7464: each message after a record separator.
    Sequence,
    /// Server-Sent Events: messages as data with ids, an error as `event: error`, and
    /// `event: end` where there was none.
    Events,
}

/// A framing, and the media type that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) framing: Framing,
    pub(super) media: HeaderValue,
}

/// What `Accept` can choose, for those who chose something else.
pub(in crate::gateway) const MEDIA_TYPES: &str = "application/x-ndjson, application/json, application/jsonl, application/json-seq or text/event-stream";

const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Framing {
    /// The media type by which it is known.
    fn media(self) -> HeaderValue {
        match self {
            Self::Envelope => NDJSON,
            Self::Bare => HeaderValue::from_static("application/jsonl"),
            Self::Array => JSON,
            Self::Sequence => HeaderValue::from_static("application/json-seq"),
            Self::Events => HeaderValue::from_static("text/event-stream"),
        }
    }

    /// What goes before the first message.
    pub(super) fn begin(self, out: &mut Vec<u8>) {
        match self {
            // How long a browser waits before it connects again, in milliseconds.
            Self::Events => out.extend_from_slice(b"retry: 3000\n\n"),
            Self::Array => out.push(b'['),
            Self::Envelope | Self::Bare | Self::Sequence => {}
        }
    }

    /// What goes before message `index`, counting from zero.
    pub(super) fn before(self, index: u64, out: &mut Vec<u8>) {
        match self {
            Self::Envelope => out.extend_from_slice(br#"{"result":"#),
            Self::Bare => {}
            Self::Array if index == 0 => {}
            Self::Array => out.push(b','),
            Self::Sequence => out.push(0x1e),
            Self::Events => {
                out.extend_from_slice(b"id: ");
                out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
                out.extend_from_slice(b"\ndata: ");
            }
        }
    }

    /// What goes after a message.
    pub(super) fn after(self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Self::Envelope => b"}\n",
            Self::Bare | Self::Sequence => b"\n",
            Self::Array => b"",
            Self::Events => b"\n\n",
        });
    }

    /// What goes after the last message of a call that succeeded.
    pub(super) fn end(self, out: &mut Vec<u8>) {
        match self {
            Self::Array => out.push(b']'),
            // A page is not told why its stream ended: without this it could not tell
            // the last message from a broken connection.
            Self::Events => out.extend_from_slice(b"event: end\ndata: {}\n\n"),
            Self::Envelope | Self::Bare | Self::Sequence => {}
        }
    }

    /// The record of an error, after `index` messages.
    pub(super) fn error(self, index: u64, status: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Events => {
                out.extend_from_slice(b"event: error\ndata: ");
                out.extend_from_slice(status);
                out.extend_from_slice(b"\n\n");
                return;
            }
            Self::Array | Self::Sequence => self.before(index, out),
            Self::Envelope | Self::Bare => {}
        }
        out.extend_from_slice(br#"{"error":"#);
        out.extend_from_slice(status);
        out.extend_from_slice(b"}\n");
    }

    /// What shows that the stream lives, where a framing has it.
    pub(super) fn heartbeat(self) -> Option<&'static [u8]> {
        (self == Self::Events).then_some(b":\n\n")
    }

    /// What the parameter `framing` of a JSON media type can ask for.
    fn of_json(name: &str) -> Option<Self> {
        let framing = name.parse().ok();
        framing.filter(|framing| matches!(framing, Self::Envelope | Self::Bare | Self::Array))
    }
}

impl FromStr for Framing {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "envelope" => Self::Envelope,
            "bare" => Self::Bare,
            "array" => Self::Array,
            "sequence" => Self::Sequence,
            "events" => Self::Events,
            _ => return Err("expected envelope, bare, array, sequence or events".to_owned()),
        })
    }
}

impl Chosen {
    /// Chooses by `Accept`: the range of the highest quality that names a framing,
    /// the first of equals. `framing=envelope|bare|array` as a parameter of
    /// `application/json` or `application/x-ndjson` overrides the route's default. `None`
    /// where none is welcome. There is no protobuf among them: it has no way to tell an
    /// error from a message.
    pub(super) fn by(headers: &HeaderMap, default: Framing) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        let mut stated = false;
        let values = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        for range in values.flat_map(|value| value.split(',')).map(str::trim) {
            if range.is_empty() {
                continue;
            }
            stated = true;
            let mut quality = 1.0;
            let mut framing = None;
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            for (key, value) in parts.filter_map(|part| part.split_once('=')) {
                match key {
                    "q" | "Q" => quality = value.parse().unwrap_or(0.0),
                    "framing" => framing = Framing::of_json(value),
                    _ => {}
                }
            }
            let Some(chosen) = Self::of(&name, framing, default) else {
                continue;
            };
            if quality > best.as_ref().map_or(0.0, |(best, _)| *best) {
                best = Some((quality, chosen));
            }
        }
        match best {
            Some((_, chosen)) => Some(chosen),
            None if stated => None,
            None => Some(Self {
                framing: default,
                media: default.media(),
            }),
        }
    }

    fn of(name: &str, framing: Option<Framing>, default: Framing) -> Option<Self> {
        let fixed = |framing: Framing| Self {
            framing,
            media: framing.media(),
        };
        Some(match name {
            "*/*" | "*" | "application/*" => fixed(default),
            "application/json" => Self {
                framing: framing.unwrap_or(default.json()),
                media: JSON,
            },
            "application/x-ndjson" | "application/ndjson" => Self {
                framing: framing.unwrap_or(Framing::Envelope),
                media: NDJSON,
            },
            "application/jsonl" | "application/json-lines" => fixed(Framing::Bare),
            "application/json-seq" => fixed(Framing::Sequence),
            "text/event-stream" | "text/*" => fixed(Framing::Events),
            _ => return None,
        })
    }
}

impl Framing {
    /// The default for `application/json`, which neither sequences nor events are.
    fn json(self) -> Self {
        match self {
            Self::Sequence | Self::Events => Self::Envelope,
            framing => framing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_chooses_the_framing() {
        for (accept, expected) in [
            ("", Some((Framing::Envelope, "application/x-ndjson"))),
            ("*/*", Some((Framing::Envelope, "application/x-ndjson"))),
            (
                "application/json",
                Some((Framing::Envelope, "application/json")),
            ),
            (
                "application/json; framing=array",
                Some((Framing::Array, "application/json")),
            ),
            (
                "application/x-ndjson;framing=bare",
                Some((Framing::Bare, "application/x-ndjson")),
            ),
            (
                "application/jsonl",
                Some((Framing::Bare, "application/jsonl")),
            ),
            (
                "application/json-seq",
                Some((Framing::Sequence, "application/json-seq")),
            ),
            (
                "text/event-stream",
                Some((Framing::Events, "text/event-stream")),
            ),
            (
                "text/html, text/event-stream;q=0.5, */*;q=0.1",
                Some((Framing::Events, "text/event-stream")),
            ),
            ("text/html", None),
            ("application/json;q=0", None),
        ] {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                headers.insert(ACCEPT, HeaderValue::from_static(accept));
            }
            let chosen = Chosen::by(&headers, Framing::Envelope);
            let chosen = chosen
                .as_ref()
                .map(|chosen| (chosen.framing, chosen.media.to_str().unwrap_or_default()));
            assert_eq!(chosen, expected, "{accept}");
        }
    }
}
