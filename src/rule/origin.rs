//! Where a rule stands and how its author would recognise it, for errors and for
//! [`Source`].

use super::{
    Binding, RuleError, Source,
    annotated::{self, Part},
    error::Fault,
    option::{HttpRule, Pattern},
    select::FileEntry,
};
use prost_reflect::{DescriptorPool, MethodDescriptor};

/// Where the rule that a method has comes from.
pub(super) enum Origin<'a> {
    Annotation(&'a MethodDescriptor),
    File {
        entry: FileEntry<'a>,
        replaces_annotation: bool,
    },
    Auto,
}

/// A rule in one line, as its author would recognise it, and which one it is.
pub(super) struct RuleText<'a> {
    rule: &'a HttpRule,
    text: String,
    /// Where the template starts in it.
    template: usize,
    /// Which binding of the method's rule it is.
    index: usize,
}

impl Origin<'_> {
    pub(super) fn source(&self) -> Source {
        match self {
            Origin::Annotation(_) => Source::Annotation,
            Origin::File {
                entry,
                replaces_annotation,
            } => Source::File {
                path: entry.file.path.clone(),
                line: entry.line(),
                replaces_annotation: *replaces_annotation,
            },
            Origin::Auto => Source::Auto,
        }
    }

    pub(super) fn error(&self, method: &str, rule: &RuleText<'_>, fault: Fault) -> RuleError {
        let (file, position) = self.place(rule, fault.part);
        RuleError {
            source: self.source(),
            file,
            position,
            method: method.to_owned(),
            rule: rule.text.clone(),
            caret: fault.column.map(|column| rule.template + column),
            message: fault.message,
            help: fault.help,
        }
    }

    /// The file and the place in it of a part of a rule, or of the rule.
    fn place(&self, rule: &RuleText<'_>, part: Part) -> (Option<String>, Option<(usize, usize)>) {
        match self {
            Origin::Annotation(method) => (
                Some(method.parent_file().name().to_owned()),
                annotated::place(method, rule.index, &annotated::fields(rule.rule, part)),
            ),
            Origin::File { entry, .. } => {
                let place = entry.rule.places.get(rule.index);
                (
                    Some(entry.file.path.display().to_string()),
                    place.map(|place| (place.line, place.column)),
                )
            }
            Origin::Auto => (None, None),
        }
    }
}

impl<'a> RuleText<'a> {
    pub(super) fn new(index: usize, rule: &'a HttpRule) -> RuleText<'a> {
        let (kind, path) = rule
            .pattern
            .as_ref()
            .map_or(("(no pattern)", ""), Pattern::parts);
        let mut text = format!("{kind} {path}");
        if !rule.body.is_empty() {
            text += &format!("  body: \"{}\"", rule.body);
        }
        if !rule.response_body.is_empty() {
            text += &format!("  response_body: \"{}\"", rule.response_body);
        }
        if index > 0 {
            text += &format!("  (additional binding {index})");
        }
        RuleText {
            rule,
            text,
            template: kind.len() + 1,
            index,
        }
    }
}

/// Where a binding's rule stands: `FILE:LINE:COLUMN` for an annotation whose place
/// the descriptors tell, its file alone otherwise; `FILE:LINE` for a rule from a
/// file; none for an automatic one. `pool` is the one that the binding is of.
pub fn place(pool: &DescriptorPool, binding: &Binding) -> Option<String> {
    match &binding.source {
        Source::Annotation => {
            let (service, name) = binding.method.full_name.rsplit_once('.')?;
            let service = pool.get_service_by_name(service)?;
            let method = service.methods().find(|method| method.name() == name)?;
            let file = method.parent_file();
            let place = annotated::place(&method, binding.index, &[]);
            let place = place.map(|(line, column)| format!(":{line}:{column}"));
            Some(file.name().to_owned() + &place.unwrap_or_default())
        }
        source @ Source::File { .. } => Some(source.to_string()),
        Source::Auto => None,
    }
}
