//! The access log of the real program: a line for each exchange, and no more of it
//! than may be told.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

/// Far above what any of this takes.
const HANG: Duration = Duration::from_secs(30);

struct Demo {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    gateway: String,
}

impl Demo {
    async fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trestle"));
        command.args(["demo", "--log-format", "json"]);
        for flag in [
            "--listen",
            "--admin-listen",
            "--backend-listen",
            "--backend-admin-listen",
        ] {
            command.args([flag, "127.0.0.1:0"]);
        }
        command.args(arguments).env("OTEL_TRACES_EXPORTER", "none");
        let mut child = command
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = next(&mut log, |line| line.get("gateway").is_some()).await;
        Self {
            gateway: ready["gateway"].as_str().unwrap().to_owned(),
            child: child,
            log,
        }
    }

    async fn send(&self, request: &str) {
        let address = self.gateway.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
    }

    async fn line(&mut self) -> Value {
        next(&mut self.log, |line| line["target"] == "trestle::access").await
    }
}

async fn next(log: &mut Lines<BufReader<ChildStderr>>, is_it: impl Fn(&Value) -> bool) -> Value {
    loop {
        let line = timeout(HANG, log.next_line())
            .await
            .expect("a line in time");
        let line = line.unwrap().expect("the program runs");
        match serde_json::from_str(&line) {
            Ok(line) if is_it(&line) => return line,
            _ => {}
        }
    }
}

#[tokio::test]
async fn each_exchange_is_a_line_that_names_no_path() {
    let mut demo = Demo::start(&[]).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    demo.send(&format!(
        "POST /api/capitalize HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-Request-Id: r-1\r\n\
         traceparent: 00-{trace}-00f067aa0ba902b7-00\r\nContent-Length: 15\r\n\r\n{{\"data\":\"aGVs\"}}"
    ))
    .await;
    let line = demo.line().await;
    for (key, value) in [
        ("method", "POST"),
        ("route", "/api/capitalize"),
        ("rpc", "rpc.Fetch/Capitalize"),
        ("grpc_status", "OK"),
        ("end", "complete"),
        ("request_id", "r-1"),
        ("trace_id", trace),
        ("level", "INFO"),
    ] {
        assert_eq!(line[key], value, "{key}: {line}");
    }
    for (key, value) in [
        ("status", 200),
        ("request_bytes", 15),
        ("response_bytes", 15),
    ] {
        assert_eq!(line[key], value, "{key}: {line}");
    }
    let (whole, upstream) = (line["duration_ms"].as_f64(), line["upstream_ms"].as_f64());
    assert!(whole > upstream && upstream > Some(0.0), "{line}");

    let request = "GET /s3cret?s3cret=1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
    demo.send(request).await;
    let line = demo.line().await;
    assert_eq!(
        (&line["status"], &line["grpc_status"]),
        (&404.into(), &"NOT_FOUND".into())
    );
    assert_eq!(line.get("route"), None, "{line}");
    assert!(!line.to_string().contains("s3cret"), "{line}");
}

#[tokio::test]
async fn a_flag_turns_it_off() {
    let mut demo = Demo::start(&["--access-log=false"]).await;
    let request = "GET /nothing HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
    demo.send(request).await;
    // Whatever the exchange had to say stands before the end of the program.
    let id = demo.child.id().unwrap().to_string();
    let kill = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(kill.unwrap().success());
    while let Some(line) = timeout(HANG, demo.log.next_line()).await.unwrap().unwrap() {
        assert!(!line.contains("trestle::access"), "{line}");
    }
}
