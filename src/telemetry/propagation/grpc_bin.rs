//! OpenCensus' `grpc-trace-bin`: 29 bytes in base64, as gRPC's proposal A72
//! fixes them.
//!
//! ```text
//! 00 | 00 trace-id[16] | 01 span-id[8] | 02 options[1]
//! ```

use super::ids::trim;
use super::{Context, Decision, Format, SpanId, TraceId};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// gRPC sends without padding and accepts both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads the header: the first value where several are joined by commas. The
/// format's option bit can only say yes; without it the caller left it open.
pub(super) fn parse(text: &[u8]) -> Option<Context> {
    let first = trim(text.split(|byte| *byte == b',').next()?);
    // Room for what 40 characters can hold, which is all that 29 bytes need.
    let mut bytes = [0; 30];
    let length = (first.len() <= 40).then(|| BASE64.decode_slice(first, &mut bytes).ok())??;
    let [0, 0, ids @ .., 2, options] = &bytes[..length] else {
        return None;
    };
    let (trace_id, span_id) = ids.split_first_chunk::<16>()?;
    let [1, span_id @ ..] = span_id else {
        return None;
    };
    Some(Context::remote(
        Format::GrpcTraceBin,
        TraceId::from_bytes(*trace_id)?,
        Some(SpanId::from_bytes(span_id.try_into().ok()?)?),
        if options & 1 == 1 {
            Decision::Accept
        } else {
            Decision::Defer
        },
    ))
}
