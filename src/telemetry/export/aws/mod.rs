//! X-Ray's own endpoint: OTLP over HTTPS, each request signed with AWS's keys.

mod credentials;
mod sign;
mod time;
mod web_identity;

pub use credentials::{Credentials, Source};
pub use web_identity::WebIdentity;

use super::{Error, client::Client, otlp};
use bytes::Bytes;
use credentials::Keeper;
use http::{Request, Uri};
use std::time::SystemTime;

/// What X-Ray takes of one span.
pub(super) const MAX_SPAN: usize = 200_000;

/// X-Ray in one region.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL that spans are posted to.
    pub endpoint: Uri,
    /// The region's name.
    pub region: String,
    /// Where the keys are from.
    pub credentials: Source,
}

/// Signs requests to one service in one region.
#[derive(Debug)]
pub(super) struct Signer {
    region: String,
    keeper: Keeper,
}

/// A service's endpoint in a region.
pub(super) fn endpoint(service: &str, region: &str) -> String {
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    format!("https://{service}.{region}.{domain}")
}

// === impl Settings ===

impl Settings {
    pub(super) fn otlp(&self) -> otlp::Settings {
        let endpoint = self.endpoint.clone();
        let mut settings = otlp::Settings::new(endpoint, otlp::Protocol::Http);
        settings.gzip = true;
        settings
    }

    pub(super) fn signer(&self) -> Result<Signer, Error> {
        let tls = otlp::Tls::default();
        let client = Client::new(self.credentials.is_secure().then_some(&tls))?;
        Ok(Signer {
            region: self.region.clone(),
            keeper: Keeper::new(self.credentials.clone(), client),
        })
    }
}

// === impl Signer ===

impl Signer {
    pub(super) async fn authorize(&mut self, request: &mut Request<Bytes>) -> Result<(), String> {
        let credentials = self.keeper.credentials().await?;
        let scope = sign::Scope {
            region: &self.region,
            service: "xray",
            time: SystemTime::now(),
        };
        sign::sign(request, credentials, &scope)
    }

    pub(super) fn forget(&mut self) {
        self.keeper.forget();
    }
}
