//! The interactive client as it is run, with its lines from a pipe: by gRPC, by
//! REST, and with nobody there.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Output, Stdio};

/// The demo, with the addresses that it chose.
struct Demo {
    process: Child,
    ready: Value,
}

impl Demo {
    fn start() -> Self {
        let mut process = trestle(&["demo", "--listen", "127.0.0.1:0"])
            .args(["--admin-listen", "127.0.0.1:0"])
            .args(["--backend-listen", "127.0.0.1:0", "--backend-admin-listen"])
            .arg("127.0.0.1:0")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        log.read_line(&mut line).unwrap();
        // What else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self {
            process,
            ready: serde_json::from_str(&line).unwrap(),
        }
    }

    fn url(&self, of: &str) -> &str {
        self.ready[of].as_str().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn trestle(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trestle"));
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("TRESTLE_") || name.starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the client on these lines: exit code, stdout, stderr.
fn client(arguments: &[&str], lines: &str) -> (Option<i32>, String, String) {
    let mut process = trestle(&["client"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    let Output {
        status,
        stdout,
        stderr,
    } = process.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn trace_ids(told: &str) -> Vec<&str> {
    let ids = told
        .lines()
        .filter_map(|line| line.strip_prefix("  trace "));
    ids.collect()
}

#[test]
fn lines_come_back_in_capitals_each_with_its_trace() {
    let demo = Demo::start();
    let (code, out, told) = client(&[demo.url("backend")], "hello\ngr\u{fc}n\n\nno end");
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(out, "< HELLO\n< GR\u{dc}N\n< \n< NO END\n");
    let mut ids = trace_ids(&told);
    assert!(ids.iter().all(|id| id.len() == 32), "{told}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "{told}");
}

#[test]
fn by_rest_both_sides_are_shown() {
    let demo = Demo::start();
    let (code, out, told) = client(&["--rest", demo.url("gateway")], "hello\n\n");
    assert_eq!((code, out.as_str()), (Some(0), "< HELLO\n< \n"), "{told}");
    let sent = "  POST /api/capitalize {\"data\":\"aGVsbG8=\"}\n";
    assert!(told.contains(sent), "{told}");
    assert!(
        told.contains("  200 OK {\"data\":\"SEVMTE8=\"}\n"),
        "{told}"
    );
    assert_eq!(trace_ids(&told).len(), 2, "{told}");
}

#[test]
fn a_backend_that_is_away_is_told_and_the_next_line_is_tried() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    for arguments in [&[url.as_str()][..], &["--rest", &url]] {
        let (code, out, told) = client(arguments, "one\ntwo\n");
        assert_eq!((code, out.as_str()), (Some(1), ""), "{told}");
        let errors = told.lines().filter(|line| line.starts_with("error: "));
        assert_eq!(errors.count(), 3, "{told}");
        assert!(told.contains("Connection refused"), "{told}");
        assert!(told.ends_with("error: 2 of the calls failed\n"), "{told}");
    }
}

#[test]
fn an_error_of_the_gateway_is_shown_as_it_came() {
    let demo = Demo::start();
    // The admin port speaks HTTP and knows no such path.
    let (code, out, told) = client(&["--rest", demo.url("admin")], "one\n");
    assert_eq!((code, out.as_str()), (Some(1), ""), "{told}");
    assert!(told.contains("  404 Not Found {"), "{told}");
    assert!(
        told.contains("error: the gateway says 404 Not Found\n"),
        "{told}"
    );
}

#[test]
fn urls_that_cannot_be_used_are_a_usage_error() {
    for arguments in [
        &["https://a"][..],
        &["--rest", "https://a"],
        &["--rest", "a b"],
    ] {
        let (code, out, told) = client(arguments, "");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{told}");
        assert!(told.starts_with("error: "), "{told}");
    }
}
