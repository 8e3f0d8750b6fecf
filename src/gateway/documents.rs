//! The gateway's own pages: the OpenAPI document, and a page to read it and to try
//! calls. A rule on one of their paths wins. What the document says is left to
//! `openapi`.

use super::answer::{self, Response};
use super::etag;
use super::failure::Failure;
use super::{Tables, openapi};
use axum::body::Body;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Method};
use openapi::Version;
use std::sync::OnceLock;

const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Nothing but what the gateway serves itself, and no inline code or style.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// One of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Json,
    Yaml,
    Docs,
    Script,
    Style,
}

/// The documents, written when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Documents {
    json: [OnceLock<(Bytes, HeaderValue)>; 2],
    yaml: [OnceLock<(Bytes, HeaderValue)>; 2],
}

impl Page {
    /// The page at a path, if the operator has not turned it off.
    pub(super) fn at(tables: &Tables, path: &str) -> Option<Self> {
        let settings = &tables.settings;
        let page = match path {
            "/openapi.json" => Self::Json,
            "/openapi.yaml" => Self::Yaml,
            "/docs" => Self::Docs,
            "/docs/docs.js" => Self::Script,
            "/docs/docs.css" => Self::Style,
            _ => return None,
        };
        let is_wanted = match page {
            Self::Json | Self::Yaml => settings.serve_openapi,
            // It shows the document, and is nothing without it.
            Self::Docs | Self::Script | Self::Style => {
                settings.serve_docs && settings.serve_openapi
            }
        };
        is_wanted.then_some(page)
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
            Self::Docs => "text/html; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
        }
    }
}

/// Answers with a page, or with 304 to those who have it.
pub(super) fn answer(tables: &Tables, page: Page, head: &Parts) -> Result<Response, Failure> {
    match head.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return Ok(answer::options(ALLOWED)),
        _ => {
            return Err(Failure::WrongMethod {
                allow: ALLOWED,
                method: head.method.clone(),
            });
        }
    }
    let (body, tag) = match page {
        Page::Json | Page::Yaml => tables.documents.get(tables, page, version(head)?),
        Page::Docs => fixed(include_bytes!("documents/docs.html")),
        Page::Script => fixed(include_bytes!("documents/docs.js")),
        Page::Style => fixed(include_bytes!("documents/docs.css")),
    };
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(page.media_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(ETAG, tag.clone());
    etag::answer_known(head, &tag, &mut response);
    Ok(response)
}

/// `?version=3.0` or `3.1`, the default.
fn version(head: &Parts) -> Result<Version, Failure> {
    let Some(query) = head.uri.query().filter(|query| !query.is_empty()) else {
        return Ok(Version::default());
    };
    let fault = |field: &str, description: String| Failure::BadField {
        field: field.to_owned(),
        description,
    };
    match query.split_once('=') {
        Some(("version", version)) => version.parse().map_err(|error| fault("version", error)),
        _ => Err(fault(
            "version",
            "the only parameter here, as `version=3.0`".to_owned(),
        )),
    }
}

fn fixed(bytes: &'static [u8]) -> (Bytes, HeaderValue) {
    (Bytes::from_static(bytes), etag::tag(bytes))
}

impl Documents {
    fn get(&self, tables: &Tables, page: Page, version: Version) -> (Bytes, HeaderValue) {
        let of_version = match page {
            Page::Yaml => &self.yaml,
            _ => &self.json,
        };
        let cell = match version {
            Version::V3_0 => &of_version[0],
            Version::V3_1 => &of_version[1],
        };
        let write = || {
            let document = tables.openapi();
            let text = match page {
                Page::Yaml => document.to_yaml(version),
                _ => document.to_json(version),
            };
            let tag = etag::tag(text.as_bytes());
            (Bytes::from(text), tag)
        };
        cell.get_or_init(write).clone()
    }
}
