//! Templates, rules and routing against the tables in `tests/data/`.
#![allow(clippy::unwrap_used)]

use prost_reflect::DescriptorPool;
use std::{fs, path::Path};
use trestle::{
    descriptors,
    route::{Match, Table},
    rule::{
        self, Binding, BodySelector, Idempotency, MethodMatch, ReplySelector, Segment, Template,
    },
    transcode::Schema,
};

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of a table file with their line numbers.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
}

// --- templates ---

#[test]
fn templates_parse_as_the_table_says() {
    let text = data("templates.txt");
    let (mut count, mut wrong) = (0, String::new());
    for (line, row) in rows(&text) {
        let cells: Vec<_> = row
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect();
        match cells[..] {
            ["ok", template, canonical, segments, variables, verb] => {
                accepts(line, template, canonical, [segments, variables, verb]);
            }
            ["err", column, template, message] => {
                wrong.extend(refuses(line, column, template, message))
            }
            _ => panic!("templates.txt:{line}: not a row: {cells:?}"),
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(count > 80, "only {count} rows");
}

fn accepts(line: usize, text: &str, canonical: &str, [segments, variables, verb]: [&str; 3]) {
    let template = Template::parse(text)
        .unwrap_or_else(|error| panic!("templates.txt:{line}: {text}: {error}"));
    let canonical = if canonical == "=" { text } else { canonical };
    assert_eq!(
        template.to_string(),
        canonical,
        "templates.txt:{line}: printed"
    );
    let again = Template::parse(canonical).unwrap();
    assert_eq!(
        again.segments(),
        template.segments(),
        "templates.txt:{line}: printed and parsed again"
    );
    assert_eq!(
        again.verb(),
        template.verb(),
        "templates.txt:{line}: printed and parsed again"
    );
    assert_eq!(
        again.to_string(),
        canonical,
        "templates.txt:{line}: printed twice"
    );

    let dash = |text: String| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text
        }
    };
    let shown = template.segments().iter().map(|segment| match segment {
        Segment::Literal(text) if text == "*" => "*lit",
        Segment::Literal(text) => text,
        Segment::One => "*",
        Segment::Rest => "**",
    });
    assert_eq!(
        dash(shown.collect::<Vec<_>>().join(" / ")),
        segments,
        "templates.txt:{line}: segments"
    );
    let shown = template.variables().iter().map(|variable| {
        assert_eq!(
            &text[variable.column..][..variable.field.len()],
            variable.field,
            "templates.txt:{line}: column"
        );
        let plus = if variable.multi { "+" } else { "" };
        format!("{}@{:?}{plus}", variable.field, variable.segments)
    });
    assert_eq!(
        dash(shown.collect::<Vec<_>>().join(", ")),
        variables,
        "templates.txt:{line}: variables"
    );
    assert_eq!(
        template.verb().unwrap_or("-"),
        verb,
        "templates.txt:{line}: verb"
    );
}

/// What is wrong with the refusal, if anything.
fn refuses(line: usize, column: &str, text: &str, message: &str) -> Option<String> {
    let found = match Template::parse(text) {
        Ok(template) => format!("accepted as {template}"),
        Err(error)
            if (error.column + 1).to_string() == column && error.message.contains(message) =>
        {
            return None;
        }
        Err(error) => error.to_string(),
    };
    Some(format!("templates.txt:{line}: {text}: {found}\n"))
}

#[test]
fn a_template_has_bounded_segments() {
    let longest = "/a".repeat(rule::MAX_SEGMENTS);
    assert_eq!(
        Template::parse(&longest).unwrap().segments().len(),
        rule::MAX_SEGMENTS
    );
    let error = Template::parse(&(longest.clone() + "/{b}")).unwrap_err();
    assert!(error.message.contains("at most 128 segments"), "{error}");
}

// --- routes ---

type Routes<'a> = Vec<(MethodMatch, Template, &'a str)>;

