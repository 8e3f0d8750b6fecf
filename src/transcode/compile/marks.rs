//! What a plan can only know once all plans are there: JSON forms, where `null` is
//! a value, and which messages lead to a required field.

use crate::transcode::schema::{Form, Kind, Message, MessageId, Schema, Shape};

impl Schema {
    /// Gives the well-known types their JSON form, if they have the fields for it.
    pub(super) fn mark_forms(&mut self) {
        let forms: Vec<Form> = self
            .messages
            .iter()
            .map(|message| self.form(message))
            .collect();
        for (message, form) in self.messages.iter_mut().zip(forms) {
            message.form = form;
        }
    }

    fn form(&self, message: &Message) -> Form {
        let Some(name) = message.name.strip_prefix("google.protobuf.") else {
            return Form::Plain;
        };
        let has = |number: u32, shape: Shape, wanted: fn(Kind) -> bool| {
            message.position(number).is_some_and(|at| {
                message.fields[at].shape == shape && wanted(message.fields[at].kind)
            })
        };
        let is_message = |kind: Kind| matches!(kind, Kind::Message(_));
        let one =
            |wanted: fn(Kind) -> bool| message.fields.len() == 1 && has(1, Shape::Singular, wanted);
        let moment = has(1, Shape::Singular, |kind| kind == Kind::Int64)
            && has(2, Shape::Singular, |kind| kind == Kind::Int32);
        match name {
            "Any"
                if has(1, Shape::Singular, |kind| kind == Kind::String)
                    && has(2, Shape::Singular, |kind| kind == Kind::Bytes) =>
            {
                Form::Any
            }
            "Timestamp" if moment => Form::Timestamp,
            "Duration" if moment => Form::Duration,
            "FieldMask" if has(1, Shape::Repeated, |kind| kind == Kind::String) => Form::FieldMask,
            "Struct" if has(1, Shape::Map, is_message) && self.leads_to(message, "Value") => {
                Form::Struct
            }
            "ListValue"
                if has(1, Shape::Repeated, is_message) && self.leads_to(message, "Value") =>
            {
                Form::ListValue
            }
            "Value"
                if has(2, Shape::Singular, |kind| kind == Kind::Double)
                    && has(5, Shape::Singular, is_message)
                    && has(6, Shape::Singular, is_message)
                    && self.leads_to(message, "ListValue") =>
            {
                Form::Value
            }
            "DoubleValue" if one(|kind| kind == Kind::Double) => Form::Wrapper,
            "FloatValue" if one(|kind| kind == Kind::Float) => Form::Wrapper,
            "Int64Value" if one(|kind| kind == Kind::Int64) => Form::Wrapper,
            "UInt64Value" if one(|kind| kind == Kind::Uint64) => Form::Wrapper,
            "Int32Value" if one(|kind| kind == Kind::Int32) => Form::Wrapper,
            "UInt32Value" if one(|kind| kind == Kind::Uint32) => Form::Wrapper,
            "BoolValue" if one(|kind| kind == Kind::Bool) => Form::Wrapper,
            "StringValue" if one(|kind| kind == Kind::String) => Form::Wrapper,
            "BytesValue" if one(|kind| kind == Kind::Bytes) => Form::Wrapper,
            _ => Form::Plain,
        }
    }

    /// Whether a field of `message`, or the value of a map in it, is the
    /// well-known type `name`.
    fn leads_to(&self, message: &Message, name: &str) -> bool {
        let is = |id: MessageId| self.get(id).name.strip_prefix("google.protobuf.") == Some(name);
        message
            .fields
            .iter()
            .any(|field| match (field.shape, field.kind) {
                (Shape::Map, Kind::Message(entry)) => {
                    self.get(entry).entry().1.kind.message().is_some_and(is)
                }
                (_, kind) => kind.message().is_some_and(is),
            })
    }

    pub(super) fn mark_null_values(&mut self) {
        let forms: Vec<Form> = self.messages.iter().map(|message| message.form).collect();
        let nulls: Vec<bool> = self.enums.iter().map(|item| item.is_null).collect();
        for field in self
            .messages
            .iter_mut()
            .flat_map(|message| &mut message.fields)
        {
            field.null_is_value = match field.kind {
                Kind::Message(id) => {
                    field.shape != Shape::Map && forms[id.0 as usize] == Form::Value
                }
                Kind::Enum(id) => nulls[id.0 as usize],
                _ => false,
            };
        }
    }

    /// Finds which messages lead to a required field, to a fixed point.
    pub(super) fn mark_required(&mut self) {
        loop {
            let reaches: Vec<bool> = self.messages.iter().map(|m| m.reaches_required).collect();
            let mut changed = false;
            for message in &mut self.messages {
                let now = message.fields.iter().any(|field| {
                    field.required
                        || field
                            .kind
                            .message()
                            .is_some_and(|id| reaches[id.0 as usize])
                });
                changed |= now != message.reaches_required;
                message.reaches_required = now;
            }
            if !changed {
                return;
            }
        }
    }
}
