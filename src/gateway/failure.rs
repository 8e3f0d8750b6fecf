//! Everything that ends an exchange without a reply, and the one place where it
//! becomes a response.

use super::decoding;
use super::details;
use super::error::Error;
use super::stream;
use crate::telemetry::observe::Exchange;
use crate::transcode::{ReadError, Schema, WriteError};
use crate::{route, upstream};
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONNECTION, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use upstream::Code;

/// Why an exchange has no reply.
#[derive(Debug)]
pub(super) enum Failure {
    BadTarget(&'static str),
    TargetTooLong {
        limit: usize,
    },
    TooManyHeaders {
        limit: usize,
    },
    HeadersTooLarge {
        limit: usize,
    },
    BadHost(&'static str),
    TransferCoding,
    TwoTransferCodings,
    Expectation {
        got: String,
    },
    BadPath(route::PathError),
    NoPath,
    WrongMethod {
        allow: HeaderValue,
        method: Method,
    },
    UnknownMethod(Method),
    NotAcceptable,
    /// No framing of a stream is welcome.
    NoSuchFraming,
    MediaType {
        got: String,
        method: Method,
        /// Whether the body was to be a stream of messages.
        is_stream: bool,
    },
    FormBody,
    /// A type for a body of bytes that no text can hold.
    RawMediaType {
        got: String,
    },
    ContentEncoding {
        got: String,
    },
    BadTimeout(String),
    BadBinaryHeader(HeaderName),
    BodyTooLarge {
        limit: usize,
    },
    BodyTooSlow,
    BodyBroken(String),
    EmptyBody,
    UnexpectedBody,
    BadBody(ReadError),
    /// A protobuf body that is not made of whole fields.
    BadProtobuf(String),
    /// A protobuf body for a field.
    ProtobufForField,
    BadField {
        field: String,
        description: String,
    },
    /// A message of a streamed request: which, counting from one, on which line.
    BadMessage {
        index: usize,
        line: usize,
        error: ReadError,
    },
    BadStream {
        line: usize,
        fault: &'static str,
    },
    /// As `BadMessage`, over WebSocket.
    BadFrame {
        index: usize,
        fault: String,
        field: String,
    },
    UnexpectedFrame(&'static str),
    WebSocketVersion,
    WebSocketKey,
    ForeignOrigin {
        origin: String,
    },
    StreamIdle,
    Closing,
    DeadlinePassed,
    Upstream(upstream::Failure),
    BadReply(WriteError),
}

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The HTTP status of a gRPC code, as grpc-gateway has it.
pub(super) fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled => CLIENT_CLOSED_REQUEST,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// 499, nginx's code for a client that left before the answer.
const CLIENT_CLOSED_REQUEST: StatusCode = match StatusCode::from_u16(499) {
    Ok(status) => status,
    Err(_) => unreachable!(),
};

impl Failure {
    /// Tells those who watch the exchange, and gives what the caller is told.
    pub(super) fn tell(self, exchange: &mut Exchange, schema: &Schema) -> Error {
        match &self {
            Self::Upstream(failure) => exchange.called(failure.code(), failure),
            // The call, if there was one, was given up here.
            _ => exchange.called(Code::Cancelled, &""),
        }
        let error = self.into_error(schema);
        exchange.failed(error.code());
        error
    }

    /// What the caller is told. `schema` names the types of details.
    pub(super) fn into_error(self, schema: &Schema) -> Error {
        use Code::{
            DeadlineExceeded, Internal, InvalidArgument, NotFound, PermissionDenied,
            ResourceExhausted, Unimplemented,
        };
        use StatusCode as Http;
        match self {
            Self::BadTarget(fault) => Error::bad_request(fault),
            Self::TargetTooLong { limit } => Error::new(
                InvalidArgument,
                format!("the request target is longer than the limit of {limit} bytes"),
            )
            .with_http(Http::URI_TOO_LONG),
            Self::TooManyHeaders { limit } => {
                Error::new(ResourceExhausted, format!("more than {limit} header fields"))
                    .with_http(Http::REQUEST_HEADER_FIELDS_TOO_LARGE)
            }
            Self::HeadersTooLarge { limit } => Error::new(
                ResourceExhausted,
                format!("the header block is larger than the limit of {limit} bytes"),
            )
            .with_http(Http::REQUEST_HEADER_FIELDS_TOO_LARGE),
            Self::BadHost(fault) => Error::bad_request(fault),
            Self::TransferCoding => {
                Error::new(Unimplemented, "the only transfer coding that is known here is `chunked`")
                    .closing()
            }
            Self::TwoTransferCodings => {
                Error::bad_request("the request has more than one Transfer-Encoding header").closing()
            }
            Self::Expectation { got } => Error::new(
                InvalidArgument,
                format!("expectation `{got}` is not known here; the only one is `100-continue`"),
            )
            .with_http(Http::EXPECTATION_FAILED),
            Self::BadPath(error) => Error::bad_request(error.to_string()),
            Self::NoPath => Error::new(NotFound, "no route has this path"),
            Self::WrongMethod { allow, method } => {
                let allowed = allow.to_str().unwrap_or_default().to_owned();
                Error::new(Unimplemented, format!("{method} is not allowed on this path; allowed: {allowed}"))
                    .with_http(Http::METHOD_NOT_ALLOWED)
                    .with_header(ALLOW, allow)
            }
            Self::UnknownMethod(method) => {
                Error::new(Unimplemented, format!("HTTP method {method} is not known here"))
            }
            Self::NotAcceptable => Error::new(
                InvalidArgument,
                "the answer is application/json, or application/x-protobuf where it is a whole message, and the Accept header excludes it",
            )
            .with_http(Http::NOT_ACCEPTABLE),
            Self::NoSuchFraming => Error::new(
                InvalidArgument,
                format!("the answer is a stream, as {}; the Accept header excludes them all", stream::MEDIA_TYPES),
            )
            .with_http(Http::NOT_ACCEPTABLE),
            Self::MediaType {
                got,
                method,
                is_stream,
            } => media_type(&got, &method, is_stream),
            Self::RawMediaType { got } => Error::bad_request(format!(
                "content type `{got}` holds what is not ASCII; name the type of the body, as in `image/png`"
            )),
            Self::FormBody => Error::new(
                InvalidArgument,
                "the body is a form, and this method takes JSON; send a JSON value with `Content-Type: application/json`",
            )
            .with_http(Http::UNSUPPORTED_MEDIA_TYPE)
            .with_header(ACCEPT_POST, JSON),
            Self::ContentEncoding { got } => Error::new(
                InvalidArgument,
                format!("content encoding `{got}` is not supported; send the body as it is, or in one of {}", decoding::ENCODINGS),
            )
            .with_http(Http::UNSUPPORTED_MEDIA_TYPE)
            .with_header(ACCEPT_ENCODING, HeaderValue::from_static(decoding::ENCODINGS)),
            Self::BadTimeout(got) => Error::bad_request(format!(
                "Grpc-Timeout `{got}` is not a timeout: one to eight digits and one of H, M, S, m, u, n, as in `500m`"
            )),
            Self::BadBinaryHeader(name) => {
                Error::bad_request(format!("header `{name}` is not base64, and names that end in -bin must be"))
            }
            Self::BodyTooLarge { limit } => Error::new(
                ResourceExhausted,
                format!("the request body is larger than the limit of {limit} bytes"),
            )
            .with_http(Http::PAYLOAD_TOO_LARGE),
            Self::BodyTooSlow => Error::new(DeadlineExceeded, "the request body took too long to arrive")
                .with_http(Http::REQUEST_TIMEOUT)
                .closing(),
            Self::BodyBroken(fault) => {
                Error::bad_request(format!("the request body cannot be read to its end: {fault}")).closing()
            }
            Self::EmptyBody => {
                Error::bad_request("the request body is empty; this method takes JSON, at least `{}`")
            }
            Self::UnexpectedBody => {
                Error::bad_request("this method takes no request body; put its parameters into the path or the query")
            }
            Self::BadBody(error) => Error::bad_request(error.to_string())
                .with_violation(error.path().to_owned(), error.description()),
            Self::BadProtobuf(fault) => {
                Error::bad_request(format!("the body is not an encoded protobuf message: {fault}"))
            }
            Self::ProtobufForField => Error::bad_request(
                "the body is a stream or one field of the request, which has no protobuf form; send it with `Content-Type: application/json`",
            )
            .with_http(Http::UNSUPPORTED_MEDIA_TYPE)
            .with_header(ACCEPT_POST, JSON),
            Self::BadField { field, description } => {
                Error::bad_request(format!("`{field}`: {description}")).with_violation(field, description)
            }
            Self::BadMessage { index, line, error } => {
                Error::bad_request(format!("message {index}, which begins on line {line}: {error}"))
                    .with_violation(error.path().to_owned(), error.description())
            }
            Self::BadStream { line, fault } => {
                Error::bad_request(format!("the request stream, line {line}: {fault}"))
            }
            Self::Closing => Error::new(
                Code::Unavailable,
                "the gateway is shutting down; open the stream again",
            ),
            Self::BadFrame { index, fault, field } => {
                Error::bad_request(format!("message {index}: {fault}")).with_violation(field, fault)
            }
            Self::UnexpectedFrame(fault) => Error::bad_request(fault),
            Self::WebSocketVersion => {
                Error::bad_request("the version of WebSocket that is spoken here is 13")
                    .with_http(Http::UPGRADE_REQUIRED)
                    .with_header(CONNECTION, HeaderValue::from_static("upgrade"))
                    .with_header(UPGRADE, HeaderValue::from_static("websocket"))
                    .with_header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
            }
            Self::WebSocketKey => {
                Error::bad_request("Sec-WebSocket-Key must stand once and be base64 of 16 bytes")
            }
            Self::ForeignOrigin { origin } => Error::new(
                PermissionDenied,
                format!("pages of the origin `{origin}` may not open a WebSocket here; the operator can list it in websocket.origins"),
            ),
            Self::StreamIdle => {
                Error::new(DeadlineExceeded, "nothing was streamed for longer than is allowed")
            }
            Self::DeadlinePassed => {
                Error::new(DeadlineExceeded, "the deadline passed before the call could be made")
            }
            Self::Upstream(failure) => upstream_failure(failure, schema),
            Self::BadReply(error) => {
                tracing::warn!(%error, "the backend's reply cannot be written as JSON");
                Error::new(Internal, format!("the backend's reply cannot be written as JSON: {error}"))
            }
        }
    }
}

fn media_type(got: &str, method: &Method, is_stream: bool) -> Error {
    // A stream has no protobuf form.
    let (second, types) = if is_stream {
        (
            "application/x-ndjson",
            "application/json, application/x-ndjson",
        )
    } else {
        (
            "application/x-protobuf",
            "application/json, application/x-protobuf",
        )
    };
    let accepted = if *method == Method::PATCH {
        ACCEPT_PATCH
    } else {
        ACCEPT_POST
    };
    Error::new(
        Code::InvalidArgument,
        format!(
            "content type `{got}` is not supported; send `Content-Type: application/json` in UTF-8, or `{second}`"
        ),
    )
    .with_http(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    .with_header(accepted, HeaderValue::from_static(types))
}

fn upstream_failure(failure: upstream::Failure, schema: &Schema) -> Error {
    use upstream::Failure as Up;
    let error = Error::new(failure.code(), failure.to_string());
    match failure {
        Up::Status(status) => {
            let status = *status;
            error
                .with_details(
                    details::resolve(schema, &status.details),
                    status.details.clone(),
                )
                .retry_after(details::retry_after(&status.details))
                .with_metadata(status.headers)
                .with_metadata(status.trailers)
        }
        Up::Unreachable(reason) => {
            tracing::debug!(reason, "no connection to the backend");
            error.with_header(RETRY_AFTER, HeaderValue::from_static("1"))
        }
        Up::ConnectionLost(reason) => {
            tracing::warn!(reason, "the connection to the backend broke during a call");
            error
        }
        // Nobody on this side cancelled, so 499 would blame the caller.
        Up::Reset(_) if error.code() == Code::Cancelled => {
            error.with_http(StatusCode::SERVICE_UNAVAILABLE)
        }
        // The connection's security is the operator's doing, not the caller's.
        Up::Reset(_) if error.code() == Code::PermissionDenied => {
            error.with_http(StatusCode::INTERNAL_SERVER_ERROR)
        }
        // 429 would invite the caller to ask for the same large reply again.
        Up::TooLarge(_) => error.with_http(StatusCode::INTERNAL_SERVER_ERROR),
        _ => {
            tracing::debug!(error = %error.message(), "the backend failed a call");
            error
        }
    }
}
