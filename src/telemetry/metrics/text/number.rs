//! Numbers as Go's `strconv.FormatFloat(value, 'g', -1, 64)` writes them, which is
//! what Prometheus's own library does. It matters: `le` is a label, and labels are
//! compared as text.

use std::fmt::Write as _;

/// Appends a number.
pub(super) fn write(value: f64, text: &mut String) {
    if value.is_nan() {
        text.push_str("NaN");
        return;
    }
    if value.is_infinite() {
        text.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        return;
    }
    // Rust's form is the shortest that reads back as the same number: `-1.5e-7`.
    let mut shortest = String::with_capacity(24);
    // Writing to a string cannot fail.
    let _ = write!(shortest, "{value:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let _ = write!(text, "{value}");
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(text, "{digits}e{sign}{:02}", exponent.abs());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: f64) -> String {
        let mut text = String::new();
        write(value, &mut text);
        text
    }

    /// What Go itself wrote; `tests/prometheus/numbers.go` makes the file.
    #[test]
    fn numbers_are_as_go_writes_them() {
        let table = include_str!("../../../../tests/prometheus/numbers.txt");
        let mut lines = 0;
        for line in table.lines() {
            let (bits, expected) = line.split_once(' ').unwrap();
            let value = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
            assert_eq!(written(value), expected, "{bits}");
            lines += 1;
        }
        assert!(lines > 2_000, "{lines}");
    }

    proptest! {
        #[test]
        fn numbers_read_back_and_have_the_right_form(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let text = written(value);
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits);
            let magnitude = value.abs();
            let plain = magnitude == 0.0 || (1e-4..1e6).contains(&magnitude);
            prop_assert_eq!(!text.contains('e'), plain, "{}", text);
            if let Some((mantissa, exponent)) = text.split_once('e') {
                let whole = mantissa.trim_start_matches('-').split('.').next().unwrap();
                prop_assert!(whole.len() == 1 && whole != "0", "{}", text);
                let digits = exponent.strip_prefix(['+', '-']).unwrap();
                prop_assert!(digits.len() == 2 || digits.len() == 3 && !digits.starts_with('0'));
            }
        }
    }
}
