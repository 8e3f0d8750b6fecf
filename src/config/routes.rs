//! Settings of routes: those that hold for all of them, and the list `routes`, whose
//! entries hold for the routes that they select. Later entries win over earlier
//! ones.

use super::{
    Fault,
    document::{self, Entry, Value},
    keys::{self, parsed, positive},
    units::size,
};
use crate::{
    gateway::RouteSettings,
    rule::Binding,
    yaml::{self, Member, Place},
};
use std::path::Path;

type Set = fn(&mut RouteSettings, &Value) -> Result<(), String>;

/// The keys as they are for all routes; in an entry, `gateway.` is left out.
#[rustfmt::skip]
pub(super) const KEYS: &[(&str, Set)] = &[
    ("gateway.deadline", |r, v| v.to(&mut r.default_deadline, positive)),
    ("gateway.max_deadline", |r, v| v.to(&mut r.max_deadline, positive)),
    ("gateway.max_body", |r, v| v.to(&mut r.max_body, size)),
    ("gateway.ignore_unknown_parameters", |r, v| v.to(&mut r.ignore_unknown_parameters, parsed)),
    ("gateway.ignored_parameters", |r, v| v.list_to(&mut r.ignored_parameters, |text| Ok(text.to_owned()))),
    ("gateway.fill_update_mask", |r, v| v.to(&mut r.fill_update_mask, parsed)),
    ("streams.framing", |r, v| v.to(&mut r.framing, parsed)),
    ("streams.lifetime", |r, v| v.to(&mut r.stream_lifetime, positive)),
    ("streams.idle_timeout", |r, v| v.to(&mut r.stream_idle, positive)),
    ("json.ignore_unknown_fields", |r, v| v.to(&mut r.read.ignore_unknown, parsed)),
    ("json.always_print", |r, v| v.to(&mut r.write.always_print, parsed)),
    ("json.proto_names", |r, v| v.to(&mut r.write.proto_names, parsed)),
    ("json.enum_numbers", |r, v| v.to(&mut r.write.enum_numbers, parsed)),
    ("json.pretty", |r, v| v.to(&mut r.write.pretty, parsed)),
];

const SELECT: &str = "select";

/// What is set for some routes, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Routes(Vec<Route>);

#[derive(Debug, Clone)]
struct Route {
    selectors: Vec<String>,
    /// Where the selectors stand, as `file:line:column`.
    place: String,
    settings: Vec<Entry>,
}

impl Routes {
    /// Reads the list; what is wrong with it goes to `faults`.
    pub(super) fn read(list: Member, path: &Path, faults: &mut Vec<Fault>) -> Self {
        let items = match list.node.value {
            yaml::Value::List(items) => items,
            yaml::Value::Null => Vec::new(),
            _ => {
                faults.push(fault(
                    path,
                    list.place,
                    "expected a list of `select: …` and what to set",
                ));
                Vec::new()
            }
        };
        let mut routes = Vec::new();
        for item in items {
            match item.value {
                yaml::Value::Map(members) => {
                    routes.extend(Route::read(members, item.place, path, faults));
                }
                _ => faults.push(fault(
                    path,
                    item.place,
                    "expected `select: …` and what to set",
                )),
            }
        }
        Self(routes)
    }

    /// Sets what is set for this route.
    pub fn apply(&self, binding: &Binding, settings: &mut RouteSettings) {
        for route in &self.0 {
            if route
                .selectors
                .iter()
                .any(|selector| selects(selector, binding))
            {
                route.apply(settings);
            }
        }
    }

    /// What is wrong with the list, given the routes that there are.
    pub fn faults(&self, bindings: &[Binding], base: &RouteSettings) -> Vec<Fault> {
        let mut faults = Vec::new();
        for route in &self.0 {
            let mut fault = |message: String| {
                faults.push(Fault {
                    place: Some(route.place.clone()),
                    message: format!("`routes`: {message}"),
                });
            };
            for selector in &route.selectors {
                if !bindings.iter().any(|binding| selects(selector, binding)) {
                    fault(unselected(selector, bindings));
                }
            }
            let mut settings = base.clone();
            route.apply(&mut settings);
            let (deadline, longest) = (settings.default_deadline, settings.max_deadline);
            if deadline > longest && base.default_deadline <= base.max_deadline {
                fault(format!(
                    "the deadline ({deadline:?}) is above the longest one ({longest:?}); lower \
                     `deadline` or raise `max_deadline` beside it"
                ));
            }
        }
        faults
    }
}

impl Route {
    fn read(
        members: Vec<Member>,
        place: Place,
        path: &Path,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let before = faults.len();
        let (mut settings, unread) = document::section(members, path);
        faults.extend(unread);
        let Some(at) = settings.iter().position(|entry| entry.key == SELECT) else {
            faults.push(fault(
                path,
                place,
                "expected `select`: a method, a service or a package by its full name, or a path",
            ));
            return None;
        };
        let select = settings.remove(at);
        let mut selectors = Vec::new();
        let read = select
            .value
            .list_to(&mut selectors, |text| Ok(text.to_owned()));
        if let Err(message) = read {
            faults.push(fault(path, select.place, &message));
        }
        for entry in &settings {
            if let Err(message) = set(&mut RouteSettings::default(), entry) {
                faults.push(fault(path, entry.place, &message));
            }
        }
        (faults.len() == before).then(|| Self {
            selectors,
            place: document::place(path, select.place),
            settings,
        })
    }

    fn apply(&self, settings: &mut RouteSettings) {
        for entry in &self.settings {
            // Every entry has been set once before, which is how it was checked.
            let _ = set(settings, entry);
        }
    }
}

fn set(settings: &mut RouteSettings, entry: &Entry) -> Result<(), String> {
    let key = entry.key.as_str();
    match KEYS.iter().find(|(known, _)| bare(known) == key) {
        Some((_, set)) => {
            set(settings, &entry.value).map_err(|message| format!("`{key}`: {message}"))
        }
        None => {
            let names: Vec<&str> = KEYS.iter().map(|(known, _)| bare(known)).collect();
            Err(keys::unknown(key, &names))
        }
    }
}

fn bare(key: &str) -> &str {
    key.strip_prefix("gateway.").unwrap_or(key)
}

/// Whether a selector means a route: by its path template or the beginning of it, up
/// to a slash or a verb, or by its method or what that is in.
fn selects(selector: &str, binding: &Binding) -> bool {
    let (name, ends): (_, &[char]) = match selector.starts_with('/') {
        true => (binding.template.to_string(), &['/', ':']),
        false => (binding.method.full_name.clone(), &['.']),
    };
    name.strip_prefix(selector.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(ends))
}

fn unselected(selector: &str, bindings: &[Binding]) -> String {
    let mut names = Vec::new();
    for binding in bindings {
        let method = &binding.method.full_name;
        let service = method.rsplit_once('.').map(|(service, _)| service);
        names.extend(service.map(str::to_owned));
        names.extend([method.clone(), binding.template.to_string()]);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let help = match keys::nearest(selector, &names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`trestle routes` lists what there is".to_owned(),
    };
    format!("no route is selected by `{selector}`; {help}")
}

fn fault(path: &Path, at: Place, message: &str) -> Fault {
    Fault {
        place: Some(document::place(path, at)),
        message: format!("`routes`: {message}"),
    }
}
