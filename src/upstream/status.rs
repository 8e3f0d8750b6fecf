//! The gRPC status that a backend sends, read so that nothing it may contain can
//! fail the call in another way than it says ("gRPC over HTTP/2", Responses).

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use percent_encoding::percent_decode;
use tonic::Code;

/// `grpc-status`.
pub(super) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// Padding is optional on the wire, and some servers write the URL-safe alphabet.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// A status other than OK, as the backend sent it.
#[derive(Debug, Clone)]
pub struct Status {
    /// The code; one that gRPC does not define becomes `Unknown`.
    pub code: Code,
    /// The message, percent-decoded; what is not UTF-8 becomes U+FFFD.
    pub message: String,
    /// The encoded `google.rpc.Status`, unverified; empty when there was none or
    /// it was not base64.
    pub details: Bytes,
    /// The initial metadata, reserved names included; empty where the status came
    /// in place of it.
    pub headers: HeaderMap,
    /// The trailing metadata, reserved names included.
    pub trailers: HeaderMap,
}

/// Reads `grpc-status` and its companions: `None` without a `grpc-status`,
/// `Some(Ok)` for status OK.
pub(super) fn read(metadata: &HeaderMap) -> Option<Result<(), Box<Status>>> {
    let mut values = metadata.get_all(GRPC_STATUS).iter();
    let first = values.next()?;
    let code = match values.next() {
        None => code_of(first.as_bytes()),
        Some(_) => Code::Unknown,
    };
    if code == Code::Ok {
        return Some(Ok(()));
    }
    let message = metadata
        .get(GRPC_MESSAGE)
        .map_or_else(String::new, |value| {
            percent_decode(value.as_bytes())
                .decode_utf8_lossy()
                .into_owned()
        });
    let details = metadata
        .get(GRPC_DETAILS)
        .and_then(|value| decode_binary(value.as_bytes()))
        .unwrap_or_default();
    Some(Err(Box::new(Status {
        code,
        message,
        details: details.into(),
        headers: HeaderMap::new(),
        trailers: metadata.clone(),
    })))
}

/// Decodes the value of a `-bin` entry: either alphabet, padded or not.
pub fn decode_binary(value: &[u8]) -> Option<Vec<u8>> {
    STANDARD
        .decode(value)
        .or_else(|_| URL_SAFE.decode(value))
        .ok()
}

/// Encodes the value of a `-bin` entry: standard alphabet, not padded.
pub fn encode_binary(value: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(value)
}

/// `grpc-status` is decimal, 0 to 16; anything else is `UNKNOWN`.
fn code_of(value: &[u8]) -> Code {
    let number = match value {
        [digit @ b'0'..=b'9'] => i32::from(digit - b'0'),
        [b'1', digit @ b'0'..=b'6'] => i32::from(10 + digit - b'0'),
        _ => return Code::Unknown,
    };
    Code::from_i32(number)
}

/// The code of an answer that has an HTTP status but no `grpc-status`
/// (grpc/doc/http-grpc-status-mapping.md).
pub(super) fn code_of_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 | 431 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn map(entries: &[(&'static str, &[u8])]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in entries {
            map.append(
                *name,
                HeaderValue::from_bytes(value).expect("legal header value"),
            );
        }
        map
    }

    #[test]
    fn codes_outside_the_table_are_unknown() {
        for (text, code) in [
            ("0", Code::Ok),
            ("5", Code::NotFound),
            ("16", Code::Unauthenticated),
            ("17", Code::Unknown),
            ("99", Code::Unknown),
            ("00", Code::Unknown),
            ("-1", Code::Unknown),
            ("abc", Code::Unknown),
            ("", Code::Unknown),
        ] {
            assert_eq!(code_of(text.as_bytes()), code, "grpc-status {text:?}");
        }
    }

    #[test]
    fn repeated_status_is_unknown() {
        let status = read(&map(&[("grpc-status", b"0"), ("grpc-status", b"5")]))
            .expect("present")
            .expect_err("not OK");
        assert_eq!(status.code, Code::Unknown);
    }

    #[test]
    fn message_survives_bad_percent_and_bad_utf8() {
        let status = read(&map(&[
            ("grpc-status", b"5"),
            ("grpc-message", b"caf%C3%A9 100% %zz \xe9"),
        ]))
        .expect("present")
        .expect_err("not OK");
        assert_eq!(
            (status.code, status.message.as_str()),
            (Code::NotFound, "café 100% %zz \u{fffd}")
        );
    }

    #[test]
    fn details_are_read_in_any_base64_and_dropped_when_they_are_none() {
        for (text, bytes) in [
            ("+/8=", &b"\xfb\xff"[..]),
            ("+/8", b"\xfb\xff"),
            ("-_8", b"\xfb\xff"),
            ("%%%", b""),
        ] {
            let status = read(&map(&[
                ("grpc-status", b"3"),
                ("grpc-status-details-bin", text.as_bytes()),
            ]))
            .expect("present")
            .expect_err("not OK");
            assert_eq!(status.details, bytes, "{text}");
            assert_eq!(status.code, Code::InvalidArgument);
        }
    }
}
