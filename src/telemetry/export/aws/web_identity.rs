//! Keys for a token of another identity provider: what a pod of EKS's has when its
//! service account stands for a role. STS sells them for the token.

use super::credentials::Credentials;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header::CONTENT_TYPE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::{fs, path::PathBuf};

/// A role, and the token that proves who may have it.
#[derive(Debug, Clone)]
pub struct WebIdentity {
    /// Where STS is.
    pub sts: Uri,
    /// The role's name.
    pub role: String,
    /// What the session is called in AWS's logs.
    pub session: String,
    /// The token's file, which changes.
    pub token_file: PathBuf,
}

impl WebIdentity {
    /// What asks for the keys.
    pub(super) fn request(&self) -> Result<Request<Bytes>, String> {
        let token = fs::read_to_string(&self.token_file)
            .map_err(|error| format!("{}: {error}", self.token_file.display()))?;
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let body = format!(
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}&WebIdentityToken={}",
            encode(&self.role),
            encode(&self.session),
            encode(token.trim()),
        );
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.sts.clone();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        Ok(request)
    }
}

/// The keys in STS's answer. Their characters are those of base64, which XML writes
/// as they are.
pub(super) fn parse(answer: &[u8]) -> Result<Credentials, String> {
    let text = String::from_utf8_lossy(answer);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        Some(value.trim().to_owned())
    };
    let lacks = |name: &str| format!("STS's answer has no {name}");
    let id = element("AccessKeyId").ok_or_else(|| lacks("AccessKeyId"))?;
    let secret = element("SecretAccessKey").ok_or_else(|| lacks("SecretAccessKey"))?;
    Ok(Credentials::new(id, secret, element("SessionToken")))
}
