//! Where in its `.proto` file an annotation stands, as exactly as the descriptors
//! tell it. Places in files of rules are left to `reader`.
//!
//! A compiler notes a place for each statement: one for the whole of
//! `option (google.api.http) = {…}`, one for each of `option (google.api.http).get = …`
//! and its like; some note the fields inside the braces too.

use super::option::HttpRule;
use prost_reflect::MethodDescriptor;

/// `options` of a method, and `google.api.http` in them.
const HTTP_OPTION: [i32; 2] = [4, 72_295_728];
const BODY: i32 = 7;
const CUSTOM: i32 = 8;
const CUSTOM_KIND: i32 = 1;
const CUSTOM_PATH: i32 = 2;
const ADDITIONAL_BINDINGS: i32 = 11;
const RESPONSE_BODY: i32 = 12;

/// The part of a rule that a fault is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Part {
    /// All of it, or something that is not there.
    #[default]
    Whole,
    /// The HTTP method.
    Kind,
    /// The template.
    Path,
    Body,
    ResponseBody,
    AdditionalBindings,
}

/// Line and column, from 1, of a part of the method's n-th binding: of the part
/// itself, or of the nearest thing around it that has a place, which is the binding,
/// the option or the method.
pub(super) fn place(
    method: &MethodDescriptor,
    index: usize,
    fields: &[i32],
) -> Option<(usize, usize)> {
    let file = method.parent_file();
    let locations = &file
        .file_descriptor_proto()
        .source_code_info
        .as_ref()?
        .location;
    let option = [method.path(), &HTTP_OPTION].concat();
    let mut wanted = option.clone();
    if let Some(additional) = index.checked_sub(1) {
        wanted.extend([ADDITIONAL_BINDINGS, i32::try_from(additional).ok()?]);
    }
    wanted.extend(fields);
    // One pass to leave out all the rest of the file.
    let of_option: Vec<_> = locations
        .iter()
        .filter(|location| location.path.starts_with(&option))
        .collect();
    let location = (option.len()..=wanted.len())
        .rev()
        .map(|length| &wanted[..length])
        .find_map(|path| {
            let exact = of_option.iter().find(|location| location.path == path);
            exact.or_else(|| of_option.iter().find(|l| l.path.starts_with(path)))
        })
        .copied()
        .or_else(|| locations.iter().find(|l| l.path == method.path()))?;
    let from_1 = |at: usize| {
        usize::try_from(*location.span.get(at)?)
            .ok()?
            .checked_add(1)
    };
    Some((from_1(0)?, from_1(1)?))
}

/// The field numbers that lead from a rule to a part of it.
pub(super) fn fields(rule: &HttpRule, part: Part) -> Vec<i32> {
    let pattern = rule.pattern.as_ref().map(|pattern| pattern.field_number());
    match (part, pattern) {
        (Part::Body, _) => vec![BODY],
        (Part::ResponseBody, _) => vec![RESPONSE_BODY],
        (Part::AdditionalBindings, _) => vec![ADDITIONAL_BINDINGS],
        (Part::Kind, Some(CUSTOM)) => vec![CUSTOM, CUSTOM_KIND],
        (Part::Path, Some(CUSTOM)) => vec![CUSTOM, CUSTOM_PATH],
        (Part::Kind | Part::Path, Some(number)) => vec![number],
        (Part::Whole, _) | (_, None) => Vec::new(),
    }
}