#[test]
fn requests_are_routed_as_the_table_says_in_any_order_of_registration() {
    let text = data("routes.txt");
    let mut routes: Routes<'_> = Vec::new();
    let mut requests = Vec::new();
    let mut count = 0;
    for (line, row) in rows(&text).chain([(0, "table end")]) {
        if row.starts_with("table ") {
            count += requests.len();
            for order in orders(routes.len()) {
                let routes: Vec<_> = order.iter().map(|&index| routes[index].clone()).collect();
                let table = Table::build(
                    routes
                        .iter()
                        .map(|(method, template, _)| (method, template)),
                )
                .unwrap();
                for &(line, request) in &requests {
                    put(line, &table, &routes, request);
                }
            }
            routes.clear();
            requests.clear();
        } else if let Some(request) = row.strip_prefix("> ") {
            requests.push((line, request));
        } else {
            let (method, template) = row.split_once(' ').unwrap();
            routes.push((
                method_match(method),
                Template::parse(template).unwrap(),
                row,
            ));
        }
    }
    assert!(count > 110, "only {count} requests");
}

fn method_match(text: &str) -> MethodMatch {
    match text {
        "*" => MethodMatch::Any,
        _ => MethodMatch::Exact(text.parse().unwrap()),
    }
}

/// Every rotation of a list, forwards and backwards.
fn orders(length: usize) -> Vec<Vec<usize>> {
    let rotated = (0..length).map(|by| (0..length).map(|index| (index + by) % length).collect());
    let forwards: Vec<Vec<usize>> = rotated.collect();
    let backwards = forwards
        .iter()
        .map(|order| order.iter().rev().copied().collect());
    backwards.chain(forwards.clone()).collect()
}

fn put(line: usize, table: &Table, routes: &Routes<'_>, request: &str) {
    let (request, expected) = request.split_once(" => ").unwrap();
    let (method, path) = request.split_once(' ').unwrap();
    let answer = match table.find(&method.parse().unwrap(), path) {
        Err(error) => format!("400 {} {:?}", error.offset, error.fault),
        Ok(Match::NoPath) => "404".to_owned(),
        Ok(Match::WrongMethod { allow }) => format!("405 {allow}"),
        Ok(Match::Found { binding, captures }) => {
            let (_, template, row) = &routes[binding];
            template
                .variables()
                .iter()
                .fold((*row).to_owned(), |answer, variable| {
                    let value = captures
                        .decode(variable.segments.clone(), variable.multi)
                        .unwrap();
                    format!("{answer} {}={value}", variable.field)
                })
        }
    };
    assert_eq!(answer, expected, "routes.txt:{line}: {request}");
}

