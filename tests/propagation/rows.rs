//! Reads `tests/data/trace_headers.txt`, whose head explains its form.

use http::{HeaderMap, HeaderName};

const ROWS: &str = include_str!("../data/trace_headers.txt");

/// The trace id that the file calls `{T}`.
pub(crate) const T: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// One case of the data file.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) headers: HeaderMap,
    pub(crate) winner: String,
    pub(crate) links: Vec<String>,
    pub(crate) tracestate: Option<String>,
    pub(crate) baggage: Option<String>,
    pub(crate) sends: Option<String>,
}

/// All cases of the file.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in ROWS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(name) = line.strip_prefix("== ") {
            rows.push(Row {
                name: name.to_owned(),
                ..Row::default()
            });
            continue;
        }
        let row = rows.last_mut().expect("a case begins with its name");
        let (key, value) = line
            .split_once(':')
            .unwrap_or_else(|| panic!("no colon: {line}"));
        let value = expand(value.trim());
        match key {
            "winner" => row.winner = value,
            "link" => row.links.push(value),
            "tracestate" => row.tracestate = Some(value),
            "baggage" => row.baggage = Some(value),
            "sends" => row.sends = Some(value),
            header => {
                let name = header
                    .strip_prefix("> ")
                    .unwrap_or_else(|| panic!("unknown: {line}"));
                let name: HeaderName = name.parse().unwrap();
                row.headers.append(name, value.parse().unwrap());
            }
        }
    }
    rows
}

/// Replaces what stands in braces; see the head of the data file.
fn expand(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (inner, after) = after.split_once('}').expect("a brace is closed");
        out.push_str(before);
        match (inner, inner.split_once('*'), inner.strip_prefix("seq")) {
            ("T", ..) => out.push_str(T),
            ("S", ..) => out.push_str("00f067aa0ba902b7"),
            ("U", ..) => out.push_str("463ac35c9f6413ad48485a3953bb6124"),
            ("V", ..) => out.push_str("a2fb4a1d1a96d312"),
            ("XT", ..) => out.push_str("1-4bf92f35-77b34da6a3ce929d0e0e4736"),
            ("XU", ..) => out.push_str("1-463ac35c-9f6413ad48485a3953bb6124"),
            (_, Some((count, what)), _) => out.push_str(&what.repeat(count.parse().unwrap())),
            (_, _, Some(count)) => {
                let members = 1..=count.parse::<usize>().unwrap();
                out.push_str(
                    &members
                        .map(|n| format!("k{n}={n}"))
                        .collect::<Vec<_>>()
                        .join(","),
                );
            }
            _ => panic!("unknown braces: {inner}"),
        }
        rest = after;
    }
    out + rest
}
