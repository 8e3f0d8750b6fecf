//! The commands that do one thing and end: `call`, `healthcheck`, `completions`,
//! `openapi`, and `routes` as curl lines.
#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::{fs, path::Path, thread};
use trestle::fetchit::{Backend, Settings};

const FETCH: [&str; 4] = ["--proto", "proto/rpc/fetch.proto", "--proto-path", "proto"];

/// Exit code, stdout, stderr.
fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trestle"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRESTLE_") {
            command.env_remove(name);
        }
    }
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who does not read its input may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

async fn call(arguments: &'static [&'static str], input: &'static str) -> (i32, String, String) {
    let backend = Backend::bind("127.0.0.1:0".parse().unwrap(), Settings::default());
    let backend = backend.await.unwrap();
    let url = format!("http://{}", backend.local_addr());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(backend.serve(async {
        let _ = stopped.await;
    }));
    let ended = tokio::task::spawn_blocking(move || {
        let arguments = [&["call"], arguments, &["--upstream", &url], &FETCH].concat();
        run(&arguments, input)
    });
    let ended = ended.await.unwrap();
    drop(stop);
    serving.await.unwrap().unwrap();
    ended
}

const HELLO: &str = r#"{"id":7,"data":"aGVsbG8="}"#;

#[tokio::test]
async fn a_call_prints_its_reply() {
    let (code, out, err) = call(&["rpc.Fetch/Capitalize", HELLO], "").await;
    assert_eq!((code, err.as_str()), (0, ""));
    let reply: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(reply, serde_json::json!({"id": 7, "data": "SEVMTE8="}));
}

#[tokio::test]
async fn a_call_reads_stdin_and_prints_streams() {
    let (code, out, err) = call(&["rpc.Fetch.CapitalizeWords", "@"], r#"{"data":"YSBi"}"#).await;
    assert_eq!((code, err.as_str()), (0, ""));
    let replies = serde_json::Deserializer::from_str(&out).into_iter::<serde_json::Value>();
    let words: Vec<_> = replies
        .map(|reply| reply.unwrap()["data"].clone())
        .collect();
    assert_eq!(words, ["QQ==", "Qg=="]);
}

#[tokio::test]
async fn a_call_that_cannot_be_made_says_why() {
    for (arguments, said) in [
        (
            &["rpc.Fetch/Capitalise", "{}"][..],
            "did you mean `rpc.Fetch/Capitalize`?",
        ),
        (
            &["rpc.Fetch/Capitalize", r#"{"id":"x"}"#],
            "the request: id: expected an integer",
        ),
        (
            &["rpc.Fetch/CapitalizeAll", "{}"],
            "takes a stream of requests",
        ),
        (
            &["rpc.Fetch/Capitalize", "{}", "-H", "grpc-timeout: 1S"],
            "is gRPC's own",
        ),
    ] {
        let (code, out, err) = call(arguments, "").await;
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(said), "{err}");
    }
}

#[test]
fn a_call_to_nobody_ends_with_the_code_of_unavailable() {
    // Bound and not listened on by anybody who would answer.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    drop(taken);
    let arguments = ["call", "rpc.Fetch/Capitalize", "--upstream", &url];
    let (code, _, err) = run(&[&arguments[..], &FETCH].concat(), "");
    assert_eq!(code, 64 + 14, "{err}");
    assert!(err.starts_with("error: Unavailable: "), "{err}");
}

/// Runs `healthcheck` against whoever answers this.
fn healthcheck(answer: &'static str) -> (i32, String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = vec![0; 512];
        let length = stream.read(&mut asked).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(asked[..length].to_vec()).unwrap()
    });
    let ended = run(&["healthcheck", "--admin-listen", &addr], "");
    assert!(
        server
            .join()
            .unwrap()
            .starts_with("GET /readyz HTTP/1.1\r\n")
    );
    ended
}

#[test]
fn health_is_an_exit_code() {
    let (code, out, _) = healthcheck("HTTP/1.1 200 OK\r\n\r\nready\n");
    assert_eq!((code, out.as_str()), (0, "ready\n"));
    let (code, _, err) = healthcheck("HTTP/1.1 503 Service Unavailable\r\n\r\ndraining\n");
    assert_eq!(code, 1);
    assert!(err.contains("/readyz: 503 draining"), "{err}");
    assert_eq!(healthcheck("").0, 1);
}

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, err) = run(&["completions", shell], "");
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(
            out.contains("descriptor-set") && out.contains("healthcheck"),
            "{shell}"
        );
    }
    let (code, _, err) = run(&["completions", "bahs"], "");
    assert_eq!(code, 2);
    assert!(err.contains("bash"), "{err}");
}

#[test]
fn the_document_is_written_and_compared() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openapi.yaml");
    let path = path.to_str().unwrap();
    let openapi = |further: &[&str]| {
        let common = ["openapi", "--format", "yaml", "--version", "3.0"];
        run(&[&common[..], &FETCH, further].concat(), "")
    };
    let (code, out, _) = openapi(&[]);
    assert_eq!(code, 0);
    assert!(out.starts_with("openapi: \"3.0.3\"\n"), "{out}");
    assert_eq!(openapi(&["-o", path]), (0, String::new(), String::new()));
    assert_eq!(fs::read_to_string(path).unwrap(), out);
    assert_eq!(openapi(&["--check", path]).0, 0);
    let (code, _, err) = openapi(&["--check", path, "--proto-names"]);
    // Nothing of fetchIt has two spellings, so that is still the same.
    assert_eq!(code, 0, "{err}");
    fs::write(path, "stale").unwrap();
    let (code, _, err) = openapi(&["--check", path]);
    assert_eq!(code, 1);
    assert!(
        err.contains("is not up to date") && err.contains("help: "),
        "{err}"
    );
}

#[test]
fn routes_are_lines_for_a_shell() {
    let (code, out, err) = run(&[&["routes", "--format", "curl"][..], &FETCH].concat(), "");
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("curl localhost:8080/api/capitalize -d '{}'\n"),
        "{out}"
    );
    assert!(
        out.contains("curl localhost:8080/api/capitalize/words\n"),
        "{out}"
    );
    assert_eq!(out.lines().count(), 5);
}
