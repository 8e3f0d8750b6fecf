//! One operation: what a binding takes and what it answers.

use super::annotations;
use super::api::{Api, HTTP_BODY, listed, paragraphs};
use super::field::of_type;
use super::schema::Schemas;
use super::tree::Object;
use super::{path::Shape, query, text};
use crate::rule::{Binding, BodySelector, ReplySelector};
use prost_reflect::{FieldDescriptor, MethodDescriptor};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const EVENTS: &str = "text/event-stream";
const BYTES: &str = "application/octet-stream";

/// What an operation is called.
pub(super) struct Names {
    pub(super) id: String,
    pub(super) tags: Vec<String>,
}

/// Describes a binding. `security` is what methods may demand, by name.
pub(super) fn operation(
    schemas: &mut Schemas<'_>,
    binding: &Binding,
    method: &MethodDescriptor,
    shape: &Shape<'_>,
    names: Names,
    security: &Object,
) -> Object {
    let note = schemas.api.notes.at(method.full_name());
    let stated = annotations::operation(note);
    let or = |stated: &str, own: String| match stated {
        "" => own,
        stated => stated.to_owned(),
    };
    let summary = or(&stated.summary, text::summary(&note.comment));
    let description = or(&stated.description, note.comment.clone());
    let is_deprecated = stated.deprecated || note.is_deprecated;
    let mut parameters = shape.parameters(schemas);
    let (in_query, maps) = query::parameters(schemas, binding);
    parameters.extend(in_query);
    let demands: Vec<_> = stated
        .security
        .into_iter()
        .filter(|demand| demand.names().all(|name| security.get(name).is_some()))
        .collect();
    let streaming = match (
        binding.method.client_streaming,
        binding.method.server_streaming,
    ) {
        (false, false) => None,
        (true, false) => Some("client"),
        (false, true) => Some("server"),
        (true, true) => Some("bidirectional"),
    };
    let description = paragraphs(&[&description, &about_maps(&maps), about_stream(streaming)]);
    Object::new()
        .with("tags", names.tags)
        .with_text("summary", &summary)
        .with_text("description", &description)
        .with_some("externalDocs", stated.external_docs)
        .with("operationId", names.id.as_str())
        .with_some("parameters", (!parameters.is_empty()).then_some(parameters))
        .with_some("requestBody", body(schemas, binding, method, &names.id))
        .with("responses", responses(schemas, binding, method))
        .with_some("deprecated", is_deprecated.then_some(true))
        .with_some("security", (!demands.is_empty()).then_some(demands))
        .with(
            "x-grpc-method",
            binding.method.path.path().trim_start_matches('/'),
        )
        .with_some("x-grpc-streaming", streaming)
}

fn about_maps(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let names = listed(&names);
            format!("Entries of {names} may be given as query parameters, as in `name[key]=value`.")
        }
    }
}

fn about_stream(streaming: Option<&str>) -> &'static str {
    match streaming {
        Some("client") => "The request is a stream of messages: an array, or one behind the other.",
        Some("server") => {
            "The reply is a stream of messages. As Server-Sent Events each is the data of an \
             event; the last event is of the type `end`, or `error` with a status."
        }
        Some(_) => {
            "Request and reply are streams of messages, in both directions at once over HTTP/2 \
             and WebSocket."
        }
        None => "",
    }
}

fn body(
    schemas: &mut Schemas<'_>,
    binding: &Binding,
    method: &MethodDescriptor,
    id: &str,
) -> Option<Object> {
    let schema = match &binding.body {
        BodySelector::None => return None,
        BodySelector::Field(field) => match schemas.api.fields(field)?.pop() {
            Some(field) if holds_bytes(&field) => return Some(content(binary())),
            Some(field) => schemas.value(&field),
            None => Object::new(),
        },
        BodySelector::Whole => {
            let message = method.input();
            if message.full_name() == HTTP_BODY {
                return Some(content(binary()));
            }
            let given = given_by_path(schemas.api, binding);
            match given.is_empty() {
                true => schemas.of_message(&message),
                false => {
                    let name = format!("{}Body", id.replace('_', ""));
                    schemas.refer_to_part(&message, name, |field| !given.contains(field))
                }
            }
        }
    };
    let media = |schema: Object| Object::new().with("schema", schema);
    // Lines of JSON are taken too, but some generators refuse a body of two types.
    let schema = match binding.method.client_streaming {
        false => schema,
        true => of_type("array").with("items", schema),
    };
    let content_types = Object::new().with(JSON, media(schema));
    let body = content(content_types);
    // No body at all is a stream of no messages.
    Some(match binding.method.client_streaming {
        false => body,
        true => body.with("required", false),
    })
}

fn content(types: Object) -> Object {
    Object::new().with("content", types).with("required", true)
}

/// Fields that the path gives whole. They may stand in the body, but need not.
fn given_by_path(api: &Api<'_>, binding: &Binding) -> Vec<FieldDescriptor> {
    let captures = binding.captures.iter();
    let paths = captures.filter_map(|capture| api.fields(&capture.field));
    paths
        .filter_map(|mut path| path.pop().filter(|_| path.is_empty()))
        .collect()
}

fn responses(schemas: &mut Schemas<'_>, binding: &Binding, method: &MethodDescriptor) -> Object {
    let reply = match &binding.reply {
        ReplySelector::Whole if method.output().full_name() == HTTP_BODY => None,
        ReplySelector::Whole => Some(schemas.of_message(&method.output())),
        ReplySelector::Field(path) => {
            let field = schemas.api.fields(path).and_then(|mut path| path.pop());
            match field {
                Some(field) if holds_bytes(&field) => None,
                Some(field) => Some(schemas.value(&field)),
                None => Some(Object::new()),
            }
        }
    };
    let media = |schema: Object| Object::new().with("schema", schema);
    let status = schemas.refer_to_status();
    let types = match reply {
        // The backend says what they are; some generators know no `*/*` and take the first.
        None => binary().with("*/*", media(of_type("string").with("format", "binary"))),
        Some(reply) if binding.method.server_streaming => {
            let record = of_type("object").with(
                "properties",
                Object::new()
                    .with("result", reply.clone())
                    .with("error", status.clone()),
            );
            // The first is what generators choose.
            Object::new()
                .with(EVENTS, media(reply))
                .with(LINES, media(record))
        }
        Some(reply) => Object::new().with(JSON, media(reply)),
    };
    let failed = |description: &str| {
        Object::new()
            .with("description", description)
            .with("content", Object::new().with(JSON, media(status.clone())))
    };
    let done = match binding.method.server_streaming {
        true => "The replies, as they come.",
        false => "The reply.",
    };
    Object::new()
        .with(
            "200",
            Object::new()
                .with("description", done)
                .with("content", types),
        )
        .with("4XX", failed("The request cannot be answered as it is."))
        .with("5XX", failed("The backend or the gateway failed."))
}

fn holds_bytes(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), prost_reflect::Kind::Message(message) if message.full_name() == HTTP_BODY)
        && !field.is_list()
}

fn binary() -> Object {
    let bytes = of_type("string").with("format", "binary");
    Object::new().with(BYTES, Object::new().with("schema", bytes))
}
