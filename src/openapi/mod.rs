//! Bindings and plans described as an OpenAPI document: the same bindings that
//! route requests and the same plans that bind them, so that the document cannot
//! say anything else than what is served. Serving it is left to `gateway`.
//!
//! ```text
//! descriptors ─▶ notes ─┐                         ┌▶ 3.1 ─▶ JSON, YAML
//! bindings ─────────────┼▶ api ─▶ paths, schemas ─┤
//! plans ────────────────┘                         └▶ 3.0 ─▶ JSON, YAML
//! ```
//!
//! How things are spelt follows what generators of clients understand, which is
//! less than what the specification allows:
//! - 64-bit integers are strings, as in JSON; `bytes` carry `format: byte` and, in
//!   3.1, `contentEncoding` too.
//! - Optional fields are fields that are not required; `null` appears nowhere.
//! - The members of a oneof are fields beside the others; that two of them are set
//!   is excluded by `not` in 3.1, in words in both.
//! - Enums are lists of names, messages schemas of their own under the shortest
//!   name that is theirs alone.
//! - Errors are `4XX` and `5XX` with `google.rpc.Status`.
//! - A streamed reply is `text/event-stream` first, then `application/x-ndjson`.

mod annotations;
mod api;
mod declared;
mod field;
mod info;
mod names;
mod notes;
mod operation;
mod path;
mod query;
mod schema;
mod settings;
mod text;
mod tree;
mod version;

pub use settings::{Security, Settings};
pub use version::Version;

use crate::rule::{Binding, MethodMatch};
use crate::transcode::Schema;
use api::Api;
use names::Unique;
use operation::Names;
use path::Shape;
use prost_reflect::{DescriptorPool, MethodDescriptor, ServiceDescriptor};
use schema::Schemas;
use std::collections::HashMap;
use tree::{Object, Tree};

/// A description of an API.
#[derive(Debug, Clone)]
pub struct Document {
    /// As 3.1, but for the number of the version.
    tree: Object,
    omitted: Vec<String>,
}

impl Document {
    /// Describes what `bindings` serve. They, and `schema`, are of `pool`.
    pub fn build(
        pool: &DescriptorPool,
        schema: &Schema,
        bindings: &[Binding],
        settings: &Settings,
    ) -> Self {
        let api = Api::new(pool, schema, bindings, settings);
        let shown: Vec<_> = bindings
            .iter()
            .filter_map(|binding| Some((binding, api.method(&binding.method)?)))
            .filter(|(_, method)| {
                let service = method.parent_service();
                let notes = [method.full_name(), service.full_name()].map(|it| api.notes.at(it));
                notes.iter().all(|note| api.is_visible(note))
            })
            .collect();
        let mut services: Vec<ServiceDescriptor> = Vec::new();
        for (_, method) in &shown {
            let service = method.parent_service();
            if !services.contains(service) {
                services.push(service.clone());
            }
        }
        let stated = info::stated(&api, &services);
        let (schemes, demands) = info::security(settings, &stated);
        let mut schemas = Schemas::new(&api);
        schemas.status_is_whole = !api.sends_status(bindings);
        let mut paths = Paths::new(&schemes);
        for (binding, method) in &shown {
            paths.add(&mut schemas, binding, method);
        }
        let tags = paths.tags(&api, &services, &stated.tags);
        let components = Object::new().with("schemas", schemas.finish()).with_some(
            "securitySchemes",
            (!schemes.is_empty()).then(|| schemes.clone()),
        );
        let tree = Object::new()
            .with("openapi", "")
            .with("info", info::info(&api, &services, &stated))
            .with("servers", info::servers(settings, &stated))
            .with("security", demands)
            .with("tags", tags)
            .with("paths", paths.items)
            .with("components", components)
            .with_some("externalDocs", stated.external_docs);
        Self {
            tree,
            omitted: paths.omitted,
        }
    }

    /// What is served and has no place in an OpenAPI document, and why.
    pub fn omitted(&self) -> &[String] {
        &self.omitted
    }

    /// The document as JSON, to be read by people too.
    pub fn to_json(&self, version: Version) -> String {
        let mut json = serde_json::to_string_pretty(&self.tree(version))
            .expect("a tree of text, numbers and lists has a JSON form");
        json.push('\n');
        json
    }

    /// The document as YAML.
    pub fn to_yaml(&self, version: Version) -> String {
        serde_saphyr::to_string(&self.tree(version))
            .expect("a tree of text, numbers and lists has a YAML form")
    }

