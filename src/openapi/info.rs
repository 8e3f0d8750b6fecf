//! What a document says of the API as a whole: `info`, servers, security, tags.

use super::annotations;
use super::api::Api;
use super::settings::{Security, Settings};
use super::tree::{Object, Tree};
use prost_reflect::ServiceDescriptor;

/// What all files with services say, the first winning.
pub(super) fn stated(api: &Api<'_>, services: &[ServiceDescriptor]) -> annotations::File {
    let mut all = annotations::File::default();
    let mut files: Vec<_> = services.iter().map(|it| it.parent_file()).collect();
    files.dedup();
    let notes = files.iter().filter_map(|it| api.notes.file_note(it.name()));
    for file in notes.map(annotations::file) {
        // What is there already must win, and stay where it is.
        let mut info = file.info;
        info.extend(std::mem::take(&mut all.info));
        all.info = info;
        let mut schemes = file.security_schemes;
        schemes.extend(std::mem::take(&mut all.security_schemes));
        all.security_schemes = schemes;
        all.tags.extend(file.tags);
        if all.servers.is_empty() {
            all.servers = file.servers;
        }
        if all.security.is_empty() {
            all.security = file.security;
        }
        all.external_docs = all.external_docs.or(file.external_docs);
    }
    all
}

/// The operator's words over those of the files over what can be guessed.
pub(super) fn info(
    api: &Api<'_>,
    services: &[ServiceDescriptor],
    stated: &annotations::File,
) -> Object {
    let settings = api.settings;
    let said = |own: &Option<String>, name: &str, guess: String| match (own, stated.info.get(name))
    {
        (Some(own), _) => own.as_str().into(),
        (None, Some(text)) => text.clone(),
        (None, None) => Tree::from(guess),
    };
    let comment = match services {
        [one] => api.notes.at(one.full_name()).comment.clone(),
        _ => String::new(),
    };
    let description = said(&settings.description, "description", comment);
    let has_description = description != Tree::from("");
    Object::new()
        .with("title", said(&settings.title, "title", title(services)))
        .with_some("description", has_description.then_some(description))
        .with_some("termsOfService", stated.info.get("termsOfService").cloned())
        .with_some("contact", contact(settings, stated))
        .with_some("license", license(settings, stated))
        .with(
            "version",
            said(&settings.version, "version", version(services)),
        )
}

fn title(services: &[ServiceDescriptor]) -> String {
    match services {
        [] => "API".to_owned(),
        [one] => one.name().to_owned(),
        [first, ..] => match first.package_name() {
            "" => first.name().to_owned(),
            package => package.to_owned(),
        },
    }
}

/// The version that a package's name ends in, spelt as generators of packages take
/// it: `v1` is 1.0.0, `v2beta1` is 2.0.0-beta1; 0.0.0 where there is none.
fn version(services: &[ServiceDescriptor]) -> String {
    let package = services.first().map(|it| it.package_name().to_owned());
    let package = package.unwrap_or_default();
    let last = package.rsplit('.').next().unwrap_or_default();
    let number = last.strip_prefix('v').unwrap_or_default();
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    match number.split_at(digits) {
        ("", _) => "0.0.0".to_owned(),
        (major, "") => format!("{major}.0.0"),
        (major, stage) => format!("{major}.0.0-{stage}"),
    }
}

fn contact(settings: &Settings, stated: &annotations::File) -> Option<Tree> {
    let own = Object::new()
        .with_some("name", settings.contact_name.as_deref())
        .with_some("url", settings.contact_url.as_deref())
        .with_some("email", settings.contact_email.as_deref());
    match own.is_empty() {
        true => stated.info.get("contact").cloned(),
        false => Some(own.into()),
    }
}

fn license(settings: &Settings, stated: &annotations::File) -> Option<Tree> {
    match &settings.license {
        Some(name) => Some(
            Object::new()
                .with("name", name.as_str())
                .with_some("url", settings.license_url.as_deref())
                .into(),
        ),
        None => stated.info.get("license").cloned(),
    }
}

pub(super) fn servers(settings: &Settings, stated: &annotations::File) -> Vec<Object> {
    let own: Vec<_> = settings
        .servers
        .iter()
        .map(|url| Object::new().with("url", url.as_str()))
        .collect();
    match (own.is_empty(), stated.servers.is_empty()) {
        (false, _) => own,
        (true, false) => stated.servers.clone(),
        (true, true) => vec![Object::new().with("url", "/")],
    }
}

/// The security schemes, and which of them calls need.
pub(super) fn security(settings: &Settings, stated: &annotations::File) -> (Object, Vec<Object>) {
    if settings.security.is_empty() {
        let schemes = stated.security_schemes.clone();
        let mut demands = stated.security.clone();
        demands.retain(|demand| demand.names().all(|name| schemes.get(name).is_some()));
        return (schemes, demands);
    }
    let mut schemes = Object::new();
    let mut demands = Vec::new();
    for scheme in &settings.security {
        let (name, object) = match scheme {
            Security::Bearer => ("bearer", http("bearer")),
            Security::Basic => ("basic", http("basic")),
            Security::ApiKey(header) => {
                let object = Object::new().with("type", "apiKey").with("in", "header");
                ("apiKey", object.with("name", header.as_str()))
            }
        };
        schemes.set(name, object);
        demands.push(Object::new().with(name, Tree::List(Vec::new())));
    }
    (schemes, demands)
}

fn http(scheme: &str) -> Object {
    Object::new().with("type", "http").with("scheme", scheme)
}

/// What a service is called as a tag.
pub(super) fn tag_name(api: &Api<'_>, service: &ServiceDescriptor) -> String {
    let stated = annotations::tag(api.notes.at(service.full_name())).name;
    match stated.as_str() {
        "" => api.service_name(service.full_name()).to_owned(),
        _ => stated,
    }
}

/// A service as a tag.
pub(super) fn tag(api: &Api<'_>, service: &ServiceDescriptor) -> Object {
    let note = api.notes.at(service.full_name());
    let stated = annotations::tag(note);
    let description = match stated.description.as_str() {
        "" => &note.comment,
        description => description,
    };
    Object::new()
        .with("name", tag_name(api, service))
        .with_text("description", description)
        .with_some("externalDocs", stated.external_docs)
}
