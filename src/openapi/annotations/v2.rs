//! `grpc.gateway.protoc_gen_openapiv2.options`, by its field numbers.

use super::super::tree::Object;
use super::{count, example};
use prost::Message as _;
use std::collections::BTreeMap;

#[derive(Clone, PartialEq, prost::Message)]
struct Swagger {
    #[prost(message, optional, tag = "2")]
    info: Option<Info>,
    #[prost(string, tag = "3")]
    host: String,
    #[prost(string, tag = "4")]
    base_path: String,
    #[prost(int32, repeated, tag = "5")]
    schemes: Vec<i32>,
    #[prost(message, optional, tag = "11")]
    security_definitions: Option<SecurityDefinitions>,
    #[prost(message, repeated, tag = "12")]
    security: Vec<SecurityRequirement>,
    #[prost(message, repeated, tag = "13")]
    tags: Vec<Tag>,
    #[prost(message, optional, tag = "14")]
    external_docs: Option<ExternalDocs>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Info {
    #[prost(string, tag = "1")]
    title: String,
    #[prost(string, tag = "2")]
    description: String,
    #[prost(string, tag = "3")]
    terms_of_service: String,
    #[prost(message, optional, tag = "4")]
    contact: Option<Contact>,
    #[prost(message, optional, tag = "5")]
    license: Option<License>,
    #[prost(string, tag = "6")]
    version: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Contact {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    url: String,
    #[prost(string, tag = "3")]
    email: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct License {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    url: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ExternalDocs {
    #[prost(string, tag = "1")]
    description: String,
    #[prost(string, tag = "2")]
    url: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Tag {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    description: String,
    #[prost(message, optional, tag = "3")]
    external_docs: Option<ExternalDocs>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Operation {
    #[prost(string, repeated, tag = "1")]
    tags: Vec<String>,
    #[prost(string, tag = "2")]
    summary: String,
    #[prost(string, tag = "3")]
    description: String,
    #[prost(message, optional, tag = "4")]
    external_docs: Option<ExternalDocs>,
    #[prost(string, tag = "5")]
    operation_id: String,
    #[prost(bool, tag = "11")]
    deprecated: bool,
    #[prost(message, repeated, tag = "12")]
    security: Vec<SecurityRequirement>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Schema {
    #[prost(message, optional, tag = "1")]
    json_schema: Option<JsonSchema>,
    #[prost(string, tag = "6")]
    example: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct JsonSchema {
    #[prost(string, tag = "5")]
    title: String,
    #[prost(string, tag = "6")]
    description: String,
    #[prost(bool, tag = "8")]
    read_only: bool,
    #[prost(string, tag = "9")]
    example: String,
    #[prost(double, tag = "10")]
    multiple_of: f64,
    #[prost(double, optional, tag = "11")]
    maximum: Option<f64>,
    #[prost(bool, tag = "12")]
    exclusive_maximum: bool,
    #[prost(double, optional, tag = "13")]
    minimum: Option<f64>,
    #[prost(bool, tag = "14")]
    exclusive_minimum: bool,
    #[prost(uint64, tag = "15")]
    max_length: u64,
    #[prost(uint64, tag = "16")]
    min_length: u64,
    #[prost(string, tag = "17")]
    pattern: String,
    #[prost(uint64, tag = "20")]
    max_items: u64,
    #[prost(uint64, tag = "21")]
    min_items: u64,
    #[prost(bool, tag = "22")]
    unique_items: bool,
    #[prost(uint64, tag = "24")]
    max_properties: u64,
    #[prost(uint64, tag = "25")]
    min_properties: u64,
    #[prost(string, repeated, tag = "26")]
    required: Vec<String>,
    #[prost(string, tag = "36")]
    format: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SecurityDefinitions {
    #[prost(btree_map = "string, message", tag = "1")]
    security: BTreeMap<String, SecurityScheme>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SecurityScheme {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    description: String,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(int32, tag = "4")]
    place: i32,
    #[prost(int32, tag = "5")]
    flow: i32,
    #[prost(string, tag = "6")]
    authorization_url: String,
    #[prost(string, tag = "7")]
    token_url: String,
    #[prost(message, optional, tag = "8")]
    scopes: Option<Scopes>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Scopes {
    #[prost(btree_map = "string, string", tag = "1")]
    scope: BTreeMap<String, String>,
}

/// The same in both generations.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SecurityRequirement {
    #[prost(btree_map = "string, message", tag = "1")]
    schemes: BTreeMap<String, ScopeNames>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ScopeNames {
    #[prost(string, repeated, tag = "1")]
    scope: Vec<String>,
}

pub(super) fn file(bytes: &[u8]) -> super::File {
    let swagger = Swagger::decode(bytes).unwrap_or_default();
    let definitions = swagger.security_definitions.unwrap_or_default().security;
    let schemes = definitions
        .iter()
        .filter_map(|(name, scheme)| Some((name.clone(), scheme.object()?.into())));
    let info = swagger.info.unwrap_or_default();
    let license = info.license.unwrap_or_default();
    let license = Object::new()
        .with_text("name", &license.name)
        .with_text("url", &license.url);
    super::File {
        servers: servers(&swagger.host, &swagger.base_path, &swagger.schemes),
        info: Object::new()
            .with_text("title", &info.title)
            .with_text("description", &info.description)
            .with_text("termsOfService", &info.terms_of_service)
            .with_some("contact", info.contact.map(|contact| contact.object()))
            .with_some("license", (!license.is_empty()).then_some(license))
            .with_text("version", &info.version),
        tags: swagger.tags.iter().filter_map(Tag::object).collect(),
        external_docs: swagger.external_docs.map(|docs| docs.object()),
        security: swagger.security.iter().map(|it| it.object()).collect(),
        security_schemes: schemes.collect(),
    }
}

/// Only a host makes a server: a base path alone is for what stands before the
/// gateway, and is left to it.
fn servers(host: &str, base_path: &str, schemes: &[i32]) -> Vec<Object> {
    const HTTP: i32 = 1;
    const HTTPS: i32 = 2;
    let server = |scheme: &str| Object::new().with("url", format!("{scheme}://{host}{base_path}"));
    match (host, schemes.contains(&HTTP), schemes.contains(&HTTPS)) {
        ("", _, _) => Vec::new(),
        (_, true, true) => vec![server("https"), server("http")],
        (_, true, false) => vec![server("http")],
        (_, false, _) => vec![server("https")],
    }
}

pub(super) fn operation(bytes: &[u8]) -> super::Operation {
    let operation = Operation::decode(bytes).unwrap_or_default();
    super::Operation {
        tags: operation.tags,
        summary: operation.summary,
        description: operation.description,
        operation_id: operation.operation_id,
        deprecated: operation.deprecated,
        external_docs: operation.external_docs.map(|docs| docs.object()),
        security: operation.security.iter().map(|it| it.object()).collect(),
    }
}

pub(super) fn tag(bytes: &[u8]) -> super::Tag {
    Tag::decode(bytes).unwrap_or_default().into()
}

pub(super) fn message(bytes: &[u8]) -> Object {
    let schema = Schema::decode(bytes).unwrap_or_default();
    let mut object = schema.json_schema.unwrap_or_default().keywords();
    if let Some(example) = example(&schema.example) {
        object.set("examples", example);
    }
    object
}

pub(super) fn field(bytes: &[u8]) -> Object {
    JsonSchema::decode(bytes).unwrap_or_default().keywords()
}

impl JsonSchema {
    fn keywords(&self) -> Object {
        let limit = |value: Option<f64>, is_wanted: bool| value.filter(|_| is_wanted);
        Object::new()
            .with_text("title", &self.title)
            .with_text("description", &self.description)
            .with_some("readOnly", self.read_only.then_some(true))
            .with_some("examples", example(&self.example))
            .with_some("multipleOf", Some(self.multiple_of).filter(|by| *by > 0.0))
            .with_some("maximum", limit(self.maximum, !self.exclusive_maximum))
            .with_some(
                "exclusiveMaximum",
                limit(self.maximum, self.exclusive_maximum),
            )
            .with_some("minimum", limit(self.minimum, !self.exclusive_minimum))
            .with_some(
                "exclusiveMinimum",
                limit(self.minimum, self.exclusive_minimum),
            )
            .with_some("maxLength", count(self.max_length))
            .with_some("minLength", count(self.min_length))
            .with_text("pattern", &self.pattern)
            .with_some("maxItems", count(self.max_items))
            .with_some("minItems", count(self.min_items))
            .with_some("uniqueItems", self.unique_items.then_some(true))
            .with_some("maxProperties", count(self.max_properties))
            .with_some("minProperties", count(self.min_properties))
            .with_some(
                "required",
                (!self.required.is_empty()).then(|| self.required.clone()),
            )
            .with_text("format", &self.format)
    }
}

impl SecurityScheme {
    fn object(&self) -> Option<Object> {
        let object = match self.kind {
            1 => Object::new().with("type", "http").with("scheme", "basic"),
            2 => {
                let place = if self.place == 1 { "query" } else { "header" };
                Object::new()
                    .with("type", "apiKey")
                    .with("in", place)
                    .with("name", self.name.as_str())
            }
            3 => {
                let name = match self.flow {
                    1 => "implicit",
                    2 => "password",
                    3 => "clientCredentials",
                    _ => "authorizationCode",
                };
                let scopes = self.scopes.clone().unwrap_or_default().scope;
                let scopes = scopes.into_iter().map(|(name, text)| (name, text.into()));
                let flow = Object::new()
                    .with_text("authorizationUrl", &self.authorization_url)
                    .with_text("tokenUrl", &self.token_url)
                    .with("scopes", scopes.collect::<Object>());
                Object::new()
                    .with("type", "oauth2")
                    .with("flows", Object::new().with(name, flow))
            }
            _ => return None,
        };
        Some(object.with_text("description", &self.description))
    }
}

impl SecurityRequirement {
    pub(super) fn object(&self) -> Object {
        let schemes = self.schemes.iter();
        schemes
            .map(|(name, names)| (name.clone(), names.scope.clone().into()))
            .collect()
    }
}

impl Contact {
    pub(super) fn object(&self) -> Object {
        Object::new()
            .with_text("name", &self.name)
            .with_text("url", &self.url)
            .with_text("email", &self.email)
    }
}

impl ExternalDocs {
    pub(super) fn object(&self) -> Object {
        Object::new()
            .with_text("description", &self.description)
            .with_text("url", &self.url)
    }
}

impl Tag {
    pub(super) fn object(&self) -> Option<Object> {
        let docs = self.external_docs.as_ref().map(ExternalDocs::object);
        (!self.name.is_empty()).then(|| {
            Object::new()
                .with("name", self.name.as_str())
                .with_text("description", &self.description)
                .with_some("externalDocs", docs)
        })
    }
}

impl From<Tag> for super::Tag {
    fn from(tag: Tag) -> Self {
        Self {
            external_docs: tag.external_docs.map(|docs| docs.object()),
            name: tag.name,
            description: tag.description,
        }
    }
}
