//! The request message: body, then query, then path, written one after the other
//! as wire bytes. Later fields override earlier ones on the wire, so that the
//! path wins over the body; a query never meets either, which is checked.

use super::content::{self, Label};
use super::failure::Failure;
use super::matched::Matched;
use super::settings::RouteSettings;
use super::{protobuf, query};
use crate::rule::{Binding, BodySelector, MethodMatch};
use crate::transcode::{self, ReadError, Schema, UpdateMask};
use crate::upstream::Outgoing;
use http::Method;

/// Builds the message of one request.
pub(super) fn message(
    matched: &Matched<'_>,
    query: Option<&str>,
    body: &[u8],
    label: Label<'_>,
) -> Result<Outgoing, Failure> {
    let Matched {
        schema, binding, ..
    } = *matched;
    let mut message = Outgoing::with_capacity(body.len());
    write_body(matched, body, label, &mut message)?;
    parameters(matched, query, message.buffer())?;
    if let Some(mask) = matched.mask {
        fill_mask(matched, mask, body, &mut message)?;
    }
    transcode::check_required(schema, binding.method.input, message.message())
        .map_err(Failure::BadBody)?;
    Ok(message)
}

/// Fills the update mask of a PATCH with what the body gives, unless query or path
/// name one: without it a field that is set to its default could not be told from
/// one that is not meant.
fn fill_mask(
    matched: &Matched<'_>,
    mask: &UpdateMask,
    body: &[u8],
    message: &mut Outgoing,
) -> Result<(), Failure> {
    let Matched {
        schema, manners, ..
    } = *matched;
    if transcode::has_update_mask(schema, mask, message.message()) {
        return Ok(());
    }
    transcode::write_update_mask(schema, mask, body, &manners.read, message.buffer())
        .map_err(Failure::BadBody)
}

/// The mask that a route fills: that of a PATCH whose body is one field. Where the
/// body is the whole request, the mask is a field of it like any other.
pub(super) fn update_mask(
    schema: &Schema,
    binding: &Binding,
    manners: &RouteSettings,
) -> Option<UpdateMask> {
    let is_patch = binding.http == MethodMatch::Exact(Method::PATCH);
    match &binding.body {
        BodySelector::Field(field) if is_patch && manners.fill_update_mask => {
            schema.update_mask(field)
        }
        _ => None,
    }
}

/// Writes what query and path give.
pub(super) fn parameters(
    matched: &Matched<'_>,
    query: Option<&str>,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let Matched {
        schema,
        binding,
        manners,
        ..
    } = *matched;
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        query::write(matched, query, out)?;
    }
    for capture in &binding.captures {
        let text = matched
            .captures
            .decode(capture.segments.clone(), capture.multi)
            .map_err(Failure::BadPath)?;
        transcode::text_to_field(schema, &capture.field, &text, &manners.read, out)
            .map_err(|error| bad_field(schema.path_name(&capture.field), &error))?;
    }
    Ok(())
}

fn write_body(
    matched: &Matched<'_>,
    body: &[u8],
    label: Label<'_>,
    message: &mut Outgoing,
) -> Result<(), Failure> {
    let Matched {
        schema,
        binding,
        manners,
        ..
    } = *matched;
    if matches!(binding.body, BodySelector::None) {
        // What cannot be bound is refused, not lost; many clients send `{}` with
        // every POST, which says nothing that could be lost.
        let body = body.trim_ascii();
        return if body.is_empty() || body == b"{}" {
            Ok(())
        } else {
            Err(Failure::UnexpectedBody)
        };
    }
    if let (Some(path), Label::Raw(content_type)) = (&matched.raw.request, label) {
        transcode::put_raw(schema, path, content_type, &[body], message.buffer());
        return Ok(());
    }
    if let Label::Protobuf(_) = label {
        if !matches!(binding.body, BodySelector::Whole) {
            return Err(Failure::ProtobufForField);
        }
        protobuf::check(body)?;
        message.buffer().extend_from_slice(body);
        return Ok(());
    }
    if body.trim_ascii().is_empty() {
        return Err(Failure::EmptyBody);
    }
    if label == Label::Form && !content::looks_like_json(body) {
        return Err(Failure::FormBody);
    }
    let out = message.buffer();
    match &binding.body {
        BodySelector::None => Ok(()),
        BodySelector::Whole => {
            transcode::json_to_wire(schema, binding.method.input, body, &manners.read, out)
        }
        BodySelector::Field(field) => {
            transcode::json_to_field(schema, field, body, &manners.read, out)
        }
    }
    .map_err(Failure::BadBody)
}

/// A fault in one parameter, named as the rule or the request spells it.
pub(super) fn bad_field(field: String, error: &ReadError) -> Failure {
    Failure::BadField {
        field,
        description: error.description().to_string(),
    }
}
