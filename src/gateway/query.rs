//! Query parameters to fields. A parameter that names no field, names one twice,
//! or names one that the path or the body fills is refused: which value would win
//! is nothing a caller should have to know.

use super::bind::bad_field;
use super::failure::Failure;
use super::matched::Matched;
use crate::rule::{Binding, BodySelector};
use crate::transcode::{self, Choice, FieldPath, Schema, TextForm};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// How deep a parameter may name a field.
const MAX_DEPTH: usize = 32;

/// What has been set so far, to refuse what comes twice.
#[derive(Default)]
struct Seen {
    fields: Vec<FieldPath>,
    choices: Vec<Choice>,
    /// Maps and keys.
    entries: Vec<(FieldPath, Vec<u8>)>,
}

/// Writes every parameter of `query` (without its `?`) to `out`.
pub(super) fn write(matched: &Matched<'_>, query: &str, out: &mut Vec<u8>) -> Result<(), Failure> {
    let Matched {
        schema,
        settings,
        binding,
        ..
    } = *matched;
    let mut seen = Seen::default();
    let bound = binding.captures.iter().map(|variable| &variable.field);
    for field in bound.chain(body_field(binding)) {
        seen.choices.extend(schema.path_choices(field));
    }
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    for (index, parameter) in parameters.enumerate() {
        if index >= settings.max_query_parameters {
            return Err(fault(
                String::new(),
                format!(
                    "more than {} query parameters",
                    settings.max_query_parameters
                ),
            ));
        }
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let name = decode(name)?;
        let value = decode(value)?;
        one(matched, &mut seen, &name, &value, out)?;
    }
    Ok(())
}

fn one(
    matched: &Matched<'_>,
    seen: &mut Seen,
    name: &str,
    value: &str,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let Matched {
        schema,
        binding,
        manners,
        ..
    } = *matched;
    if manners
        .ignored_parameters
        .iter()
        .any(|ignored| ignored == name)
    {
        return Ok(());
    }
    if name.is_empty() {
        return Err(fault(
            String::new(),
            "a query parameter without a name".to_owned(),
        ));
    }
    if name.split('.').count() > MAX_DEPTH {
        return Err(fault(
            shown(name),
            format!("names a field more than {MAX_DEPTH} levels deep"),
        ));
    }
    let (path, key) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((path, key)) => (path, Some(key)),
        None => (name, None),
    };
    let field = match schema.field_path(binding.method.input, path) {
        Ok(field) => field,
        Err(_) if manners.ignore_unknown_parameters => return Ok(()),
        Err(error) => return Err(fault(shown(name), error.to_string())),
    };
    refuse_bound(schema, binding, &field, name)?;
    seen.refuse_other_member(schema, &field, name)?;
    let kind = schema.path_kind(&field);
    if let Some(key) = key {
        if kind.form != TextForm::Map {
            return Err(fault(
                shown(name),
                "`[…]` names an entry of a map, and this field is none".to_owned(),
            ));
        }
        let key = transcode::text_to_map_entry(schema, &field, key, value, &manners.read, out)
            .map_err(|error| bad_field(shown(name), &error))?;
        return seen.refuse_second_entry(field, key, name);
    }
    match kind.form {
        TextForm::Map => {
            return Err(fault(
                shown(name),
                format!(
                    "is a map; name its entries, as `{}[key]=value`",
                    shown(name)
                ),
            ));
        }
        TextForm::Message => {
            return Err(fault(
                shown(name),
                "is a message; name its fields, as `a.b=value`".to_owned(),
            ));
        }
        TextForm::Scalar | TextForm::JsonText => {}
    }
    if !kind.is_repeated {
        seen.refuse_second(&field, name)?;
    }
    transcode::text_to_field(schema, &field, value, &manners.read, out)
        .map_err(|error| bad_field(shown(name), &error))
}

impl Seen {
    /// Refuses a field whose oneof, or that of a message around it, is set to
    /// another member already.
    fn refuse_other_member(
        &mut self,
        schema: &Schema,
        field: &FieldPath,
        name: &str,
    ) -> Result<(), Failure> {
        for choice in schema.path_choices(field) {
            if let Some(other) = self.choices.iter().find(|other| other.excludes(&choice)) {
                let other = schema.path_name(other.member());
                return Err(fault(
                    shown(name),
                    format!("is in the same oneof as `{other}`, which is set too"),
                ));
            }
            if !self.choices.contains(&choice) {
                self.choices.push(choice);
            }
        }
        Ok(())
    }

    fn refuse_second(&mut self, field: &FieldPath, name: &str) -> Result<(), Failure> {
        if self.fields.contains(field) {
            return Err(fault(
                shown(name),
                "is given more than once, and it is not repeated".to_owned(),
            ));
        }
        self.fields.push(field.clone());
        Ok(())
    }

    fn refuse_second_entry(
        &mut self,
        map: FieldPath,
        key: Vec<u8>,
        name: &str,
    ) -> Result<(), Failure> {
        let entry = (map, key);
        if self.entries.contains(&entry) {
            return Err(fault(
                shown(name),
                "gives this map key once more".to_owned(),
            ));
        }
        self.entries.push(entry);
        Ok(())
    }
}

/// Refuses a parameter for a field that the path or the body fills, or that is
/// part of one, or has one as its part.
fn refuse_bound(
    schema: &Schema,
    binding: &Binding,
    field: &FieldPath,
    name: &str,
) -> Result<(), Failure> {
    let meets = |bound: &FieldPath| field.starts_with(bound) || bound.starts_with(field);
    if let Some(variable) = binding
        .captures
        .iter()
        .find(|variable| meets(&variable.field))
    {
        let bound = schema.path_name(&variable.field);
        return Err(fault(
            shown(name),
            format!("the path already gives `{bound}`"),
        ));
    }
    if matches!(binding.body, BodySelector::Whole) {
        return Err(fault(
            shown(name),
            "the body gives every field that the path does not; put it there".to_owned(),
        ));
    }
    match body_field(binding) {
        Some(body) if meets(body) => Err(fault(
            shown(name),
            format!("the body already gives `{}`", schema.path_name(body)),
        )),
        _ => Ok(()),
    }
}

fn body_field(binding: &Binding) -> Option<&FieldPath> {
    match &binding.body {
        BodySelector::Field(field) => Some(field),
        BodySelector::None | BodySelector::Whole => None,
    }
}

/// Decodes a name or a value as `application/x-www-form-urlencoded` has it.
fn decode(text: &str) -> Result<Cow<'_, str>, Failure> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Ok(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    let mut rest = spaced.as_bytes();
    while let Some(at) = memchr::memchr(b'%', rest) {
        if !matches!(rest.get(at + 1..at + 3), Some(hex) if hex.iter().all(u8::is_ascii_hexdigit)) {
            return Err(fault(
                shown(text),
                "`%` is not followed by two hexadecimal digits".to_owned(),
            ));
        }
        rest = &rest[at + 3..];
    }
    let decoded = percent_decode_str(&spaced)
        .decode_utf8()
        .map(Cow::into_owned);
    decoded
        .map(Cow::Owned)
        .map_err(|_| fault(shown(text), "is not UTF-8 after decoding".to_owned()))
}

fn fault(field: String, description: String) -> Failure {
    Failure::BadField { field, description }
}

/// A name fit for a message: capped, control characters escaped.
fn shown(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars().take(64) {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    if name.chars().nth(64).is_some() {
        text.push('…');
    }
    text
}
