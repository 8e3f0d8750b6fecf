//! Which rule a method has: one from a file, its annotation, or the automatic one,
//! the first of them that there is. What the rule means is left to `compile`.

use super::{
    RuleError, Settings,
    error::Fault,
    option::{HttpRule, Pattern},
    origin::{Origin, RuleText},
    service_config::{FileRule, ServiceConfig},
};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use std::collections::{HashMap, HashSet};

/// How many wrong selectors are told what was probably meant. Comparing names takes
/// its time, and a file for another API altogether has only wrong ones.
const SUGGESTIONS: usize = 20;

/// The rules from outside, by method.
pub(super) struct Selection<'a> {
    settings: &'a Settings,
    of_files: HashMap<&'a str, FileEntry<'a>>,
}

/// A rule and the file that it stands in.
#[derive(Clone, Copy)]
pub(super) struct FileEntry<'a> {
    pub(super) file: &'a ServiceConfig,
    pub(super) rule: &'a FileRule,
}

impl<'a> Selection<'a> {
    /// Sorts the rules by method. Rules for no method and second rules for one are
    /// errors, and so are services that do not exist.
    pub(super) fn new(
        pool: &DescriptorPool,
        settings: &'a Settings,
        errors: &mut Vec<RuleError>,
    ) -> Self {
        let methods: HashSet<String> = pool
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .map(|method| method.full_name().to_owned())
            .collect();
        let mut of_files = HashMap::new();
        let entries = settings
            .files
            .iter()
            .flat_map(|file| file.rules.iter().map(move |rule| FileEntry { file, rule }));
        let mut unknown = 0;
        for entry in entries {
            let selector = entry.rule.selector.as_str();
            if !methods.contains(selector) {
                unknown += 1;
                let fault = Fault::new(format!("the descriptors have no method `{selector}`"));
                let help = (unknown <= SUGGESTIONS).then(|| instead(pool, selector, &methods));
                errors.push(entry.error(help.into_iter().fold(fault, Fault::help)));
            } else if let Some(&first) = of_files.get(selector) {
                errors.push(entry.error(second(first)));
            } else {
                of_files.insert(selector, entry);
            }
        }
        errors.extend(unknown_services(pool, settings));
        Self { settings, of_files }
    }

    /// The rule that a method has, given its annotation.
    pub(super) fn rule<'m>(
        &self,
        method: &'m MethodDescriptor,
        annotation: Option<HttpRule>,
    ) -> Option<(HttpRule, Origin<'m>)>
    where
        'a: 'm,
    {
        if let Some(&entry) = self.of_files.get(method.full_name()) {
            let replaces_annotation = annotation.is_some();
            let origin = Origin::File {
                entry,
                replaces_annotation,
            };
            return Some((entry.rule.http.clone(), origin));
        }
        if let Some(rule) = annotation {
            return Some((rule, Origin::Annotation(method)));
        }
        let service = method.parent_service();
        let is_mapped = self.settings.auto_map.covers(service.full_name());
        is_mapped.then(|| (auto(service.full_name(), method.name()), Origin::Auto))
    }
}

impl FileEntry<'_> {
    /// The line of the rule.
    pub(super) fn line(&self) -> usize {
        self.rule.places.first().map_or(1, |place| place.line)
    }

    fn error(self, fault: Fault) -> RuleError {
        let text = RuleText::new(0, &self.rule.http);
        let origin = Origin::File {
            entry: self,
            replaces_annotation: false,
        };
        origin.error(&self.rule.selector, &text, fault)
    }
}

/// The rule of a method that is mapped without one.
pub(super) fn auto(service: &str, method: &str) -> HttpRule {
    HttpRule {
        pattern: Some(Pattern::Post(format!("/{service}/{method}"))),
        body: "*".to_owned(),
        ..HttpRule::default()
    }
}

fn second(first: FileEntry<'_>) -> Fault {
    let (path, line) = (first.file.path.display(), first.line());
    Fault::new(format!("the method has a rule already, at {path}:{line}"))
        .help("remove one of the two, or move it into the `additional_bindings` of the other")
}

/// What to write instead of a selector that names no method.
fn instead(pool: &DescriptorPool, selector: &str, methods: &HashSet<String>) -> String {
    if let Some(service) = pool.get_service_by_name(selector) {
        let names: Vec<_> = service
            .methods()
            .map(|method| format!("{selector}.{}", method.name()))
            .collect();
        let names = some_of(names);
        return format!("that is a service; write a rule for each method: {names}");
    }
    suggestion("methods", selector, methods.iter().map(String::as_str))
}

fn unknown_services<'a>(
    pool: &'a DescriptorPool,
    settings: &'a Settings,
) -> impl Iterator<Item = RuleError> + 'a {
    let services = settings.auto_map.services.iter();
    let unknown = services.filter(|name| pool.get_service_by_name(name).is_none());
    unknown.map(|name| {
        let known: Vec<_> = pool.services().collect();
        let known = known.iter().map(|service| service.full_name());
        let fault = Fault::new(format!("the descriptors have no service `{name}`"))
            .help(suggestion("services", name, known));
        let rule = auto(name, "…");
        Origin::Auto.error(name, &RuleText::new(0, &rule), fault)
    })
}

/// What was probably meant: the same last name elsewhere, or something like it.
fn suggestion<'a>(what: &str, wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let last = |name: &str| name.rsplit('.').next().map(str::to_lowercase);
    let mut known: Vec<_> = known.collect();
    known.sort_unstable();
    let limit = 1 + wrong.len() / 4;
    let nearest = known
        .iter()
        .map(|name| (last(name) != last(wrong), *name))
        // A distance is no smaller than the difference in length.
        .filter(|(differs, name)| !differs || name.len().abs_diff(wrong.len()) <= limit)
        .map(|(differs, name)| (strsim::osa_distance(name, wrong), differs, name))
        .filter(|(distance, differs, _)| !differs || *distance <= limit)
        .min();
    match nearest {
        Some((.., name)) => format!("did you mean `{name}`?"),
        None if known.is_empty() => format!("they have no {what} at all"),
        None => format!("the {what} are {}", some_of(known)),
    }
}

fn some_of<S: AsRef<str>>(names: Vec<S>) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<_> = names.iter().take(SHOWN).map(S::as_ref).collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    shown.join(", ") + more
}
