//! Where a rule stands and how its author would recognise it, for errors and for
//! [`Source`].

use super::{
    RuleError, Source,
    error::Fault,
    option::{HttpRule, Pattern},
    select::FileEntry,
};
use prost_reflect::MethodDescriptor;

/// Where the rule that a method has comes from.
pub(super) enum Origin<'a> {
    Annotation(&'a MethodDescriptor),
    File {
        entry: FileEntry<'a>,
        replaces_annotation: bool,
    },
    Auto,
}

/// A rule in one line, as its author would recognise it.
#[derive(Default)]
pub(super) struct RuleText {
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

    pub(super) fn error(&self, method: &str, rule: &RuleText, fault: Fault) -> RuleError {
        let (file, position) = self.place(rule.index);
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

    /// The file and the place in it of the n-th binding.
    fn place(&self, index: usize) -> (Option<String>, Option<(usize, usize)>) {
        match self {
            Origin::Annotation(method) => (
                Some(method.parent_file().name().to_owned()),
                position(method),
            ),
            Origin::File { entry, .. } => {
                let place = entry.rule.places.get(index);
                (
                    Some(entry.file.path.display().to_string()),
                    place.map(|place| (place.line, place.column)),
                )
            }
            Origin::Auto => (None, None),
        }
    }
}

impl RuleText {
    pub(super) fn new(index: usize, rule: &HttpRule) -> RuleText {
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
            text,
            template: kind.len() + 1,
            index,
        }
    }
}

/// Line and column, from 1, of the method's HTTP option or else of the method.
fn position(method: &MethodDescriptor) -> Option<(usize, usize)> {
    let file = method.parent_file();
    let info = file.file_descriptor_proto().source_code_info.as_ref()?;
    let path = method.path();
    let option = [path, &[4, 72_295_728]].concat();
    let locations = || info.location.iter();
    let location = locations()
        .find(|location| location.path.starts_with(&option))
        .or_else(|| locations().find(|location| location.path == path))?;
    let at = |index: usize| {
        location
            .span
            .get(index)
            .and_then(|&n| usize::try_from(n).ok())
    };
    Some((at(0)? + 1, at(1)? + 1))
}
