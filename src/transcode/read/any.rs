//! `google.protobuf.Any`: `@type` may stand anywhere in the object, so it is
//! looked for first; then the object is read with the plan that it names.

use super::{Reader, Result};
use crate::transcode::error::{ReadError, Reason, Step, quote};
use crate::transcode::schema::{Form, Message, Schema};
use crate::transcode::wire::{close_length, open_length, put_varint};
use std::borrow::Cow;

const TYPE_URL: u8 = 1 << 3 | 2;
const VALUE: u8 = 2 << 3 | 2;

impl<'a> Reader<'a> {
    pub(super) fn any(&mut self) -> Result {
        if !self.enter(b'{', b'}', "an object with \"@type\"")? {
            return Ok(());
        }
        let (url, offset) = self.find_type()?;
        let plan = resolve(self.schema, &url)
            .map_err(|error| error.at(offset).under(Step::Field("@type")))?;
        self.out.push(TYPE_URL);
        put_varint(&mut self.out, url.len() as u64);
        self.out.extend_from_slice(url.as_bytes());
        let start = self.out.len();
        self.out.push(VALUE);
        let mark = open_length(&mut self.out);
        let body = self.out.len();
        match plan.form {
            Form::Plain => self.members(plan, true)?,
            _ => self.special_members(plan)?,
        }
        match self.out.len() == body {
            true => self.out.truncate(start),
            false => close_length(&mut self.out, mark),
        }
        Ok(())
    }

    /// Looks for `@type` in the open object and comes back to its first member.
    fn find_type(&mut self) -> Result<(Cow<'a, str>, usize)> {
        let start = self.json.offset();
        let (depth, nodes) = (self.depth, self.nodes);
        self.ahead.looking = true;
        loop {
            let name = self.json.name()?;
            self.json.colon()?;
            if name.decoded() == "@type" {
                break;
            }
            self.skip_value()?;
            if !self.another(b'}')? {
                let what =
                    "\"@type\" is missing: it says which message this google.protobuf.Any holds";
                return Err(ReadError::new(Reason::UnknownType, what).at(start));
            }
        }
        if self.json.peek() != b'"' {
            return Err(self
                .wrong_type("a type URL in a string")
                .under(Step::Field("@type")));
        }
        let offset = self.json.offset();
        let url = self.json.string()?.decoded();
        self.ahead.done(self.json.offset());
        self.json.go_to(start);
        // What was skipped is read, and counted, again.
        (self.depth, self.nodes) = (depth, nodes);
        Ok((url, offset))
    }

    /// The members of an `Any` that holds a type with a JSON form of its own:
    /// `@type` and `value`.
    fn special_members(&mut self, plan: &Message) -> Result {
        let (mut has_type, mut has_value) = (false, false);
        loop {
            self.json.peek();
            let offset = self.json.offset();
            let name = self.json.name()?.decoded();
            self.json.colon()?;
            let twice = match &*name {
                "@type" => std::mem::replace(&mut has_type, true),
                "value" => std::mem::replace(&mut has_value, true),
                _ => false,
            };
            if twice {
                let what = format!("{} is given twice", quote(&name));
                return Err(ReadError::new(Reason::Duplicate, what).at(offset));
            }
            match &*name {
                "@type" => self.skip_type()?,
                "value" => {
                    self.count()?;
                    self.special(plan)
                        .map_err(|error| error.under(Step::Field("value")))?;
                }
                _ if self.ignore_unknown => self.skip_value()?,
                _ => {
                    let what = format!(
                        "a google.protobuf.Any that holds {} has \"@type\" and \"value\" only, not {}",
                        plan.name,
                        quote(&name),
                    );
                    return Err(ReadError::new(Reason::UnknownField, what).at(offset));
                }
            }
            if !self.another(b'}')? {
                break;
            }
        }
        match has_value {
            true => Ok(()),
            false => {
                let what = format!("\"value\" is missing: it holds the {}", plan.name);
                Err(ReadError::new(Reason::Malformed, what).at(self.json.offset()))
            }
        }
    }

    /// The value of `@type`, which has been looked at before.
    pub(super) fn skip_type(&mut self) -> Result {
        self.count()?;
        match self.json.peek() {
            b'"' => self.json.string().map(drop),
            _ => Err(self.wrong_type("a type URL in a string")),
        }
    }
}

/// The message that a type URL names: its last segment, after any prefix.
fn resolve<'s>(schema: &'s Schema, url: &str) -> Result<&'s Message> {
    let Some((_, name)) = url.rsplit_once('/') else {
        let what = format!(
            "expected a type URL such as \"type.googleapis.com/package.Message\", found {}",
            quote(url)
        );
        return Err(ReadError::new(Reason::UnknownType, what));
    };
    match schema.message(name) {
        Some(id) => Ok(schema.get(id)),
        None => {
            let what = format!("{} names no message that is known here", quote(url));
            Err(ReadError::new(Reason::UnknownType, what))
        }
    }
}
