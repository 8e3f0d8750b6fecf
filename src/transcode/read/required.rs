//! Required fields (proto2, and editions' legacy ones), checked on the finished
//! wire bytes, because path, query and body each bring a part of the message.

use super::Result;
use crate::transcode::error::{ReadError, Reason, Step};
use crate::transcode::gather::{Gathered, MAX_SIZE, Pieces, Span};
use crate::transcode::schema::{Field, MessageId, Schema, Shape};
use crate::transcode::wire::{Cursor, MAX_DEPTH, Malformed};

/// Checks that every required field is set, at any depth; what is packed into an
/// `Any` is not looked into. Costs nothing where no message has required fields.
pub fn check_required(schema: &Schema, message: MessageId, wire: &[u8]) -> Result {
    match schema.get(message).reaches_required {
        true if wire.len() > MAX_SIZE => Err(broken(Malformed::TooLarge)),
        true => {
            let all = [Span::of(Cursor::new(wire))];
            check(schema, message, Pieces::new(wire, &all), 0)
        }
        false => Ok(()),
    }
}

fn check(schema: &Schema, id: MessageId, pieces: Pieces<'_, '_>, depth: usize) -> Result {
    if depth > MAX_DEPTH {
        return Err(broken(Malformed::TooDeep));
    }
    let plan = schema.get(id);
    let gathered =
        Gathered::new(schema, plan, pieces, depth).map_err(|(fault, _)| broken(fault))?;
    for (at, field) in plan.fields.iter().enumerate() {
        let places = gathered.places(at);
        if field.required && places.len() == 0 {
            let what = format!("required field {} of {} is missing", field.name, plan.name);
            return Err(ReadError::new(Reason::Required, what).under(Step::Field(&field.json_name)));
        }
        if let Some(inner) = field.kind.message()
            && schema.get(inner).reaches_required
        {
            check_values(schema, field, inner, pieces, places, depth)
                .map_err(|error| error.under(Step::Field(&field.json_name)))?;
        }
    }
    Ok(())
}

fn check_values(
    schema: &Schema,
    field: &Field,
    inner: MessageId,
    pieces: Pieces<'_, '_>,
    places: impl Iterator<Item = usize>,
    depth: usize,
) -> Result {
    let spans: Vec<Span> = places
        .map(|at| pieces.inside(at, depth).map(Span::of))
        .collect::<std::result::Result<_, _>>()
        .map_err(broken)?;
    let check =
        |spans: &[Span]| check(schema, inner, Pieces::new(pieces.bytes(), spans), depth + 1);
    match field.shape {
        Shape::Singular if spans.is_empty() => Ok(()),
        Shape::Singular => check(&spans),
        _ => spans.chunks(1).enumerate().try_for_each(|(index, one)| {
            check(one).map_err(|error| error.under(Step::Index(index)))
        }),
    }
}

fn broken(fault: Malformed) -> ReadError {
    ReadError::new(Reason::Wire, fault.text())
}
