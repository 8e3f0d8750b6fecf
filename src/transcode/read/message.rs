//! Objects as messages: finding each member's field, refusing what comes twice,
//! and arrays as repeated fields. What single values mean is left to `scalar`
//! and `special`, maps to `map`.

use super::{Reader, Result};
use crate::transcode::error::{ReadError, Reason, Step, quote};
use crate::transcode::schema::{Field, Form, Kind, Message, MessageId, Shape};
use crate::transcode::seen::Seen;
use crate::transcode::wire::{close_length, open_length};

/// How far the members of one object are.
struct Progress {
    seen: Seen,
    oneofs: Seen,
    /// `@type` has been met, or is not looked for.
    has_type: bool,
    /// Position of the field that comes next, if they come in order.
    expected: usize,
}

impl Reader<'_> {
    /// The value that comes next, as the body of a message.
    pub(super) fn message(&mut self, id: MessageId) -> Result {
        let plan = self.schema.get(id);
        match plan.form {
            Form::Plain => match self.enter(b'{', b'}', "an object")? {
                true => self.members(plan, false),
                false => Ok(()),
            },
            _ => self.special(plan),
        }
    }

    /// The members of an object that is open and not empty. In an `Any` one of
    /// them is `@type`.
    pub(super) fn members(&mut self, plan: &Message, in_any: bool) -> Result {
        let mut progress = Progress {
            seen: Seen::default(),
            oneofs: Seen::default(),
            has_type: !in_any,
            expected: 0,
        };
        loop {
            self.json.peek();
            let offset = self.json.offset();
            // Members mostly come in the order of the fields.
            match plan.fields.get(progress.expected) {
                Some(field) if field.simple && self.json.take_guess(&field.guess) => {
                    if !progress.seen.insert(progress.expected) {
                        return Err(duplicate(field, offset));
                    }
                    progress.expected += 1;
                    if let Err(error) = self.simple_field(field) {
                        return Err(error.under(Step::Field(&field.json_name)));
                    }
                }
                _ => self.member(plan, &mut progress)?,
            }
            if !self.another(b'}')? {
                return Ok(());
            }
        }
    }

    /// Any member at all.
    #[inline(never)]
    fn member(&mut self, plan: &Message, progress: &mut Progress) -> Result {
        let offset = self.json.offset();
        let Some(at) = self.find_field(plan, progress)? else {
            return Ok(());
        };
        let field = &plan.fields[at];
        if !progress.seen.insert(at) {
            return Err(duplicate(field, offset));
        }
        progress.expected = at + 1;
        let set = self
            .field(field)
            .map_err(|error| error.under(Step::Field(&field.json_name)))?;
        match field.oneof {
            Some(oneof) if set && !progress.oneofs.insert(usize::from(oneof)) => {
                Err(second_member(plan, field, oneof, offset))
            }
            _ => Ok(()),
        }
    }

    /// Reads a member's name and the colon. `None` if the value was read as well:
    /// it is unknown and ignored, or the `@type` of an `Any`.
    #[inline]
    fn find_field(&mut self, plan: &Message, progress: &mut Progress) -> Result<Option<usize>> {
        if let Some(field) = plan.fields.get(progress.expected)
            && self.json.take_guess(&field.guess)
        {
            return Ok(Some(progress.expected));
        }
        let offset = self.json.offset();
        let name = self.json.name()?;
        self.json.colon()?;
        match plan.by_name.find(&name.content()) {
            Some(at) => Ok(Some(at)),
            None if !progress.has_type && name.decoded() == "@type" => {
                progress.has_type = true;
                self.skip_type().map(|()| None)
            }
            None if self.ignore_unknown && name.decoded() != "@type" => {
                self.skip_value().map(|()| None)
            }
            None => Err(unknown_field(plan, &name.decoded(), offset)),
        }
    }

    /// A member's value as a whole field. Whether it sets the field.
    pub(super) fn field(&mut self, field: &Field) -> Result<bool> {
        self.count()?;
        if self.json.peek() == b'n' && !(field.null_is_value && field.shape == Shape::Singular) {
            return self.json.literal("null").map(|()| false);
        }
        match field.shape {
            Shape::Singular => self.singular(field, |reader| reader.value(field)),
            Shape::Repeated => self.array(field).map(|()| true),
            Shape::Packed => self.packed(field).map(|()| true),
            Shape::Map => self.map(field).map(|()| true),
        }
    }

    /// The value of a field that is marked simple.
    #[inline(always)]
    fn simple_field(&mut self, field: &Field) -> Result {
        self.count()?;
        match self.json.peek() {
            b'n' => self.json.literal("null"),
            _ => self
                .singular(field, |reader| reader.scalar(field.kind))
                .map(drop),
        }
    }

    #[inline(always)]
    fn singular(
        &mut self,
        field: &Field,
        value: impl FnOnce(&mut Self) -> Result<bool>,
    ) -> Result<bool> {
        let start = self.out.len();
        field.tag.put(&mut self.out);
        let body = self.out.len();
        let set = value(self)?;
        // Without presence, the default is written as nothing.
        let default = !field.presence && self.out[body..].iter().all(|byte| *byte == 0);
        if !set || default {
            self.out.truncate(start);
        }
        Ok(set)
    }

    /// One value of a field, without the tag that starts it. Whether there is
    /// one: an unknown enum name may be ignored.
    #[inline]
    pub(super) fn value(&mut self, field: &Field) -> Result<bool> {
        match field.kind {
            Kind::Message(id) => {
                let mark = open_length(&mut self.out);
                self.message(id)?;
                close_length(&mut self.out, mark);
                Ok(true)
            }
            Kind::Group(id) => {
                self.message(id)?;
                field.tag.end_group().put(&mut self.out);
                Ok(true)
            }
            kind => self.scalar(kind),
        }
    }

    /// An array whose elements are fields of their own.
    pub(super) fn array(&mut self, field: &Field) -> Result {
        if !self.enter(b'[', b']', "an array")? {
            return Ok(());
        }
        let mut index = 0;
        loop {
            let start = self.out.len();
            field.tag.put(&mut self.out);
            if !self.element(field, index)? {
                self.out.truncate(start);
            }
            index += 1;
            if !self.another(b']')? {
                return Ok(());
            }
        }
    }

    /// An array as one packed run.
    fn packed(&mut self, field: &Field) -> Result {
        if !self.enter(b'[', b']', "an array")? {
            return Ok(());
        }
        let start = self.out.len();
        field.tag.put(&mut self.out);
        let mark = open_length(&mut self.out);
        let body = self.out.len();
        let mut index = 0;
        loop {
            self.element(field, index)?;
            index += 1;
            if !self.another(b']')? {
                break;
            }
        }
        match self.out.len() == body {
            true => self.out.truncate(start),
            false => close_length(&mut self.out, mark),
        }
        Ok(())
    }

    #[inline]
    fn element(&mut self, field: &Field, index: usize) -> Result<bool> {
        self.count()
            .and_then(
                |()| match self.json.peek() == b'n' && !field.null_is_value {
                    true => Err(self.null_inside("element of an array")),
                    false => self.value(field),
                },
            )
            .map_err(|error| error.under(Step::Index(index)))
    }

    #[cold]
    pub(super) fn null_inside(&mut self, place: &str) -> ReadError {
        match self.json.describe().as_str() {
            "null" => ReadError::new(Reason::WrongType, format!("null is not allowed as {place}"))
                .at(self.json.offset()),
            _ => self.json.unexpected("a JSON value"),
        }
    }
}

