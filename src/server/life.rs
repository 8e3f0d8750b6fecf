//! What a connection is doing, kept so that slow and idle ones can be closed
//! without a timer or a clock reading for each request.
//!
//! ```text
//!            bytes             request             last response ends
//!   Idle ──────────▶ Reading ──────────▶ Busy(n) ────────────────────▶ Idle
//! ```
//!
//! A phase is entered without looking at the clock; the time is noted when the
//! connection next has to wait (Reading) or its timer next fires (Idle).
//!
//! One task at a time writes the record. It is made of atomics since a connection
//! that is upgraded goes on in another task, and they cost no more than plain
//! fields here.

use super::{Settings, unread::Unread};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// How long a connection that was told to finish may stay open with nothing to
/// do, for a peer that does not answer.
const LINGER: Duration = Duration::from_secs(5);

/// The record of one connection.
#[derive(Debug)]
pub(super) struct Life {
    phase: AtomicU8,
    since: Moment,
    in_flight: AtomicU32,
    finishing: AtomicBool,
    /// Whether all that was written belongs to requests that are answered.
    flushed: AtomicBool,
    /// When it is over whatever the phase, unless bytes go out before.
    cut: Moment,
    pub(super) unread: Unread,
    limits: Limits,
}

/// A point in time, or none.
#[derive(Debug)]
struct Moment {
    epoch: Instant,
    /// Nanoseconds after the epoch.
    at: AtomicU64,
}

#[derive(Debug)]
struct Limits {
    headers: Duration,
    idle: Duration,
    write_stall: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(u8)]
enum Phase {
    Reading,
    Busy,
    Idle,
}

/// What a connection's timer finds.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// Nothing to do; look again then.
    Look(Instant),
    /// Idle for too long: let it finish, look again then.
    Finish(Instant),
    /// Too slow to be kept.
    Close,
}

/// A request in flight, until dropped with the end of its response.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Life>);

// === impl Moment ===

impl Moment {
    const NONE: u64 = u64::MAX;

    fn none(epoch: Instant) -> Self {
        let at = AtomicU64::new(Self::NONE);
        Self { epoch, at }
    }

    /// A time before the epoch is taken for the epoch.
    fn set(&self, to: Option<Instant>) {
        let at = to.map_or(Self::NONE, |to| {
            to.saturating_duration_since(self.epoch).as_nanos() as u64
        });
        self.at.store(at, Relaxed);
    }

    fn get(&self) -> Option<Instant> {
        match self.at.load(Relaxed) {
            Self::NONE => None,
            at => Some(self.epoch + Duration::from_nanos(at)),
        }
    }
}

// === impl Life ===

impl Life {
    /// An HTTP/1 connection whose first bytes are there.
    pub(super) fn http1(settings: &Settings) -> Arc<Self> {
        Self::new(Phase::Reading, settings, settings.idle_h1)
    }

    /// An HTTP/2 connection. Frames have no phase of their own: without an open
    /// stream it is idle.
    pub(super) fn http2(settings: &Settings) -> Arc<Self> {
        Self::new(Phase::Idle, settings, settings.idle_h2)
    }

