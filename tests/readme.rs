//! The README, taken at its word: its commands run and print what it says, its
//! configuration is read, and it names every flag that there is, and none besides.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

// The client is others'.
#[allow(dead_code)]
mod program;

use program::Demo;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const README: &str = include_str!("../README.md");
const COMMANDS: [&str; 10] = [
    "demo",
    "serve",
    "backend",
    "client",
    "routes",
    "check",
    "openapi",
    "call",
    "healthcheck",
    "completions",
];
const SHOP: &str = r#"syntax = "proto3"; package shop.v1;
import "google/api/annotations.proto";
message Item { string name = 1; }
service Shop {
  rpc Get(Item) returns (Item) { option (google.api.http) = { get: "/v1/{name}" }; }
  rpc Put(Item) returns (Item);
}"#;
const RULES: &str = "type: google.api.Service
config_version: 3
http:
  rules:
  - { selector: shop.v1.Shop.Put, put: \"/v1/{name}\" }
";

/// The blocks of a kind, each with its lines.
fn blocks(kind: &str) -> Vec<Vec<&'static str>> {
    let opening = format!("```{kind}");
    let mut blocks = Vec::new();
    let mut lines = README.lines();
    while let Some(line) = lines.next() {
        if line == opening {
            blocks.push(lines.by_ref().take_while(|line| *line != "```").collect());
        }
    }
    assert!(!blocks.is_empty(), "{kind}");
    blocks
}

/// The commands of the console blocks, each with what it is said to print.
fn commands() -> Vec<(&'static str, String)> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in blocks("console").into_iter().flatten() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, String::new())),
            (None, Some((_, output))) => output.push_str(&format!("{line}\n")),
            (None, None) => panic!("output without a command: {line}"),
        }
    }
    commands
}

/// A directory with what the commands name.
fn shop() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let protos = directory.join("proto");
    fs::create_dir_all(protos.join("shop/v1")).unwrap();
    let proto = protos.join("shop/v1/shop.proto");
    fs::write(&proto, SHOP).unwrap();
    // As the README has it: found by the path that imports begin with.
    fs::create_dir_all(directory.join("shop/v1")).unwrap();
    fs::write(directory.join("shop/v1/shop.proto"), SHOP).unwrap();
    let pool = trestle::descriptors::from_protos(&[proto], &[protos]).unwrap();
    fs::write(directory.join("shop.binpb"), pool.encode_to_vec()).unwrap();
    fs::write(directory.join("rest.yaml"), RULES).unwrap();
    let xray = r#"{"version":2,"rules":[],"default":{"fixed_target":1,"rate":0.1}}"#;
    fs::write(directory.join("rules.json"), xray).unwrap();
    directory
}

#[test]
fn what_is_asked_of_the_demo_answers_as_written() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("SKIP: curl is not installed");
        return;
    }
    let demo = Demo::start(&[], &[]);
    let place = demo.url("gateway").trim_start_matches("http://").to_owned();
    let mut asked = 0;
    for (command, expected) in commands() {
        if !command.starts_with("curl ") {
            continue;
        }
        let command = command.replace("localhost:8080", &place);
        let command = command.replacen("curl ", "curl -sS --max-time 20 ", 1);
        let shell = Command::new("sh")
            .args(["-c", &command])
            .current_dir(shop())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&shell.stderr);
        assert!(shell.status.success(), "{command}: {error}");
        let printed = String::from_utf8(shell.stdout).unwrap();
        assert_eq!(printed.trim_end(), expected.trim_end(), "{command}");
        asked += 1;
    }
    assert!(asked >= 3, "{asked}");
}

#[test]
fn every_way_to_serve_comes_up() {
    let demo = Demo::start(&[], &[]);
    let directory = shop();
    let mut served = 0;
    for (command, _) in commands() {
        let Some(arguments) = command.strip_prefix("trestle serve ") else {
            continue;
        };
        let arguments = arguments.replace(
            '…',
            "--upstream http://127.0.0.1:50051 --descriptor-set shop.binpb",
        );
        let arguments = arguments.replace("http://127.0.0.1:50051", demo.url("backend"));
        let mut process = Command::new(env!("CARGO_BIN_EXE_trestle"))
            .arg("serve")
            .args(arguments.split(' '))
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .current_dir(&directory)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let ready = log
            .lines()
            .map_while(Result::ok)
            .find(|line| line.contains("\"ready\"") || line.starts_with("error"));
        process.kill().unwrap();
        process.wait().unwrap();
        let ready = ready.unwrap_or_default();
        assert!(ready.contains("\"ready\""), "{command}: {ready}");
        served += 1;
    }
    assert!(served >= 5, "{served}");
}

#[test]
fn its_configuration_is_read() {
    let directory = shop();
    for (index, block) in blocks("yaml").into_iter().enumerate() {
        let file = directory.join(format!("block-{index}.yaml"));
        fs::write(&file, block.join("\n")).unwrap();
        let check = Command::new(env!("CARGO_BIN_EXE_trestle"))
            .args(["check", "--descriptor-set", "shop.binpb", "--config"])
            .arg(&file)
            .current_dir(&directory)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&check.stderr);
        assert!(check.status.success(), "{told}");
    }
}

/// The flags of a text: `--` and what follows of small letters and dashes.
fn flags(text: &str) -> BTreeSet<String> {
    let starts = text.match_indices("--").map(|(at, _)| &text[at + 2..]);
    let names = starts.map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '-');
        &rest[..end.unwrap_or(rest.len())]
    });
    let names = names.filter(|name| name.starts_with(|letter: char| letter.is_ascii_lowercase()));
    names.map(str::to_owned).collect()
}

#[test]
fn every_flag_and_command_is_named() {
    let section = README.split("## Commands and flags").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut there = BTreeSet::new();
    for command in COMMANDS {
        assert!(section.contains(&format!("`{command}`")), "{command}");
        let help = Command::new(env!("CARGO_BIN_EXE_trestle"))
            .args([command, "--help"])
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let own = help
            .lines()
            .filter(|line| line.trim_start().starts_with('-'));
        there.extend(own.flat_map(flags));
    }
    let general = Command::new(env!("CARGO_BIN_EXE_trestle"))
        .arg("--help")
        .output()
        .unwrap();
    let general = String::from_utf8(general.stdout).unwrap();
    let listed = general
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let listed = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let listed: BTreeSet<_> = listed.filter(|command| *command != "help").collect();
    assert_eq!(listed, BTreeSet::from(COMMANDS));

    let named = flags(section);
    let missing: Vec<_> = there
        .difference(&named)
        .filter(|flag| *flag != "help")
        .collect();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
    let unknown: Vec<_> = named
        .difference(&there)
        .filter(|flag| *flag != "help")
        .collect();
    assert!(unknown.is_empty(), "in the README only: {unknown:?}");
}

#[test]
fn every_bench_and_script_that_is_named_is_there() {
    let manifest = include_str!("../benches/Cargo.toml");
    for name in README.split("--bench ").skip(1) {
        let end = name
            .find(|letter: char| !letter.is_ascii_lowercase())
            .unwrap();
        let name = &name[..end];
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
    for script in README.split('`').filter(|text| text.ends_with("run.sh")) {
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(script).exists(),
            "{script}"
        );
    }
}
