//! Rules from files and automatic ones, against the table in
//! `tests/data/rule_sources.txt`.
#![allow(clippy::unwrap_used)]

use prost_reflect::DescriptorPool;
use std::{fs, path::Path, sync::LazyLock};
use trestle::{
    descriptors,
    rule::{self, AutoMap, BodySelector, ReplySelector, ServiceConfig, Settings, Source},
    transcode::Schema,
};

const SERVICES: &str = r#"
service Library {
  rpc Get(Request) returns (Reply) {
    option (google.api.http) = {
      get: "/v1/{name}"
      additional_bindings { post: "/v1/{name}:get" body: "*" }
    };
  }
  rpc Put(Request) returns (Reply);
}
service Other {
  rpc Get(Request) returns (Reply);
}
"#;

const HEALTH: &str = r#"syntax = "proto3"; package grpc.health.v1;
message Request { string service = 1; }
service Health { rpc Check(Request) returns (Request); }
"#;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let messages = fs::read_to_string(crate_dir.join("tests/data/rules.proto")).unwrap();
    let name = format!("rule-sources-{}", std::process::id());
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("test.proto"), messages + SERVICES).unwrap();
    fs::write(dir.join("health.proto"), HEALTH).unwrap();
    let pool = descriptors::from_protos(&["health.proto", "test.proto"], &[&dir]);
    fs::remove_dir_all(&dir).unwrap();
    pool.unwrap_or_else(|error| panic!("{error}"))
});

/// One case of the table.
#[derive(Default)]
struct Case {
    title: String,
    line: usize,
    auto: Vec<String>,
    files: Vec<(String, String)>,
    expected: Vec<String>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut in_answer = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(title) = line.strip_prefix("== ") {
            in_answer = false;
            cases.push(Case {
                title: title.to_owned(),
                line: index + 1,
                ..Case::default()
            });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            continue;
        };
        if line == "--" {
            in_answer = true;
        } else if in_answer {
            case.expected
                .extend(Some(line.to_owned()).filter(|line| !line.is_empty()));
        } else if let Some(words) = line.strip_prefix("@auto ") {
            case.auto = words.split(' ').map(str::to_owned).collect();
        } else if let Some(name) = line.strip_prefix("@file ") {
            case.files.push((name.to_owned(), String::new()));
        } else {
            let (_, text) = case.files.last_mut().unwrap();
            *text += &format!("{line}\n");
        }
    }
    cases
}

/// The routes, or every error.
fn outcome(case: &Case) -> Result<Vec<String>, Vec<String>> {
    let mut settings = Settings {
        auto_map: AutoMap::from_words(case.auto.iter().cloned()),
        ..Settings::default()
    };
    let mut errors = Vec::new();
    for (name, text) in &case.files {
        match ServiceConfig::parse(text, name) {
            Ok(file) => settings.files.push(file),
            Err(faults) => errors.extend(faults.iter().map(ToString::to_string)),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let bindings = rule::compile_with(&POOL, &Schema::compile(&POOL), &settings)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let shown = bindings.iter().map(|binding| {
        let over = match binding.source {
            Source::File {
                replaces_annotation: true,
                ..
            } => " over the annotation",
            _ => "",
        };
        format!(
            "{} {} -> {} [{}{over}]",
            binding.http, binding.template, binding.method.full_name, binding.source
        )
    });
    Ok(shown.collect())
}

/// What differs from the table, if anything.
fn difference(case: &Case) -> Option<String> {
    let (verdict, expected) = case.expected.split_first().expect("an answer");
    match outcome(case) {
        Ok(routes) if verdict == "ok" && routes == expected => None,
        Ok(routes) => Some(format!("served:\n{}", routes.join("\n"))),
        Err(errors) => {
            let all = errors.join("\n");
            let count = verdict.split(' ').next().unwrap();
            let is_told = |line: &String| all.lines().any(|told| told.starts_with(line.as_str()));
            let missing: Vec<_> = expected.iter().filter(|line| !is_told(line)).collect();
            let as_expected = count == errors.len().to_string() && missing.is_empty();
            (!as_expected).then(|| format!("{} errors:\n{all}\nwithout {missing:#?}", errors.len()))
        }
    }
}

#[test]
fn sources_meet_as_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rule_sources.txt");
    let cases = cases(&fs::read_to_string(path).unwrap());
    assert!(cases.len() > 20, "only {} cases", cases.len());
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let difference = difference(case)?;
            Some(format!(
                "rule_sources.txt:{}: {}: {difference}\n",
                case.line, case.title
            ))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn selectors_of_a_file_rule_mean_fields() {
    let rules = "http: { rules: [{ selector: test.v1.Library.Put, put: '/{name}', body: book, \
                 response_body: note }] }";
    let settings = Settings {
        files: vec![ServiceConfig::parse(rules, "rules.yaml").unwrap()],
        ..Settings::default()
    };
    let schema = Schema::compile(&POOL);
    let bindings = rule::compile_with(&POOL, &schema, &settings).unwrap();
    let put = bindings.last().unwrap();
    assert_eq!(put.method.full_name, "test.v1.Library.Put");
    assert!(matches!(&put.body, BodySelector::Field(path) if schema.path_name(path) == "book"));
    assert!(matches!(&put.reply, ReplySelector::Field(path) if schema.path_name(path) == "note"));
    assert_eq!(schema.path_name(&put.captures[0].field), "name");
}

#[test]
fn an_automatic_rule_takes_the_whole_request_as_body() {
    let settings = Settings {
        auto_map: AutoMap::from_words(["test.v1.Other".to_owned()]),
        ..Settings::default()
    };
    let bindings = rule::compile_with(&POOL, &Schema::compile(&POOL), &settings).unwrap();
    let auto = bindings.last().unwrap();
    assert_eq!(auto.source, Source::Auto);
    assert!(matches!(auto.body, BodySelector::Whole));
    assert!(matches!(auto.reply, ReplySelector::Whole));
}

#[test]
fn deep_nesting_is_refused_and_a_missing_file_named() {
    let text = format!("http: {}", "[".repeat(10_000));
    let faults = ServiceConfig::parse(&text, "deep.yaml").unwrap_err();
    assert!(
        faults[0].to_string().starts_with("deep.yaml:1:"),
        "{}",
        faults[0]
    );
    let faults = ServiceConfig::read("/nonexistent/rules.yaml").unwrap_err();
    let text = faults[0].to_string();
    assert!(
        text.starts_with("/nonexistent/rules.yaml: cannot read the rules: "),
        "{text}"
    );
}
