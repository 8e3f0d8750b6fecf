//! A page as HTML: one frame around all of them, no scripts, and nothing in it
//! that is not escaped.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use std::{
    fmt::{self, Write as _},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A page being written.
pub(super) struct Page(String);

/// Text as HTML, in an element or in an attribute.
pub(super) struct Text<T>(pub(super) T);

/// Text as a value in a query.
pub(super) struct Parameter<'a>(pub(super) &'a str);

/// A moment as Go's pages write it, in UTC: `2006/01/02 15:04:05.000000`.
pub(super) struct When(pub(super) SystemTime);

/// A length of time as people read it.
pub(super) struct Span(pub(super) Duration);

/// Every page, by its path.
pub(super) const PAGES: [(&str, &str, &str); 6] = [
    (
        "/debug/requests",
        "requests",
        "Calls under way, examples by latency, errors, and how latencies are distributed.",
    ),
    (
        "/debug/tracez",
        "tracez",
        "Examples of each route and method by latency, down to microseconds.",
    ),
    (
        "/debug/rpcz",
        "rpcz",
        "Rates, latencies, sizes and errors of gRPC calls: last minute, hour, and in all.",
    ),
    (
        "/debug/events",
        "events",
        "The last lines of the log by where they came from, and their errors by age.",
    ),
    (
        "/debug/routes",
        "routes",
        "What is served: routes, and the gRPC methods behind them.",
    ),
    (
        "/metrics",
        "metrics",
        "Everything that is counted, as Prometheus reads it.",
    ),
];

impl Page {
    /// A page below this path, with this title.
    pub(super) fn new(path: &str, title: &str) -> Self {
        let mut page = Self(String::with_capacity(16 << 10));
        page.add(format_args!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title} - trestle</title><style>{}</style></head><body>\
             <header><b><a href=\"/debug\">trestle</a></b>",
            include_str!("style.css"),
        ));
        for (target, name, _) in PAGES {
            let current = if target == path {
                " aria-current=\"page\""
            } else {
                ""
            };
            page.add(format_args!("<a href=\"{target}\"{current}>{name}</a>"));
        }
        page.add(format_args!("</header><main><h1>{title}</h1>"));
        page
    }

    /// Appends HTML; what it is made of escapes itself.
    pub(super) fn add(&mut self, html: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.0.write_fmt(html);
    }

    pub(super) fn respond(mut self) -> Response {
        self.0.push_str("</main></body></html>\n");
        let mut response = Response::new(Body::from(self.0));
        let headers = response.headers_mut();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, html);
        headers.insert(header::CACHE_CONTROL, super::super::NO_STORE);
        // Should something slip through unescaped, it cannot run.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
        let policy = HeaderValue::from_static(policy);
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}

impl<T: fmt::Display> fmt::Display for Text<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Escape<'a, 'b>(&'a mut fmt::Formatter<'b>);

        impl fmt::Write for Escape<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                for c in text.chars() {
                    match c {
                        '&' => self.0.write_str("&amp;")?,
                        '<' => self.0.write_str("&lt;")?,
                        '>' => self.0.write_str("&gt;")?,
                        '"' => self.0.write_str("&quot;")?,
                        '\'' => self.0.write_str("&#39;")?,
                        c => self.0.write_char(c)?,
                    }
                }
                Ok(())
            }
        }

        write!(Escape(out), "{}", self.0)
    }
}

impl fmt::Display for Parameter<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded =
            percent_encoding::utf8_percent_encode(self.0, percent_encoding::NON_ALPHANUMERIC);
        encoded.fmt(out)
    }
}

impl fmt::Display for When {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let (second, micros) = (second % 60, since.subsec_micros());
        write!(
            out,
            "{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}"
        )
    }
}

/// Year, month and day of a day after 1970-01-01, by the Gregorian calendar's
/// cycle of 400 years, each counted from March so that leap days come last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (cycle * 400 + year + next, month, day)
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 => {
                let micros = self.0.as_nanos() as f64 / 1e3;
                match micros {
                    ..1e3 => write!(out, "{micros:.0} µs"),
                    _ => write!(out, "{:.1} ms", micros / 1e3),
                }
            }
            1..60 => write!(out, "{:.2} s", self.0.as_secs_f64()),
            60..3_600 => write!(out, "{}m {:02}s", seconds / 60, seconds % 60),
            3_600..86_400 => write!(out, "{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
            _ => write!(out, "{}d {:02}h", seconds / 86_400, seconds / 3_600 % 24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let escaped = Text("<a href=\"x\">'&'</a>").to_string();
        assert_eq!(
            escaped,
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;"
        );
        assert_eq!(Parameter("a b/{c}&").to_string(), "a%20b%2F%7Bc%7D%26");
    }

    #[test]
    fn moments_are_written_as_go_does() {
        for (seconds, expected) in [
            (0, "1970/01/01 00:00:00.000007"),
            (951_782_400, "2000/02/29 00:00:00.000007"),
            (4_107_542_399, "2100/02/28 23:59:59.000007"),
            (4_107_542_400, "2100/03/01 00:00:00.000007"),
            (1_136_214_245, "2006/01/02 15:04:05.000007"),
        ] {
            let at = UNIX_EPOCH + Duration::new(seconds, 7_000);
            assert_eq!(When(at).to_string(), expected);
        }
    }

    #[test]
    fn lengths_of_time_are_rounded_for_people() {
        for (micros, expected) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (12_345, "12.3 ms"),
            (1_500_000, "1.50 s"),
            (61_000_000, "1m 01s"),
            (3_660_000_000, "1h 01m"),
            (90_000_000_000, "1d 01h"),
        ] {
            assert_eq!(Span(Duration::from_micros(micros)).to_string(), expected);
        }
    }
}
