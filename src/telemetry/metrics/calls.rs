//! The cells of gRPC calls, by method and status, and what is put into them: the
//! same for calls that are made (client) and calls that are answered (server).

use super::{
    catalog::MethodId,
    histogram::{Exemplars, Histogram, Reading, Sampled},
    scale::{LATENCY, SIZE},
};
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tonic::Code;

/// The codes that a call may end with.
const CODES: usize = 17;

/// One gRPC call, or one attempt of it, that is over.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// What was called.
    pub method: MethodId,
    /// How it ended.
    pub code: Code,
    /// When it ended.
    pub ended: Instant,
    /// How long it took.
    pub duration: Duration,
    /// Bytes of messages sent, compressed if they were, without frame prefixes.
    pub sent: u64,
    /// Bytes of messages received, in the same manner.
    pub received: u64,
    /// Its span, if it is sampled.
    pub sampled: Option<Sampled>,
}

/// The cells of one side, a method each, made when it is first called.
#[derive(Debug)]
pub(super) struct Calls(Box<[OnceLock<Box<Method>>]>);

/// Only its own worker writes here, so no two of these may share a cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Method {
    started: AtomicU64,
    /// By code, made when the first call ends with it.
    attempts: [OnceLock<Box<Attempts>>; CODES],
    calls: [OnceLock<Box<Timed>>; CODES],
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Attempts {
    timed: Timed,
    sent: Histogram<15>,
    received: Histogram<15>,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Timed {
    duration: Histogram<42>,
    exemplars: Exemplars,
}

/// What the workers counted for one method and one code.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) duration: Reading<42>,
    pub(super) sent: Reading<15>,
    pub(super) received: Reading<15>,
    pub(super) call_duration: Reading<42>,
}

impl Calls {
    pub(super) fn new(methods: usize) -> Self {
        Self((0..methods).map(|_| OnceLock::new()).collect())
    }

    pub(super) fn started(&self, method: MethodId) {
        self.method(method).started.fetch_add(1, Relaxed);
    }

    /// An attempt, or a call that is answered, is over.
    pub(super) fn ended(&self, epoch: Instant, call: &Call) {
        let attempts = &self.method(call.method).attempts[call.code as usize];
        let attempts = attempts.get_or_init(Box::default);
        attempts.timed.record(epoch, call);
        attempts.sent.record(&SIZE, call.sent);
        attempts.received.record(&SIZE, call.received);
    }

    /// A call is over, with all of its attempts.
    pub(super) fn call_ended(&self, epoch: Instant, call: &Call) {
        let calls = &self.method(call.method).calls[call.code as usize];
        calls.get_or_init(Box::default).record(epoch, call);
    }

    pub(super) fn count_started(&self, method: usize) -> u64 {
        let method = self.0[method].get();
        method.map_or(0, |method| method.started.load(Relaxed))
    }

    /// Adds what ended with `code` to `counted`.
    pub(super) fn add_to(&self, method: usize, code: Code, counted: &mut Counted) {
        let Some(method) = self.0[method].get() else {
            return;
        };
        if let Some(attempts) = method.attempts[code as usize].get() {
            attempts.timed.add_to(&mut counted.duration);
            attempts.sent.add_to(&mut counted.sent);
            attempts.received.add_to(&mut counted.received);
        }
        if let Some(calls) = method.calls[code as usize].get() {
            calls.add_to(&mut counted.call_duration);
        }
    }

    fn method(&self, id: MethodId) -> &Method {
        self.0[id.0 as usize].get_or_init(Box::default)
    }
}

impl Timed {
    fn record(&self, epoch: Instant, call: &Call) {
        let nanos = nanos(call.duration);
        let bucket = self.duration.record(&LATENCY, nanos);
        if let Some(sampled) = call.sampled {
            self.exemplars
                .offer(epoch, call.ended, bucket, nanos, sampled);
        }
    }

    fn add_to(&self, reading: &mut Reading<42>) {
        self.duration.add_to(reading);
        self.exemplars.add_to(reading);
    }
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Every code, in order.
pub(super) fn codes() -> impl Iterator<Item = Code> {
    (0..CODES as i32).map(Code::from_i32)
}

/// The name of a code, as gRPC's documents spell it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
