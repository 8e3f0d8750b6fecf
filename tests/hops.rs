//! One trace across everything: the client, the gateway, a fetchIt and the fetchIt
//! behind it, each a service of its own, as a receiver of OTLP sees them.
#![allow(clippy::unwrap_used)]

mod program;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use program::{Demo, client};
use prost::Message as _;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Far above what any of this takes.
const HANG: Duration = Duration::from_secs(30);

/// A span, and the service that sent it.
type Told = (String, Span);

/// A receiver of OTLP over HTTP; its address and what comes in.
fn receiver() -> (String, Receiver<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let tell = tell.clone();
            std::thread::spawn(move || receive(connection.unwrap(), &tell));
        }
    });
    (url, told)
}

/// Requests with a length, one after the other.
fn receive(connection: TcpStream, tell: &Sender<Told>) {
    let mut answers = connection.try_clone().unwrap();
    let mut requests = BufReader::new(connection);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if requests.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        requests.read_exact(&mut body).unwrap();
        for sent in ExportTraceServiceRequest::decode(&*body)
            .unwrap()
            .resource_spans
        {
            let service = sent.resource.unwrap().attributes.into_iter();
            let mut service = service.filter(|attribute| attribute.key == "service.name");
            let service = format!(
                "{:?}",
                service.next_back().unwrap().value.unwrap().value.unwrap()
            );
            let spans = sent.scope_spans.into_iter().flat_map(|scope| scope.spans);
            for span in spans {
                let _ = tell.send((service.clone(), span));
            }
        }
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        answers.write_all(answer.as_bytes()).unwrap();
    }
}

/// From the root to the last: `service: span`, where each is the only child.
fn chain(spans: &HashMap<Vec<u8>, Told>) -> Vec<String> {
    let mut chain = Vec::new();
    let mut parent = Vec::new();
    while let Some((service, span)) = spans
        .values()
        .find(|(_, span)| span.parent_span_id == parent)
    {
        let service = service.split('"').nth(1).unwrap();
        chain.push(format!("{service}: {}", span.name));
        parent.clone_from(&span.span_id);
    }
    chain
}

/// What makes a program send its spans there, and soon.
fn exporting(url: &str) -> [(&'static str, &str); 4] {
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ]
}

#[test]
fn one_trace_crosses_client_gateway_and_two_backends() {
    let (url, told) = receiver();
    let exporting = exporting(&url);
    let demo = Demo::start(&["--hops", "2"], &exporting);
    let arguments = ["--rest", demo.url("gateway")];
    let (code, out, log) = client(&arguments, "hello\n", &exporting);
    assert_eq!((code, out.as_str()), (Some(0), "< HELLO\n"), "{log}");
    let trace = log.lines().find_map(|line| line.strip_prefix("  trace "));
    let trace = trace.unwrap().to_owned();

    let expected = [
        "fetchit-client: Client.Capitalize",
        "trestle: POST /api/capitalize",
        "trestle: rpc.Fetch/Capitalize",
        "fetchit: rpc.Fetch/Capitalize",
        "fetchit: (*fetchIt).Capitalize",
        "fetchit: rpc.Fetch/Capitalize",
        "fetchit-2: rpc.Fetch/Capitalize",
        "fetchit-2: (*fetchIt).Capitalize",
    ];
    let mut spans = HashMap::new();
    while spans.len() < expected.len() {
        let (service, span) = told.recv_timeout(HANG).expect("all spans come");
        let id: String = span
            .trace_id
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(id, trace, "{service}: {}", span.name);
        spans.insert(span.span_id.clone(), (service, span));
    }
    assert_eq!(chain(&spans), expected);
}

#[test]
fn a_demo_that_trusts_proxies_knows_its_peers() {
    let (url, told) = receiver();
    let exporting = exporting(&url);
    let demo = Demo::start(&["--trusted-proxy", "127.0.0.1"], &exporting);
    let (code, _, log) = client(&["--rest", demo.url("gateway")], "hello\n", &[]);
    assert_eq!(code, Some(0), "{log}");
    let span = loop {
        let (_, span) = told.recv_timeout(HANG).expect("the gateway's span comes");
        if span.name == "POST /api/capitalize" {
            break span;
        }
    };
    let mut attributes = span.attributes.iter();
    let peer = attributes.find(|attribute| attribute.key == "network.peer.address");
    let peer = peer.and_then(|peer| peer.value.clone()).unwrap();
    let expected = Value::StringValue("127.0.0.1".to_owned());
    assert_eq!(peer.value, Some(expected));
}
