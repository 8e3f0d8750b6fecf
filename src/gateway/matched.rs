//! A request's route, with all that was decided for it at start-up.

use super::Worker;
use super::accept::{self, Form};
use super::bind;
use super::content::{self, Label};
use super::failure::Failure;
use super::identity::Identity;
use super::raw::{self, Raw};
use super::settings::{RouteSettings, Settings};
use crate::route::Captures;
use crate::rule::{Binding, BodySelector, ReplySelector};
use crate::transcode::{self, Schema, UpdateMask};
use crate::upstream::Upstream;
use bytes::Bytes;
use http::HeaderValue;
use http::request::Parts;
use http_body::Body;
use std::sync::Arc;

/// What is decided for a binding, at start-up.
#[derive(Debug)]
pub(super) struct Plan {
    manners: RouteSettings,
    raw: Raw,
    mask: Option<UpdateMask>,
}

/// A route that a request has matched, for as long as its head is at hand.
pub(super) struct Matched<'a> {
    pub(super) worker: &'a Arc<Worker>,
    pub(super) schema: &'a Schema,
    pub(super) settings: &'a Settings,
    pub(super) manners: &'a RouteSettings,
    pub(super) identity: &'a Identity,
    pub(super) binding: &'a Binding,
    pub(super) captures: Captures<'a>,
    pub(super) raw: &'a Raw,
    /// The mask to fill, if it is a PATCH that has one.
    pub(super) mask: Option<&'a UpdateMask>,
    index: usize,
}

/// The same for exchanges that outlive their request's head.
#[derive(Clone)]
pub(super) struct Owned {
    worker: Arc<Worker>,
    index: usize,
}

impl Plan {
    pub(super) fn new(schema: &Schema, binding: &Binding, manners: RouteSettings) -> Self {
        Self {
            raw: Raw::of(schema, binding),
            mask: bind::update_mask(schema, binding, &manners),
            manners,
        }
    }
}

impl<'a> Matched<'a> {
    pub(super) fn new(
        worker: &'a Arc<Worker>,
        identity: &'a Identity,
        index: usize,
        captures: Captures<'a>,
    ) -> Self {
        let tables = &worker.tables;
        let plan = &tables.plans[index];
        Self {
            worker,
            schema: &tables.schema,
            settings: &tables.settings,
            manners: &plan.manners,
            identity,
            binding: &tables.bindings[index],
            captures,
            raw: &plan.raw,
            mask: plan.mask.as_ref(),
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
    pub(super) fn label<'h>(
        &self,
        head: &'h Parts,
        body: &impl Body,
    ) -> Result<Label<'h>, Failure> {
        if self.raw.request.is_some() {
            return content::label_of_raw(&head.headers);
        }
        match (body.is_end_stream(), &self.binding.body) {
            (_, BodySelector::None) => Ok(Label::Json),
            (true, _) => Ok(content::label_of_nothing(&head.headers)),
            _ => {
                let is_stream = self.binding.method.client_streaming;
                content::label(&head.headers, &head.method, is_stream)
            }
        }
    }

    /// The form of the answer to a request that is so labelled.
    pub(super) fn form(&self, head: &Parts, label: Label<'_>) -> Result<Form, Failure> {
        if self.raw.reply.is_some() {
            return Ok(Form::Raw);
        }
        let whole = matches!(self.binding.reply, ReplySelector::Whole);
        accept::form(&head.headers, label, whole).ok_or(Failure::NotAcceptable)
    }

    /// A reply message as the body of an answer; its type where the form leaves it open.
    pub(super) fn spell(
        &self,
        form: Form,
        message: Bytes,
    ) -> Result<(Bytes, Option<HeaderValue>), Failure> {
        Ok(match (form, &self.raw.reply) {
            (Form::Raw, Some(path)) => {
                let (media, data) = raw::open(self.schema, path, &message)?;
                (data, Some(media))
            }
            (Form::Protobuf(_), _) => (message, None),
            _ => {
                let mut json = Vec::with_capacity(message.len() * 2 + 64);
                self.write(&message, &mut json)?;
                (json.into(), None)
            }
        })
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
        &self.worker.tables.plans[self.index].manners
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

    pub(super) fn raw(&self) -> &Raw {
        &self.worker.tables.plans[self.index].raw
    }

    /// The bytes that a message of a raw reply carries.
    pub(super) fn raw_data(&self, message: &Bytes) -> Result<Bytes, Failure> {
        match &self.raw().reply {
            Some(path) => raw::open(self.schema(), path, message).map(|(_, data)| data),
            None => Ok(Bytes::new()),
        }
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
