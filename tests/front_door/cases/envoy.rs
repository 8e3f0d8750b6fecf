//! The same requests to Envoy's transcoder before the same backend: both must make
//! the same calls of them, and answer with the same status and JSON. Where they do
//! not, `tests/envoy/differences.txt` says why, and what Envoy does.
//!
//! `tests/envoy/run.sh` fetches Envoy and runs this. What Envoy's JSON errors say
//! is its own affair; only the status is compared.

use super::file::{self, Set};
use crate::backend::{Backend, Seen};
use crate::{raw, rows};
use base64::Engine as _;
use prost_reflect::DescriptorPool;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What came of a request.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: u16,
    calls: Vec<String>,
    /// The JSON of a reply, or the media type and the text of one that is bytes.
    answer: Option<Value>,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Envoy; tests/envoy/run.sh fetches it and runs this"]
#[expect(
    clippy::print_stderr,
    reason = "how much was compared is worth knowing"
)]
async fn envoy_makes_the_same_of_requests() {
    let sets = file::read();
    let sets: Vec<&Set> = sets.iter().filter(|set| set.alone.is_none()).collect();
    let backend = Backend::start().await;
    let pools: Vec<DescriptorPool> = sets.iter().map(|set| super::pool(set)).collect();
    let (_envoy, listeners) = start(&sets, &pools, backend.address).await;
    let mut listed = differences();
    let (mut faults, mut count, mut differ) = (String::new(), 0, 0);
    for ((set, pool), envoy) in sets.iter().zip(&pools).zip(listeners) {
        let gateway = super::start(set, pool, &backend);
        for row in &set.rows {
            let request = rows::request(row);
            let ours = ask(gateway.address, &request, &backend, pool).await;
            let theirs = ask(envoy, &for_envoy(&request), &backend, pool).await;
            count += 1;
            let known = listed.remove(&set.key(row));
            differ += usize::from(known.is_some());
            let fault = match known {
                None if ours == theirs => continue,
                None => "differs, and is not listed",
                Some(_) if ours == theirs => "is listed and no longer differs",
                Some(known) if known == theirs.to_string() => continue,
                Some(_) => "is listed with another outcome",
            };
            writeln!(
                faults,
                "{fault}\n- {} => {theirs}\n    here: {ours}",
                set.key(row)
            )
            .expect("a string takes all");
        }
    }
    for key in listed.keys() {
        writeln!(faults, "is listed and is no row: {key}").expect("a string takes all");
    }
    assert!(faults.is_empty(), "of {count} rows:\n{faults}");
    eprintln!(
        "{count} rows: {} alike, {differ} as listed in differences.txt",
        count - differ
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Envoy; tests/envoy/run.sh fetches it and runs this"]
async fn envoy_refuses_the_rules_that_are_not_put_to_it() {
    for set in file::read() {
        let Some(reason) = set
            .alone
            .as_deref()
            .filter(|why| why.contains("refuses to start"))
        else {
            continue;
        };
        let listener = listener(&set, &super::pool(&set));
        let file = write(
            "refused.json",
            &config(&[listener], SocketAddr::from(([127, 0, 0, 1], 1))),
        );
        let output = envoy(&file).args(["--mode", "validate"]).output().await;
        let output = output.expect("Envoy starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success(),
            "{}: {reason} It does not.",
            set.name
        );
        assert!(
            said.contains("cases.v1.Case") || said.contains("response_body"),
            "{}: {said}",
            set.name
        );
    }
}

async fn ask(to: SocketAddr, request: &[u8], backend: &Backend, pool: &DescriptorPool) -> Outcome {
    let before = backend.seen().len();
    let answer = raw::send(to, request).await;
    let seen: Vec<Seen> = backend.seen().split_off(before);
    // Envoy's transcoder answers HEAD with a body, of which more or less may have come.
    let is_reply =
        answer.status == 200 && !answer.body.is_empty() && !request.starts_with(b"HEAD ");
    Outcome {
        status: answer.status,
        calls: seen.iter().map(|seen| super::call(pool, seen)).collect(),
        answer: is_reply.then(|| match answer.header("content-type") {
            Some("application/json") => answer.json(),
            media => json!([media, String::from_utf8_lossy(&answer.body)]),
        }),
    }
}

/// Envoy hands every header on as it is, so that the script needs no prefix.
fn for_envoy(request: &[u8]) -> Vec<u8> {
    let prefix = b"\r\nGrpc-Metadata-Script:";
    match request
        .windows(prefix.len())
        .position(|window| window == prefix)
    {
        Some(at) => [
            &request[..at],
            b"\r\nScript:",
            &request[at + prefix.len()..],
        ]
        .concat(),
        None => request.to_vec(),
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        for call in &self.calls {
            write!(f, " {call}")?;
        }
        match &self.answer {
            // The echo of what was called.
            Some(answer)
                if self
                    .calls
                    .iter()
                    .any(|call| call.ends_with(&format!(" {answer}"))) =>
            {
                Ok(())
            }
            Some(answer) => write!(f, " answers {answer}"),
            None => Ok(()),
        }
    }
}

/// The rows that may differ, and what Envoy makes of each.
fn differences() -> BTreeMap<String, String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/envoy/differences.txt");
    let text = std::fs::read_to_string(path).expect("the list of differences");
    let rows = text.lines().filter_map(|line| line.strip_prefix("- "));
    let mut listed = BTreeMap::new();
    for row in rows {
        let (key, outcome) = row.split_once(" => ").expect("a row and an outcome");
        let second = listed.insert(key.to_owned(), outcome.to_owned());
        assert!(second.is_none(), "{key} is listed twice");
    }
    listed
}

/// Envoy with a listener for each set, and their addresses.
async fn start(
    sets: &[&Set],
    pools: &[DescriptorPool],
    backend: SocketAddr,
) -> (Child, Vec<SocketAddr>) {
    let listeners: Vec<Value> = sets
        .iter()
        .zip(pools)
        .map(|(set, pool)| listener(set, pool))
        .collect();
    let file = write("envoy.json", &config(&listeners, backend));
    let mut envoy = envoy(&file)
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("Envoy starts");
    let mut lines = BufReader::new(envoy.stderr.take().expect("a pipe")).lines();
    let (mut admin, mut critical) = (None, String::new());
    loop {
        let line = lines.next_line().await.expect("text");
        let line = line.unwrap_or_else(|| panic!("Envoy does not start: {critical}"));
        if let Some((_, address)) = line.split_once("admin address: ") {
            admin = Some(address.trim().parse().expect("an address"));
        }
        if line.contains("starting workers") {
            break;
        }
        if line.contains("[critical]") {
            critical = line;
        }
    }
    // What else it says is read, so that it never waits for a reader.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let admin = admin.expect("Envoy tells its admin address before it works");
    let question = b"GET /listeners?format=json HTTP/1.1\r\nHost: admin\r\n\r\n";
    let known: Value = serde_json::from_str(&raw::stream(admin, question).await.text).unwrap();
    let of = |set: &&Set| {
        let mut all = known["listener_statuses"].as_array().into_iter().flatten();
        let found = all.find(|one| one["name"] == set.name.as_str());
        let socket = &found.expect("a listener for each set")["local_address"]["socket_address"];
        let port = socket["port_value"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok());
        SocketAddr::from(([127, 0, 0, 1], port.expect("a port")))
    };
    (envoy, sets.iter().map(of).collect())
}

pub(super) fn envoy(config: &Path) -> Command {
    let mut command =
        Command::new(std::env::var_os("ENVOY").expect("ENVOY names the program; see run.sh"));
    command
        .arg("--config-path")
        .arg(config)
        .args([
            "--concurrency",
            "1",
            "--use-dynamic-base-id",
            "--disable-hot-restart",
        ])
        .args(["--log-level", "info"]);
    command
}

pub(super) fn write(name: &str, config: &Value) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, config.to_string()).expect("a file of the test's own");
    file
}

