//! Calls as the metrics and the debug pages count them: one registry and one book
//! for each gateway or backend, and each worker's own cells of both.

use super::call::{Call, End, Kind};
use super::operations::{Method, Operations, Route};
use crate::telemetry::debug::{Book, Ended, Journal, Operation, Sample, Side, Traffic};
use crate::telemetry::metrics::{
    self, Catalog, Error, Exchange, MethodId, Registry, RouteId, Sampled, Shard,
};
use crate::telemetry::span::Span;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tonic::Code;

/// What is to be counted, and how that is called.
#[derive(Debug, Clone, Default)]
pub struct Counting {
    /// How metrics are named.
    pub metrics: metrics::Settings,
    /// Who counts, as OpenTelemetry's resource attributes.
    pub resource: Vec<(String, String)>,
    /// The backend's canonical gRPC name, such as `dns:///localhost:9988`.
    pub target: String,
}

/// The counts of one gateway or backend. Clones are the same.
#[derive(Debug, Clone)]
pub struct Ledger {
    registry: Registry,
    book: Book,
    /// What is counted by name.
    operations: Arc<Operations>,
}

/// Where a recorder's operations are in the registry and in the book. Those that are
/// not counted by name are where what is none of them is.
#[derive(Debug)]
struct Index {
    routes: Vec<(Option<RouteId>, usize)>,
    methods: Vec<(MethodId, usize)>,
    no_route: usize,
    other: (MethodId, usize),
    /// Where the methods of calls that are made begin in the book, and those of calls
    /// that are answered.
    sent: usize,
    received: usize,
}

/// What one worker writes.
#[derive(Debug)]
pub(super) struct Tally {
    shard: Arc<Shard>,
    journal: Arc<Journal>,
    index: Index,
}

/// Characters of an error that an example keeps.
const LONGEST_ERROR: usize = 200;

// === impl Ledger ===

impl Ledger {
    pub(super) fn new(counting: &Counting, operations: &Arc<Operations>) -> Self {
        let (methods, routes) = (operations.methods(), operations.routes());
        let names = methods.iter().map(|method| &*method.name);
        let templates = routes.iter().map(|route| &*route.template);
        let catalog = Catalog::new(names, templates, &*counting.target);
        let Counting {
            metrics, resource, ..
        } = counting;
        Self {
            registry: Registry::new(catalog, metrics.clone(), resource.clone()),
            book: Book::new(listed(operations)),
            operations: Arc::clone(operations),
        }
    }

    /// The metrics.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What the debug pages show.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// What a worker writes that handles these operations.
    pub(super) fn tally(&self, operations: &Operations) -> Tally {
        Tally {
            shard: self.registry.shard(),
            journal: self.book.journal(),
            index: self.index(operations),
        }
    }

    fn index(&self, operations: &Operations) -> Index {
        let catalog = self.registry.catalog();
        let (methods, routes) = (self.operations.methods(), self.operations.routes());
        let places: HashMap<(&str, &str), usize> = routes
            .iter()
            .enumerate()
            .map(|(place, route)| ((&*route.http, &*route.template), place))
            .collect();
        let no_route = routes.len();
        let route = |route: &Route| {
            let place = places.get(&(&*route.http, &*route.template));
            match place {
                Some(place) => (catalog.route(&route.template), *place),
                None => (None, no_route),
            }
        };
        let method = |name: &str| {
            let place = self.operations.method_named(name);
            (catalog.method(name), place.unwrap_or(methods.len()))
        };
        Index {
            routes: operations.routes().iter().map(route).collect(),
            methods: operations
                .methods()
                .iter()
                .map(|known| method(&known.name))
                .collect(),
            no_route,
            other: method(Catalog::OTHER),
            sent: no_route + 1,
            received: no_route + 1 + methods.len() + 1,
        }
    }
}

/// The operations as the book lists them: routes, what has none, calls made, what
/// none of them is, and the same of calls answered.
fn listed(operations: &Operations) -> Vec<Operation> {
    let methods = operations.methods();
    let routes = operations.routes().iter().map(|route| Operation {
        family: format!("http.Recv.{}", methods[route.method].service()),
        title: format!("{} {}", route.http, route.template),
        rpc: None,
    });
    let unrouted = Operation {
        family: "http.Recv".to_owned(),
        title: "no route".to_owned(),
        rpc: None,
    };
    let side = |prefix: &'static str, side| {
        let known = methods.iter().map(move |method: &Method| Operation {
            family: format!("{prefix}.{}", method.service()),
            title: method.name.to_string(),
            rpc: Some(side),
        });
        known.chain([Operation {
            family: prefix.to_owned(),
            title: Catalog::OTHER.to_owned(),
            rpc: Some(side),
        }])
    };
    routes
        .chain([unrouted])
        .chain(side("grpc.Sent", Side::Sent))
        .chain(side("grpc.Recv", Side::Received))
        .collect()
}

// === impl Tally ===

impl Tally {
    /// A call begins; of an HTTP request, the route is not known yet.
    pub(super) fn began(&self, call: &mut Call) {
        match call.kind {
            Kind::HttpServer => {
                if let Some(http) = &call.http {
                    let method = metrics::Method::of(&http.method);
                    self.shard.exchange_started(method, false);
                }
                return;
            }
            Kind::GrpcClient => self.shard.attempt_started(self.method(call)),
            Kind::GrpcServer => self.shard.served_call_started(self.method(call)),
        }
        self.placed(call);
    }

