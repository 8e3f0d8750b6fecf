//! The path templates of `tests/data/templates.txt` put to Envoy: whether it starts
//! with them. `tests/envoy/templates.txt` says where it judges otherwise, and why.

use super::envoy;
use super::file::Set;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Envoy; tests/envoy/run.sh fetches it and runs this"]
#[expect(
    clippy::print_stderr,
    reason = "how much was compared is worth knowing"
)]
async fn envoy_takes_the_same_templates() {
    let mut listed: BTreeMap<&str, &str> = include_str!("../../envoy/templates.txt")
        .lines()
        .filter_map(|line| line.strip_prefix("- ")?.rsplit_once(" => "))
        .collect();
    let (mut faults, mut count, mut differ) = (String::new(), 0, 0);
    for line in include_str!("../../data/templates.txt").lines() {
        let mut columns = line
            .split("  ")
            .map(str::trim)
            .filter(|column| !column.is_empty());
        let (ours, template) = match columns.next() {
            Some("ok") => ("taken", columns.next()),
            Some("err") => ("refused", columns.nth(1)),
            _ => continue,
        };
        let template = template.expect("a template");
        let theirs = if is_taken(template).await {
            "taken"
        } else {
            "refused"
        };
        count += 1;
        let known = listed.remove(template);
        differ += usize::from(known.is_some());
        let fault = match known {
            None if ours == theirs => continue,
            None => "differs, and is not listed",
            Some(_) if ours == theirs => "is listed and no longer differs",
            Some(_) => continue,
        };
        writeln!(faults, "{fault}\n- {template} => {theirs}").expect("a string takes all");
    }
    assert!(
        faults.is_empty() && listed.is_empty(),
        "of {count}:\n{faults}not asked: {listed:?}"
    );
    eprintln!(
        "{count} templates: {} alike, {differ} as listed in templates.txt",
        count - differ
    );
}

/// Whether Envoy starts with a rule of this template.
async fn is_taken(template: &str) -> bool {
    let set = Set::of("template", format!("get: {template:?}"));
    let listener = envoy::listener(&set, &super::pool(&set));
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let file = envoy::write("template.json", &envoy::config(&[listener], nowhere));
    let output = envoy::envoy(&file)
        .args(["--mode", "validate"])
        .output()
        .await;
    let output = output.expect("Envoy starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let refusal = "Cannot register 'cases.v1.Case.Call' to path matcher";
    assert_eq!(
        output.status.success(),
        !said.contains(refusal),
        "{template}: {said}"
    );
    output.status.success()
}
