//! The transcoder beside generated code (prost with pbjson), dynamic messages
//! (prost-reflect) and `serde_json` merely skipping the text: one run, rounds
//! taken in turn, the median and the fastest round of each, and the ratios of the
//! fastest, which are the goals: on a machine that does other things as well, the
//! fastest round is the one that was least disturbed. All of them read from bytes and
//! write into a buffer of their own that is used again and again.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed as _, IgnoredAny};
use std::fmt::{Debug, Write as _};
use std::hint::black_box;
use std::time::{Duration, Instant};
use trestle::transcode::{
    MessageId, ReadOptions, Schema, WriteOptions, json_to_wire, wire_to_json,
};
use trestle_benches::rpc;

#[allow(missing_docs, clippy::all)]
mod shop {
    include!(concat!(env!("OUT_DIR"), "/shop.rs"));
    include!(concat!(env!("OUT_DIR"), "/shop.serde.rs"));
}

const ROUNDS: usize = 31;
const SETS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/benches.binpb"));

fn main() {
    // `cargo test --benches` runs this too, to see that all rivals agree; once
    // through is enough there.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let rounds = if measured { ROUNDS } else { 1 };
    let pool = DescriptorPool::decode(SETS).expect("the set was compiled by the build script");
    let schema = Schema::compile(&pool);
    let payload = r#"{"id":7,"data":"aGVsbG8gd29ybGQ="}"#;
    let names = r#"{"service":"fetch","id":"12345678"}"#;
    println!(
        "{:<14}{:>9} | {:>9}{:>11}{:>11}{:>9} |{:>9}{:>9}{:>8}",
        "JSON -> wire",
        "bytes",
        "ours ns",
        "generated",
        "dynamic",
        "skip",
        "/gener.",
        "/dynamic",
        "/skip"
    );
    let rivals = Rivals {
        pool: &pool,
        schema: &schema,
        rounds,
    };
    rivals.read::<rpc::Payload>("payload", "rpc.Payload", payload);
    rivals.read::<shop::Payload>("two names", "shop.Payload", names);
    rivals.read::<shop::Order>("order", "shop.Order", &order(8));
    rivals.read::<shop::Orders>("100 kB", "shop.Orders", &orders(100_000));
    rivals.read::<shop::Orders>("1 MiB", "shop.Orders", &orders(1 << 20));
    println!(
        "\n{:<14}{:>9} | {:>9}{:>11}{:>11}{:>9} |{:>9}{:>9}",
        "wire -> JSON", "bytes", "ours ns", "generated", "dynamic", "", "/gener.", "/dynamic"
    );
    rivals.write::<rpc::Payload>("payload", "rpc.Payload", payload);
    rivals.write::<shop::Payload>("two names", "shop.Payload", names);
    rivals.write::<shop::Order>("order", "shop.Order", &order(8));
    rivals.write::<shop::Orders>("100 kB", "shop.Orders", &orders(100_000));
    rivals.write::<shop::Orders>("1 MiB", "shop.Orders", &orders(1 << 20));
}

/// An order of `items` items; with eight it is about 1.3 kB.
fn order(items: usize) -> String {
    let mut json = String::from(
        r#"{"orderId":"ord-2024-000123","customerId":"9007199254740993","status":"PAID","createdAt":"2024-05-17T09:30:00.123Z","shipping":{"street":"1 Long Road","city":"Tromsø","postalCode":"9008","country":"NO"},"items":["#,
    );
    for at in 0..items {
        let comma = if at == 0 { "" } else { "," };
        let (quantity, price, weight) = (at % 5 + 1, 12.5 + at as f64 * 3.49, 250 + at * 37);
        write!(
            json,
            r#"{comma}{{"sku":"SKU-{at:05}","title":"Thing number {at}","quantity":{quantity},"unitPrice":{price},"weightGrams":"{weight}","gift":true}}"#
        )
        .expect("a String takes any text");
    }
    json += r#"],"labels":{"channel":"web","campaign":"spring","locale":"nb-NO"},"total":199.95,"note":"Leave it \"by the door\"\nplease"}"#;
    json
}

fn orders(size: usize) -> String {
    let one = order(8);
    let list = vec![one.as_str(); size / (one.len() + 1)].join(",");
    format!(r#"{{"orders":[{list}]}}"#)
}

/// What generated messages can do.
trait Generated: Message + Default + Debug + PartialEq + DeserializeOwned + Serialize {}

impl<M: Message + Default + Debug + PartialEq + DeserializeOwned + Serialize> Generated for M {}

struct Rivals<'a> {
    pool: &'a DescriptorPool,
    schema: &'a Schema,
    rounds: usize,
}

