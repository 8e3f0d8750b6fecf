//! Turns rules into bindings, method by method, gathering every error. Which
//! field a name means is left to `fields`, whether two bindings want the same
//! requests to `route`.

use super::{
    Binding, BodySelector, Capture, Idempotency, Method, MethodMatch, RuleError, Settings,
    Template,
    annotated::Part,
    error::Fault,
    fields::Fields,
    option::{FileOptions, HttpRule, MethodOptions, Pattern},
    origin::{Origin, RuleText},
    select::Selection,
};
use crate::transcode::{MessageId, Schema};
use http::uri::PathAndQuery;
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};
use std::sync::Arc;

/// Compiles every `google.api.http` annotation of every method in the pool: what
/// [`compile_with`] does when nothing is set.
pub fn compile(pool: &DescriptorPool, schema: &Schema) -> Result<Vec<Binding>, Vec<RuleError>> {
    compile_with(pool, schema, &Settings::default())
}

/// Compiles the rule of every method in the pool, in the pool's order, wherever the
/// rule comes from. Methods without a rule have no binding. All errors are returned
/// at once, sorted by file and place. `schema` must come from the same pool.
pub fn compile_with(
    pool: &DescriptorPool,
    schema: &Schema,
    settings: &Settings,
) -> Result<Vec<Binding>, Vec<RuleError>> {
    let mut bindings = Vec::new();
    let mut errors = Vec::new();
    let selection = Selection::new(pool, settings, &mut errors);
    for file in pool.files().filter(|file| file.services().len() > 0) {
        let options = FileOptions::read(&file);
        for (s, service) in file.services().enumerate() {
            for (m, method) in service.methods().enumerate() {
                let options = options.as_ref().map_err(Clone::clone);
                let options = options.and_then(|options| options.method(s, m));
                match options.and_then(|options| Ok((options.rule()?, options))) {
                    Ok((annotation, options)) => {
                        let Some((rule, origin)) = selection.rule(&method, annotation) else {
                            continue;
                        };
                        let mut compiler = Compiler {
                            schema,
                            descriptor: &method,
                            origin,
                            errors: &mut errors,
                        };
                        bindings.extend(compiler.method(&options, &rule));
                    }
                    Err(error) => errors.push(unreadable(&method, &error)),
                }
            }
        }
    }
    if errors.is_empty() {
        Ok(bindings)
    } else {
        // Stable: the faults of one place stay in the order of the checks.
        errors.sort_by(|a, b| (&a.file, a.position).cmp(&(&b.file, b.position)));
        Err(errors)
    }
}

fn unreadable(method: &MethodDescriptor, error: &prost::DecodeError) -> RuleError {
    let fault = Fault::new(format!("the method's options cannot be read: {error}"))
        .help("compile the descriptors again; these bytes are damaged");
    Origin::Annotation(method).error(
        method.full_name(),
        &RuleText::new(0, &HttpRule::default()),
        fault,
    )
}

/// One method whose rules are being compiled.
struct Compiler<'a> {
    schema: &'a Schema,
    descriptor: &'a MethodDescriptor,
    origin: Origin<'a>,
    errors: &'a mut Vec<RuleError>,
}

