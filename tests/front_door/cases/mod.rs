//! Rules and requests (`tests/data/cases.txt`) through the front door, over HTTP/1.1
//! and HTTP/2: which call the backend sees, and what the caller is answered. `envoy` puts the same to
//! Envoy's transcoder.

mod envoy;
mod file;
mod templates;

use crate::backend::{Backend, Seen};
use crate::{Running, h2, raw, rows, serve};
use file::Set;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use rows::Row;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;
use trestle::descriptors;
use trestle::gateway::{self, Gateway};
use trestle::rule::{self, AutoMap, ServiceConfig};
use trestle::upstream::{self, Upstream};

/// Fewer, and the file was not read whole.
const ROWS: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn requests_become_the_calls_that_their_rules_say() {
    let sets = file::read();
    let count: usize = sets.iter().map(|set| set.rows.len()).sum();
    assert!(count >= ROWS, "only {count} rows");
    let (mut faults, mut answered) = (String::new(), 0);
    for set in &sets {
        let backend = Backend::start().await;
        let pool = pool(set);
        let gateway = start(set, &pool, &backend);
        let mut http2 = h2::Client::connect(gateway.address).await;
        let asked = set.rows.iter().flat_map(|row| [(row, false), (row, true)]);
        for (row, is_http2) in asked {
            let before = backend.seen().len();
            let begun = Instant::now();
            let request = rows::request(row);
            let answer = match is_http2 {
                true => http2.send(&request).await,
                false => Some(raw::send(gateway.address, &request).await),
            };
            let Some(answer) = answer else { continue };
            answered += 1;
            let seen = backend.seen().split_off(before);
            let fault = rows::compare(row, &answer, begun.elapsed())
                .or_else(|| compare_calls(&pool, row, &seen));
            if let Some(fault) = fault {
                writeln!(
                    faults,
                    "cases.txt:{}: {}{}\n    {fault}",
                    row.line,
                    set.key(row),
                    if is_http2 { ", HTTP/2" } else { "" }
                )
                .expect("a string takes all");
            }
        }
    }
    assert!(faults.is_empty(), "of {count} rows these differ:\n{faults}");
    assert!(answered >= 2 * ROWS, "HTTP/2 was hardly asked anything");
}

/// The descriptors of a set, its service beside the messages that all share.
fn pool(set: &Set) -> DescriptorPool {
    let messages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/front_door/cases");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("cases")
        .join(&set.name);
    std::fs::create_dir_all(&folder).expect("a folder of the test's own");
    let file = folder.join("case.proto");
    std::fs::write(&file, set.proto()).expect("a file of the test's own");
    descriptors::from_protos(&[file], &[&folder, &messages])
        .unwrap_or_else(|error| panic!("{}: {error}", set.name))
}

/// The gateway that a set describes.
fn start(set: &Set, pool: &DescriptorPool, backend: &Backend) -> Running {
    let mut settings = gateway::Settings::default();
    let route = &mut settings.route;
    route.write.proto_names = set.has("proto_names");
    route.write.enum_numbers = set.has("enum_numbers");
    route.write.always_print = set.has("always_print");
    route.read.ignore_unknown = set.has("ignore_unknown_fields");
    route.ignore_unknown_parameters = set.has("ignore_unknown_parameters");
    route.ignored_parameters = set
        .value("ignored")
        .map(str::to_owned)
        .into_iter()
        .collect();
    let mut rules = rule::Settings::default();
    if !set.file.is_empty() {
        rules.files = vec![ServiceConfig::parse(&set.file, "rules.yaml").unwrap()];
    }
    if set.has("auto_map") {
        rules.auto_map = AutoMap::from_words(["cases.v1.Case".to_owned()]);
    }
    let upstream = Upstream::connect_lazy(&backend.url(), upstream::Settings::default()).unwrap();
    let gateway = Gateway::builder(pool.clone())
        .settings(settings)
        .rules(rules)
        .build(upstream);
    serve(gateway.unwrap_or_else(|error| panic!("{}: {error}", set.name)))
}

/// What differs between the calls that a row asks for and those that were seen.
fn compare_calls(pool: &DescriptorPool, row: &Row, seen: &[Seen]) -> Option<String> {
    let seen: Vec<String> = seen.iter().map(|seen| call(pool, seen)).collect();
    let expected = row.call.as_ref().map(|call| canonical(pool, call));
    (seen != Vec::from_iter(expected.clone()))
        .then(|| format!("expected the call {expected:?}, the backend saw {seen:?}"))
}

/// A call as `Method JSON`, the message read by prost-reflect.
fn call(pool: &DescriptorPool, seen: &Seen) -> String {
    let Some(method) = seen.path.strip_prefix("/cases.v1.Case/") else {
        return format!("{}, which is no method here", seen.path);
    };
    match DynamicMessage::decode(input(pool, method), seen.message.clone()) {
        Ok(message) => format!("{method} {}", json(&message)),
        Err(error) => format!("{method} with bytes that are no message: {error}"),
    }
}

/// The same of a call as a row has it.
fn canonical(pool: &DescriptorPool, call: &str) -> String {
    let (method, text) = call.split_once(' ').expect("a method and a message");
    let mut reader = serde_json::Deserializer::from_str(text);
    let message = DynamicMessage::deserialize(input(pool, method), &mut reader)
        .unwrap_or_else(|error| panic!("`{call}`: {error}"));
    reader
        .end()
        .unwrap_or_else(|error| panic!("`{call}`: {error}"));
    format!("{method} {}", json(&message))
}

fn input(pool: &DescriptorPool, method: &str) -> MessageDescriptor {
    let service = pool.get_service_by_name("cases.v1.Case");
    let service = service.expect("the service of every set");
    let found = service.methods().find(|known| known.name() == method);
    found.expect("a method of the set").input()
}

fn json(message: &DynamicMessage) -> Value {
    assert_eq!(
        message.unknown_fields().count(),
        0,
        "fields that the message has not"
    );
    let options = SerializeOptions::new();
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap_or_else(|error| panic!("{error}"))
}