#[cold]
fn duplicate(field: &Field, offset: usize) -> ReadError {
    let names = match field.name == field.json_name {
        true => quote(&field.json_name),
        false => format!("{} (or {})", quote(&field.json_name), quote(&field.name)),
    };
    ReadError::new(Reason::Duplicate, format!("{names} is given twice"))
        .at(offset)
        .under(Step::Field(&field.json_name))
}

#[cold]
fn second_member(plan: &Message, field: &Field, oneof: u16, offset: usize) -> ReadError {
    let members: Vec<String> = plan
        .fields
        .iter()
        .filter(|other| other.oneof == Some(oneof))
        .map(|other| quote(&other.json_name))
        .collect();
    let name = &plan.oneofs[usize::from(oneof)];
    let what = format!(
        "only one field of oneof {name} may be set: {}",
        members.join(", ")
    );
    ReadError::new(Reason::Duplicate, what)
        .at(offset)
        .under(Step::Field(&field.json_name))
}

#[cold]
fn unknown_field(plan: &Message, name: &str, offset: usize) -> ReadError {
    let mut what = format!("{} has no field {}", plan.name, quote(name));
    let known = plan.fields.iter().map(|field| &*field.json_name);
    if let Some(near) = nearest(name, known) {
        what += &format!("; did you mean {}?", quote(near));
    }
    ReadError::new(Reason::UnknownField, what).at(offset)
}

/// The known name that was probably meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // The distance is quadratic in what the client sent.
    if name.len() > 64 {
        return None;
    }
    known
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