impl Compiler<'_> {
    fn method(&mut self, options: &MethodOptions, rule: &HttpRule) -> Vec<Binding> {
        let method = match self.resolve_method(options) {
            Ok(method) => Arc::new(method),
            Err(fault) => {
                self.report(&RuleText::new(0, rule), fault);
                return Vec::new();
            }
        };
        let rules = std::iter::once(rule)
            .chain(&rule.additional_bindings)
            .enumerate();
        rules
            .filter_map(|(index, rule)| self.binding(&method, index, rule))
            .collect()
    }

    fn resolve_method(&self, options: &MethodOptions) -> Result<Method, Fault> {
        let descriptor = self.descriptor;
        let path = format!(
            "/{}/{}",
            descriptor.parent_service().full_name(),
            descriptor.name()
        );
        let message = |message: MessageDescriptor| -> Result<MessageId, Fault> {
            let name = message.full_name();
            let missing = || Fault::new(format!("message {name} is not in the schema"));
            self.schema.message(name).ok_or_else(missing)
        };
        Ok(Method {
            full_name: descriptor.full_name().to_owned(),
            path: PathAndQuery::try_from(path)
                .ok()
                .filter(|path| path.query().is_none())
                .ok_or_else(|| Fault::new("the name of the service or method is no identifier"))?,
            input: message(descriptor.input())?,
            output: message(descriptor.output())?,
            client_streaming: descriptor.is_client_streaming(),
            server_streaming: descriptor.is_server_streaming(),
            deprecated: options.deprecated,
            idempotency: match options.idempotency_level {
                1 => Idempotency::NoSideEffects,
                2 => Idempotency::Idempotent,
                _ => Idempotency::Unknown,
            },
        })
    }

    /// One binding, or `None` with every fault of it reported.
    fn binding(&mut self, method: &Arc<Method>, index: usize, rule: &HttpRule) -> Option<Binding> {
        let before = self.errors.len();
        let text = RuleText::new(index, rule);
        if index > 0 && !rule.additional_bindings.is_empty() {
            let fault = Fault::new("additional_bindings inside additional_bindings")
                .within(Part::AdditionalBindings);
            self.report(&text, fault.help("list them all in the method's own rule"));
        }
        let Some(pattern) = &rule.pattern else {
            let fault = Fault::new("the rule has no pattern");
            self.report(
                &text,
                fault.help("set one of get, put, post, delete, patch or custom"),
            );
            return None;
        };
        let fields = Fields::new(self.schema, self.descriptor, method);
        let http = self.check(&text, Part::Kind, method_match(pattern));
        let template = self.check(&text, Part::Path, parse_template(pattern));
        let captures = template.as_ref().map(|template| {
            let (captures, faults) = fields.captures(template);
            for fault in faults {
                self.report(&text, fault.within(Part::Path));
            }
            captures
        });
        let body = self.check(&text, Part::Body, fields.body(&rule.body));
        let reply = self.check(&text, Part::ResponseBody, fields.reply(&rule.response_body));
        if let Some(body) = &body {
            let captures = captures.as_deref().unwrap_or_default();
            self.check(&text, Part::Body, body_is_allowed(http.as_ref(), body));
            let result = body_is_unbound(&fields, captures, body, &rule.body);
            self.check(&text, Part::Body, result);
        }
        if self.errors.len() > before {
            return None;
        }
        let method = method.clone();
        let (http, template, captures) = (http?, template?, captures?);
        Some(Binding {
            method,
            http,
            template,
            captures,
            body: body?,
            reply: reply?,
            index,
            source: self.origin.source(),
        })
    }

    /// The value, or `None` with the fault reported as one of that part.
    fn check<T>(&mut self, text: &RuleText<'_>, part: Part, result: Result<T, Fault>) -> Option<T> {
        result
            .map_err(|fault| self.report(text, fault.within(part)))
            .ok()
    }

    fn report(&mut self, rule: &RuleText<'_>, fault: Fault) {
        let method = self.descriptor.full_name();
        self.errors.push(self.origin.error(method, rule, fault));
    }
}

fn method_match(pattern: &Pattern) -> Result<MethodMatch, Fault> {
    let (kind, _) = pattern.parts();
    if kind == "*" {
        return Ok(MethodMatch::Any);
    }
    http::Method::from_bytes(kind.as_bytes())
        .map(MethodMatch::Exact)
        .map_err(|_| {
            Fault::new(format!(
                "custom kind \"{}\" is not an HTTP method",
                kind.escape_debug()
            ))
            .help("write a method name such as HEAD or PROPFIND, or `*` for all methods")
        })
}

fn parse_template(pattern: &Pattern) -> Result<Template, Fault> {
    let (_, path) = pattern.parts();
    Template::parse(path).map_err(|error| Fault::new(error.message).at(error.column))
}

/// A body on `GET` and `HEAD` has no meaning that HTTP knows (RFC 9110 §9.3.1);
/// on `DELETE` it has none either, but APIs that send one are common.
fn body_is_allowed(http: Option<&MethodMatch>, body: &BodySelector) -> Result<(), Fault> {
    match (http, body) {
        (Some(MethodMatch::Exact(method)), BodySelector::Whole | BodySelector::Field(_))
            if method == http::Method::GET || method == http::Method::HEAD =>
        {
            Err(Fault::new(format!("a {method} request has no body"))
                .help("remove `body`, so that the fields come from the query, or use `post`"))
        }
        _ => Ok(()),
    }
}

fn body_is_unbound(
    fields: &Fields<'_>,
    captures: &[Capture],
    body: &BodySelector,
    name: &str,
) -> Result<(), Fault> {
    let BodySelector::Field(body) = body else {
        return Ok(());
    };
    // A field below the body field may come from the path, which then wins.
    if captures
        .iter()
        .any(|capture| body.starts_with(&capture.field))
    {
        let fault = Fault::new(format!("body: field `{name}` is already bound by the path"));
        return Err(fault.help("let the path or the body have the field, not both"));
    }
    if captures
        .iter()
        .any(|capture| fields.excludes(&capture.field, body))
    {
        let message =
            format!("body: field `{name}` is in a oneof of which the path sets another member");
        return Err(Fault::new(message).help("let the path or the body choose, not both"));
    }
    Ok(())
}
