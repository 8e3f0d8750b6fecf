//! The OpenAPI document against the gateway it describes: schemathesis makes
//! requests of it, good and bad, and looks whether the answers are those that the
//! document promises. `tests/schemathesis/run.sh` fetches it and runs this.
//!
//! What is not asked: that every request that fits the schemas is taken, and every
//! other refused. JSON is taken as the ProtoJSON specification has it (`null` for any
//! field, numbers in quotes, names in two spellings), and names that nobody knows are
//! refused, which no schema says that generators of clients understand.

use crate::backend::Backend;
use crate::{Running, pool, serve};
use std::path::PathBuf;
use tokio::process::Command;
use trestle::gateway::Gateway;
use trestle::upstream::{self, Upstream};
use trestle::{descriptors, fetchit};

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      unsupported_method,allow_header_conformance,missing_required_header,\
                      every_record_has_its_schema";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis; tests/schemathesis/run.sh fetches it and runs this"]
#[expect(clippy::print_stderr, reason = "how much was asked is worth knowing")]
async fn answers_are_those_of_the_document() {
    let settings = upstream::Settings::default();
    let demo = Upstream::service(fetchit::routes().await, &settings);
    let demo = Gateway::builder(descriptors::embedded())
        .build(demo)
        .unwrap();
    // The answer to a bidirectional call begins before its request is whole, and breaks
    // off where the rest of that is at fault, which is no answer to schemathesis.
    let demo = run("fetchit", demo, &["/api/capitalize/stream"]).await;
    let backend = Backend::start().await;
    let every = Upstream::connect_lazy(&backend.url(), settings).unwrap();
    let every = Gateway::builder(pool()).build(every).unwrap();
    // Nor is it to be asked for uploads, as the backend echoes all messages where one is
    // due, nor for the route of all methods, of which the document names one.
    let without = ["/v1/chat", "/v1/upload", "/v1/upload/{text}", "/v1/any"];
    let every = run("every", every, &without).await;
    assert!(demo + every >= 500, "only {demo} and {every} cases");
    eprintln!("{demo} cases of fetchIt and {every} of the API of every kind, without a finding");
}

/// Runs schemathesis against a gateway; how many cases it made.
async fn run(name: &str, gateway: Gateway, without: &[&str]) -> u64 {
    let program =
        std::env::var_os("SCHEMATHESIS").expect("SCHEMATHESIS names the program; see run.sh");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("schemathesis")
        .join(name);
    std::fs::create_dir_all(&folder).expect("a folder of the test's own");
    let Running { address, .. } = serve(gateway);
    let mut command = Command::new(program);
    command
        .args(["run", &format!("http://{address}/openapi.json")])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", "10", "--seed", "1"])
        .args(["--continue-on-failure", "--no-color"])
        .args(["--report", "json", "--report-json-path", "report.json"])
        .current_dir(&folder);
    for path in without {
        command.args(["--exclude-path", path]);
    }
    let output = command.output().await.expect("schemathesis starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}: {said}");
    let report = std::fs::read(folder.join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    report["test_cases"]["generated"]
        .as_u64()
        .expect("a number of cases")
}
