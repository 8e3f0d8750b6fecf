//! The examples, compiled and run as a reader would.
#![allow(clippy::unwrap_used)]

use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

/// Compiling is part of it.
const HANG: Duration = Duration::from_secs(600);

fn example(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--locked", "--example", name, "--"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn in_process_answers_with_no_socket() {
    let output = timeout(HANG, example("in_process", &[]).output()).await;
    let output = output.expect("it ends").unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(lines[0], r#"200 OK {"id":7,"data":"SEVMTE8gV09STEQ="}"#);
    assert!(
        lines[1].starts_with(r#"400 Bad Request {"code":3,"message":"id: "#),
        "{text}"
    );
}

#[tokio::test]
async fn mounted_in_axum_the_gateway_stands_beside_other_routes() {
    let mut child = example("mount_in_axum", &["127.0.0.1:0"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(HANG, lines.next_line()).await.expect("it starts");
    let line = line.unwrap().expect("its address");
    let address = line.strip_prefix("http://").expect("an address");

    let about = ask(address, "GET /about", "").await;
    assert!(
        about.ends_with("\r\n\r\ncapitals for everyone\n"),
        "{about}"
    );
    let capitals = ask(address, "POST /grpc/api/capitalize", r#"{"data":"aGk="}"#).await;
    assert!(
        capitals.ends_with("\r\n\r\n{\"id\":0,\"data\":\"SEk=\"}"),
        "{capitals}"
    );
    let nothing = ask(address, "GET /grpc/nothing", "").await;
    assert!(nothing.contains("content-type: text/plain"), "{nothing}");
    assert!(nothing.contains("no route has this path\n"), "{nothing}");
    child.kill().await.unwrap();
}

async fn ask(address: &str, line: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: example\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
