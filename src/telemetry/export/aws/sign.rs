//! AWS's Signature Version 4: a digest of the request, signed with a key made of
//! the secret, the day, the region and the service.

use super::{Credentials, time::stamp};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header::AUTHORIZATION, header::HOST};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::{digest, hmac};
use std::{fmt::Write as _, time::SystemTime};

/// What a signature holds for.
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) time: SystemTime,
}

/// All but what a URL may have as it is anywhere.
const NOT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Adds the headers that make the request authentic. What it has by now is signed
/// along, but for what connections may change.
pub(super) fn sign(
    request: &mut Request<Bytes>,
    credentials: &Credentials,
    scope: &Scope<'_>,
) -> Result<(), String> {
    let stamp = stamp(scope.time);
    let host = host(request.uri())?;
    let headers = request.headers_mut();
    headers.insert(HOST, host);
    headers.insert(DATE, value(&stamp)?);
    if let Some(token) = &credentials.token {
        let mut token = value(token)?;
        token.set_sensitive(true);
        headers.insert(TOKEN, token);
    }
    let (canonical, signed) = canonical(request);
    let day = &stamp[..8];
    let place = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let text = format!(
        "AWS4-HMAC-SHA256\n{stamp}\n{place}\n{}",
        hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
    );
    let signature = hex(&hmac(&key(credentials, day, scope), &text));
    let mut authorization = value(&format!(
        "AWS4-HMAC-SHA256 Credential={}/{place}, SignedHeaders={signed}, Signature={signature}",
        credentials.id
    ))?;
    authorization.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, authorization);
    Ok(())
}

fn key(credentials: &Credentials, day: &str, scope: &Scope<'_>) -> Vec<u8> {
    let secret = format!("AWS4{}", credentials.secret);
    [day, scope.region, scope.service, "aws4_request"]
        .iter()
        .fold(secret.into_bytes(), |key, part| hmac(&key, part))
}

/// The request as it is signed, and the names of its headers.
fn canonical(request: &Request<Bytes>) -> (String, String) {
    let headers = canonical_headers(request.headers());
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let signed = names.join(";");
    let mut text = format!(
        "{}\n{}\n{}\n",
        request.method(),
        canonical_path(request.uri().path()),
        canonical_query(request.uri().query().unwrap_or_default())
    );
    for (name, value) in &headers {
        let _ = writeln!(text, "{name}:{value}");
    }
    let body = hex(digest::digest(&digest::SHA256, request.body()).as_ref());
    let _ = write!(text, "\n{signed}\n{body}");
    (text, signed)
}

/// By name; values of one name joined, runs of spaces as one.
fn canonical_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut names: Vec<_> = headers.keys().filter(|name| is_signed(name)).collect();
    names.sort_by_key(|name| name.as_str());
    let all = |name: &HeaderName| {
        let values = headers.get_all(name).iter().map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        values.collect::<Vec<_>>().join(",")
    };
    names
        .into_iter()
        .map(|name| (name.as_str().to_owned(), all(name)))
        .collect()
}

/// What a proxy may change or add is not.
fn is_signed(name: &HeaderName) -> bool {
    ![
        "user-agent",
        "connection",
        "transfer-encoding",
        "expect",
        "x-amzn-trace-id",
    ]
    .contains(&name.as_str())
}

/// Without empty and dotted segments, each segment encoded once more than it is.
fn canonical_path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(utf8_percent_encode(segment, NOT_UNRESERVED).to_string()),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", segments.join("/"))
}

/// Parameters by name, then by value.
fn canonical_query(query: &str) -> String {
    let encode = |text: &str| {
        let bytes: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&bytes, NOT_UNRESERVED).to_string()
    };
    let members = query.split('&').filter(|member| !member.is_empty());
    let mut pairs: Vec<_> = members
        .map(|member| {
            let (name, value) = member.split_once('=').unwrap_or((member, ""));
            (encode(name), encode(value))
        })
        .collect();
    pairs.sort();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("&")
}

fn host(url: &Uri) -> Result<HeaderValue, String> {
    let host = url.host().ok_or("the request names no host")?;
    let usual = match url.scheme_str() {
        Some("https") => 443,
        _ => 80,
    };
    match url.port_u16().filter(|port| *port != usual) {
        Some(port) => value(&format!("{host}:{port}")),
        None => value(host),
    }
}

fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text)
        .map_err(|_| "AWS's credentials have characters that no header has".to_owned())
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
