//! Durations, sizes and addresses as people write them. Flags read them by the same
//! rules.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// `500ms`, `10s`, `5m` or `1h`; a whole number and its unit. Also `0`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let milliseconds = match split(text) {
        Some((0, "")) => Some(0),
        Some((count, "ms")) => Some(count),
        Some((count, "s")) => count.checked_mul(1_000),
        Some((count, "m")) => count.checked_mul(60_000),
        Some((count, "h")) => count.checked_mul(3_600_000),
        _ => None,
    };
    milliseconds
        .filter(|milliseconds| *milliseconds <= LONGEST)
        .map(Duration::from_millis)
        .ok_or_else(|| {
            format!("`{text}` is no duration; write it like `500ms`, `10s`, `5m` or `1h`")
        })
}

/// `4096`, `64KiB`, `4MiB` or `1GiB`, in bytes.
pub fn size(text: &str) -> Result<usize, String> {
    let bytes = match split(text) {
        Some((count, "" | "B")) => Some(count),
        Some((count, "KiB")) => count.checked_mul(1 << 10),
        Some((count, "MiB")) => count.checked_mul(1 << 20),
        Some((count, "GiB")) => count.checked_mul(1 << 30),
        _ => None,
    };
    bytes
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| format!("`{text}` is no size; write it like `4096`, `64KiB` or `4MiB`"))
}

/// An IP address and a port: where to listen.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no address; write it like `127.0.0.1:8080`"))
}

/// A number of things of which there must be one.
pub fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no number from 1 upwards"))
}

/// A year: longer is a slip, and far from where adding to a clock overflows.
const LONGEST: u64 = 366 * 24 * 3_600_000;

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (count, unit) = text.split_at(end);
    Some((count.parse().ok()?, unit.trim_start()))
}