    fn tree(&self, version: Version) -> Tree {
        let mut tree = self.tree.clone();
        tree.set("openapi", version.number());
        let mut tree = tree.into();
        if version == Version::V3_0 {
            version::lower(&mut tree);
        }
        tree
    }
}

/// The paths of a document, on their way.
struct Paths<'a> {
    items: Object,
    /// The path of each form, and the names of its parameters.
    forms: HashMap<String, (String, Vec<String>)>,
    ids: Unique,
    /// The tags that operations have, each once.
    tags: Vec<String>,
    security: &'a Object,
    omitted: Vec<String>,
}

impl<'a> Paths<'a> {
    fn new(security: &'a Object) -> Self {
        Self {
            items: Object::new(),
            forms: HashMap::new(),
            ids: Unique::default(),
            tags: Vec::new(),
            security,
            omitted: Vec::new(),
        }
    }

    fn add(&mut self, schemas: &mut Schemas<'_>, binding: &Binding, method: &MethodDescriptor) {
        let mut shape = Shape::of(schemas.api, binding);
        let form = shape.form();
        let path = match self.forms.get(&form) {
            Some((path, names)) => {
                shape.rename(names);
                path.clone()
            }
            None => {
                let path = shape.path();
                self.forms.insert(form, (path.clone(), shape.names()));
                path
            }
        };
        let Some(http) = verb(binding) else {
            self.omit(binding, "OpenAPI has no word for the HTTP method");
            return;
        };
        if let Some(Tree::Object(item)) = self.items.get(&path)
            && item.get(http).is_some()
        {
            self.omit(binding, "to OpenAPI the path is that of another route");
            return;
        }
        let names = self.names(schemas.api, binding, method);
        let operation =
            operation::operation(schemas, binding, method, &shape, names, self.security);
        self.items.object(&path).set(http, operation);
    }

    fn names(&mut self, api: &Api<'_>, binding: &Binding, method: &MethodDescriptor) -> Names {
        let service = method.parent_service();
        let stated = annotations::operation(api.notes.at(method.full_name()));
        let name = match stated.operation_id.as_str() {
            "" => {
                let service = api.service_name(service.full_name()).replace('.', "_");
                format!("{service}_{}", method.name())
            }
            id => id.to_owned(),
        };
        let name = match binding.index {
            0 => name,
            index => format!("{name}_{index}"),
        };
        let tags = match stated.tags.is_empty() {
            true => vec![info::tag_name(api, service)],
            false => stated.tags,
        };
        for tag in &tags {
            if !self.tags.contains(tag) {
                self.tags.push(tag.clone());
            }
        }
        let id = self.ids.claim(name);
        Names { id, tags }
    }

    /// The tags that are used, described as services or files do it.
    fn tags(
        &self,
        api: &Api<'_>,
        services: &[ServiceDescriptor],
        stated: &[Object],
    ) -> Vec<Object> {
        let services = services.iter().map(|service| info::tag(api, service));
        let described: Vec<_> = stated.iter().cloned().chain(services).collect();
        let tag = |name: &String| {
            let is_it = |tag: &&Object| tag.get("name").and_then(Tree::text) == Some(name);
            let found = described.iter().find(is_it).cloned();
            found.unwrap_or_else(|| Object::new().with("name", name.as_str()))
        };
        self.tags.iter().map(tag).collect()
    }

    fn omit(&mut self, binding: &Binding, reason: &str) {
        let (http, template) = (&binding.http, &binding.template);
        let method = &binding.method.full_name;
        self.omitted
            .push(format!("{http} `{template}` of {method}: {reason}"));
    }
}

/// The member of a path item that stands for a binding's HTTP method. A rule for
/// all methods is shown as the one that its body suggests.
fn verb(binding: &Binding) -> Option<&'static str> {
    let method = match &binding.http {
        MethodMatch::Exact(method) => method.as_str(),
        MethodMatch::Any if matches!(binding.body, crate::rule::BodySelector::None) => "GET",
        MethodMatch::Any => "POST",
    };
    Some(match method {
        "GET" => "get",
        "PUT" => "put",
        "POST" => "post",
        "DELETE" => "delete",
        "OPTIONS" => "options",
        "HEAD" => "head",
        "PATCH" => "patch",
        "TRACE" => "trace",
        _ => return None,
    })
}
