//! W3C Trace Context, Level 2: `traceparent` and `tracestate`.
//!
//! ```text
//! traceparent = version "-" trace-id "-" parent-id "-" trace-flags
//!                 2HEX        32HEX       16HEX          2HEX        lower case only
//! tracestate  = member *( "," member )    member = key "=" value, or nothing
//! ```

use super::ids::{Case, hex, push_hex, trim};
use super::{Context, Decision, Format, SpanId, TraceId};
use http::{HeaderMap, HeaderValue};

/// More members than this make the whole list invalid.
const MEMBERS: usize = 32;
/// The specification asks to pass on at least this much; we pass on no more.
const LENGTH: usize = 512;
/// Members longer than this go first when the list is too long.
const LONG_MEMBER: usize = 128;
/// The most that a key and a value may each have.
const PART: usize = 256;

/// Reads `traceparent`. A version that we do not know may say more after a
/// further `-`; version ff is not a version.
pub(super) fn parse(text: &[u8]) -> Option<Context> {
    let (fixed, rest) = text.split_at_checked(55)?;
    let [v1, v2, b'-', ids @ .., b'-', f1, f2] = fixed else {
        return None;
    };
    let (trace_id, span_id) = (&ids[..32], ids[32..].strip_prefix(b"-")?);
    match (hex(&[*v1, *v2], 2, Case::Lower)?, rest) {
        (0xff, _) => return None,
        (0, []) | (1.., [] | [b'-', ..]) => {}
        _ => return None,
    }
    // Two digits: the value fits a byte.
    let flags = hex(&[*f1, *f2], 2, Case::Lower)? as u8;
    let context = Context::remote(
        Format::TraceContext,
        TraceId::from_hex(trace_id, Case::Lower)?,
        Some(SpanId::from_hex(span_id, Case::Lower)?),
        Decision::from_sampled(flags & Context::SAMPLED != 0),
    );
    Some(context.with_random(flags & Context::RANDOM != 0))
}

/// Joins the lines of `tracestate`. A list with any bad member is dropped whole;
/// one that is too long loses whole members.
pub(super) fn tracestate(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut members: Vec<&[u8]> = Vec::new();
    for line in headers.get_all("tracestate") {
        for member in line.as_bytes().split(|byte| *byte == b',').map(trim) {
            if member.is_empty() {
                continue;
            }
            if members.len() == MEMBERS || !is_member(member) {
                return None;
            }
            members.push(member);
        }
    }
    shorten(&mut members);
    if members.is_empty() {
        return None;
    }
    HeaderValue::from_bytes(&members.join(&b","[..])).ok()
}

/// The order in which the specification asks to lose members: the longest
/// kind first, then from the right, both only as far as needed.
fn shorten(members: &mut Vec<&[u8]>) {
    let mut length = members.iter().map(|member| member.len() + 1).sum::<usize>();
    while length > LENGTH + 1 {
        let last_long = members
            .iter()
            .rposition(|member| member.len() > LONG_MEMBER);
        let drop = last_long.unwrap_or(members.len() - 1);
        length -= members.remove(drop).len() + 1;
    }
}

fn is_member(member: &[u8]) -> bool {
    let Some(equals) = memchr::memchr(b'=', member) else {
        return false;
    };
    let (key, value) = (&member[..equals], &member[equals + 1..]);
    is_key(key) && is_value(value)
}

fn is_key(key: &[u8]) -> bool {
    let inner = |b: &u8| {
        b.is_ascii_lowercase()
            || b.is_ascii_digit()
            || matches!(b, b'_' | b'-' | b'*' | b'/' | b'@')
    };
    key.len() <= PART
        && key
            .first()
            .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && key.iter().all(inner)
}

/// Trailing blanks are gone already; leading ones belong to the value.
fn is_value(value: &[u8]) -> bool {
    let legal = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b',' | b'=');
    (1..=PART).contains(&value.len()) && value.iter().all(legal)
}

/// Writes `traceparent`, always as version 00.
pub(super) fn format(context: &Context, span_id: SpanId, out: &mut Vec<u8>) {
    out.extend_from_slice(b"00-");
    push_hex(out, &context.trace_id().to_bytes());
    out.push(b'-');
    push_hex(out, &span_id.to_bytes());
    out.push(b'-');
    push_hex(out, &[context.flags()]);
}
