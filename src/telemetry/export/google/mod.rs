//! Google Cloud's Telemetry API: OTLP over HTTPS with a token that application
//! default credentials buy.

mod credentials;
mod jwt;
mod token;

pub(super) use token::Tokens;

use super::{Error, client::Client, otlp};
use credentials::Credentials;
use http::Uri;
use opentelemetry::{Key, KeyValue};
use opentelemetry_sdk::Resource;
use std::{path::PathBuf, sync::LazyLock};

/// Where the API is.
pub(super) static ENDPOINT: LazyLock<Uri> =
    LazyLock::new(|| Uri::from_static("https://telemetry.googleapis.com/v1/traces"));

/// The API on behalf of one project.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL that spans are posted to.
    pub endpoint: Uri,
    /// Who we are.
    pub credentials: Source,
    /// Whose spans they are; else the credentials' own project.
    pub project: Option<String>,
    /// Whose quota is used; else what the credentials say.
    pub quota_project: Option<String>,
}

/// Where the credentials are.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file, as `GOOGLE_APPLICATION_CREDENTIALS` names it.
    File(PathBuf),
    /// The metadata service of the machine.
    Machine {
        /// The start of its URLs.
        base: Uri,
    },
}

// === impl Settings ===

impl Settings {
    pub(super) fn otlp(&self) -> otlp::Settings {
        let endpoint = self.endpoint.clone();
        let mut settings = otlp::Settings::new(endpoint, otlp::Protocol::Http);
        settings.gzip = true;
        settings
    }

    /// What authorizes requests, and the resource with the project that they are
    /// for, as far as that is known without asking.
    pub(super) fn tokens(&self, resource: &Resource) -> Result<(Tokens, Resource), Error> {
        let credentials = Credentials::read(&self.credentials)?;
        let project = self.project.as_deref().or(credentials.project());
        let quota = self
            .quota_project
            .as_deref()
            .or(credentials.quota_project());
        let quota = quota.map(str::to_owned);
        let resource = with_project(resource, project).ok_or(Error::NoProject)?;
        let tls = otlp::Tls::default();
        let client = Client::new(credentials.is_secure().then_some(&tls))?;
        Ok((Tokens::new(credentials, client, quota), resource))
    }
}

/// Spans go to the project that their resource names. None: nobody names one.
fn with_project(resource: &Resource, project: Option<&str>) -> Option<Resource> {
    let key = Key::from_static_str("gcp.project_id");
    if resource.get_ref(&key).is_some() {
        return Some(resource.clone());
    }
    let attributes = resource.iter();
    let attributes = attributes.map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    let with = Resource::builder_empty()
        .with_attributes(attributes)
        .with_attribute(KeyValue::new(key, project?.to_owned()));
    Some(with.build())
}
