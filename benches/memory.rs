//! What the transcoder takes for bodies of one MiB in every shape that is dear to
//! somebody: peak heap, number of allocations, time. Each row says whether it keeps to
//! the limits, and the whole fails if one does not; the time counts in optimised
//! builds only.

use prost_reflect::DescriptorPool;
use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use trestle::transcode::{ReadOptions, Schema, WriteOptions, json_to_wire, wire_to_json};

const SIZE: usize = 1 << 20;
/// Peak heap over the size of the body, the output included.
const HEAP: usize = 8;
/// How often a shape is tried at most. The fastest time counts: on a machine that does
/// other things as well, it is the one that was least disturbed.
const ROUNDS: usize = 25;
const TIME: Duration = Duration::from_millis(30);
const SETS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/benches.binpb"));

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static COUNT: AtomicUsize = AtomicUsize::new(0);

fn grown(by: usize) {
    let live = LIVE.fetch_add(by, Relaxed) + by;
    PEAK.fetch_max(live, Relaxed);
    COUNT.fetch_add(1, Relaxed);
}

// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Large blocks are moved by remapping, not copied, so both do not count at once.
        LIVE.fetch_sub(layout.size(), Relaxed);
        grown(size);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let pool = DescriptorPool::decode(SETS).expect("the set was compiled by the build script");
    let schema = Schema::compile(&pool);
    let mut failed = false;
    println!(
        "{:<52}{:>9}{:>9}{:>7}{:>9}{:>9}  {:<8}result",
        "shape", "body", "out", "heap", "allocs", "ms", "limits"
    );
    for limited in [true, false] {
        for (name, json) in json_shapes() {
            let max_nodes = if limited {
                ReadOptions::default().max_nodes
            } else {
                usize::MAX
            };
            let options = ReadOptions {
                max_nodes,
                ignore_unknown: name.contains("ignored"),
                ..ReadOptions::default()
            };
            let label = format!("read {name}{}", if limited { "" } else { ", any number" });
            failed |= !measure(&label, json.len(), |out| {
                let id = schema.message("abuse.Shapes").expect("it is in the set");
                json_to_wire(&schema, id, json.as_bytes(), &options, out)
                    .map_err(|error| error.to_string())
            });
        }
    }
    for (name, wire) in wire_shapes() {
        failed |= !measure(&format!("print {name}"), wire.len(), |out| {
            let id = schema.message("abuse.Shapes").expect("it is in the set");
            wire_to_json(&schema, id, &wire, &WriteOptions::default(), out)
                .map_err(|error| error.to_string())
        });
    }
    if failed {
        eprintln!(
            "a shape takes more than {HEAP} times its body, or than {} ms",
            TIME.as_millis()
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Runs, prints a row, and says whether it keeps to the limits.
fn measure(name: &str, body: usize, run: impl Fn(&mut Vec<u8>) -> Result<(), String>) -> bool {
    let rounds = if cfg!(debug_assertions) { 1 } else { ROUNDS };
    let clock = Clock(Instant::now());
    let mut best = Duration::MAX;
    let mut row = (0, 0, 0, String::new());
    for round in 0..rounds {
        // A few rounds are enough where nothing is in doubt.
        if round >= 3 && best < TIME / 2 {
            break;
        }
        let start = clock.now();
        let before = LIVE.load(Relaxed);
        PEAK.store(before, Relaxed);
        COUNT.store(0, Relaxed);
        let mut out = Vec::new();
        let result = run(&mut out);
        let (peak, count) = (PEAK.load(Relaxed) - before, COUNT.load(Relaxed));
        best = best.min(clock.now() - start);
        let result = result.map_or_else(
            |error| error.chars().take(60).collect(),
            |()| "ok".to_owned(),
        );
        row = (out.len(), peak, count, result);
    }
    let (out, peak, count, result) = row;
    let kept = peak <= HEAP * body && (cfg!(debug_assertions) || best <= TIME);
    println!(
        "{name:<52}{body:>9}{out:>9}{:>7.2}{count:>9}{:>9.2}  {:<8}{result}",
        peak as f64 / body as f64,
        best.as_secs_f64() * 1e3,
        if kept { "kept" } else { "BROKEN" },
    );
    kept
}

/// The time that this thread has been on a processor; where the system does not tell,
/// the time that has passed.
struct Clock(Instant);

impl Clock {
    fn now(&self) -> Duration {
        // The kernel brings its count up to date when it is asked for the next thread.
        std::thread::yield_now();
        let count = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        count
            .and_then(|text| text.split(' ').next()?.parse().ok())
            .map_or_else(|| self.0.elapsed(), Duration::from_nanos)
    }
}

/// `before`, then `unit` as often as it fits with commas between, then `after`.
fn filled(before: &str, unit: &str, after: &str) -> String {
    format!(
        "{before}{}{after}",
        vec![unit; SIZE / (unit.len() + 1)].join(",")
    )
}

fn json_shapes() -> Vec<(&'static str, String)> {
    let mut map = String::from(r#"{"map":{"a":0"#);
    let mut object = String::from(r#"{"value":{"a":0"#);
    for at in 0.. {
        if map.len() >= SIZE {
            break;
        }
        write!(map, r#","k{at}":1"#).expect("a String takes any text");
        write!(object, r#","k{at}":1"#).expect("a String takes any text");
    }
    let any = r#"{"@type":"x/google.protobuf.Any","value":"#;
    let late = r#"{"value":"#;
    let tail = r#","@type":"x/google.protobuf.Any"}"#;
    let small = format!(
        r#"{{"any":{}{{"value":"x","@type":"x/google.protobuf.StringValue"}}{}}}"#,
        late.repeat(10),
        tail.repeat(10)
    );
    let tree = "[".repeat(50) + &vec!["0"; 50].join(",") + &"]".repeat(50);
    vec![
        ("value of zeros", filled(r#"{"value":["#, "0", "]}")),
        ("value of empty lists", filled(r#"{"value":["#, "[]", "]}")),
        (
            "value of empty objects",
            filled(r#"{"value":["#, "{}", "]}"),
        ),
        ("value of trees", filled(r#"{"value":["#, &tree, "]}")),
        (
            "value, all open",
            "{\"value\":".to_owned() + &"[".repeat(SIZE),
        ),
        ("doubles", filled(r#"{"doubles":["#, "1", "]}")),
        ("strings", filled(r#"{"strings":["#, "\"\"", "]}")),
        ("empty children", filled(r#"{"children":["#, "{}", "]}")),
        (
            "children of children",
            filled(
                r#"{"children":["#,
                r#"{"children":[{"children":[{}]}]}"#,
                "]}",
            ),
        ),
        ("wrappers", filled(r#"{"wrappers":["#, "1", "]}")),
        ("map", map + "}}"),
        ("object", object + "}}"),
        (
            "one long string",
            format!(r#"{{"text":"{}"}}"#, "x".repeat(SIZE)),
        ),
        (
            "one escaped string",
            format!(r#"{{"text":"{}"}}"#, r"\u00e9".repeat(SIZE / 6)),
        ),
        (
            "one long base64",
            format!(r#"{{"data":"{}"}}"#, "Zm9v".repeat(SIZE / 4)),
        ),
        (
            "one long number",
            format!(r#"{{"number":{}}}"#, "1".repeat(SIZE)),
        ),
        (
            "one long fraction",
            format!(r#"{{"doubles":[0.{}]}}"#, "1".repeat(SIZE)),
        ),
        (
            "one long exponent",
            format!(r#"{{"number":1e{}}}"#, "9".repeat(SIZE)),
        ),
        (
            "huge exponents",
            filled(r#"{"numbers":["#, "0e536870000", "]}"),
        ),
        (
            "huge exponents in strings",
            filled(r#"{"numbers":["#, r#""10e-1""#, "]}"),
        ),
        (
            "one long unknown name",
            format!(r#"{{"{}":1}}"#, "x".repeat(SIZE)),
        ),
        (
            "unknown fields, ignored",
            filled(r#"{"x":["#, r#"{"y":[1]}"#, "]}"),
        ),
        (
            "any of any, type first",
            format!(
                r#"{{"any":{}{{"@type":"x/google.protobuf.StringValue","value":"{}"}}{}}}"#,
                any.repeat(55),
                "x".repeat(SIZE),
                "}".repeat(55)
            ),
        ),
        (
            "any of any, type last",
            format!(
                r#"{{"any":{}{{"value":"{}","@type":"x/google.protobuf.StringValue"}}{}}}"#,
                late.repeat(55),
                "x".repeat(SIZE),
                tail.repeat(55)
            ),
        ),
        (
            "many anys, type last",
            filled(
                r#"{"children":["#,
                r#"{"any":{"value":"x","@type":"x/google.protobuf.StringValue"}}"#,
                "]}",
            ),
        ),
        (
            "many small anys of anys, type last",
            filled(r#"{"children":["#, &small, "]}"),
        ),
        (
            "any of many, type last",
            format!(
                r#"{{"any":{}{{"value":[{}],"@type":"x/google.protobuf.Value"}}{}}}"#,
                late.repeat(55),
                vec!["\"xxxxxxxx\""; 90_000].join(","),
                tail.repeat(55)
            ),
        ),
    ]
}

fn wire_shapes() -> Vec<(&'static str, Vec<u8>)> {
    let many = |unit: &[u8]| unit.repeat(SIZE / unit.len());
    let delimited = |tag: u8, inside: Vec<u8>| {
        let mut out = vec![tag];
        let mut rest = inside.len();
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
        out.extend(inside);
        out
    };
    let mut nested = many(&[0x50, 1]);
    for _ in 0..90 {
        nested = delimited(0x6a, nested);
    }
    let keys: Vec<u8> = (0..SIZE / 12)
        .flat_map(|at| {
            delimited(
                0x2a,
                [
                    delimited(0x0a, format!("{at:06}").into_bytes()),
                    vec![0x10, 1],
                ]
                .concat(),
            )
        })
        .collect();
    vec![
        ("a scalar again and again", many(&[0x50, 1])),
        ("two fields in turn", many(&[0x50, 1, 0x62, 1, 1])),
        ("a message in pieces", many(&[0x6a, 2, 0x50, 1])),
        ("nested, a scalar again", nested),
        ("packed bools", delimited(0x62, vec![1; SIZE])),
        ("empty children", many(&[0x22, 0])),
        ("one map key again and again", many(&[0x2a, 2, 0x10, 1])),
        ("map", keys.clone()),
        (
            "map in two pieces",
            [
                &keys[..keys.len() / 24 * 12],
                &[0x50, 1],
                &keys[keys.len() / 24 * 12..],
            ]
            .concat(),
        ),
        ("unknown fields", many(&[0x98, 0x06, 1])),
        ("unknown groups", many(&[0x9b, 0x06, 0x9c, 0x06])),
        (
            "nulls",
            delimited(0x0a, delimited(0x32, many(&[0x0a, 2, 0x08, 0]))),
        ),
        ("packed false", delimited(0x62, vec![0; SIZE])),
        ("control characters", delimited(0x4a, vec![1; SIZE])),
    ]
}
