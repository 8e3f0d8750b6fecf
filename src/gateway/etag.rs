//! Entity tags for replies to GET (RFC 9110 §8.8.3), and 304 for callers that have
//! the reply already. Off by default: it saves bytes to the caller, not the call.

use super::answer::Response;
use super::settings::Settings;
use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use sha2::{Digest as _, Sha256};

/// Bytes of the hash that make the tag: enough that no two bodies share one.
const TAG_BYTES: usize = 16;

/// The tag of a reply with this body, where one is wanted.
pub(super) fn of(head: &Parts, settings: &Settings, body: &[u8]) -> Option<HeaderValue> {
    let is_wanted = settings.etags && matches!(head.method, Method::GET | Method::HEAD);
    is_wanted.then(|| tag(body))
}

/// Tags a reply, and answers 304 in its place when the caller has it.
pub(super) fn apply(head: &Parts, tag: Option<HeaderValue>, response: &mut Response) {
    let Some(tag) = tag.filter(|_| response.status() == StatusCode::OK) else {
        return;
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, tag.clone());
    // The other forms of the same reply have other tags.
    headers.insert(VARY, HeaderValue::from_static("accept"));
    answer_known(head, &tag, response);
}

/// Makes a response 304 for a caller that has what it holds.
pub(super) fn answer_known(head: &Parts, tag: &HeaderValue, response: &mut Response) {
    if is_known(&head.headers, tag) {
        let headers = response.headers_mut();
        headers.remove(CONTENT_TYPE);
        headers.remove(CONTENT_LENGTH);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
}

/// The tag of a body.
pub(super) fn tag(body: &[u8]) -> HeaderValue {
    let hash = Sha256::digest(body);
    let mut tag = String::with_capacity(2 * TAG_BYTES + 2);
    tag.push('"');
    for byte in &hash[..TAG_BYTES] {
        for digit in [byte >> 4, byte & 15] {
            tag.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    tag.push('"');
    HeaderValue::try_from(tag).expect("quotes and digits are legal in a header")
}

/// Whether If-None-Match names the tag, by weak comparison (RFC 9110 §13.1.2): what
/// was compressed on the way comes back with a weak one. Our own tags hold no comma.
fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    request
        .get_all(IF_NONE_MATCH)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|known| known == b"*" || known.strip_prefix(b"W/").unwrap_or(known) == tag.as_bytes())
}
