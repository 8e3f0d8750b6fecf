//! A request's route, with all that was decided for it at start-up.

use super::Worker;
use super::accept::Form;
use super::content::{self, Label};
use super::failure::Failure;
use super::identity::Identity;
use super::settings::{RouteSettings, Settings};
use crate::route::Captures;
use crate::rule::{Binding, BodySelector, ReplySelector};
use crate::transcode::{self, Schema};
use crate::upstream::Upstream;
use bytes::Bytes;
use http::request::Parts;
use http_body::Body;
use std::sync::Arc;

/// A route that a request has matched, for as long as its head is at hand.
pub(super) struct Matched<'a> {
    pub(super) worker: &'a Arc<Worker>,
    pub(super) schema: &'a Schema,
    pub(super) settings: &'a Settings,
    pub(super) manners: &'a RouteSettings,
    pub(super) identity: &'a Identity,
    pub(super) binding: &'a Binding,
    pub(super) captures: Captures<'a>,
    index: usize,
}

/// The same for exchanges that outlive their request's head.
#[derive(Clone)]
pub(super) struct Owned {
    worker: Arc<Worker>,
    index: usize,
}

impl<'a> Matched<'a> {
    pub(super) fn new(
        worker: &'a Arc<Worker>,
        identity: &'a Identity,
        index: usize,
        captures: Captures<'a>,
    ) -> Self {
        let tables = &worker.tables;
        Self {
            worker,
            schema: &tables.schema,
            settings: &tables.settings,
            manners: &tables.manners[index],
            identity,
            binding: &tables.bindings[index],
            captures,
            index,
        }
    }

    pub(super) fn owned(&self) -> Owned {
        Owned {
            worker: self.worker.clone(),
            index: self.index,
        }
    }

    /// How the body is labelled, where the rule takes one.
    pub(super) fn label(&self, head: &Parts, body: &impl Body) -> Result<Label, Failure> {
        match (body.is_end_stream(), &self.binding.body) {
            (_, BodySelector::None) => Ok(Label::Json),
            (true, _) => Ok(content::label_of_nothing(&head.headers)),
            _ => content::label(&head.headers, &head.method),
        }
    }

    /// A whole reply in a form.
    pub(super) fn spell(&self, form: Form, message: Bytes) -> Result<Bytes, Failure> {
        match form {
            Form::Json => {
                let mut json = Vec::with_capacity(message.len() * 2 + 64);
                self.write(&message, &mut json)?;
                Ok(json.into())
            }
            Form::Protobuf(_) => Ok(message),
        }
    }

    /// Appends a reply message, or the field of it that the rule selects, as JSON.
    pub(super) fn write(&self, message: &[u8], json: &mut Vec<u8>) -> Result<(), Failure> {
        write(
            self.schema,
            self.binding,
            &self.manners.write,
            message,
            json,
        )
    }
}

impl Owned {
    pub(super) fn schema(&self) -> &Schema {
        &self.worker.tables.schema
    }

    pub(super) fn upstream(&self) -> &Upstream {
        &self.worker.upstream
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.worker.tables.settings
    }

    pub(super) fn manners(&self) -> &RouteSettings {
        &self.worker.tables.manners[self.index]
    }

    /// Resolves when streams are to end.
    pub(super) fn closing(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut closing = self.worker.tables.closing.subscribe();
        async move {
            // The sender lives as long as the gateway does.
            let _ = closing.wait_for(|closing| *closing).await;
        }
    }

    pub(super) fn binding(&self) -> &Binding {
        &self.worker.tables.bindings[self.index]
    }

    /// As [`Matched::write`], but on one line: that is what a record is.
    pub(super) fn write_line(&self, message: &[u8], json: &mut Vec<u8>) -> Result<(), Failure> {
        let options = transcode::WriteOptions {
            pretty: false,
            ..self.manners().write
        };
        write(self.schema(), self.binding(), &options, message, json)
    }
}

fn write(
    schema: &Schema,
    binding: &Binding,
    options: &transcode::WriteOptions,
    message: &[u8],
    json: &mut Vec<u8>,
) -> Result<(), Failure> {
    match &binding.reply {
        ReplySelector::Whole => {
            transcode::wire_to_json(schema, binding.method.output, message, options, json)
        }
        ReplySelector::Field(field) => {
            transcode::field_to_json(schema, field, message, options, json)
        }
    }
    .map_err(Failure::BadReply)
}
