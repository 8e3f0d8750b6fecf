//! The cells of HTTP exchanges. Their labels are known only when an exchange is
//! over, but each is one of few: a route's exchanges are kept in short chains.

use super::{
    calls::{code_name, nanos},
    catalog::RouteId,
    histogram::{Exemplars, Histogram, Reading, Sampled},
    scale::{HTTP_LATENCY, SIZE},
};
use std::{
    iter::successors,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tonic::Code;

/// The methods of HTTP as labels; what is not known is `_OTHER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method(u8);

const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "_OTHER",
];

/// One HTTP exchange that is over.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// The route that was found, if one was.
    pub route: Option<RouteId>,
    /// How it was asked.
    pub method: Method,
    /// Whether it came over TLS.
    pub secure: bool,
    /// By which version of HTTP.
    pub version: http::Version,
    /// The status of its answer, if it had one.
    pub status: Option<http::StatusCode>,
    /// What else went wrong than the status says.
    pub error: Option<Error>,
    /// When it was over.
    pub ended: Instant,
    /// How long it took, to the last byte of the answer.
    pub duration: Duration,
    /// Bytes of the request's body.
    pub received: u64,
    /// Bytes of the answer's body.
    pub sent: u64,
    /// Its span, if it is sampled.
    pub sampled: Option<Sampled>,
}

/// What went wrong with an exchange after the status was sent, or before it could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The caller left.
    Cancelled,
    /// The stream ended with this status.
    Status(Code),
}

/// The cells of one worker.
#[derive(Debug)]
pub(super) struct Exchanges {
    active: [Active; 2 * METHODS.len()],
    /// By route; the last is of those without one.
    routes: Box<[Route]>,
}

#[derive(Debug, Default)]
struct Active {
    started: AtomicU64,
    ended: AtomicU64,
}

/// Chains of nodes, told apart by a little of their labels.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Route([OnceLock<Box<Node>>; 8]);

#[derive(Debug)]
#[repr(align(128))]
struct Node {
    labels: Labels,
    duration: Histogram<15>,
    exemplars: Exemplars,
    received: Histogram<15>,
    sent: Histogram<15>,
    next: OnceLock<Box<Node>>,
}

/// What tells the exchanges of a route apart; all of it bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Labels {
    method: u8,
    /// 0 for none.
    status: u16,
    version: Version,
    secure: bool,
    /// 0 for none, 1 for cancelled, otherwise 2 more than the code.
    error: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    Http10,
    Http11,
    Http2,
    Http3,
}

/// What the workers counted for one route and labels.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) duration: Reading<15>,
    pub(super) received: Reading<15>,
    pub(super) sent: Reading<15>,
}

// === impl Method ===

impl Method {
    /// The label of a request's method.
    pub fn of(method: &http::Method) -> Self {
        let known = METHODS.iter().position(|name| *name == method.as_str());
        Self(known.unwrap_or(METHODS.len() - 1) as u8)
    }
}

// === impl Exchanges ===

impl Exchanges {
    pub(super) fn new(routes: usize) -> Self {
        Self {
            active: Default::default(),
            routes: (0..=routes).map(|_| Route::default()).collect(),
        }
    }

    pub(super) fn started(&self, method: Method, secure: bool) {
        self.active(method, secure).started.fetch_add(1, Relaxed);
    }

    pub(super) fn ended(&self, epoch: Instant, exchange: &Exchange) {
        let active = self.active(exchange.method, exchange.secure);
        active.ended.fetch_add(1, Relaxed);
        let without = self.routes.len() - 1;
        let route = exchange.route.map_or(without, |route| route.0 as usize);
        let node = self.routes[route].node(Labels::of(exchange));
        let nanos = nanos(exchange.duration);
        let bucket = node.duration.record(&HTTP_LATENCY, nanos);
        node.received.record(&SIZE, exchange.received);
        node.sent.record(&SIZE, exchange.sent);
        if let Some(call) = exchange.sampled {
            node.exemplars
                .offer(epoch, exchange.ended, bucket, nanos, call);
        }
    }

