//! `grpc-timeout`: at most eight digits and a unit ("gRPC over HTTP/2", Requests).

use http::HeaderValue;
use std::time::Duration;

/// The most that eight digits can say.
const LARGEST: u128 = 99_999_999;

/// Writes a duration, rounded down, in the finest unit that holds it.
pub(super) fn encode(left: Duration) -> HeaderValue {
    let micros = left.as_micros();
    let (number, unit) = [
        (micros, b'u'),
        (micros / 1000, b'm'),
        (micros / 1_000_000, b'S'),
    ]
    .into_iter()
    .find(|(number, _)| *number <= LARGEST)
    .unwrap_or((LARGEST, b'S'));
    let mut text = itoa::Buffer::new();
    let digits = text.format(number as u32).as_bytes();
    let mut value = [unit; 9];
    value[..digits.len()].copy_from_slice(digits);
    HeaderValue::from_bytes(&value[..=digits.len()])
        .expect("digits and a letter are a legal header value")
}

/// Reads a timeout: one to eight digits and one of `H M S m u n`.
pub fn parse_timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits
        .iter()
        .fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'H' => Duration::from_secs(number * 3600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_timeouts_have_at_most_eight_digits() {
        for (left, text) in [
            (Duration::ZERO, "0u"),
            (Duration::from_millis(15_000), "15000000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(300_000), "300000S"),
            (Duration::MAX, "99999999S"),
        ] {
            assert_eq!(encode(left), text);
        }
    }

    #[test]
    fn only_whole_timeouts_are_read() {
        for text in [
            "",
            "5",
            "S",
            "-1S",
            "1.5S",
            "123456789S",
            "abc",
            "1s",
            "1 S",
            "+1S",
        ] {
            assert_eq!(parse_timeout(text.as_bytes()), None, "{text}");
        }
        for (text, seconds) in [
            ("99999999H", 359_999_996_400.0),
            ("10m", 0.01),
            ("7M", 420.0),
            ("1n", 1e-9),
            ("0S", 0.0),
        ] {
            assert_eq!(
                parse_timeout(text.as_bytes()).map(|read| read.as_secs_f64()),
                Some(seconds),
                "{text}"
            );
        }
    }
}
