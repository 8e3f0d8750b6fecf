//! The metrics of calls and exchanges by name, unit and meaning: those of gRPC as
//! gRFC A66 has them, those of HTTP as OpenTelemetry's conventions do.

use super::family::{Family, Kind};

pub(super) const ATTEMPTS_STARTED: Family = family(
    Kind::Counter,
    "grpc.client.attempt.started",
    "grpc_client_attempt_started_total",
    "{attempt}",
    "Number of client call attempts started.",
);
pub(super) const ATTEMPT_DURATION: Family = family(
    Kind::Histogram,
    "grpc.client.attempt.duration",
    "grpc_client_attempt_duration_seconds",
    "s",
    "End-to-end time taken to complete a client call attempt.",
);
pub(super) const ATTEMPT_SENT: Family = family(
    Kind::Histogram,
    "grpc.client.attempt.sent_total_compressed_message_size",
    "grpc_client_attempt_sent_total_compressed_message_size_bytes",
    "By",
    "Compressed message bytes sent per client call attempt.",
);
pub(super) const ATTEMPT_RECEIVED: Family = family(
    Kind::Histogram,
    "grpc.client.attempt.rcvd_total_compressed_message_size",
    "grpc_client_attempt_rcvd_total_compressed_message_size_bytes",
    "By",
    "Compressed message bytes received per call attempt.",
);
pub(super) const CALL_DURATION: Family = family(
    Kind::Histogram,
    "grpc.client.call.duration",
    "grpc_client_call_duration_seconds",
    "s",
    "Time taken by gRPC to complete an RPC from application's perspective.",
);

pub(super) const SERVED_STARTED: Family = family(
    Kind::Counter,
    "grpc.server.call.started",
    "grpc_server_call_started_total",
    "{call}",
    "Number of server calls started.",
);
pub(super) const SERVED_SENT: Family = family(
    Kind::Histogram,
    "grpc.server.call.sent_total_compressed_message_size",
    "grpc_server_call_sent_total_compressed_message_size_bytes",
    "By",
    "Compressed message bytes sent per server call.",
);
pub(super) const SERVED_RECEIVED: Family = family(
    Kind::Histogram,
    "grpc.server.call.rcvd_total_compressed_message_size",
    "grpc_server_call_rcvd_total_compressed_message_size_bytes",
    "By",
    "Compressed message bytes received per server call.",
);
pub(super) const SERVED_DURATION: Family = family(
    Kind::Histogram,
    "grpc.server.call.duration",
    "grpc_server_call_duration_seconds",
    "s",
    "End-to-end time taken to complete a call from server transport's perspective.",
);

pub(super) const REQUEST_DURATION: Family = family(
    Kind::Histogram,
    "http.server.request.duration",
    "http_server_request_duration_seconds",
    "s",
    "Duration of HTTP server requests.",
);
pub(super) const ACTIVE_REQUESTS: Family = family(
    Kind::UpDownCounter,
    "http.server.active_requests",
    "http_server_active_requests",
    "{request}",
    "Number of active HTTP server requests.",
);
pub(super) const REQUEST_SIZE: Family = family(
    Kind::Histogram,
    "http.server.request.body.size",
    "http_server_request_body_size_bytes",
    "By",
    "Size of HTTP server request bodies.",
);
pub(super) const RESPONSE_SIZE: Family = family(
    Kind::Histogram,
    "http.server.response.body.size",
    "http_server_response_body_size_bytes",
    "By",
    "Size of HTTP server response bodies.",
);

const fn family(
    kind: Kind,
    name: &'static str,
    prometheus: &'static str,
    unit: &'static str,
    help: &'static str,
) -> Family {
    Family {
        name,
        prometheus,
        kind,
        unit,
        help,
        scoped: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule by which OpenTelemetry's names become Prometheus's.
    #[test]
    fn prometheus_names_follow_from_the_others() {
        for family in [
            ATTEMPTS_STARTED,
            ATTEMPT_DURATION,
            ATTEMPT_SENT,
            ATTEMPT_RECEIVED,
            CALL_DURATION,
            SERVED_STARTED,
            SERVED_SENT,
            SERVED_RECEIVED,
            SERVED_DURATION,
            REQUEST_DURATION,
            ACTIVE_REQUESTS,
            REQUEST_SIZE,
            RESPONSE_SIZE,
        ] {
            let unit = match family.unit {
                "s" => "_seconds",
                "By" => "_bytes",
                annotation => {
                    assert!(annotation.starts_with('{'));
                    ""
                }
            };
            let total = if family.kind == Kind::Counter {
                "_total"
            } else {
                ""
            };
            let expected = format!("{}{unit}{total}", family.name.replace('.', "_"));
            assert_eq!(family.prometheus, expected);
        }
    }
}
