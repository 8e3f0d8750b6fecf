//! `google.protobuf.Timestamp` as RFC 3339, from year 1 to year 9999.

use super::{fraction_to_nanos, put_fraction, put_padded};

/// What a reader is told to write instead.
pub(in crate::transcode) const EXPECTED: &str =
    "an RFC 3339 timestamp such as \"2024-05-17T09:30:00.5Z\", from year 0001 to 9999";

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const DAY: i64 = 86_400;

/// Seconds and nanoseconds since 1970-01-01T00:00:00Z.
pub(in crate::transcode) fn parse(text: &str) -> Option<(i64, i32)> {
    let (date_time, rest) = text.as_bytes().split_at_checked(19)?;
    let &[
        y0,
        y1,
        y2,
        y3,
        b'-',
        m0,
        m1,
        b'-',
        d0,
        d1,
        b'T',
        h0,
        h1,
        b':',
        n0,
        n1,
        b':',
        s0,
        s1,
    ] = date_time
    else {
        return None;
    };
    let year = two(y0, y1)? * 100 + two(y2, y3)?;
    let (month, day) = (two(m0, m1)?, two(d0, d1)?);
    let (hour, minute, second) = (two(h0, h1)?, two(n0, n1)?, two(s0, s1)?);
    let valid = (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month);
    if !valid || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, zone) = split_fraction(rest)?;
    let local = days_before(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let seconds = local - offset(zone)?;
    RANGE.contains(&seconds).then_some((seconds, nanos as i32))
}

fn split_fraction(rest: &[u8]) -> Option<(u32, &[u8])> {
    let Some(digits) = rest.strip_prefix(b".") else {
        return Some((0, rest));
    };
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    Some((fraction_to_nanos(&digits[..end])?, &digits[end..]))
}

/// Seconds east of Greenwich.
fn offset(zone: &[u8]) -> Option<i64> {
    match *zone {
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let (hours, minutes) = (two(h0, h1)?, two(m0, m1)?);
            let size = hours * 3600 + minutes * 60;
            (hours <= 23 && minutes <= 59).then_some(if sign == b'-' { -size } else { size })
        }
        _ => None,
    }
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// Appends the timestamp in UTC; `false` if it is out of range.
pub(in crate::transcode) fn format(seconds: i64, nanos: i32, out: &mut Vec<u8>) -> bool {
    if !RANGE.contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        return false;
    }
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY) as u32;
    put_padded(year, 4, out);
    for (mark, value) in [
        (b'-', month),
        (b'-', day),
        (b'T', second / 3600),
        (b':', second / 60 % 60),
        (b':', second % 60),
    ] {
        out.push(mark);
        put_padded(value, 2, out);
    }
    put_fraction(nanos as u32, out);
    out.push(b'Z');
    true
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// The civil calendar is counted from 1 March of year 0, so that a leap day is the
// last day of its year; 719 468 days lie between that day and 1970-01-01.

fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

fn date(days: i64) -> (u32, u32, u32) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = (shifted + 2) % 12 + 1;
    let year = era * 400 + year + i64::from(month <= 2);
    (year as u32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(seconds: i64, nanos: i32) -> Option<String> {
        let mut out = Vec::new();
        format(seconds, nanos, &mut out).then(|| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn timestamps_are_read() {
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
            (
                "9999-12-31T23:59:59.999999999Z",
                253_402_300_799,
                999_999_999,
            ),
            ("1969-12-31T16:00:00-08:00", 0, 0),
            ("2000-02-29T00:00:00+00:01", 951_782_340, 0),
            ("2024-05-17T09:30:00.5Z", 1_715_938_200, 500_000_000),
            ("1969-12-31T23:59:59.1Z", -1, 100_000_000),
        ] {
            assert_eq!(parse(text), Some((seconds, nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_not_rfc_3339_is_refused() {
        for text in [
            "",
            "2024-05-17",
            "2024-05-17T09:30:00",
            "2024-05-17t09:30:00Z",
            "2024-05-17T09:30:00z",
            "2024-05-17 09:30:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2024-02-30T00:00:00Z",
            "2024-01-00T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T23:60:00Z",
            "2024-01-01T23:59:60Z",
            "2024-01-01T00:00:00+24:00",
            "2024-01-01T00:00:00+0100",
            "2024-01-01T00:00:00+01:60",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.1234567890Z",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "2024-01-01T00:00:00ZZ",
            "+024-01-01T00:00:00Z",
            "2024-01-01T00:00:00.5",
            "2024-1-01T00:00:00Z",
            " 2024-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_comes_back() {
        for day in (-719_162..2_932_896).step_by(13) {
            let text = printed(day * DAY + 3661, 0).unwrap_or_default();
            assert_eq!(parse(&text), Some((day * DAY + 3661, 0)), "{text}");
        }
    }

    #[test]
    fn fractions_have_three_six_or_nine_digits() {
        assert_eq!(
            printed(0, 500_000_000).as_deref(),
            Some("1970-01-01T00:00:00.500Z")
        );
        assert_eq!(
            printed(0, 10_000).as_deref(),
            Some("1970-01-01T00:00:00.000010Z")
        );
        assert_eq!(
            printed(-1, 1).as_deref(),
            Some("1969-12-31T23:59:59.000000001Z")
        );
        assert_eq!(printed(0, -1), None);
        assert_eq!(printed(0, 1_000_000_000), None);
        assert_eq!(printed(253_402_300_800, 0), None);
        assert_eq!(printed(i64::MIN, 0), None);
    }
}
