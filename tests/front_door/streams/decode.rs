//! Reads the records of every framing as they come, strictly.

use super::client::End;
use serde_json::Value;

/// What a client gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Message(Value),
    /// An error record, by its code.
    Failed(i64),
    End(End),
}

impl Item {
    /// A message on its own, or an error in its place.
    pub fn of(text: &str) -> Self {
        let value: Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        match value.get("error") {
            Some(error) => Self::Failed(code(error)),
            None => Self::Message(value),
        }
    }
}

fn code(status: &Value) -> i64 {
    assert!(
        status["message"].is_string() && status["details"].is_array(),
        "{status}"
    );
    status["code"].as_i64().expect("a code")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Envelope,
    Bare,
    Array,
    Sequence,
    Events,
    /// One JSON value is all.
    Single,
    /// The error of an answer with this status.
    Refused(u16),
}

/// Cuts records out of a body.
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    text: String,
    /// Messages so far.
    count: usize,
    /// The body has ended, and so.
    end: Option<End>,
    /// What tells a whole stream from a broken one, where the framing has that, has come.
    closed: bool,
}

impl Decoder {
    /// For what `accept` asks for.
    pub fn of(accept: &str) -> Self {
        Self::new(match accept {
            "application/x-ndjson" => Framing::Envelope,
            "application/jsonl" => Framing::Bare,
            "application/json; framing=array" => Framing::Array,
            "application/json-seq" => Framing::Sequence,
            "text/event-stream" => Framing::Events,
            _ => Framing::Single,
        })
    }

    /// For an answer with this status, which is an error.
    pub fn refused(status: u16) -> Self {
        Self::new(Framing::Refused(status))
    }

    fn new(framing: Framing) -> Self {
        Self {
            framing,
            text: String::new(),
            count: 0,
            end: None,
            closed: matches!(
                framing,
                Framing::Envelope | Framing::Bare | Framing::Sequence
            ),
        }
    }

    pub fn push(&mut self, data: &[u8]) {
        self.text
            .push_str(std::str::from_utf8(data).expect("records are not cut inside characters"));
    }

    /// The body has ended.
    pub fn finish(&mut self, end: End) {
        self.end = Some(match self.framing {
            Framing::Refused(status) => End::Refused(status),
            _ => end,
        });
    }

    /// What has come and was not taken yet.
    pub fn next(&mut self) -> Option<Item> {
        let item = self.record();
        if let Some(Item::Message(_)) = item {
            self.count += 1;
        }
        if item.is_some() {
            return item;
        }
        let end = self.end?;
        assert!(self.text.is_empty(), "half a record: {:?}", self.text);
        let whole = end != End::Finished || self.closed;
        assert!(whole, "{:?} ended without its mark", self.framing);
        Some(Item::End(end))
    }

    fn record(&mut self) -> Option<Item> {
        match self.framing {
            Framing::Single | Framing::Refused(_) => self.single(),
            Framing::Envelope => {
                let line = self.through("\n")?;
                Some(match Item::of(&line) {
                    Item::Message(mut value) => Item::Message(value["result"].take()),
                    item => item,
                })
            }
            Framing::Bare => Some(Item::of(&self.through("\n")?)),
            Framing::Sequence => {
                let record = self.through("\n")?;
                let text = record.strip_prefix('\u{1e}').expect("a record separator");
                Some(Item::of(text))
            }
            Framing::Array => self.element(),
            Framing::Events => self.event(),
        }
    }

    fn single(&mut self) -> Option<Item> {
        self.end.filter(|_| !self.text.is_empty())?;
        self.closed = true;
        let text = std::mem::take(&mut self.text);
        let value: Value = serde_json::from_str(&text).expect(&text);
        Some(match self.framing {
            Framing::Refused(_) => Item::Failed(code(&value)),
            _ => Item::Message(value),
        })
    }

    fn element(&mut self) -> Option<Item> {
        let mark = match self.text.chars().next()? {
            ']' => {
                assert_eq!(self.text, "]", "something follows the array");
                self.text.clear();
                self.closed = true;
                return None;
            }
            mark => mark,
        };
        // An error may be the first element, or follow others.
        let first = self.count == 0;
        assert_eq!(mark, if first { '[' } else { ',' }, "{:?}", self.text);
        if first && self.text == "[]" {
            self.text.remove(0);
            return self.element();
        }
        let mut values = serde_json::Deserializer::from_str(&self.text[1..]).into_iter::<Value>();
        let value = values.next()?.ok()?;
        let end = 1 + values.byte_offset();
        let item = Item::of(&value.to_string());
        self.text.drain(..end);
        if let Item::Failed(_) = item {
            assert_eq!(self.text.trim(), "", "something follows the error");
            self.text.clear();
        }
        Some(item)
    }

    fn event(&mut self) -> Option<Item> {
        loop {
            let event = self.through("\n\n")?;
            let (first, rest) = event.split_once('\n').unwrap_or((&event, ""));
            let data = rest.strip_prefix("data: ");
            match (first.split_once(": "), data) {
                (Some(("retry", time)), None) => assert!(time.parse::<u32>().is_ok(), "{event}"),
                (Some(("id", id)), Some(data)) => {
                    assert_eq!(id, self.count.to_string());
                    return Some(Item::of(data));
                }
                (Some(("event", "error")), Some(data)) => {
                    return Some(Item::Failed(code(&serde_json::from_str(data).expect(data))));
                }
                (Some(("event", "end")), Some("{}")) => self.closed = true,
                _ => assert_eq!(event, ":", "no event"),
            }
        }
    }

    /// What stands before `end`, when that has come.
    fn through(&mut self, end: &str) -> Option<String> {
        let at = self.text.find(end)?;
        let text = self.text[..at].to_owned();
        self.text.drain(..at + end.len());
        Some(text)
    }
}
