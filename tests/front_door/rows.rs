//! Runs the data files: requests in, exact answers out. The format is told at the
//! head of `tests/data/json_body.txt`.

use crate::backend::Backend;
use crate::raw::{self, Answer};
use crate::{h2, start};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Longer than this no row may take; deadlines in rows are far below.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request and what is asked of its answer.
#[derive(Default)]
pub struct Row {
    pub title: String,
    pub line: usize,
    head: Vec<String>,
    body: Vec<u8>,
    has_body: bool,
    expected: Vec<String>,
    /// The call that the backend must see; only `cases` reads it.
    pub call: Option<String>,
}

/// The protocols over which a file is run. What HTTP/2 cannot say is left to HTTP/1.1.
pub const BOTH: &[&str] = &["HTTP/1.1", HTTP_2];
const HTTP_2: &str = "HTTP/2";

/// Runs every row of a file against a gateway and reports all that differ. What is
/// answered with 4xx must not have reached the backend, unless the row tells the
/// backend to say so.
pub async fn run(file: &str, protocols: &[&str]) {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), trestle::gateway::Settings::default()).await;
    let mut http2 = h2::Client::connect(gateway.address).await;
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the data file");
    let rows = parse((1..).zip(text.lines()));
    assert!(!rows.is_empty(), "{file} has no rows");
    let mut faults = String::new();
    let count = rows.len();
    for row in rows {
        let bytes = request(&row);
        for &protocol in protocols {
            let before = backend.seen().len();
            let begun = Instant::now();
            let answer = tokio::time::timeout(PATIENCE, async {
                match protocol {
                    HTTP_2 => http2.send(&bytes).await,
                    _ => Some(raw::send(gateway.address, &bytes).await),
                }
            });
            let fault = match answer.await {
                Ok(None) => continue,
                Ok(Some(answer)) => compare(&row, &answer, begun.elapsed()).or_else(|| {
                    let called = backend.seen().len() > before;
                    let refused = (400..500).contains(&answer.status) && !row.is_scripted();
                    (refused && called).then(|| "the backend was called".to_owned())
                }),
                Err(_) => Some("no answer in time".to_owned()),
            };
            if let Some(fault) = fault {
                let (line, title) = (row.line, &row.title);
                writeln!(faults, "{file}:{line}: {title}, {protocol}\n    {fault}")
                    .expect("a string takes all");
            }
        }
    }
    assert!(faults.is_empty(), "of {count} rows these differ:\n{faults}");
}

/// The rows of a file, or of the part of it that `lines` are with their numbers.
pub fn parse<'a>(lines: impl IntoIterator<Item = (usize, &'a str)>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in lines {
        if let Some(title) = line.strip_prefix("# ") {
            rows.push(Row {
                title: title.to_owned(),
                line: number,
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
            "=" => row.call = Some(rest.to_owned()),
            "|" => row.add(rest.as_bytes()),
            // A count, a space, and what is repeated.
            "|*" => {
                let (count, what) = rest.split_once(' ').expect("a count and a text");
                row.add(what.repeat(count.parse().expect("a count")).as_bytes());
            }
            "|x" => row.add(&unescape(rest)),
            // A line of a request that is given whole, with its CR LF.
            "|>" => {
                row.add(&unescape(&expand(rest)));
                row.add(b"\r\n");
            }
            "" => {}
            _ => panic!("line {number}: what is `{mark}`?"),
        }
    }
    rows
}

impl Row {
    /// Asks for one thing more.
    pub fn expect(&mut self, line: String) {
        self.expected.push(line);
    }

    /// Takes a word from what is asked for, for others to look after.
    pub fn take(&mut self, word: &str) -> bool {
        let at = self.expected.iter().position(|expected| expected == word);
        at.map(|at| self.expected.remove(at)).is_some()
    }

    fn is_scripted(&self) -> bool {
        self.head.iter().any(|line| line.contains("-Script:"))
    }

    pub fn expects_nothing(&self) -> bool {
        self.expected.is_empty()
    }

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

/// The bytes of the request.
pub fn request(row: &Row) -> Vec<u8> {
    let mut lines = row.head.iter();
    let Some(first) = lines.next() else {
        return row.body.clone();
    };
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
pub fn compare(row: &Row, answer: &Answer, took: Duration) -> Option<String> {
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