    /// What a call is of is known.
    pub(super) fn placed(&self, call: &mut Call) {
        let trace = call.span().map(|span| span.trace_id());
        let begin = || self.journal.begin(self.place(call), call.began, trace);
        if call.key.is_none() {
            call.key = Some(begin());
        }
    }

    /// Messages of a call have come or gone.
    pub(super) fn progress(&self, call: &Call) {
        let Call { sent, received, .. } = call;
        // A unary call is over before anybody could look.
        if sent.messages + received.messages > 2
            && let Some(key) = &call.key
        {
            self.journal.progress(key, traffic(sent), traffic(received));
        }
    }

    /// A call is over.
    pub(super) fn ended(&self, call: &mut Call) {
        match call.kind {
            Kind::HttpServer => self.shard.exchange_ended(&self.exchange(call)),
            Kind::GrpcClient => {
                let ended = self.rpc(call);
                self.shard.attempt_ended(&ended);
                self.shard.call_ended(&ended);
            }
            Kind::GrpcServer => self.shard.served_call_ended(&self.rpc(call)),
        }
        let ended = Ended {
            operation: self.place(call),
            at: call.ended,
            elapsed: call.elapsed(),
            failed: failed(call),
            sent: call.sent.bytes,
            received: call.received.bytes,
        };
        let key = call.key.take();
        self.journal.end(key, &ended, || self.sample(call));
    }

    fn method(&self, call: &Call) -> MethodId {
        self.named(call).0
    }

    /// Where the method of a gRPC call is, in the registry and among those of its kind.
    fn named(&self, call: &Call) -> (MethodId, usize) {
        let known = call.operation.map(|method| self.index.methods[method]);
        known.unwrap_or(self.index.other)
    }

    /// Where the book has a call's operation; see [`listed`].
    fn place(&self, call: &Call) -> usize {
        let index = &self.index;
        match call.kind {
            Kind::HttpServer => call
                .operation
                .map_or(index.no_route, |route| index.routes[route].1),
            Kind::GrpcClient => index.sent + self.named(call).1,
            Kind::GrpcServer => index.received + self.named(call).1,
        }
    }

    fn rpc(&self, call: &Call) -> metrics::Call {
        metrics::Call {
            method: self.method(call),
            code: call.outcome.grpc.unwrap_or(Code::Unknown),
            ended: call.ended,
            duration: call.elapsed(),
            sent: call.sent.bytes,
            received: call.received.bytes,
            sampled: sampled(call),
        }
    }

    fn exchange(&self, call: &Call) -> Exchange {
        let http = call.http.as_ref();
        let method = http.map_or(&http::Method::GET, |http| &http.method);
        let error = match (call.outcome.end, call.outcome.grpc) {
            (End::Complete, code) => code
                .filter(|code| *code != Code::Ok && is_success(call))
                .map(Error::Status),
            (End::Cancelled, _) => Some(Error::Cancelled),
            (End::Broken, code) => Some(Error::Status(code.unwrap_or(Code::Unknown))),
        };
        Exchange {
            route: call.operation.and_then(|route| self.index.routes[route].0),
            method: metrics::Method::of(method),
            secure: false,
            version: http.map_or(http::Version::HTTP_11, |http| http.version),
            status: call.outcome.http,
            error,
            ended: call.ended,
            duration: call.elapsed(),
            received: call.received.bytes,
            sent: call.sent.bytes,
            sampled: sampled(call),
        }
    }

    fn sample(&self, call: &Call) -> Sample {
        let elapsed = call.elapsed();
        let now = SystemTime::now();
        Sample {
            operation: self.place(call),
            began: now.checked_sub(elapsed).unwrap_or(now),
            elapsed,
            http: call.outcome.http.map(|status| status.as_u16()),
            code: call.outcome.grpc,
            cut: call.outcome.end != End::Complete,
            failed: failed(call),
            error: call.error.as_deref().map(shortened),
            sent: traffic(&call.sent),
            received: traffic(&call.received),
            events: call
                .span()
                .map(|span| events(call, span))
                .unwrap_or_default(),
            trace: call.span().map(|span| (span.trace_id(), span.span_id())),
        }
    }
}

/// Whether an HTTP call's status says that all is well.
fn is_success(call: &Call) -> bool {
    call.outcome
        .http
        .is_some_and(|status| status.as_u16() < 400)
}

/// Whether somebody should look at a call: a gRPC call that ended otherwise than
/// well, an HTTP call that is the server's fault, broke off, or failed after its
/// status was sent.
fn failed(call: &Call) -> bool {
    let code = call.outcome.grpc.is_some_and(|code| code != Code::Ok);
    match call.kind {
        Kind::GrpcClient | Kind::GrpcServer => code,
        Kind::HttpServer => {
            let status = call.outcome.http.map_or(0, |status| status.as_u16());
            call.outcome.end != End::Complete || status >= 500 || code && is_success(call)
        }
    }
}

fn sampled(call: &Call) -> Option<Sampled> {
    call.span().map(|span| Sampled {
        trace: span.trace_id(),
        span: span.span_id(),
    })
}

/// What a call's span tells of its course.
fn events(call: &Call, span: &Span) -> Vec<(Duration, String)> {
    let moments = span.moments().into_iter();
    let after = |at: Instant| at.saturating_duration_since(call.began);
    moments.map(|(at, what)| (after(at), what)).collect()
}

/// What an error says, cut where it says too much for a page.
fn shortened(error: &str) -> String {
    error.chars().take(LONGEST_ERROR).collect()
}

fn traffic(of: &super::call::Traffic) -> Traffic {
    Traffic {
        messages: of.messages,
        bytes: of.bytes,
    }
}
