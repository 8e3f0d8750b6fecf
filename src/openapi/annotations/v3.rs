//! `grpc.gateway.protoc_gen_openapiv3.options`, by its field numbers.

use super::super::tree::Object;
use super::v2::{Contact, ExternalDocs, SecurityRequirement, Tag};
use super::{count, example};

#[derive(Clone, PartialEq, prost::Message)]
struct Document {
    #[prost(message, optional, tag = "2")]
    info: Option<Info>,
    #[prost(message, repeated, tag = "3")]
    servers: Vec<Server>,
    #[prost(message, repeated, tag = "6")]
    security: Vec<SecurityRequirement>,
    #[prost(message, repeated, tag = "7")]
    tags: Vec<Tag>,
    #[prost(message, optional, tag = "8")]
    external_docs: Option<ExternalDocs>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Info {
    #[prost(string, tag = "1")]
    title: String,
    #[prost(string, tag = "3")]
    description: String,
    #[prost(string, tag = "4")]
    terms_of_service: String,
    #[prost(message, optional, tag = "5")]
    contact: Option<Contact>,
    #[prost(message, optional, tag = "6")]
    license: Option<License>,
    #[prost(string, tag = "7")]
    version: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct License {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "3")]
    url: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Server {
    #[prost(string, tag = "1")]
    url: String,
    #[prost(string, tag = "2")]
    description: String,
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
    #[prost(bool, tag = "9")]
    deprecated: bool,
    #[prost(message, repeated, tag = "10")]
    security: Vec<SecurityRequirement>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Schema {
    #[prost(string, tag = "1")]
    title: String,
    #[prost(string, tag = "2")]
    description: String,
    #[prost(bool, tag = "5")]
    read_only: bool,
    #[prost(bool, tag = "6")]
    write_only: bool,
    #[prost(bool, tag = "7")]
    deprecated: bool,
    #[prost(string, tag = "9")]
    example: String,
    #[prost(double, optional, tag = "11")]
    multiple_of: Option<f64>,
    #[prost(double, optional, tag = "12")]
    maximum: Option<f64>,
    #[prost(double, optional, tag = "13")]
    exclusive_maximum: Option<f64>,
    #[prost(double, optional, tag = "14")]
    minimum: Option<f64>,
    #[prost(double, optional, tag = "15")]
    exclusive_minimum: Option<f64>,
    #[prost(uint64, tag = "16")]
    max_length: u64,
    #[prost(uint64, tag = "17")]
    min_length: u64,
    #[prost(string, tag = "18")]
    pattern: String,
    #[prost(uint64, tag = "19")]
    max_items: u64,
    #[prost(uint64, tag = "20")]
    min_items: u64,
    #[prost(bool, tag = "21")]
    unique_items: bool,
    #[prost(string, repeated, tag = "24")]
    required: Vec<String>,
    #[prost(string, tag = "27")]
    format: String,
}

/// `None` where there is no annotation, or none that can be read.
fn read<T: prost::Message + Default>(bytes: &[u8]) -> Option<T> {
    (!bytes.is_empty()).then(|| T::decode(bytes).ok())?
}

pub(super) fn file(bytes: &[u8]) -> Option<super::File> {
    let document = read::<Document>(bytes)?;
    let info = document.info.unwrap_or_default();
    let license = info.license.unwrap_or_default();
    let license = Object::new()
        .with_text("name", &license.name)
        .with_text("url", &license.url);
    let servers = document.servers.iter().map(|server| {
        Object::new()
            .with("url", server.url.as_str())
            .with_text("description", &server.description)
    });
    Some(super::File {
        info: Object::new()
            .with_text("title", &info.title)
            .with_text("description", &info.description)
            .with_text("termsOfService", &info.terms_of_service)
            .with_some("contact", info.contact.map(|contact| contact.object()))
            .with_some("license", (!license.is_empty()).then_some(license))
            .with_text("version", &info.version),
        servers: servers.collect(),
        tags: document.tags.iter().filter_map(Tag::object).collect(),
        external_docs: document.external_docs.map(|docs| docs.object()),
        // Its schemes are among components, which are not read.
        security_schemes: Object::new(),
        security: document.security.iter().map(|it| it.object()).collect(),
    })
}

pub(super) fn operation(bytes: &[u8]) -> Option<super::Operation> {
    let operation = read::<Operation>(bytes)?;
    Some(super::Operation {
        tags: operation.tags,
        summary: operation.summary,
        description: operation.description,
        operation_id: operation.operation_id,
        deprecated: operation.deprecated,
        external_docs: operation.external_docs.map(|docs| docs.object()),
        security: operation.security.iter().map(|it| it.object()).collect(),
    })
}

pub(super) fn tag(bytes: &[u8]) -> Option<super::Tag> {
    read::<Tag>(bytes).map(Into::into)
}

pub(super) fn schema(bytes: &[u8]) -> Option<Object> {
    let schema = read::<Schema>(bytes)?;
    let required = (!schema.required.is_empty()).then_some(schema.required);
    Some(
        Object::new()
            .with_text("title", &schema.title)
            .with_text("description", &schema.description)
            .with_some("readOnly", schema.read_only.then_some(true))
            .with_some("writeOnly", schema.write_only.then_some(true))
            .with_some("deprecated", schema.deprecated.then_some(true))
            .with_some("examples", example(&schema.example))
            .with_some("multipleOf", schema.multiple_of)
            .with_some("maximum", schema.maximum)
            .with_some("exclusiveMaximum", schema.exclusive_maximum)
            .with_some("minimum", schema.minimum)
            .with_some("exclusiveMinimum", schema.exclusive_minimum)
            .with_some("maxLength", count(schema.max_length))
            .with_some("minLength", count(schema.min_length))
            .with_text("pattern", &schema.pattern)
            .with_some("maxItems", count(schema.max_items))
            .with_some("minItems", count(schema.min_items))
            .with_some("uniqueItems", schema.unique_items.then_some(true))
            .with_some("required", required)
            .with_text("format", &schema.format),
    )
}
