//! AWS X-Ray's `x-amzn-trace-id`.
//!
//! ```text
//! Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled={0|1|?};Lineage=…;Self=…;k=v
//! ```
//!
//! Fields come in any order. Load balancers send `Root` alone, which names a
//! trace but no span of it. `Sampled=?` asks the receiver to decide.

use super::ids::{Case, push_hex, trim};
use super::{Context, Decision, Format, SpanId, TraceId};

/// What a valid header says.
pub(super) struct Header {
    pub(super) context: Context,
    /// All fields but our three and `Self`, which is the load balancer's own.
    /// Dropping `Lineage` would blind Lambda's loop detection.
    pub(super) extras: Option<Box<str>>,
}

/// The most that is sent.
const LENGTH: usize = 256;
/// What `Root`, `Parent` and `Sampled` take of it, with separators.
const OWN_LENGTH: usize = 74;

/// Reads the header. It is valid if its one `Root` is; a broken `Parent` or
/// `Sampled` is as if absent.
pub(super) fn parse(text: &[u8]) -> Option<Header> {
    let mut trace_id = None;
    let mut parent = None;
    let mut decision = Decision::Defer;
    let mut extras = String::new();
    for field in text.split(|byte| *byte == b';').map(trim) {
        let Some(equals) = memchr::memchr(b'=', field) else {
            continue;
        };
        let value = trim(&field[equals + 1..]);
        match trim(&field[..equals]) {
            b"Root" if trace_id.is_some() => return None,
            b"Root" => trace_id = Some(root(value)?),
            b"Parent" => parent = SpanId::from_hex(value, Case::Either),
            b"Sampled" => decision = sampled(value),
            b"Self" | b"" => {}
            _ => push_extra(&mut extras, field),
        }
    }
    Some(Header {
        context: Context::remote(Format::XRay, trace_id?, parent, decision),
        extras: (!extras.is_empty()).then(|| extras.into()),
    })
}

fn root(value: &[u8]) -> Option<TraceId> {
    let (time, rest) = value.strip_prefix(b"1-")?.split_at_checked(8)?;
    let unique = rest.strip_prefix(b"-")?;
    let mut digits = [0; 32];
    digits[..8].copy_from_slice(time);
    (unique.len() == 24).then(|| digits[8..].copy_from_slice(unique))?;
    TraceId::from_hex(&digits, Case::Either)
}

fn sampled(value: &[u8]) -> Decision {
    match value {
        b"1" => Decision::Accept,
        b"0" => Decision::Deny,
        _ => Decision::Defer,
    }
}

/// Keeps whole fields as long as they fit what will be sent.
fn push_extra(extras: &mut String, field: &[u8]) {
    let Ok(field) = std::str::from_utf8(field) else {
        return;
    };
    let printable = field.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if printable && OWN_LENGTH + extras.len() + 1 + field.len() < LENGTH {
        if !extras.is_empty() {
            extras.push(';');
        }
        extras.push_str(field);
    }
}

/// Writes the header, the only one that can go without a span.
pub(super) fn format(context: &Context, out: &mut Vec<u8>) {
    let trace_id = context.trace_id().to_bytes();
    out.extend_from_slice(b"Root=1-");
    push_hex(out, &trace_id[..4]);
    out.push(b'-');
    push_hex(out, &trace_id[4..]);
    if let Some(parent) = context.parent() {
        out.extend_from_slice(b";Parent=");
        push_hex(out, &parent.to_bytes());
    }
    out.extend_from_slice(match context.decision() {
        Decision::Accept | Decision::Debug => b";Sampled=1",
        Decision::Deny => b";Sampled=0",
        Decision::Defer => b"",
    });
    if let Some(extras) = context.xray_extras() {
        out.push(b';');
        out.extend_from_slice(extras.as_bytes());
    }
}
