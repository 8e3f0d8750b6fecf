//! Spans to the X-Ray daemon's port, read as the daemon reads them.

use super::{SOON, send, settings, span, start};
use serde_json::{Value, json};
use std::net::UdpSocket;

fn listen() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

fn receive(socket: &UdpSocket) -> Value {
    let mut buffer = vec![0; 65_536];
    let length = socket.recv(&mut buffer).unwrap();
    let text = std::str::from_utf8(&buffer[..length]).unwrap();
    let (header, document) = text.split_once('\n').unwrap();
    let expected = json!({ "format": "json", "version": 1 });
    assert_eq!(serde_json::from_str::<Value>(header).unwrap(), expected);
    serde_json::from_str(document).unwrap()
}

fn xray(address: &str) -> trestle::telemetry::export::Settings {
    settings(&[
        ("OTEL_TRACES_EXPORTER", "xray-daemon"),
        ("AWS_XRAY_DAEMON_ADDRESS", address),
    ])
}

#[test]
fn each_span_is_a_datagram() {
    let (socket, address) = listen();
    let counters = send(&xray(&address), [7, 8]);
    let document = receive(&socket);
    assert_eq!(document["trace_id"], "1-6553f100-000000000000000000000001");
    assert_eq!(
        (&document["id"], &document["type"]),
        (&json!("0000000000000007"), &json!("subsegment"))
    );
    assert_eq!(
        (&document["name"], &document["fault"]),
        (&json!("rpc.Fetch"), &json!(true))
    );
    assert_eq!(receive(&socket)["id"], "0000000000000008");
    assert_eq!(counters.total().exported, 2);
}

#[test]
fn a_large_span_does_not_take_others_with_it() {
    let (socket, address) = listen();
    let pipeline = start(&xray(&address));
    let (sender, counters) = (pipeline.sender(), pipeline.counters());
    let mut large = span(1);
    large
        .attributes
        .push(opentelemetry::KeyValue::new("long", "x".repeat(200_000)));
    sender.send(large);
    sender.send(span(2));
    pipeline.shutdown(SOON);
    let first = receive(&socket);
    assert_eq!(
        (&first["id"], &first["metadata"]),
        (&json!("0000000000000001"), &Value::Null)
    );
    assert_eq!(receive(&socket)["id"], "0000000000000002");
    assert_eq!(counters.total().exported, 2);
}

#[test]
fn a_daemon_that_is_not_there_is_heard_of_and_counted() {
    let (socket, address) = listen();
    drop(socket);
    let counters = send(&xray(&address), 0..10);
    let total = counters.total();
    assert_eq!(total.sent, 10);
    assert!(total.failed > 0, "{total:?}");
}

#[test]
fn a_name_that_nobody_has_costs_its_spans() {
    let counters = send(&xray("nowhere.invalid:2000"), 0..10);
    assert_eq!(counters.total().failed, 10);
}