pub(super) fn config(listeners: &[Value], backend: SocketAddr) -> Value {
    json!({
        "admin": { "address": address(SocketAddr::from(([127, 0, 0, 1], 0))) },
        "static_resources": { "listeners": listeners, "clusters": [cluster(backend)] },
    })
}

fn address(address: SocketAddr) -> Value {
    json!({ "socket_address": { "address": address.ip(), "port_value": address.port() } })
}

/// A set as a listener: strict as the gateway is, where Envoy can be.
pub(super) fn listener(set: &Set, pool: &DescriptorPool) -> Value {
    let ignore = set.has("ignore_unknown_parameters");
    let transcoder = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        "proto_descriptor_bin": base64::prelude::BASE64_STANDARD.encode(pool.encode_to_vec()),
        "services": ["cases.v1.Case"],
        "convert_grpc_status": true,
        "query_param_unescape_plus": true,
        "auto_mapping": set.has("auto_map"),
        "ignore_unknown_query_parameters": ignore,
        "ignored_query_parameters": Vec::from_iter(set.value("ignored")),
        "print_options": {
            "preserve_proto_field_names": set.has("proto_names"),
            "always_print_enums_as_ints": set.has("enum_numbers"),
            "always_print_primitive_fields": set.has("always_print"),
        },
        "request_validation_options": {
            "reject_unknown_method": true,
            "reject_unknown_query_parameters": !ignore,
            "reject_binding_body_field_collisions": true,
        },
    });
    let router =
        json!({ "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" });
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "case",
        "http_protocol_options": { "allow_custom_methods": true },
        "route_config": { "virtual_hosts": [{
            "name": "all", "domains": ["*"],
            "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": "backend" } }],
        }] },
        "http_filters": [
            { "name": "transcoder", "typed_config": transcoder },
            { "name": "router", "typed_config": router },
        ],
    });
    json!({
        "name": set.name,
        "address": address(SocketAddr::from(([127, 0, 0, 1], 0))),
        "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }],
    })
}

fn cluster(backend: SocketAddr) -> Value {
    let options = json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": { "http2_protocol_options": {} },
    });
    json!({
        "name": "backend",
        "type": "STATIC",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options,
        },
        "load_assignment": {
            "cluster_name": "backend",
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address(backend) } }] }],
        },
    })
}
