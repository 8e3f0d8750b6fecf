//! The token that requests carry: bought when there is none, kept until shortly
//! before its end.

use super::{super::client::Client, credentials::Credentials};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::time::{Duration, Instant, SystemTime};

/// A token is replaced so long before its end: clocks differ, requests take time.
const MARGIN: Duration = Duration::from_secs(60);
const QUOTA: HeaderName = HeaderName::from_static("x-goog-user-project");
const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");

/// Authorizes requests to Google.
#[derive(Debug)]
pub(in super::super) struct Tokens {
    credentials: Credentials,
    client: Client,
    quota_project: Option<String>,
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// `Bearer …`, not shown by `Debug`.
    value: HeaderValue,
    until: Instant,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: u64,
}

impl Tokens {
    pub(super) fn new(
        credentials: Credentials,
        client: Client,
        quota_project: Option<String>,
    ) -> Self {
        Self {
            credentials,
            client,
            quota_project,
            kept: None,
        }
    }

    pub(in super::super) async fn authorize(
        &mut self,
        request: &mut Request<Bytes>,
    ) -> Result<(), String> {
        let fresh = |kept: &&Kept| Instant::now() < kept.until;
        let value = match self.kept.as_ref().filter(fresh) {
            Some(kept) => kept.value.clone(),
            None => {
                let kept = self.buy().await?;
                self.kept.insert(kept).value.clone()
            }
        };
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, value);
        if let Some(project) = &self.quota_project {
            let project = HeaderValue::from_str(project)
                .map_err(|_| format!("`{project}` is no project of Google's"))?;
            headers.insert(QUOTA, project);
        }
        Ok(())
    }

    pub(in super::super) fn forget(&mut self) {
        self.kept = None;
    }

    async fn buy(&self) -> Result<Kept, String> {
        let bought = Instant::now();
        let answer = self.client.fetch(self.request()?).await?;
        // What is in it is secret: the error tells places, not values.
        let answer: Answer = serde_json::from_slice(&answer)
            .map_err(|error| format!("the answer has no token: {error}"))?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", answer.access_token))
            .map_err(|_| "the token has characters that no header has".to_owned())?;
        value.set_sensitive(true);
        let life = Duration::from_secs(answer.expires_in).saturating_sub(MARGIN);
        // An end beyond what the clock can tell is as far as an hour.
        let until = bought.checked_add(life);
        Ok(Kept {
            value,
            until: until.unwrap_or(bought + Duration::from_secs(3600)),
        })
    }

    fn request(&self) -> Result<Request<Bytes>, String> {
        let form = match &self.credentials {
            Credentials::Machine { .. } => None,
            Credentials::User { form, .. } => Some(form.clone()),
            Credentials::ServiceAccount { signer, .. } => Some(form(&[
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &signer.claim(SystemTime::now())?),
            ])),
        };
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = self.credentials.token_url().clone();
        let headers = request.headers_mut();
        match form {
            Some(form) => {
                let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
                headers.insert(CONTENT_TYPE, kind);
                *request.method_mut() = Method::POST;
                *request.body_mut() = form.into();
            }
            None => {
                headers.insert(FLAVOR, HeaderValue::from_static("Google"));
            }
        }
        Ok(request)
    }
}

/// Names and values as a form's body.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    fields.collect::<Vec<_>>().join("&")
}
