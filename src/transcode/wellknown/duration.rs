//! `google.protobuf.Duration` as seconds with a fraction and an `s`.

use super::{fraction_to_nanos, put_fraction};

/// What a reader is told to write instead.
pub(in crate::transcode) const EXPECTED: &str = "a duration such as \"1.5s\", within ±315576000000s and with at most nine digits after the point";

/// About ten thousand years.
const MAX_SECONDS: u64 = 315_576_000_000;

/// Seconds and nanoseconds, both of one sign.
pub(in crate::transcode) fn parse(text: &str) -> Option<(i64, i32)> {
    let text = text.strip_suffix('s')?;
    let (negative, size) = match text.strip_prefix('-') {
        Some(size) => (true, size),
        None => (false, text),
    };
    let (whole, nanos) = match size.split_once('.') {
        Some((whole, fraction)) => (whole, fraction_to_nanos(fraction.as_bytes())?),
        None => (size, 0),
    };
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: u64 = whole.parse().ok()?;
    if seconds > MAX_SECONDS {
        return None;
    }
    let sign = if negative { -1 } else { 1 };
    Some((seconds as i64 * sign, nanos as i32 * sign as i32))
}

/// Appends the duration; `false` if it is out of range or of two signs.
pub(in crate::transcode) fn format(seconds: i64, nanos: i32, out: &mut Vec<u8>) -> bool {
    let two_signs = seconds < 0 && nanos > 0 || seconds > 0 && nanos < 0;
    if two_signs || seconds.unsigned_abs() > MAX_SECONDS || nanos.unsigned_abs() > 999_999_999 {
        return false;
    }
    if seconds < 0 || nanos < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(
        itoa::Buffer::new()
            .format(seconds.unsigned_abs())
            .as_bytes(),
    );
    put_fraction(nanos.unsigned_abs(), out);
    out.push(b's');
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(seconds: i64, nanos: i32) -> Option<String> {
        let mut out = Vec::new();
        format(seconds, nanos, &mut out).then(|| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn durations_are_read_and_printed() {
        for (text, seconds, nanos, canonical) in [
            ("0s", 0, 0, "0s"),
            ("1.5s", 1, 500_000_000, "1.500s"),
            ("-0.5s", 0, -500_000_000, "-0.500s"),
            ("-3s", -3, 0, "-3s"),
            ("1.000001s", 1, 1000, "1.000001s"),
            ("-1.000000001s", -1, -1, "-1.000000001s"),
            ("315576000000s", 315_576_000_000, 0, "315576000000s"),
            ("-0s", 0, 0, "0s"),
        ] {
            assert_eq!(parse(text), Some((seconds, nanos)), "{text}");
            assert_eq!(printed(seconds, nanos).as_deref(), Some(canonical));
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "s",
            "1",
            "1.5",
            ".5s",
            "1.s",
            "+1s",
            "--1s",
            "1 s",
            "1e3s",
            "315576000001s",
            "-315576000001s",
            "1.1234567890s",
            "99999999999999999999s",
            "1S",
            "1.5.5s",
            "1.-5s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for (seconds, nanos) in [
            (1, -1),
            (-1, 1),
            (315_576_000_001, 0),
            (i64::MIN, 0),
            (0, 1_000_000_000),
            (0, i32::MIN),
        ] {
            assert_eq!(printed(seconds, nanos), None);
        }
    }
}
