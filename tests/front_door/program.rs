//! The program itself, `trestle serve`, with a descriptor set of an API that it
//! was not built with.

use crate::backend::Backend;
use crate::{pool, raw};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn serve_takes_any_descriptor_set() {
    let set = Path::new(env!("CARGO_TARGET_TMPDIR")).join("every.binpb");
    std::fs::write(&set, pool().encode_to_vec()).unwrap();
    let backend = Backend::start().await;
    let mut program = Command::new(env!("CARGO_BIN_EXE_trestle"))
        .args([
            "serve",
            "--upstream",
            &backend.url(),
            "--listen",
            "127.0.0.1:0",
        ])
        .args(["--admin-listen", "127.0.0.1:0", "--descriptor-set"])
        .arg(&set)
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
    let ready = lines
        .next_line()
        .await
        .unwrap()
        .expect("a line that says what listens where");
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let address = ready["gateway"]
        .as_str()
        .and_then(|url| url.strip_prefix("http://"))
        .unwrap();
    let address: SocketAddr = address.parse().unwrap();
    assert_ne!(
        address.port(),
        0,
        "port 0 is replaced by the one that was taken"
    );

    let body = r#"{"items":[{"name":"a"}],"byId":{"7":{"big":"1"}},"at":"2020-01-01T00:00:00Z"}"#;
    let request = format!(
        "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw::send(address, request.as_bytes()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        serde_json::from_str::<serde_json::Value>(body).unwrap()
    );
}
