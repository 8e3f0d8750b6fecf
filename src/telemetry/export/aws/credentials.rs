//! AWS's keys: given, or asked for from STS, the container's or the machine's own
//! endpoint, and kept for a while.

use super::{
    super::{client::Client, env::is_secure},
    web_identity::{self, WebIdentity},
};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header::AUTHORIZATION};
use serde::Deserialize;
use std::{
    fmt,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Keys that are asked for hold for longer: their endpoints replace them at least
/// five minutes before their end.
const KEPT: Duration = Duration::from_secs(240);

/// Where keys are from.
#[derive(Debug, Clone)]
pub enum Source {
    /// They are known.
    Keys(Credentials),
    /// They are bought from STS.
    WebIdentity(WebIdentity),
    /// The endpoint of ECS's or EKS's agent.
    Container {
        /// It.
        url: Uri,
        /// What it wants to see.
        token: Option<String>,
        /// A file that has what it wants to see, and changes.
        token_file: Option<PathBuf>,
    },
    /// The metadata service of an EC2 machine.
    Machine {
        /// The start of its URLs.
        base: Uri,
    },
}

/// AWS's keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

/// Asks for keys when it has none that are fresh.
#[derive(Debug)]
pub(super) struct Keeper {
    source: Source,
    client: Client,
    kept: Option<(Credentials, Instant)>,
}

/// The answer of both endpoints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

// === impl Source ===

impl Source {
    /// Whether keys come by TLS.
    pub(super) fn is_secure(&self) -> bool {
        match self {
            Source::Keys(_) => false,
            Source::WebIdentity(identity) => is_secure(&identity.sts),
            Source::Container { url, .. } => is_secure(url),
            Source::Machine { base } => is_secure(base),
        }
    }
}

// === impl Credentials ===

impl Credentials {
    /// A key's id, the secret, and the session's token where they are temporary.
    pub fn new(id: String, secret: String, token: Option<String>) -> Self {
        Self { id, secret, token }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Credentials({})", self.id)
    }
}

// === impl Keeper ===

impl Keeper {
    pub(super) fn new(source: Source, client: Client) -> Self {
        Self {
            source,
            client,
            kept: None,
        }
    }

    pub(super) async fn credentials(&mut self) -> Result<&Credentials, String> {
        let fresh = |kept: &(Credentials, Instant)| kept.1.elapsed() < KEPT;
        if !self.kept.as_ref().is_some_and(fresh) {
            let asked = Instant::now();
            self.kept = Some((self.ask().await?, asked));
        }
        let kept = self.kept.as_ref();
        Ok(&kept.expect("they have just been put there").0)
    }

    pub(super) fn forget(&mut self) {
        self.kept = None;
    }

    async fn ask(&self) -> Result<Credentials, String> {
        match &self.source {
            Source::Keys(credentials) => Ok(credentials.clone()),
            Source::WebIdentity(identity) => {
                let answer = self.client.fetch(identity.request()?).await?;
                web_identity::parse(&answer)
            }
            Source::Container {
                url,
                token,
                token_file,
            } => {
                let token = match token_file {
                    Some(path) => Some(read(path)?),
                    None => token.clone(),
                };
                let header = token.map(|token| (AUTHORIZATION.as_str(), token));
                parse(&self.get(url.clone(), header).await?)
            }
            Source::Machine { base } => self.ask_machine(base).await,
        }
    }

    /// IMDSv2: a token for the session, the role's name, the role's keys.
    async fn ask_machine(&self, base: &Uri) -> Result<Credentials, String> {
        let base = base.to_string();
        let base = base.trim_end_matches('/');
        let url = |path: &str| {
            let url = format!("{base}/latest/{path}");
            url.parse::<Uri>().map_err(|_| format!("`{url}` is no URL"))
        };
        let ttl = ("x-aws-ec2-metadata-token-ttl-seconds", "300".to_owned());
        let token = self
            .ask_for(Method::PUT, url("api/token")?, Some(ttl))
            .await?;
        let token = String::from_utf8_lossy(&token).trim().to_owned();
        let header = || Some(("x-aws-ec2-metadata-token", token.clone()));
        let roles = "meta-data/iam/security-credentials/";
        let role = self.get(url(roles)?, header()).await?;
        let role = String::from_utf8_lossy(&role);
        let role = role.lines().next().unwrap_or_default().trim();
        parse(&self.get(url(&format!("{roles}{role}"))?, header()).await?)
    }

    async fn get(&self, url: Uri, header: Option<(&'static str, String)>) -> Result<Bytes, String> {
        self.ask_for(Method::GET, url, header).await
    }

    async fn ask_for(
        &self,
        method: Method,
        url: Uri,
        header: Option<(&'static str, String)>,
    ) -> Result<Bytes, String> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = url;
        if let Some((name, value)) = header {
            let value = HeaderValue::from_str(&value).map_err(|_| {
                format!("what goes into `{name}` has characters that no header has")
            })?;
            request.headers_mut().insert(name, value);
        }
        self.client.fetch(request).await
    }
}

fn read(path: &PathBuf) -> Result<String, String> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.trim().to_owned())
}

fn parse(answer: &[u8]) -> Result<Credentials, String> {
    // What is in it is secret: the error tells places, not values.
    let answer: Answer = serde_json::from_slice(answer)
        .map_err(|error| format!("the answer has no AWS credentials: {error}"))?;
    Ok(Credentials::new(
        answer.access_key_id,
        answer.secret_access_key,
        answer.token,
    ))
}
