//! Stepping over JSON values that are not wanted, with the same grammar and the
//! same limits.

use super::{Reader, Result};

impl Reader<'_> {
    /// Skips the value that comes next, counting what is inside of it.
    pub(super) fn skip_value(&mut self) -> Result {
        self.count()?;
        match self.json.peek() {
            b'"' => self.json.string().map(drop),
            b'-' | b'0'..=b'9' => self.json.number().map(drop),
            b't' => self.json.literal("true"),
            b'f' => self.json.literal("false"),
            b'n' => self.json.literal("null"),
            b'{' => self.skip_all(b'{', b'}'),
            b'[' => self.skip_all(b'[', b']'),
            _ => Err(self.json.unexpected("a JSON value")),
        }
    }

    fn skip_all(&mut self, open: u8, close: u8) -> Result {
        let start = self.json.offset();
        if let Some(end) = self.ahead.end_of(start) {
            self.json.go_to(end);
            return Ok(());
        }
        let note = self.ahead.open(start);
        self.skip_inside(open, close)?;
        if let Some(note) = note {
            self.ahead.close(note, self.json.offset());
        }
        Ok(())
    }

    fn skip_inside(&mut self, open: u8, close: u8) -> Result {
        if !self.enter(open, close, "a JSON value")? {
            return Ok(());
        }
        loop {
            if open == b'{' {
                self.json.name()?;
                self.json.colon()?;
            }
            self.skip_value()?;
            if !self.another(close)? {
                return Ok(());
            }
        }
    }
}
