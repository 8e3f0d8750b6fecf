//! Runs `tests/data/framing.txt`: requests byte by byte, and what becomes of the
//! connection. The format is told at the file's head.

use crate::backend::Backend;
use crate::{raw, rows, start};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use trestle::gateway::Settings;

/// Longer than this nothing may take.
const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn messages_begin_and_end_as_the_table_says() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let text = include_str!("../data/framing.txt");
    let (mut faults, mut count) = (String::new(), 0);
    for row in rows::parse((1..).zip(text.lines())) {
        let title = format!("framing.txt:{}: {}", row.line, row.title);
        let fault = timeout(PATIENCE, one(gateway.address, &backend, row)).await;
        if let Some(fault) = fault.unwrap_or_else(|_| Some("no end in time".to_owned())) {
            writeln!(faults, "{title}\n    {fault}").expect("a string takes all");
        }
        count += 1;
    }
    assert!(
        count > 0 && faults.is_empty(),
        "of {count} rows these differ:\n{faults}"
    );
}

/// What differs in one row, if anything does.
async fn one(gateway: SocketAddr, backend: &Backend, mut row: rows::Row) -> Option<String> {
    let (closes, stays, leaves) = (row.take("closes"), row.take("stays"), row.take("leaves"));
    let before = backend.seen().len();
    let request = rows::request(&row);
    let mut stream = TcpStream::connect(gateway)
        .await
        .expect("the gateway listens");
    // A request may be refused before all of it has been taken.
    let _ = stream.write_all(&request).await;
    if leaves {
        stream.shutdown().await.expect("an open connection");
    }
    let begun = Instant::now();
    let answer = raw::read(&mut stream, request.starts_with(b"HEAD ")).await;
    if let Some(fault) = rows::compare(&row, &answer, begun.elapsed()) {
        return Some(fault);
    }
    let calls = backend.seen().len() - before;
    if calls != usize::from(answer.status == 200) {
        return Some(format!(
            "{} with {calls} calls of the backend",
            answer.status
        ));
    }
    if closes {
        let mut rest = Vec::new();
        // A connection that is reset is closed, too.
        let _ = stream.read_to_end(&mut rest).await;
        let is_stream = answer.header("content-length").is_none();
        if !rest.is_empty() && !is_stream {
            return Some(format!("more comes: {:?}", String::from_utf8_lossy(&rest)));
        }
    }
    if stays {
        let another = b"GET /v1/query?text=another HTTP/1.1\r\nHost: t\r\n\r\n";
        stream.write_all(another).await.expect("an open connection");
        let answer = raw::read(&mut stream, false).await;
        if (answer.status, answer.body.as_slice()) != (200, br#"{"text":"another"}"#) {
            return Some(format!("then {answer:?}"));
        }
    }
    None
}
