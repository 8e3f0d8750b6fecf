//! The well-known types that JSON writes in a form of their own. Their string
//! forms are left to `wellknown`, `Value` and its kin to `dynamic`.

use super::{Result, Stop, Writer, scalar::put_string};
use crate::transcode::error::{Step, quote};
use crate::transcode::gather::{Pieces, Span};
use crate::transcode::schema::{Form, Kind, Message};
use crate::transcode::wellknown::{duration, field_mask, timestamp};
use crate::transcode::wire::{Cursor, Malformed};

impl<'a> Writer<'a> {
    pub(super) fn special(&mut self, plan: &'a Message, pieces: Pieces<'_, '_>) -> Result {
        match plan.form {
            Form::Plain | Form::Any => self.any(pieces),
            Form::Wrapper => self.wrapper(plan, pieces),
            Form::Timestamp => self.timestamp(pieces),
            Form::Duration => self.duration(pieces),
            Form::FieldMask => self.field_mask(pieces),
            Form::Struct => self.dynamic_struct(plan, pieces),
            Form::ListValue => self.dynamic_list(plan, pieces),
            Form::Value => self.dynamic_value(plan, pieces),
        }
    }

    fn wrapper(&mut self, plan: &Message, pieces: Pieces<'_, '_>) -> Result {
        let field = &plan.fields[0];
        match self.last(pieces, field.number, field.kind.wire_type())? {
            Some(mut at) => self.scalar(field.kind, &mut at).map(drop),
            None => {
                self.absent(field);
                Ok(())
            }
        }
    }

    /// The last occurrence of a scalar, which is the one that counts.
    fn last<'w>(
        &self,
        pieces: Pieces<'w, '_>,
        number: u32,
        wire_type: u8,
    ) -> Result<Option<Cursor<'w>>> {
        let mut found = None;
        for mut cursor in pieces.cursors() {
            while !cursor.is_empty() {
                let tag = cursor.tag()?;
                let at = cursor;
                cursor.skip(tag, self.depth)?;
                if tag >> 3 == number {
                    if (tag & 7) as u8 != wire_type {
                        return Err(Malformed::WrongWireType.into());
                    }
                    found = Some(at);
                }
            }
        }
        Ok(found)
    }

    /// `seconds` and `nanos`.
    fn moment(&self, pieces: Pieces<'_, '_>) -> Result<(i64, i32)> {
        let mut moment = [0, 0];
        for mut cursor in pieces.cursors() {
            while !cursor.is_empty() {
                let tag = cursor.tag()?;
                match (tag >> 3, tag & 7) {
                    (number @ 1..=2, 0) => moment[number as usize - 1] = cursor.varint()? as i64,
                    (1..=2, _) => return Err(Malformed::WrongWireType.into()),
                    _ => cursor.skip(tag, self.depth)?,
                }
            }
        }
        Ok((moment[0], moment[1] as i32))
    }

    fn timestamp(&mut self, pieces: Pieces<'_, '_>) -> Result {
        let (seconds, nanos) = self.moment(pieces)?;
        self.out.push(b'"');
        if !timestamp::format(seconds, nanos, &mut self.out) {
            return Err(Stop::failed(format!(
                "timestamp of {seconds} s and {nanos} ns is out of range: years 0001 to 9999, 0 to 999999999 ns"
            )));
        }
        self.out.push(b'"');
        Ok(())
    }

    fn duration(&mut self, pieces: Pieces<'_, '_>) -> Result {
        let (seconds, nanos) = self.moment(pieces)?;
        self.out.push(b'"');
        if !duration::format(seconds, nanos, &mut self.out) {
            return Err(Stop::failed(format!(
                "duration of {seconds} s and {nanos} ns is out of range: ±315576000000 s, \
                 less than 1 s of ns, both of one sign"
            )));
        }
        self.out.push(b'"');
        Ok(())
    }

    fn field_mask(&mut self, pieces: Pieces<'_, '_>) -> Result {
        self.out.push(b'"');
        let mut first = true;
        for mut cursor in pieces.cursors() {
            while !cursor.is_empty() {
                let tag = cursor.tag()?;
                let mut at = cursor;
                cursor.skip(tag, self.depth)?;
                match (tag >> 3, tag & 7) {
                    (1, 2) => {}
                    (1, _) => return Err(Malformed::WrongWireType.into()),
                    _ => continue,
                }
                if !std::mem::replace(&mut first, false) {
                    self.out.push(b',');
                }
                let path = std::str::from_utf8(at.delimited()?.rest())
                    .map_err(|_| Stop::failed("the string is not valid UTF-8"))?;
                if !field_mask::to_camel(path, &mut self.out) {
                    let what = format!(
                        "field mask path {} has no JSON form that comes back the same",
                        quote(path)
                    );
                    return Err(Stop::failed(what));
                }
            }
        }
        self.out.push(b'"');
        Ok(())
    }

    fn any(&mut self, pieces: Pieces<'_, '_>) -> Result {
        let mut parts = [Cursor::new(&[]); 2];
        for (number, part) in (1..).zip(&mut parts) {
            if let Some(mut at) = self.last(pieces, number, 2)? {
                *part = at.delimited()?;
            }
        }
        let [url, inside] = parts;
        self.open(b'{');
        if url.is_empty() && inside.is_empty() {
            self.close(b'}', true);
            return Ok(());
        }
        let name = std::str::from_utf8(url.rest())
            .map_err(|_| Stop::failed("the type URL is not valid UTF-8"))?;
        let known = name
            .rsplit_once('/')
            .and_then(|(_, name)| self.schema.message(name));
        let Some(id) = known else {
            let what = format!(
                "google.protobuf.Any of type {}, which is not known here",
                quote(name)
            );
            return Err(Stop::failed(what));
        };
        let mut first = true;
        self.any_key("@type", &mut first);
        put_string(url, url.bytes, &mut self.out)?;
        let plan = self.schema.get(id);
        match plan.form {
            Form::Plain => {
                self.deeper()?;
                self.fields(plan, Pieces::new(inside.bytes, &[Span::of(inside)]), false)?;
                self.depth -= 1;
            }
            _ => {
                self.any_key("value", &mut first);
                self.sub_message(id, inside)
                    .map_err(|stop| stop.under(Step::Field("value")))?;
            }
        }
        self.close(b'}', false);
        Ok(())
    }

    fn any_key(&mut self, name: &str, first: &mut bool) {
        self.separate(first);
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'"');
        self.colon();
    }

    /// A finite double: `google.protobuf.Value` has no other form for the rest.
    pub(super) fn finite(&mut self, mut at: Cursor<'_>) -> Result {
        let mut ahead = at;
        match f64::from_le_bytes(ahead.fixed64()?).is_finite() {
            true => self.scalar(Kind::Double, &mut at).map(drop),
            false => Err(Stop::failed(
                "google.protobuf.Value cannot hold NaN or infinity",
            )),
        }
    }
}