    /// How many exchanges with these labels began, and how many are over.
    pub(super) fn count_active(&self, (method, secure): (usize, bool)) -> (u64, u64) {
        let active = self.active(Method(method as u8), secure);
        // In this order, so that none ends here before it began.
        let ended = active.ended.load(Relaxed);
        (active.started.load(Relaxed), ended)
    }

    /// Adds what is counted for a route to `counted`, in the order of the labels.
    pub(super) fn add_to(&self, route: usize, counted: &mut Vec<(Labels, Counted)>) {
        for head in &self.routes[route].0 {
            for node in successors(head.get(), |node| node.next.get()) {
                let at = match counted.binary_search_by_key(&node.labels, |(labels, _)| *labels) {
                    Ok(at) => at,
                    Err(at) => {
                        counted.insert(at, (node.labels, Counted::default()));
                        at
                    }
                };
                let total = &mut counted[at].1;
                node.duration.add_to(&mut total.duration);
                node.exemplars.add_to(&mut total.duration);
                node.received.add_to(&mut total.received);
                node.sent.add_to(&mut total.sent);
            }
        }
    }

    fn active(&self, method: Method, secure: bool) -> &Active {
        &self.active[usize::from(method.0) * 2 + usize::from(secure)]
    }
}

/// The labels of `http.server.active_requests`, as [`Exchanges::count_active`]
/// takes them.
pub(super) fn active_labels() -> impl Iterator<Item = (usize, bool)> {
    (0..METHODS.len()).flat_map(|method| [(method, false), (method, true)])
}

/// Their values.
pub(super) fn active_label_values((method, secure): (usize, bool)) -> (&'static str, &'static str) {
    (METHODS[method], scheme(secure))
}

fn scheme(secure: bool) -> &'static str {
    if secure { "https" } else { "http" }
}

// === impl Route ===

impl Route {
    /// The node of these labels, made when it is missing.
    fn node(&self, labels: Labels) -> &Node {
        let chain = usize::from(labels.status) + usize::from(labels.method);
        let mut place = &self.0[chain % self.0.len()];
        loop {
            let node = place.get_or_init(|| Box::new(Node::new(labels)));
            if node.labels == labels {
                return node;
            }
            place = &node.next;
        }
    }
}

// === impl Node ===

impl Node {
    fn new(labels: Labels) -> Self {
        Self {
            labels,
            duration: Histogram::default(),
            exemplars: Exemplars::default(),
            received: Histogram::default(),
            sent: Histogram::default(),
            next: OnceLock::new(),
        }
    }
}

// === impl Labels ===

impl Labels {
    fn of(exchange: &Exchange) -> Self {
        Self {
            method: exchange.method.0,
            status: exchange.status.map_or(0, |status| status.as_u16()),
            version: match exchange.version {
                http::Version::HTTP_2 => Version::Http2,
                http::Version::HTTP_3 => Version::Http3,
                http::Version::HTTP_11 => Version::Http11,
                _ => Version::Http10,
            },
            secure: exchange.secure,
            error: match exchange.error {
                None => 0,
                Some(Error::Cancelled) => 1,
                Some(Error::Status(code)) => code as u8 + 2,
            },
        }
    }

    /// The labels by name, as OpenTelemetry's conventions have them.
    pub(super) fn named(self) -> Vec<(&'static str, String)> {
        let mut labels = vec![
            (
                "http.request.method",
                METHODS[usize::from(self.method)].to_owned(),
            ),
            ("url.scheme", scheme(self.secure).to_owned()),
        ];
        let version = match self.version {
            Version::Http10 => "1.0",
            Version::Http11 => "1.1",
            Version::Http2 => "2",
            Version::Http3 => "3",
        };
        labels.push(("network.protocol.version", version.to_owned()));
        if self.status != 0 {
            labels.push(("http.response.status_code", self.status.to_string()));
        }
        let error = match self.error {
            0 if self.status >= 500 => Some(self.status.to_string()),
            0 => None,
            1 => Some("cancelled".to_owned()),
            code => Some(code_name(Code::from_i32(i32::from(code) - 2)).to_owned()),
        };
        labels.extend(error.map(|error| ("error.type", error)));
        labels
    }
}
