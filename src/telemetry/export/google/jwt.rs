//! What a service account shows for a token: a claim signed with its key.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Uri;
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject as _},
    sign,
};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Google takes no claim that holds for longer.
const LIFETIME: u64 = 3600;

pub(super) struct Signer {
    email: String,
    key_id: Option<String>,
    key: Box<dyn sign::Signer>,
    audience: String,
}

impl Signer {
    pub(super) fn new(
        email: String,
        key_id: Option<String>,
        pem: &str,
        audience: &Uri,
    ) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| {
            format!("its `private_key` is no RSA key in PEM form: {error}")
        };
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| wrong(&error))?;
        let key = any_supported_type(&key).map_err(|error| wrong(&error))?;
        let key = key
            .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
            .ok_or_else(|| wrong(&"it is of another kind"))?;
        Ok(Self {
            email,
            key_id,
            key,
            audience: audience.to_string(),
        })
    }

    /// The claim as of `now`.
    pub(super) fn claim(&self, now: SystemTime) -> Result<String, String> {
        let now = now
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let mut head = json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(id) = &self.key_id {
            head["kid"] = json!(id);
        }
        let claim = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.audience,
            "iat": now,
            "exp": now + LIFETIME,
        });
        let text = format!("{}.{}", encode(head.to_string()), encode(claim.to_string()));
        let signature = self.key.sign(text.as_bytes());
        let signature = signature.map_err(|error| format!("the key signs nothing: {error}"))?;
        Ok(format!("{text}.{}", encode(signature)))
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
