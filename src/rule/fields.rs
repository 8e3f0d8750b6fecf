//! Which message fields the names in a rule mean, and whether they may stand
//! where they do.

use super::{BodySelector, Capture, Method, ReplySelector, Template, error::Fault};
use crate::transcode::{FieldPath, MessageId, Schema, TextForm};
use prost_reflect::{MessageDescriptor, MethodDescriptor};

/// The fields of one method's request and reply.
pub(super) struct Fields<'a> {
    schema: &'a Schema,
    input: Message,
    output: Message,
}

/// A message as the schema knows it, and as error messages want it.
struct Message {
    id: MessageId,
    descriptor: MessageDescriptor,
}

impl<'a> Fields<'a> {
    pub(super) fn new(schema: &'a Schema, descriptor: &MethodDescriptor, method: &Method) -> Self {
        Fields {
            schema,
            input: Message {
                id: method.input,
                descriptor: descriptor.input(),
            },
            output: Message {
                id: method.output,
                descriptor: descriptor.output(),
            },
        }
    }

    /// The template's variables as fields; those at fault are left out.
    pub(super) fn captures(&self, template: &Template) -> (Vec<Capture>, Vec<Fault>) {
        let mut captures: Vec<Capture> = Vec::new();
        let mut faults = Vec::new();
        for variable in template.variables() {
            let field = match self.variable(&variable.field) {
                Ok(field) => field,
                Err((offset, fault)) => {
                    faults.push(fault.at(variable.column + offset));
                    continue;
                }
            };
            if let Some(other) = captures.iter().find(|other| overlap(&other.field, &field)) {
                let other = self.schema.path_name(&other.field);
                let message = format!(
                    "`{}` is bound twice: `{{{other}}}` comes before it",
                    variable.field
                );
                let help = "bind each field once; `*` matches a segment without binding it";
                faults.push(Fault::new(message).help(help).at(variable.column));
                continue;
            }
            if let Some(other) = captures
                .iter()
                .find(|other| self.excludes(&other.field, &field))
            {
                let other = self.schema.path_name(&other.field);
                let message = format!(
                    "`{}` is in the same oneof as `{{{other}}}`, and only one of them can be set",
                    variable.field
                );
                let help = "bind one of them; `*` matches a segment without binding it";
                faults.push(Fault::new(message).help(help).at(variable.column));
                continue;
            }
            let segments = variable.segments.clone();
            captures.push(Capture {
                field,
                segments,
                multi: variable.multi,
            });
        }
        (captures, faults)
    }

    /// The request field that `body` names.
    pub(super) fn body(&self, body: &str) -> Result<BodySelector, Fault> {
        match body {
            "" => Ok(BodySelector::None),
            "*" => Ok(BodySelector::Whole),
            dotted => self
                .selected("body", &self.input, dotted)
                .map(BodySelector::Field),
        }
    }

    /// The reply field that `response_body` names. `*` is not in the
    /// specification here, but other gateways take it for the whole reply.
    pub(super) fn reply(&self, response_body: &str) -> Result<ReplySelector, Fault> {
        match response_body {
            "" | "*" => Ok(ReplySelector::Whole),
            dotted => self
                .selected("response_body", &self.output, dotted)
                .map(ReplySelector::Field),
        }
    }

    /// Whether setting one field clears the other: they are, or are in, different
    /// members of one oneof.
    pub(super) fn excludes(&self, one: &FieldPath, other: &FieldPath) -> bool {
        let mut choices = self.schema.path_choices(one);
        choices.any(|one| {
            self.schema
                .path_choices(other)
                .any(|other| one.excludes(&other))
        })
    }

    fn selected(&self, what: &str, message: &Message, dotted: &str) -> Result<FieldPath, Fault> {
        self.resolve(message, dotted).map_err(|(_, mut fault)| {
            fault.message = format!("{what} \"{}\": {}", dotted.escape_debug(), fault.message);
            fault
        })
    }

    /// A field that a path variable can fill; a fault comes with its offset in `dotted`.
    fn variable(&self, dotted: &str) -> Result<FieldPath, (usize, Fault)> {
        let field = self.resolve(&self.input, dotted)?;
        let kind = self.schema.path_kind(&field);
        let what = match kind.form {
            TextForm::Map => "a map",
            _ if kind.is_repeated => "repeated",
            TextForm::Message => "a message without a text form",
            TextForm::Scalar | TextForm::JsonText => return Ok(field),
        };
        let last = dotted.rfind('.').map_or(0, |dot| dot + 1);
        let fault = Fault::new(format!(
            "field `{dotted}` is {what}; a path variable holds one text value"
        ));
        Err((
            last,
            fault.help("bind a single scalar field, or leave this one to the query or the body"),
        ))
    }

    /// The field of a dotted path; a fault comes with its offset in `dotted`.
    fn resolve(&self, message: &Message, dotted: &str) -> Result<FieldPath, (usize, Fault)> {
        self.schema.field_path(message.id, dotted).map_err(|error| {
            let before = dotted.split('.').take(error.element);
            let column = before.map(|element| element.len() + 1).sum();
            let fault = Fault::new(error.to_string());
            let help = suggestion(&message.descriptor, dotted, column);
            (column, help.into_iter().fold(fault, Fault::help))
        })
    }
}

/// Whether one is the other or stands below it.
fn overlap(a: &FieldPath, b: &FieldPath) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// What was probably meant by the name at `column` of `dotted`.
fn suggestion(message: &MessageDescriptor, dotted: &str, column: usize) -> Option<String> {
    let mut message = message.clone();
    for name in dotted.get(..column)?.split_terminator('.') {
        message = message
            .get_field_by_name(name)?
            .kind()
            .as_message()?
            .clone();
    }
    let wrong = dotted.get(column..)?.split('.').next()?;
    let fields: Vec<_> = message.fields().collect();
    if fields.iter().any(|field| field.name() == wrong) {
        return None;
    }
    let likeness = |name: &str| strsim::jaro_winkler(&wrong.to_lowercase(), name);
    let best = fields
        .iter()
        .max_by(|a, b| likeness(a.name()).total_cmp(&likeness(b.name())));
    let Some(best) = best else {
        return Some(format!("{} has no fields", message.full_name()));
    };
    if likeness(best.name()) >= 0.8 {
        return Some(format!("did you mean `{}`?", best.name()));
    }
    let names: Vec<_> = fields.iter().take(12).map(|field| field.name()).collect();
    let more = if fields.len() > names.len() {
        ", …"
    } else {
        ""
    };
    Some(format!(
        "the fields of {} are {}{more}",
        message.full_name(),
        names.join(", ")
    ))
}
