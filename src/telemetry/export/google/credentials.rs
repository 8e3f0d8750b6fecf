//! Application default credentials, read and made sure of at start-up.

use super::{super::Error, Source, jwt::Signer};
use http::Uri;
use serde::Deserialize;
use std::{fmt, fs};

/// Who we are.
pub(super) enum Credentials {
    ServiceAccount {
        signer: Signer,
        token_url: Uri,
        project: Option<String>,
        quota_project: Option<String>,
    },
    /// A person, by what `gcloud auth application-default login` left.
    User {
        form: String,
        token_url: Uri,
        quota_project: Option<String>,
    },
    Machine {
        token_url: Uri,
    },
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    project_id: Option<String>,
    quota_project_id: Option<String>,
    private_key: Option<String>,
    private_key_id: Option<String>,
    client_email: Option<String>,
    token_uri: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
}

const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
const MACHINE_TOKEN: &str = "computeMetadata/v1/instance/service-accounts/default/token";

impl Credentials {
    pub(super) fn read(source: &Source) -> Result<Self, Error> {
        let path = match source {
            Source::File(path) => path,
            Source::Machine { base } => {
                let url = format!("{}/{MACHINE_TOKEN}", base.to_string().trim_end_matches('/'));
                let token_url = url.parse();
                let token_url = token_url.expect("a path added to a URL makes a URL");
                return Ok(Self::Machine { token_url });
            }
        };
        let text = fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
        let file: File = serde_json::from_str(&text)
            .map_err(|error| Error::file(path, format!("it has no Google credentials: {error}")))?;
        Self::of(file).map_err(|error| Error::file(path, error))
    }

    fn of(file: File) -> Result<Self, String> {
        let kind = file.kind.clone();
        let lacks = |field: &str| format!("credentials of type `{kind}` lack `{field}`");
        let token_url = file.token_uri.as_deref().unwrap_or(TOKEN_URL);
        let token_url: Uri = token_url
            .parse()
            .ok()
            .filter(|url: &Uri| url.host().is_some() && url.scheme().is_some())
            .ok_or_else(|| format!("its `token_uri` is no URL: `{token_url}`"))?;
        match file.kind.as_str() {
            "service_account" => {
                let email = file.client_email.ok_or_else(|| lacks("client_email"))?;
                let key = file.private_key.ok_or_else(|| lacks("private_key"))?;
                Ok(Self::ServiceAccount {
                    signer: Signer::new(email, file.private_key_id, &key, &token_url)?,
                    token_url,
                    project: file.project_id,
                    quota_project: file.quota_project_id,
                })
            }
            "authorized_user" => Ok(Self::User {
                form: super::token::form(&[
                    ("grant_type", "refresh_token"),
                    (
                        "client_id",
                        &file.client_id.ok_or_else(|| lacks("client_id"))?,
                    ),
                    (
                        "client_secret",
                        &file.client_secret.ok_or_else(|| lacks("client_secret"))?,
                    ),
                    (
                        "refresh_token",
                        &file.refresh_token.ok_or_else(|| lacks("refresh_token"))?,
                    ),
                ]),
                token_url,
                quota_project: file.quota_project_id,
            }),
            other => Err(format!(
                "credentials of type `{other}` are not known here, only service_account and authorized_user"
            )),
        }
    }

    pub(super) fn project(&self) -> Option<&str> {
        match self {
            Self::ServiceAccount { project, .. } => project.as_deref(),
            Self::User { quota_project, .. } => quota_project.as_deref(),
            Self::Machine { .. } => None,
        }
    }

    pub(super) fn quota_project(&self) -> Option<&str> {
        match self {
            Self::ServiceAccount { quota_project, .. } | Self::User { quota_project, .. } => {
                quota_project.as_deref()
            }
            Self::Machine { .. } => None,
        }
    }

    pub(super) fn token_url(&self) -> &Uri {
        match self {
            Self::ServiceAccount { token_url, .. }
            | Self::User { token_url, .. }
            | Self::Machine { token_url } => token_url,
        }
    }

    /// Whether tokens come by TLS.
    pub(super) fn is_secure(&self) -> bool {
        super::super::env::is_secure(self.token_url())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::ServiceAccount { .. } => "service account",
            Self::User { .. } => "user",
            Self::Machine { .. } => "machine",
        };
        write!(out, "Credentials({kind})")
    }
}
