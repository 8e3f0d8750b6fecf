//! The attributes of a span, by the conventions that were chosen.

use super::expand::{is_servers_fault, is_standard};
use super::request::Request;
use super::{Names, Span};
use crate::telemetry::metrics::code_name;
use crate::telemetry::observe::{Call, End, Http, Kind, Vocabulary};
use http::Version;
use opentelemetry::{KeyValue, Value};
use tonic::Code;

/// What is told of a call besides its name and its times.
pub(super) struct Attributes<'a> {
    names: Names,
    vocabulary: &'a Vocabulary,
    call: &'a Call,
    span: &'a Span,
    all: Vec<KeyValue>,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(
        names: Names,
        vocabulary: &'a Vocabulary,
        call: &'a Call,
        span: &'a Span,
    ) -> Self {
        let all = Vec::with_capacity(16);
        Self {
            names,
            vocabulary,
            call,
            span,
            all,
        }
    }

    pub(super) fn all(mut self) -> Vec<KeyValue> {
        match (self.call.kind, self.names) {
            (Kind::HttpServer, Names::OpenCensus) => self.http_of_opencensus(),
            (Kind::HttpServer, _) => self.http(),
            (_, Names::Semconv) => self.rpc(),
            (kind, Names::OpenCensus) => {
                self.put("Client", kind == Kind::GrpcClient);
                self.put("FailFast", false);
            }
            // Proposal A72 has attributes for attempts only, and this is the first.
            (_, Names::GrpcA72) => {
                self.put("previous-rpc-attempts", 0);
                self.put("transparent-retry", false);
            }
        }
        self.all
    }

    fn put(&mut self, key: &'static str, value: impl Into<Value>) {
        self.all.push(KeyValue::new(key, value));
    }

    fn put_some(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn http(&mut self) {
        let call = self.call;
        if let Some(Http { method, version }) = &call.http {
            if is_standard(method) {
                self.put("http.request.method", method.as_str().to_owned());
            } else {
                self.put("http.request.method", "_OTHER");
                self.put("http.request.method_original", method.as_str().to_owned());
            }
            self.put_some("network.protocol.version", version_name(*version));
        }
        if let Some(request) = &self.span.request {
            self.request(request);
        }
        let routes = self.vocabulary.operations.routes();
        let route = call.operation.and_then(|route| routes.get(route));
        self.put_some("http.route", route.map(|route| route.template.to_string()));
        let status = call.outcome.http;
        self.put_some(
            "http.response.status_code",
            status.map(|status| i64::from(status.as_u16())),
        );
        self.put("http.request.body.size", integer(call.received.bytes));
        self.put("http.response.body.size", integer(call.sent.bytes));
        // Of a call that failed after its answer had begun, HTTP's status says nothing.
        match (status, call.outcome.grpc) {
            (Some(status), _) if status.is_server_error() => {
                self.put("error.type", status.as_str().to_owned());
            }
            (_, Some(code)) if call.outcome.end == End::Broken => {
                self.put("error.type", code_name(code));
            }
            _ => {}
        }
    }

    fn request(&mut self, request: &Request) {
        self.put("url.path", request.path().to_owned());
        self.put_some("url.query", request.query());
        self.put("url.scheme", "http");
        if let Some((host, port)) = request.host() {
            self.put("server.address", host.to_owned());
            self.put_some("server.port", port.map(i64::from));
        }
        if let Some(peer) = request.peer {
            self.put("network.peer.address", peer.ip().to_string());
            self.put("network.peer.port", i64::from(peer.port()));
        }
        self.put_some(
            "user_agent.original",
            request.user_agent().map(str::to_owned),
        );
    }

    fn http_of_opencensus(&mut self) {
        if let Some(Http { method, .. }) = &self.call.http {
            self.put("http.method", method.as_str().to_owned());
        }
        if let Some(request) = &self.span.request {
            self.put("http.path", request.path().to_owned());
            self.put_some("http.host", request.host().map(|host| host.0.to_owned()));
            self.put_some("http.user_agent", request.user_agent().map(str::to_owned));
        }
        let status = self.call.outcome.http;
        self.put_some(
            "http.status_code",
            status.map(|status| i64::from(status.as_u16())),
        );
    }

    fn rpc(&mut self) {
        let call = self.call;
        self.put("rpc.system.name", "grpc");
        let methods = self.vocabulary.operations.methods();
        let method = call.operation.and_then(|method| methods.get(method));
        self.put(
            "rpc.method",
            method.map_or_else(|| "_OTHER".to_owned(), |method| method.name.to_string()),
        );
        let Some(code) = call.outcome.grpc else {
            return;
        };
        self.put("rpc.response.status_code", code_name(code));
        let failed = match call.kind {
            Kind::GrpcServer => is_servers_fault(code),
            _ => code != Code::Ok,
        };
        if failed {
            self.put("error.type", code_name(code));
        }
    }
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn version_name(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        _ => None,
    }
}
