//! A streamed request on its way to the backend: JSON values out of the HTTP body,
//! each a message, sent as fast as the backend takes them.

use super::super::body;
use super::super::failure::Failure;
use super::super::matched::Owned;
use super::limits::Activity;
use super::split::Splitter;
use crate::rule::BodySelector;
use crate::telemetry::observe::Exchange;
use crate::transcode;
use crate::upstream::{Outgoing, Sending};
use bytes::Bytes;
use http_body::Body;
use std::fmt::Display;
use std::pin::pin;
use std::sync::Arc;

/// Sends the messages of `body`; what path and query give goes with the first.
/// A message that cannot be read cancels the call.
pub(super) async fn run<B>(
    route: Owned,
    mut exchange: Exchange,
    body: B,
    bound: Vec<u8>,
    mut sending: Sending,
    activity: Arc<Activity>,
) -> Result<(), Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    match messages(&route, &mut exchange, body, bound, &mut sending, &activity).await {
        Ok(()) => {
            sending.finish();
            Ok(())
        }
        Err(failure) => {
            sending.cancel();
            Err(failure)
        }
    }
}

async fn messages<B>(
    route: &Owned,
    exchange: &mut Exchange,
    body: B,
    bound: Vec<u8>,
    sending: &mut Sending,
    activity: &Activity,
) -> Result<(), Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let mut body = pin!(body);
    let mut splitter = Splitter::new(route.manners().max_body, !takes_arrays(route));
    let mut index = 0;
    loop {
        let frame = body::next_of_stream(body.as_mut()).await?;
        let ended = frame.is_none();
        if let Some(Ok(data)) = frame.map(http_body::Frame::into_data) {
            exchange.body_received(data.len());
            splitter.push(&data);
        }
        while let Some(value) = splitter.next(ended)? {
            index += 1;
            let bound = if index == 1 { &bound[..] } else { &[] };
            let message =
                message(route, &value.text, bound).map_err(|error| Failure::BadMessage {
                    index,
                    line: value.line,
                    error,
                })?;
            exchange.message_sent(message.message().len());
            if sending.send(message).await.is_err() {
                // The backend takes no more; its answer says why.
                return Ok(());
            }
            activity.pass();
        }
        if ended {
            return Ok(());
        }
    }
}

/// Whether a message is an array in JSON, so that an array is not a stream of them.
fn takes_arrays(route: &Owned) -> bool {
    let binding = route.binding();
    match &binding.body {
        BodySelector::Field(field) => {
            let kind = route.schema().path_kind(field);
            kind.is_repeated || kind.form == transcode::TextForm::JsonText
        }
        BodySelector::Whole | BodySelector::None => matches!(
            route.schema().message_name(binding.method.input),
            "google.protobuf.ListValue" | "google.protobuf.Value"
        ),
    }
}

/// One message of a stream, from its JSON and from what path and query give.
pub(in crate::gateway) fn message(
    route: &Owned,
    text: &[u8],
    bound: &[u8],
) -> Result<Outgoing, transcode::ReadError> {
    let (schema, binding) = (route.schema(), route.binding());
    let options = &route.manners().read;
    let mut message = Outgoing::with_capacity(text.len() + bound.len());
    let out = message.buffer();
    match &binding.body {
        BodySelector::Field(field) => {
            transcode::json_to_field(schema, field, text, options, out)?;
        }
        // A client stream whose rule has no body takes whole messages all the same:
        // there is nothing else that its messages could be made of.
        BodySelector::Whole | BodySelector::None => {
            transcode::json_to_wire(schema, binding.method.input, text, options, out)?;
        }
    }
    out.extend_from_slice(bound);
    transcode::check_required(schema, binding.method.input, message.message())?;
    Ok(message)
}
