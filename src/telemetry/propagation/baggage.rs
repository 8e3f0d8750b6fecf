//! W3C Baggage: carried along, never interpreted.
//!
//! ```text
//! member = key OWS "=" OWS value *( OWS ";" OWS property )      list by ","
//! ```

use super::ids::trim;
use http::{HeaderMap, HeaderValue};

/// The limits within which the specification asks to pass on everything.
const MEMBERS: usize = 64;
const LENGTH: usize = 8192;

/// Joins the lines of `baggage` in order, members byte for byte. A malformed
/// member is left out; past a limit the rest is.
pub(super) fn join(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines = headers.get_all("baggage").iter();
    let members = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut joined = Vec::new();
    let mut count = 0;
    for member in members.map(trim).filter(|member| is_member(member)) {
        let separator = usize::from(count > 0);
        if count == MEMBERS || joined.len() + separator + member.len() > LENGTH {
            break;
        }
        joined.extend_from_slice(&b","[..separator]);
        joined.extend_from_slice(member);
        count += 1;
    }
    if count == 0 {
        return None;
    }
    HeaderValue::try_from(joined).ok()
}

/// A token, `=`, and nothing that may not stand in gRPC's ASCII metadata.
/// Values are not held to the letter: many callers do not percent-encode.
fn is_member(member: &[u8]) -> bool {
    let Some(equals) = memchr::memchr(b'=', member) else {
        return false;
    };
    let key = trim(&member[..equals]);
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let printable = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    !key.is_empty() && key.iter().all(token) && member.iter().all(printable)
}
