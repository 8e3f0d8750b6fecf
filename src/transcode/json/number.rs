//! JSON numbers without loss: an integer is exact or refused, whatever its
//! notation, and no exponent costs more than its digits.

use super::string::utf8;

/// The text of a number that follows the JSON grammar.
#[derive(Clone, Copy, Debug)]
pub(in crate::transcode) struct Number<'a> {
    raw: &'a [u8],
    negative: bool,
    /// All the digits before an exponent, as one integer, if [`Self::exact`].
    digits: u64,
    /// How many of them stand behind the point.
    decimals: usize,
    /// At most 19 digits and no exponent.
    exact: bool,
}

/// An integer: sign and magnitude.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::transcode) struct Integral {
    pub(in crate::transcode) negative: bool,
    pub(in crate::transcode) magnitude: u64,
}

/// Why a number is no integer of 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::transcode) enum NotIntegral {
    Fraction,
    TooLarge,
}

impl<'a> Number<'a> {
    /// Parses a number at the start of `bytes[at..]`; gives it and its end.
    /// `Err` is where the grammar is broken.
    #[inline]
    pub(in crate::transcode) fn scan(
        bytes: &'a [u8],
        at: usize,
    ) -> Result<(Number<'a>, usize), usize> {
        let negative = bytes.get(at) == Some(&b'-');
        let start = at + usize::from(negative);
        let (mut digits, mut end) = scan_digits(bytes, start, 0);
        if end == start || (bytes[start] == b'0' && end > start + 1) {
            return Err(end.min(start + 1));
        }
        let (mut count, mut decimals) = (end - start, 0);
        if bytes.get(end) == Some(&b'.') {
            let point = end;
            (digits, end) = scan_digits(bytes, point + 1, digits);
            decimals = end - point - 1;
            count += decimals;
            if decimals == 0 {
                return Err(end);
            }
        }
        let mut exact = count <= 19;
        if let Some(b'e' | b'E') = bytes.get(end) {
            end = scan_exponent(bytes, end)?;
            exact = false;
        }
        Ok((
            Number {
                raw: &bytes[at..end],
                negative,
                digits,
                decimals,
                exact,
            },
            end,
        ))
    }

    /// Parses all of `text`, as for a number inside a string.
    pub(in crate::transcode) fn parse(text: &'a [u8]) -> Option<Number<'a>> {
        match Number::scan(text, 0) {
            Ok((number, end)) if end == text.len() => Some(number),
            _ => None,
        }
    }

    /// As it is written.
    pub(in crate::transcode) fn text(self) -> &'a str {
        utf8(self.raw)
    }

    /// The exact integer that the number is.
    #[inline]
    pub(in crate::transcode) fn integral(self) -> Result<Integral, NotIntegral> {
        match self.exact && self.decimals == 0 {
            true => Ok(Integral {
                negative: self.negative,
                magnitude: self.digits,
            }),
            false => self.integral_by_digits(),
        }
    }

    fn integral_by_digits(self) -> Result<Integral, NotIntegral> {
        let (text, negative) = (self.text(), self.negative);
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], exponent(&text[at + 1..])),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || {
            whole
                .bytes()
                .chain(fraction.bytes())
                .filter(u8::is_ascii_digit)
        };
        let Some(last) = digits()
            .enumerate()
            .filter(|(_, d)| *d != b'0')
            .map(|(i, _)| i)
            .last()
        else {
            return Ok(Integral {
                negative,
                magnitude: 0,
            });
        };
        let count = digits().count();
        // The value is the digits up to the last that is not zero, times ten to `scale`.
        let scale = exponent - fraction.len() as i64 + (count - 1 - last) as i64;
        if scale < 0 {
            return Err(NotIntegral::Fraction);
        }
        let magnitude = digits()
            .take(last + 1)
            .try_fold(0u64, |value, digit| {
                value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
            })
            .and_then(|value| {
                10u64
                    .checked_pow(u32::try_from(scale).ok()?)?
                    .checked_mul(value)
            })
            .ok_or(NotIntegral::TooLarge)?;
        Ok(Integral {
            negative,
            magnitude,
        })
    }

    /// The nearest double; infinite if there is none.
    #[inline]
    pub(in crate::transcode) fn to_f64(self) -> f64 {
        // Two doubles that are exact have the nearest one as their quotient.
        if self.exact
            && self.digits < 1 << 53
            && let Some(power) = POWERS_OF_TEN.get(self.decimals)
        {
            let value = self.digits as f64 / power;
            return if self.negative { -value } else { value };
        }
        // The JSON grammar is a part of what `parse` takes.
        self.text().parse().unwrap_or(f64::INFINITY)
    }

    /// The nearest float; infinite if there is none.
    pub(in crate::transcode) fn to_f32(self) -> f32 {
        self.text().parse().unwrap_or(f32::INFINITY)
    }
}