impl Rivals<'_> {
    fn message(&self, name: &str) -> (MessageId, MessageDescriptor) {
        let id = self
            .schema
            .message(name)
            .expect("the message is in the set");
        let descriptor = self
            .pool
            .get_message_by_name(name)
            .expect("the message is in the set");
        (id, descriptor)
    }

    fn read<M: Generated>(&self, label: &str, name: &str, json: &str) {
        let (id, descriptor) = self.message(name);
        let options = ReadOptions {
            max_nodes: usize::MAX,
            ..ReadOptions::default()
        };
        let mut out = Vec::new();
        let ours = |out: &mut Vec<u8>| {
            out.clear();
            json_to_wire(self.schema, id, black_box(json.as_bytes()), &options, out)
                .expect("the JSON is right");
            black_box(&*out);
        };
        ours(&mut out);
        let generated: M = serde_json::from_str(json).expect("the JSON is right");
        assert_eq!(
            M::decode(out.as_slice()),
            Ok(generated),
            "both read the same message"
        );
        let (mut buffer, mut again) = (Vec::new(), Vec::new());
        let times = measure(
            self.rounds,
            json.len(),
            &mut [
                &mut || ours(&mut out),
                &mut || {
                    let message: M = serde_json::from_slice(black_box(json.as_bytes()))
                        .expect("the JSON is right");
                    buffer.clear();
                    message.encode(&mut buffer).expect("a Vec has room");
                    black_box(&buffer);
                },
                &mut || {
                    let mut deserializer =
                        serde_json::Deserializer::from_slice(black_box(json.as_bytes()));
                    let message = descriptor
                        .clone()
                        .deserialize(&mut deserializer)
                        .expect("the JSON is right");
                    again.clear();
                    message.encode(&mut again).expect("a Vec has room");
                    black_box(&again);
                },
                &mut || {
                    let skipped: IgnoredAny = serde_json::from_slice(black_box(json.as_bytes()))
                        .expect("the JSON is right");
                    black_box(skipped);
                },
            ],
        );
        let ratio = |at: usize| times[0].fastest / times[at].fastest;
        println!(
            "{label:<14}{:>9} | {:>9.0}{:>11.0}{:>11.0}{:>9.0} |{:>9.2}{:>9.3}{:>8.2}",
            json.len(),
            times[0].median,
            times[1].median,
            times[2].median,
            times[3].median,
            ratio(1),
            ratio(2),
            ratio(3)
        );
    }

    fn write<M: Generated>(&self, label: &str, name: &str, json: &str) {
        let (id, descriptor) = self.message(name);
        let message: M = serde_json::from_str(json).expect("the JSON is right");
        let wire = message.encode_to_vec();
        let options = WriteOptions::default();
        let mut out = Vec::new();
        let ours = |out: &mut Vec<u8>| {
            out.clear();
            wire_to_json(self.schema, id, black_box(&wire), &options, out)
                .expect("the wire is right");
            black_box(&*out);
        };
        ours(&mut out);
        let again: M = serde_json::from_slice(&out).expect("what was printed can be read");
        assert!(again == message, "both print the same message");
        let (mut buffer, mut again) = (Vec::new(), Vec::new());
        let times = measure(
            self.rounds,
            json.len(),
            &mut [
                &mut || ours(&mut out),
                &mut || {
                    let message = M::decode(black_box(wire.as_slice())).expect("the wire is right");
                    buffer.clear();
                    serde_json::to_writer(&mut buffer, &message).expect("a Vec has room");
                    black_box(&buffer);
                },
                &mut || {
                    let message =
                        DynamicMessage::decode(descriptor.clone(), black_box(wire.as_slice()))
                            .expect("the wire is right");
                    again.clear();
                    serde_json::to_writer(&mut again, &message).expect("a Vec has room");
                    black_box(&again);
                },
            ],
        );
        println!(
            "{label:<14}{:>9} | {:>9.0}{:>11.0}{:>11.0}{:>9} |{:>9.2}{:>9.3}",
            wire.len(),
            times[0].median,
            times[1].median,
            times[2].median,
            "",
            times[0].fastest / times[1].fastest,
            times[0].fastest / times[2].fastest
        );
    }
}

/// Median and fastest time of one call of each, in nanoseconds, taken in turn.
fn measure(rounds: usize, size: usize, calls: &mut [&mut dyn FnMut()]) -> Vec<Time> {
    // About two milliseconds a round for the fastest of them.
    let repeat = (2_000_000 / (size + 50)).max(1);
    let mut times = vec![Vec::with_capacity(rounds); calls.len()];
    for _ in 0..rounds {
        for (call, times) in calls.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..repeat {
                call();
            }
            times.push(start.elapsed());
        }
    }
    let one = |time: Duration| time.as_nanos() as f64 / repeat as f64;
    times
        .into_iter()
        .map(|mut times: Vec<Duration>| {
            times.sort_unstable();
            Time {
                median: one(times[times.len() / 2]),
                fastest: one(times[0]),
            }
        })
        .collect()
}

struct Time {
    median: f64,
    fastest: f64,
}