    fn new(phase: Phase, settings: &Settings, idle: Duration) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            phase: AtomicU8::new(phase as u8),
            since: Moment::none(now),
            in_flight: AtomicU32::new(0),
            finishing: AtomicBool::new(false),
            flushed: AtomicBool::new(true),
            cut: Moment::none(now),
            unread: Unread::default(),
            limits: Limits {
                headers: settings.headers,
                idle,
                write_stall: settings.write_stall,
            },
        })
    }

    /// A request was handed to the service.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.phase.store(Phase::Busy as u8, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        self.flushed.store(false, Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Bytes came in on an HTTP/1 connection.
    pub(super) fn read(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Reading);
        }
    }

    /// All bytes that were to be written are.
    pub(super) fn flush(&self) {
        if self.in_flight.load(Relaxed) == 0 {
            self.flushed.store(true, Relaxed);
        }
    }

    /// The peer takes no more bytes for now.
    pub(super) fn stall(&self) {
        if self.cut.get().is_none() {
            self.cut.set(Some(Instant::now() + self.limits.write_stall));
        }
    }

    /// The peer took bytes.
    pub(super) fn advance(&self) {
        self.cut.set(None);
    }

    /// The connection is shut for writing; what is left is to wait for its peer.
    pub(super) fn shut(&self) {
        self.cut.set(Some(Instant::now() + LINGER));
    }

    /// Whether no response is being written: what is written now on HTTP/1 is
    /// not the service's.
    pub(super) fn is_flushed(&self) -> bool {
        self.flushed.load(Relaxed)
    }

    /// The connection waits for its peer: notes since when, if it has to.
    pub(super) fn wait(&self) {
        if self.phase() == Phase::Reading && self.since.get().is_none() {
            self.since.set(Some(Instant::now()));
        }
    }

    /// The connection was told to finish: it may not idle any more.
    pub(super) fn finish(&self, now: Instant) -> Instant {
        self.finishing.store(true, Relaxed);
        self.since.set(Some(now));
        now + LINGER.min(self.tick())
    }

    /// What to do at `now`, when the timer fired.
    pub(super) fn look(&self, now: Instant) -> Verdict {
        if self.cut.get().is_some_and(|cut| cut <= now) {
            return Verdict::Close;
        }
        let since = self.since.get().unwrap_or(now);
        let finishing = self.finishing.load(Relaxed);
        let limit = match self.phase() {
            Phase::Busy => return Verdict::Look(now + self.tick()),
            Phase::Reading => self.limits.headers,
            Phase::Idle if finishing => LINGER,
            Phase::Idle => self.limits.idle,
        };
        self.since.set(Some(since));
        let deadline = since + limit;
        if now < deadline {
            return Verdict::Look(deadline.min(now + self.tick()));
        }
        if self.phase() == Phase::Reading || finishing {
            return Verdict::Close;
        }
        Verdict::Finish(self.finish(now))
    }

    /// The longest that a timer may sleep, so that a phase that begins right
    /// after it was set is found in time.
    fn tick(&self) -> Duration {
        self.limits
            .headers
            .min(self.limits.idle)
            .min(self.limits.write_stall)
    }

    /// When the timer is to fire first.
    pub(super) fn first_look(&self) -> Instant {
        Instant::now() + self.tick()
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
        self.since.set(None);
    }

    fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            phase if phase == Phase::Reading as u8 => Phase::Reading,
            phase if phase == Phase::Busy as u8 => Phase::Busy,
            _ => Phase::Idle,
        }
    }
}

impl InFlight {
    /// Whether the peer takes no bytes for now.
    pub(super) fn is_stalled(&self) -> bool {
        self.0.cut.get().is_some()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let life = &self.0;
        if life.in_flight.fetch_sub(1, Relaxed) == 1 {
            life.enter(Phase::Idle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn life() -> Arc<Life> {
        Life::http1(&Settings::default())
    }

    #[test]
    fn a_head_that_takes_too_long_closes() {
        let life = life();
        let start = Instant::now();
        assert_eq!(life.look(start), Verdict::Look(start + 10 * SECOND));
        assert_eq!(life.look(start + 10 * SECOND), Verdict::Close);
    }

    #[test]
    fn a_request_in_flight_has_all_the_time() {
        let life = life();
        let request = life.begin();
        let later = Instant::now() + 1_000 * SECOND;
        assert_eq!(life.look(later), Verdict::Look(later + 10 * SECOND));
        drop(request);
        assert_eq!(life.look(later), Verdict::Look(later + 10 * SECOND));
    }

    #[test]
    fn a_peer_that_takes_no_bytes_is_cut_whatever_the_phase() {
        let life = life();
        let _request = life.begin();
        life.stall();
        let start = Instant::now();
        assert_eq!(
            life.look(start + 20 * SECOND),
            Verdict::Look(start + 30 * SECOND)
        );
        assert_eq!(life.look(start + 30 * SECOND), Verdict::Close);
        life.advance();
        assert_ne!(life.look(start + 30 * SECOND), Verdict::Close);
    }

    #[test]
    fn an_idle_connection_is_let_finish_and_then_closed() {
        let life = life();
        drop(life.begin());
        let start = Instant::now();
        assert_eq!(life.look(start), Verdict::Look(start + 10 * SECOND));
        let end = start + 60 * SECOND;
        assert_eq!(life.look(end), Verdict::Finish(end + LINGER));
        assert_eq!(life.look(end + LINGER), Verdict::Close);
    }

    #[test]
    fn bytes_after_a_response_begin_a_new_head() {
        let life = life();
        drop(life.begin());
        let start = Instant::now();
        life.look(start);
        life.read();
        assert_eq!(
            life.look(start + 59 * SECOND),
            Verdict::Look(start + 69 * SECOND)
        );
        assert_eq!(life.look(start + 69 * SECOND), Verdict::Close);
    }
}