/// Those that a double holds exactly and that as many decimals as digits may need.
const POWERS_OF_TEN: [f64; 20] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19,
];

/// Puts the digits from `at` on behind `value`, and gives their end. More than 19
/// digits in all do not fit.
#[inline]
fn scan_digits(bytes: &[u8], mut at: usize, mut value: u64) -> (u64, usize) {
    while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        at += 1;
    }
    (value, at)
}

/// The end of the exponent whose `e` is at `at`.
fn scan_exponent(bytes: &[u8], at: usize) -> Result<usize, usize> {
    let sign = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
    let start = at + 1 + usize::from(sign);
    match scan_digits(bytes, start, 0).1 {
        end if end == start => Err(start),
        end => Ok(end),
    }
}

/// The exponent, held at a bound that no mantissa in memory can make up for.
fn exponent(text: &str) -> i64 {
    const BOUND: i64 = 1 << 60;
    let digits = text.trim_start_matches(['+', '-']);
    let size = digits.bytes().fold(0i64, |value, digit| {
        (value * 10 + i64::from(digit - b'0')).min(BOUND / 16)
    });
    if text.starts_with('-') { -size } else { size }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn integral(text: &str) -> Result<i128, NotIntegral> {
        let Integral {
            negative,
            magnitude,
        } = Number::parse(text.as_bytes()).unwrap().integral()?;
        Ok(if negative {
            -i128::from(magnitude)
        } else {
            i128::from(magnitude)
        })
    }

    #[test]
    fn the_grammar_is_that_of_json() {
        for text in [
            "0", "-0", "10", "1.5", "1e3", "1E+3", "1e-3", "-0.0e0", "1.50",
        ] {
            assert!(Number::parse(text.as_bytes()).is_some(), "{text}");
        }
        for text in [
            "", "-", "+1", "01", "-01", ".5", "1.", "1e", "1e+", "0x1", " 1", "1 ", "NaN", "1_0",
            "١",
        ] {
            assert!(Number::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn integers_are_exact_in_any_notation() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("1.0", 1),
            ("1e3", 1000),
            ("1.5e1", 15),
            ("1200e-2", 12),
            ("18446744073709551615", u64::MAX.into()),
            ("-9223372036854775808", i64::MIN.into()),
            ("1844674407370955161.5e1", u64::MAX.into()),
            ("0e999999999999999999999", 0),
            ("0.000e-99999999999999999999", 0),
            ("100000000000000000000000e-23", 1),
            ("0.00000000000000000000000001e26", 1),
            ("9.223372036854775807E18", i64::MAX.into()),
        ] {
            assert_eq!(integral(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_integer_says_why() {
        for text in ["1.5", "1e-1", "0.1", "15e-1", "1e-99999999999999999999"] {
            assert_eq!(integral(text), Err(NotIntegral::Fraction), "{text}");
        }
        for text in [
            "18446744073709551616",
            "1e20",
            "1e536870000",
            "1e99999999999999999999",
        ] {
            assert_eq!(integral(text), Err(NotIntegral::TooLarge), "{text}");
        }
    }

    #[test]
    fn doubles_are_the_nearest() {
        for text in [
            "0.1",
            "-0",
            "1e308",
            "5e-324",
            "9007199254740993",
            "123.456",
            "-17",
            "-0.0",
            "199.95",
            "0.000000000000000001",
            "0.0000000000000000001",
            "9007199254.740991",
            "9007199254.740993",
            "8.988465674311579538",
        ] {
            let parsed: f64 = text.parse().unwrap();
            assert_eq!(
                Number::parse(text.as_bytes()).unwrap().to_f64().to_bits(),
                parsed.to_bits(),
                "{text}"
            );
        }
        assert!(Number::parse(b"1e309").unwrap().to_f64().is_infinite());
        assert!(Number::parse(b"3.5e38").unwrap().to_f32().is_infinite());
    }
}
