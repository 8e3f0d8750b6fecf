//! Bodies for the replies that hyper makes on its own, to HTTP/1 requests that
//! it cannot parse. They never reach the service, and hyper sends them empty;
//! every other failure that a client sees has a `google.rpc.Status` as JSON.

/// The reply of which `head` is all, with a body; `None` when `head` is not
/// such a reply.
pub(super) fn with_body(head: &[u8]) -> Option<Vec<u8>> {
    let status = head.strip_prefix(b"HTTP/1.1 ")?.get(..4)?;
    let (line, code, message) = match status {
        b"400 " => (
            "400 Bad Request",
            3,
            "the request is not valid HTTP/1.1: its request line or a header is malformed",
        ),
        b"414 " => ("414 URI Too Long", 3, "the request target is too long"),
        b"431 " => (
            "431 Request Header Fields Too Large",
            8,
            "the request has too many header fields, or they are too large",
        ),
        _ => return None,
    };
    let body = format!(r#"{{"code":{code},"message":"{message}","details":[]}}"#);
    let length = body.len();
    Some(
        format!(
            "HTTP/1.1 {line}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n{body}"
        )
        .into_bytes(),
    )
}
