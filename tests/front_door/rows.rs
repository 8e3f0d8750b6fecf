//! Runs the data files: requests in, exact answers out. The format is told at the
//! head of `tests/data/json_body.txt`.

use crate::raw::{self, Answer};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Longer than this no row may take; deadlines in rows are far below.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Row {
    title: String,
    line: usize,
    head: Vec<String>,
    body: Vec<u8>,
    has_body: bool,
    expected: Vec<String>,
}

/// Runs every row of a file against the gateway and reports all that differ.
pub async fn run(address: SocketAddr, file: &str) {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let rows = parse(&std::fs::read_to_string(&path).expect("the data file"));
    assert!(!rows.is_empty(), "{file} has no rows");
    let mut faults = String::new();
    let count = rows.len();
    for row in rows {
        let begun = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, raw::send(address, &request(&row))).await;
        let fault = match answer {
            Ok(answer) => compare(&row, &answer, begun.elapsed()),
            Err(_) => Some("no answer in time".to_owned()),
        };
        if let Some(fault) = fault {
            writeln!(faults, "{file}:{}: {}\n    {fault}", row.line, row.title)
                .expect("a string takes all");
        }
    }
    assert!(faults.is_empty(), "of {count} rows these differ:\n{faults}");
}

fn parse(text: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(title) = line.strip_prefix("# ") {
            rows.push(Row {
                title: title.to_owned(),
                line: index + 1,
                ..Row::default()
            });
            continue;
        }
        let Some((mark, rest)) = line.split_once(' ').or(Some((line, ""))) else {
            continue;
        };
        let Some(row) = rows.last_mut() else { continue };
        match mark {
            ">" => row.head.push(rest.to_owned()),
            "<" => row.expected.push(rest.to_owned()),
            "|" => row.add(rest.as_bytes()),
            // A count, a space, and what is repeated.
            "|*" => {
                let (count, what) = rest.split_once(' ').expect("a count and a text");
                row.add(what.repeat(count.parse().expect("a count")).as_bytes());
            }
            "|x" => row.add(&unescape(rest)),
            "" => {}
            _ => panic!("line {}: what is `{mark}`?", index + 1),
        }
    }
    rows
}

impl Row {
    fn add(&mut self, bytes: &[u8]) {
        self.has_body = true;
        self.body.extend_from_slice(bytes);
    }
}

/// `\xNN` becomes a byte; all else stays.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut parts = text.split("\\x");
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two hexadecimal digits"));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

fn request(row: &Row) -> Vec<u8> {
    let mut lines = row.head.iter();
    let first = lines.next().expect("a request line");
    let mut bytes = unescape(&expand(first));
    if !first.contains(" HTTP/") {
        bytes.extend_from_slice(b" HTTP/1.1");
    }
    bytes.extend_from_slice(b"\r\n");
    let mut has_host = false;
    for line in lines {
        if line.starts_with("Host") || line == "no-host" {
            has_host = true;
        }
        if line != "no-host" {
            bytes.extend_from_slice(&unescape(&expand(line)));
            bytes.extend_from_slice(b"\r\n");
        }
    }
    if !has_host {
        bytes.extend_from_slice(b"Host: gateway\r\n");
    }
    if row.has_body
        && !row
            .head
            .iter()
            .any(|line| line.starts_with("Transfer-Encoding"))
    {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n", row.body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&row.body);
    bytes
}

/// `{COUNT*TEXT}` in a head line is the text repeated.
fn expand(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{*") {
        let (inner, tail) = after.split_once('}').expect("a closing brace");
        let (count, text) = inner.split_once(' ').expect("a count and a text");
        out.push_str(before);
        out.push_str(&text.repeat(count.parse().expect("a count")));
        rest = tail;
    }
    out + rest
}

/// What differs, if anything does.
fn compare(row: &Row, answer: &Answer, took: Duration) -> Option<String> {
    let shown = || {
        format!(
            "{} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        )
    };
    // An answer that is no JSON holds nothing that a row may ask of one.
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    for expected in &row.expected {
        let (word, rest) = expected.split_once(' ').unwrap_or((expected, ""));
        let holds = match word {
            "json" => {
                json == serde_json::from_str::<serde_json::Value>(rest).expect("JSON in a row")
            }
            "says" => json["message"]
                .as_str()
                .is_some_and(|message| message.contains(rest)),
            "field" => json["details"][0]["fieldViolations"][0]["field"] == rest,
            "details" => {
                json["details"]
                    == serde_json::from_str::<serde_json::Value>(rest).expect("JSON in a row")
            }
            "within" => took <= Duration::from_millis(rest.parse().expect("milliseconds")),
            "without" => answer.header(rest).is_none(),
            "empty" => answer.body.is_empty(),
            "body" => answer.body == rest.as_bytes(),
            _ if word.ends_with(':') => answer.header(&word[..word.len() - 1]) == Some(rest),
            status => {
                let code_holds = rest.is_empty()
                    || (answer.header("content-type") == Some("application/json")
                        && rest.parse() == Ok(json["code"].as_i64().unwrap_or(-1))
                        && json["details"].is_array());
                answer.status.to_string() == status && code_holds
            }
        };
        if !holds {
            return Some(format!(
                "expected `{expected}`, got {} (took {took:?})",
                shown()
            ));
        }
    }
    None
}