#[test]
fn a_path_has_bounded_segments_and_bytes() {
    let template = Template::parse("/**").unwrap();
    let table = Table::build([(&MethodMatch::Any, &template)]).unwrap();
    let find = |path: &str| match table.find(&http::Method::GET, path) {
        Ok(Match::Found { .. }) => "found".to_owned(),
        Ok(other) => panic!("{other:?}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(find(&"/a".repeat(rule::MAX_SEGMENTS)), "found");
    assert!(
        find(&"/a".repeat(rule::MAX_SEGMENTS + 1))
            .contains("byte 257: the path has too many segments")
    );
    assert_eq!(find(&("/".to_owned() + &"a".repeat(65_534))), "found");
    assert!(find(&("/".to_owned() + &"a".repeat(65_535))).contains("too long"));
}

#[test]
fn routes_that_want_the_same_requests_are_all_reported() {
    let rows = [
        "GET /v1/{a}",
        "GET /v1/{b}",
        "POST /v1/{b}",
        "* /v1/{c}",
        "* /v1/*",
        "GET /v1/{a}:x",
        "GET /v1/{a=**}",
        "GET /v1/{a=x/*}",
        "GET /v1/x/{b}",
        "GET /v1/%78/{c}",
    ];
    let routes: Vec<_> = rows
        .iter()
        .map(|row| row.split_once(' ').unwrap())
        .collect();
    let routes: Vec<_> = routes
        .iter()
        .map(|(method, template)| (method_match(method), Template::parse(template).unwrap()))
        .collect();
    let conflicts =
        Table::build(routes.iter().map(|(method, template)| (method, template))).unwrap_err();
    let pairs: Vec<_> = conflicts
        .iter()
        .map(|conflict| (conflict.first, conflict.second))
        .collect();
    assert_eq!(pairs, [(0, 1), (3, 4), (7, 8), (7, 9)]);
    assert_eq!(
        conflicts[0].to_string(),
        "GET /v1/{a} and GET /v1/{b} match the same requests"
    );
    assert_eq!(
        conflicts[1].to_string(),
        "* /v1/{c} and * /v1/* match the same requests"
    );
}

// --- rules ---

/// Compiles one service whose method `Call` has the given option, and whose other
/// methods are `extra`.
fn compile(option: &str, extra: &str) -> Result<Vec<Binding>, Vec<rule::RuleError>> {
    let source = format!(
        "{}\nservice Library {{\n  rpc Call(Request) returns (Reply) {{\n    option (google.api.http) = {{\n{option}\n    }};\n  }}\n{extra}\n}}\n",
        data("rules.proto").trim_end()
    );
    let pool = pool_of(&source);
    rule::compile(&pool, &Schema::compile(&pool))
}

fn pool_of(source: &str) -> DescriptorPool {
    let dir = Scratch::new();
    fs::write(dir.path().join("test.proto"), source).unwrap();
    descriptors::from_protos(&["test.proto"], &[dir.path()])
        .unwrap_or_else(|error| panic!("{error}\n{source}"))
}

/// A directory of one test's own, gone with it.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> Scratch {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "rules-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn rules_at_fault_are_reported_as_the_table_says() {
    let text = data("rule_errors.txt");
    let mut count = 0;
    for case in text.split("\n== ").skip(1) {
        let (name, case) = case.split_once('\n').unwrap();
        let (option, expected) = case.split_once("\n--\n").unwrap();
        let errors = compile(option, "").expect_err(name);
        let shown = errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n\n");
        let mut wanted = 1;
        for line in expected.lines().filter(|line| !line.trim().is_empty()) {
            if let Some(number) = line.strip_suffix(" errors") {
                wanted = number.parse().unwrap();
            } else {
                assert!(
                    shown.lines().any(|l| l.starts_with(line)),
                    "{name}: no line begins\n{line}\nin\n{shown}"
                );
            }
        }
        assert_eq!(errors.len(), wanted, "{name}:\n{shown}");
        count += 1;
    }
    assert!(count > 20, "only {count} cases");
}

#[test]
fn a_rule_becomes_a_binding_with_everything_resolved() {
    let option = r#"
        patch: "/v1/{book.name=shelves/*/books/*}:touch"
        body: "book"
        response_body: "book"
        additional_bindings { custom: { kind: "*" path: "/all/{name}/{created}" } }
        additional_bindings { delete: "/v1/{shelf}" body: "*" response_body: "*" }
        additional_bindings { custom: { kind: "HEAD" path: "/v1/{shelf}" } }"#;
    let bindings = compile(option, "").unwrap();
    let pool = pool_of(&format!("{}\n", data("rules.proto")));
    let schema = Schema::compile(&pool);

    let [patch, any, delete, head] = &bindings[..] else {
        panic!("{bindings:?}")
    };
    assert_eq!(patch.method.full_name, "test.v1.Library.Call");
    assert_eq!(patch.method.path, "/test.v1.Library/Call");
    assert_eq!(schema.message_name(patch.method.input), "test.v1.Request");
    assert_eq!(schema.message_name(patch.method.output), "test.v1.Reply");
    assert_eq!(patch.http.to_string(), "PATCH");
    assert_eq!(
        patch.template.to_string(),
        "/v1/{book.name=shelves/*/books/*}:touch"
    );
    let [name] = &patch.captures[..] else {
        panic!("{patch:?}")
    };
    assert_eq!(
        (
            schema.path_name(&name.field),
            name.segments.clone(),
            name.multi
        ),
        ("book.name".to_owned(), 1..5, true)
    );
    assert!(matches!(&patch.body, BodySelector::Field(field) if schema.path_name(field) == "book"));
    assert!(
        matches!(&patch.reply, ReplySelector::Field(field) if schema.path_name(field) == "book")
    );

    assert_eq!(any.http, MethodMatch::Any);
    assert!(matches!(any.body, BodySelector::None));
    assert_eq!(any.captures.len(), 2, "a timestamp has a text form");
    assert!(matches!(
        (&delete.body, &delete.reply),
        (BodySelector::Whole, ReplySelector::Whole)
    ));
    assert_eq!(head.http, MethodMatch::Exact(http::Method::HEAD));
    assert_eq!(
        bindings
            .iter()
            .map(|binding| binding.index)
            .collect::<Vec<_>>(),
        [0, 1, 2, 3]
    );
    assert!(
        bindings
            .iter()
            .all(|binding| std::sync::Arc::ptr_eq(&binding.method, &patch.method))
    );
}

#[test]
fn methods_without_a_rule_are_skipped_and_flags_are_read() {
    let extra = r#"
        rpc Silent(Request) returns (Reply);
        rpc Watch(Request) returns (stream Reply) {
          option deprecated = true;
          option idempotency_level = NO_SIDE_EFFECTS;
          option (google.api.http).get = "/watch/{name}";
        }
        rpc Upload(stream Request) returns (Reply) {
          option idempotency_level = IDEMPOTENT;
          option (google.api.http).put = "/upload";
          option (google.api.http).body = "*";
        }"#;
    let bindings = compile("get: \"/call\"", extra).unwrap();
    let flags: Vec<_> = bindings
        .iter()
        .map(|binding| {
            let method = &binding.method;
            (
                &method.full_name[16..],
                method.client_streaming,
                method.server_streaming,
                method.deprecated,
                method.idempotency,
            )
        })
        .collect();
    assert_eq!(
        flags,
        [
            ("Call", false, false, false, Idempotency::Unknown),
            ("Watch", false, true, true, Idempotency::NoSideEffects),
            ("Upload", true, false, false, Idempotency::Idempotent),
        ]
    );
    assert!(
        matches!(bindings[2].body, BodySelector::Whole),
        "an option set in two pieces is one rule"
    );
}

#[test]
fn an_older_http_proto_in_the_set_hides_nothing() {
    let dir = Scratch::new();
    fs::create_dir_all(dir.path().join("google/api")).unwrap();
    let old = r#"syntax = "proto3"; package google.api;
        import "google/protobuf/descriptor.proto";
        message HttpRule { string get = 2; }
        extend google.protobuf.MethodOptions { HttpRule http = 72295728; }"#;
    fs::write(dir.path().join("google/api/annotations.proto"), old).unwrap();
    let source = r#"syntax = "proto3"; package old; import "google/api/annotations.proto";
        message M { string name = 1; }
        service S { rpc Get(M) returns (M) { option (google.api.http) = { get: "/{name}" }; } }"#;
    fs::write(dir.path().join("old.proto"), source).unwrap();
    let pool = descriptors::from_protos(&["old.proto"], &[dir.path()]).unwrap();
    assert!(
        pool.get_message_by_name("google.api.CustomHttpPattern")
            .is_none(),
        "the user's own file is used"
    );
    let bindings = rule::compile(&pool, &Schema::compile(&pool)).unwrap();
    assert_eq!(bindings[0].template.to_string(), "/{name}");
}

#[test]
fn the_embedded_rules_compile_and_route() {
    let pool = descriptors::embedded();
    let bindings = rule::compile(&pool, &Schema::compile(&pool)).unwrap();
    assert_eq!(bindings.len(), 5, "{bindings:?}");
    assert_eq!(bindings[0].method.path, "/rpc.Fetch/Capitalize");
    let table = Table::build(
        bindings
            .iter()
            .map(|binding| (&binding.http, &binding.template)),
    )
    .unwrap();
    let found = table.find(&http::Method::POST, "/api/capitalize").unwrap();
    assert!(
        matches!(found, Match::Found { binding: 0, .. }),
        "{found:?}"
    );
}
