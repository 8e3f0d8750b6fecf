//! The program as it is run: usage, configuration, what it prints, how it ends.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
    time::timeout,
};

/// Far above what any of these takes: reached only when something hangs.
const HANG: Duration = Duration::from_secs(30);
const FETCH: [&str; 4] = ["--proto", "proto/rpc/fetch.proto", "--proto-path", "proto"];
/// An API of one method.
const ONE_METHOD: &str = r#"syntax = "proto3"; package one.v1;
import "google/api/annotations.proto";
message Text { string id = 1; string data = 2; }
service One {
  rpc Call(Text) returns (Text) { option (google.api.http) = { get: "/v1/{id}" }; }
}"#;
const FREE_PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];

/// The program in the crate's directory, with none of our variables set.
fn trestle(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trestle"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRESTLE_") {
            command.env_remove(name);
        }
    }
    command.env_remove("OTEL_PROPAGATORS").kill_on_drop(true);
    command
}

async fn output(mut command: Command) -> Output {
    timeout(HANG, command.output())
        .await
        .expect("the program ends")
        .unwrap()
}

/// Exit code, stdout, stderr.
async fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = output(trestle(arguments)).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A file of its own below the build's scratch directory.
fn file(name: &str, content: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

#[tokio::test]
async fn help_fits_a_screen_and_names_every_command() {
    let (code, out, _) = run(&["-h"]).await;
    assert_eq!(code, 0);
    for command in ["demo", "serve", "backend", "routes", "check"] {
        assert!(out.contains(&format!("\n  {command} ")), "{out}");
        let (code, help, _) = run(&[command, "-h"]).await;
        assert_eq!(code, 0, "{command}");
        assert!(help.lines().count() <= 40, "{help}");
        let (_, long, _) = run(&[command, "--help"]).await;
        assert!(long.contains("Examples:\n  trestle "), "{long}");
    }
}

#[tokio::test]
async fn bad_usage_exits_with_2_on_stderr() {
    for arguments in [
        &[][..],
        &["serve", "--lisen", "127.0.0.1:1"],
        &["serve", "--deadline", "soon"],
        &["serve", "--listen", "8080"],
        &["serve", "--proto", "a.proto", "--descriptor-set", "b.binpb"],
    ] {
        let (code, out, err) = run(arguments).await;
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(
            err.contains("Usage: trestle") || err.contains("error: "),
            "{err}"
        );
    }
}

#[tokio::test]
async fn addresses_and_numbers_that_are_none_are_told_how_to_be_written() {
    let like = "is no address; write it like `127.0.0.1:8080`";
    for (arguments, expected) in [
        (["serve", "--listen", "localhost:1"], like),
        (["serve", "--admin-listen", ":8080"], like),
        (["demo", "--backend-listen", "8080"], like),
        (["demo", "--backend-admin-listen", "x"], like),
        (["backend", "--listen", "x"], like),
        (["backend", "--admin-listen", "x"], like),
        (["client", "--admin-listen", "x"], like),
        (
            ["serve", "--workers", "0"],
            "`0` is no number from 1 upwards",
        ),
    ] {
        let (code, _, err) = run(&arguments).await;
        assert_eq!(code, 2, "{arguments:?}: {err}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
    }
}

#[tokio::test]
async fn a_backend_whose_url_is_none_is_told_of_once() {
    let url = ["--upstream", "ftp://backend"];
    for command in [&["serve"][..], &["check"], &["openapi"], &["call", "a.B/C"]] {
        let (code, _, err) = run(&[command, &url].concat()).await;
        assert_eq!(code, 2, "{command:?}: {err}");
        let faults: Vec<&str> = err.lines().collect();
        assert_eq!(faults.len(), 1, "{command:?}: {err}");
        assert!(
            faults[0].starts_with("error: backend URL `ftp://backend`: its scheme is not `http`;"),
            "{command:?}: {err}"
        );
    }
}

#[tokio::test]
async fn serve_says_all_that_it_lacks_and_how_to_get_it() {
    let (code, _, err) = run(&["serve"]).await;
    assert_eq!(code, 2);
    assert!(err.contains("error: no backend: "), "{err}");
    assert!(err.contains("error: no descriptors: "), "{err}");
    assert!(err.contains("help: give --descriptor-set FILE"), "{err}");
    assert!(err.contains("protoc --include_imports"), "{err}");
    assert!(err.contains("buf build -o"), "{err}");
}

#[tokio::test]
async fn routes_are_listed_as_a_table_and_as_json() {
    let (code, out, err) = run(&[&["routes"][..], &FETCH].concat()).await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        out,
        "\
POST    /api/capitalize        -> rpc.Fetch/Capitalize (body *) [annotation]
POST    /api/capitalize/stream -> rpc.Fetch/CapitalizeStream (body *, client stream, server stream) [annotation]
POST    /api/capitalize/words  -> rpc.Fetch/CapitalizeWords (body *, server stream) [annotation]
GET     /api/capitalize/words  -> rpc.Fetch/CapitalizeWords (server stream) [annotation]
POST    /api/capitalize/all    -> rpc.Fetch/CapitalizeAll (body *, client stream) [annotation]
"
    );

    let (code, out, _) = run(&[&["routes", "--format", "json"][..], &FETCH].concat()).await;
    assert_eq!(code, 0);
    let routes: serde_json::Value = serde_json::from_str(&out).unwrap();
    let expected = serde_json::json!({
        "method": "POST",
        "path": "/api/capitalize",
        "grpc": "rpc.Fetch/Capitalize",
        "body": "*",
        "responseBody": null,
        "clientStreaming": false,
        "serverStreaming": false,
        "deprecated": false,
        "source": "annotation",
    });
    assert_eq!(routes[0], expected);
    assert_eq!(routes.as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn check_accepts_what_holds() {
    let (code, out, err) = run(&[&["check"][..], &FETCH].concat()).await;
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "ok: 5 routes to 4 methods\n", "")
    );
}

#[tokio::test]
async fn check_names_routes_that_are_not_there() {
    let config = "routes:\n- select: rpc.Fetch.Capitalise\n  deadline: 1s\n";
    let config = file("no_such_route.yaml", config);
    let config = config.to_str().unwrap();
    let (code, _, err) = run(&[&["check", "--config", config][..], &FETCH].concat()).await;
    let fault = "`routes`: no route is selected by `rpc.Fetch.Capitalise`; did you mean \
                 `rpc.Fetch.Capitalize`?";
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains(&format!("error: {config}:2:3: {fault}")),
        "{err}"
    );
}

#[tokio::test]
async fn check_reports_every_fault_of_every_kind() {
    let bad = "syntax = \"proto3\"; package p; import \"google/api/annotations.proto\";\n\
        message M { string a = 1; }\n\
        service S {\n\
          rpc One(M) returns (M) { option (google.api.http) = { get: \"/v1/{missing}\" }; }\n\
          rpc Two(M) returns (M) { option (google.api.http) = { get: \"v2\" }; }\n\
        }\n";
    let proto = file("bad_rules.proto", bad);
    let config = file(
        "bad_keys.yaml",
        "lisen: 127.0.0.1:1\nserver:\n  workers: none\n",
    );
    let (config, proto) = (config.to_str().unwrap(), proto.to_str().unwrap());
    let arguments = [
        "check",
        "--config",
        config,
        "--proto",
        proto,
        "--deadline",
        "1h",
    ];
    let (code, _, err) = run(&arguments).await;
    assert_eq!(code, 2);
    let expected = [
        format!("error: {config}:1:1: unknown key `lisen`; did you mean `listen`?"),
        format!("error: {config}:3:3: `server.workers`: `none` is no number from 1 upwards"),
        "error: the default deadline (3600s) is above the longest one".to_owned(),
    ];
    for fault in expected {
        assert!(err.contains(&fault), "{fault:?} in {err}");
    }
    for (method, line, text) in [("One", 4, "missing"), ("Two", 5, "v2")] {
        let source = bad.lines().nth(line - 1).unwrap();
        let column = source.find("option").unwrap() + 1;
        let place = format!("error: bad_rules.proto:{line}:{column}: rule of p.S.{method}\n");
        let told = err.find(&place).map(|at| &err[at + place.len()..]);
        let told = told.and_then(|told| told.lines().next());
        assert!(
            told.is_some_and(|rule| rule.contains(text)),
            "{place} in {err}"
        );
    }
}

#[tokio::test]
async fn check_tells_the_places_of_rules_that_want_the_same_requests() {
    let twice = ONE_METHOD.replace(
        "\n}",
        "\n  rpc Again(Text) returns (Text) { option (google.api.http).get = \"/v1/{data}\"; }\n}",
    );
    let proto = file("same_requests.proto", &twice);
    let (code, _, err) = run(&["check", "--proto", proto.to_str().unwrap()]).await;
    assert_eq!(code, 2, "{err}");
    assert_eq!(
        err,
        "error: same_requests.proto:6:36: GET `/v1/{data}` of one.v1.One.Again and GET `/v1/{id}` \
         of one.v1.One.Call (same_requests.proto:5:35) match the same requests; change one of the \
         two\n"
    );
}

#[tokio::test]
async fn rules_of_a_file_are_shown_with_their_place() {
    let rules =
        "http:\n  rules:\n  - selector: one.v1.One.Call\n    put: /v2/{id}\n    body: data\n";
    let rules = file("capitals.yaml", rules);
    let rules = rules.to_str().unwrap();
    let proto = file("one_method.proto", ONE_METHOD);
    let proto = ["--proto", proto.to_str().unwrap()];
    let given = [&proto[..], &["--rules", rules]].concat();
    let (code, out, err) = run(&[&["routes"][..], &given].concat()).await;
    assert_eq!(code, 0, "{err}");
    let expected = format!("PUT     /v2/{{id}} -> one.v1.One/Call (body data) [{rules}:3]\n");
    assert_eq!(out, expected);

    let arguments = [&["routes", "--format", "json"][..], &given].concat();
    let (_, out, _) = run(&arguments).await;
    let routes: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(routes[0]["source"], format!("{rules}:3"));

    let config = format!("rules: {{ files: {rules} }}\n");
    let config = file("with_rules.yaml", &config);
    let config = ["check", "--config", config.to_str().unwrap()];
    let (code, out, err) = run(&[&config[..], &proto].concat()).await;
    assert_eq!(
        (code, out.as_str()),
        (0, "ok: 1 route to 1 method\n"),
        "{err}"
    );
}

#[tokio::test]
async fn faults_of_rules_and_descriptors_are_told_together() {
    let rules = "http:\n  rules:\n  - selector: rpc.Fetch.Capitalise\n    gett: /a\n";
    let rules = file("slips.yaml", rules);
    let rules = rules.to_str().unwrap();
    let absent = ["--rules", "/nonexistent/rules.yaml", "--rules", rules];
    let arguments = [
        &["check", "--descriptor-set", "/nonexistent/set"][..],
        &absent,
    ]
    .concat();
    let (code, _, err) = run(&arguments).await;
    assert_eq!(code, 2);
    for fault in [
        "error: cannot read /nonexistent/set: ".to_owned(),
        "error: /nonexistent/rules.yaml: cannot read the rules: ".to_owned(),
        format!("error: {rules}:4:5: unknown key `gett`; did you mean `get`?"),
    ] {
        assert!(err.contains(&fault), "{fault:?} in {err}");
    }

    let rules = "http: { rules: [{ selector: rpc.Fetch.Capitalise, get: /a }] }\n";
    let rules = file("no_method.yaml", rules);
    let rules = rules.to_str().unwrap();
    let (code, _, err) = run(&[&["check", "--rules", rules][..], &FETCH].concat()).await;
    assert_eq!(code, 2);
    let expected = format!(
        "error: {rules}:1:17: rule of rpc.Fetch.Capitalise\n  GET /a\n  the descriptors have no \
         method `rpc.Fetch.Capitalise`\n  help: did you mean `rpc.Fetch.Capitalize`?\n"
    );
    assert_eq!(err, expected);
}

#[tokio::test]
async fn methods_without_rules_are_an_error_until_they_are_mapped() {
    let bare = "syntax = \"proto3\"; package bare.v1;\n\
        message M { string a = 1; }\n\
        service S { rpc One(M) returns (M); rpc Two(M) returns (M); }\n\
        service T { rpc One(M) returns (M); }\n";
    let bare = file("bare.proto", bare);
    let proto = ["--proto", bare.to_str().unwrap()];
    let upstream = ["--upstream", "http://127.0.0.1:1"];
    for command in [
        &["check"][..],
        &["routes"],
        &[&["serve"][..], &upstream].concat(),
    ] {
        let (code, _, err) = run(&[command, &proto].concat()).await;
        assert_eq!(code, 2, "{command:?}: {err}");
        assert!(
            err.starts_with("error: none of the 3 methods has an HTTP rule"),
            "{err}"
        );
        assert!(
            err.contains("--rules FILE") && err.contains("--auto-map"),
            "{err}"
        );
    }

    let one = "POST    /bare.v1.S/One -> bare.v1.S/One (body *) [auto]\n\
               POST    /bare.v1.S/Two -> bare.v1.S/Two (body *) [auto]\n";
    let all = format!("{one}POST    /bare.v1.T/One -> bare.v1.T/One (body *) [auto]\n");
    for (flags, expected) in [
        (&["--auto-map"][..], all.as_str()),
        (&["--auto-map=true"], &all),
        (&["--auto-map", "bare.v1.S"], one),
        (
            &["--auto-map", "bare.v1.S", "--auto-map", "bare.v1.T"],
            &all,
        ),
        (&["--auto-map", "--format", "table"], &all),
    ] {
        let (code, out, err) = run(&[&["routes"][..], &proto, flags].concat()).await;
        assert_eq!((code, out.as_str()), (0, expected), "{flags:?}: {err}");
    }

    let config = file("auto_map.yaml", "rules: { auto_map: [bare.v1.S] }\n");
    let routes = ["routes", "--config", config.to_str().unwrap()];
    let (_, out, _) = run(&[&routes[..], &proto].concat()).await;
    assert_eq!(out, one);
    let mut command = trestle(&[&routes[..], &proto].concat());
    command.env("TRESTLE_AUTO_MAP", "true");
    let out = String::from_utf8(output(command).await.stdout).unwrap();
    assert_eq!(out, all, "the variable goes over the file");
    let (code, _, _) = run(&[&routes[..], &proto, &["--auto-map=false"]].concat()).await;
    assert_eq!(code, 2, "the flag goes over the file");
}

#[tokio::test]
async fn serve_says_which_annotations_do_not_hold() {
    let rules = "http: { rules: [{ selector: rpc.Fetch.Capitalize, get: /v3 }] }\n";
    let rules = file("replacing.yaml", rules);
    let given = [
        "--upstream",
        "http://127.0.0.1:1",
        "--rules",
        rules.to_str().unwrap(),
    ];
    let json = ["--log-format", "json"];
    let arguments = [&["serve"][..], &FETCH, &FREE_PORTS, &given, &json].concat();
    let mut child = trestle(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = timeout(HANG, lines.next_line()).await.unwrap().unwrap();
    let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
    assert_eq!(line["level"], "INFO", "{line}");
    assert_eq!(
        line["message"], "a rule from a file replaces the method's annotation",
        "{line}"
    );
    assert_eq!(line["method"], "rpc.Fetch.Capitalize", "{line}");
    let place = format!("{}:1", rules.display());
    assert_eq!(line["rule"], place.as_str(), "{line}");
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_flag_goes_over_a_variable_and_that_over_the_file() {
    let config = file("precedence.yaml", "descriptors: { set: of_the_file }\n");
    let config = ["check", "--config", config.to_str().unwrap()];

    let (_, _, err) = run(&config).await;
    assert!(
        err.contains("/of_the_file: "),
        "relative to the file: {err}"
    );

    let mut command = trestle(&config);
    command.env("TRESTLE_DESCRIPTOR_SET", "of_the_variable");
    let err = String::from_utf8(output(command).await.stderr).unwrap();
    assert!(err.contains(" of_the_variable: "), "{err}");

    let mut command = trestle(&[&config[..], &["--descriptor-set", "of_the_flag"]].concat());
    command.env("TRESTLE_DESCRIPTOR_SET", "of_the_variable");
    let err = String::from_utf8(output(command).await.stderr).unwrap();
    assert!(err.contains(" of_the_flag: "), "{err}");
}

#[tokio::test]
async fn a_port_in_use_exits_with_1_and_names_the_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let elsewhere = "127.0.0.1:0";
    let flags = [
        "--listen",
        "--admin-listen",
        "--backend-listen",
        "--backend-admin-listen",
    ];
    for flag in flags {
        let mut arguments = vec!["demo"];
        for other in flags {
            arguments.extend([other, if other == flag { &taken } else { elsewhere }]);
        }
        let (code, _, err) = run(&arguments).await;
        assert_eq!(code, 1, "{err}");
        assert!(
            err.contains(&format!("error: {flag}: cannot listen on {taken}: ")),
            "{err}"
        );
        assert!(err.contains("help: choose another port"), "{err}");
    }
}

/// A program that is running, and its first line.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    ready: serde_json::Value,
}

impl Running {
    async fn start(arguments: &[&str]) -> Self {
        Self::spawn(trestle(arguments)).await
    }

    async fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = timeout(HANG, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).expect(&line);
        assert_eq!(ready["message"], "ready", "{line}");
        Self {
            child,
            lines,
            ready,
        }
    }

    async fn demo(further: &[&str]) -> Self {
        let demo =
            "demo --backend-listen 127.0.0.1:0 --backend-admin-listen 127.0.0.1:0 --workers 1";
        let demo: Vec<_> = demo.split(' ').collect();
        Self::start(&[&demo[..], &FREE_PORTS, further].concat()).await
    }

    async fn connect(&self, name: &str) -> TcpStream {
        let url = self.ready[name].as_str().unwrap();
        TcpStream::connect(url.strip_prefix("http://").unwrap())
            .await
            .unwrap()
    }

    /// A whole response to a `GET`.
    async fn get(&self, name: &str, path: &str) -> String {
        let mut stream = self.connect(name).await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        let read = timeout(HANG, stream.read_to_string(&mut response)).await;
        read.unwrap().unwrap();
        response
    }

    /// By the system's own `kill`, to this process alone.
    async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &pid])
            .status()
            .await
            .unwrap();
        assert!(sent.success());
    }

    async fn line_with(&mut self, text: &str) {
        loop {
            let line = timeout(HANG, self.lines.next_line())
                .await
                .unwrap()
                .unwrap();
            if line
                .expect("a line with the text comes before the end")
                .contains(text)
            {
                return;
            }
        }
    }

    async fn exit_code(&mut self) -> Option<i32> {
        timeout(HANG, self.child.wait())
            .await
            .unwrap()
            .unwrap()
            .code()
    }
}

#[tokio::test]
async fn the_demo_is_ready_and_ends_with_0_on_sigterm() {
    let mut demo = Running::demo(&[]).await;
    assert_eq!(demo.ready["routes"], 5);
    let curl = demo.ready["try"].as_str().unwrap();
    assert!(curl.starts_with("curl localhost:"), "{curl}");
    assert!(
        demo.get("admin", "/livez")
            .await
            .starts_with("HTTP/1.1 200 ")
    );
    let ready = demo.get("admin", "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 200 "), "{ready}");
    assert!(
        demo.get("gateway", "/nowhere")
            .await
            .starts_with("HTTP/1.1 404 ")
    );
    demo.signal("TERM").await;
    assert_eq!(demo.exit_code().await, Some(0));
}

#[tokio::test]
async fn serve_is_not_ready_while_the_backend_is_away() {
    let arguments = ["serve", "--upstream", "http://127.0.0.1:1"];
    let mut serve = Running::start(&[&arguments[..], &FETCH, &FREE_PORTS].concat()).await;
    assert_eq!(serve.ready["upstream"], "http://127.0.0.1:1");
    assert!(
        serve
            .get("admin", "/livez")
            .await
            .starts_with("HTTP/1.1 200 ")
    );
    let ready = serve.get("admin", "/readyz").await;
    assert!(
        ready.starts_with("HTTP/1.1 503 ") && ready.contains("not ready"),
        "{ready}"
    );
    serve.signal("INT").await;
    assert_eq!(serve.exit_code().await, Some(0));
}

#[tokio::test]
async fn a_drain_is_seen_by_readiness_and_a_second_signal_leaves_at_once() {
    let mut demo = Running::demo(&["--drain-delay", "1h"]).await;
    demo.signal("TERM").await;
    demo.line_with("shutting down").await;
    let ready = demo.get("admin", "/readyz").await;
    assert!(
        ready.starts_with("HTTP/1.1 503 ") && ready.contains("shutting down"),
        "{ready}"
    );
    demo.signal("TERM").await;
    assert_eq!(demo.exit_code().await, Some(130));
}

#[tokio::test]
async fn it_survives_running_out_of_file_descriptors() {
    let program = env!("CARGO_BIN_EXE_trestle");
    let listen = "--listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --backend-listen 127.0.0.1:0 \
                  --backend-admin-listen 127.0.0.1:0";
    let line = format!("ulimit -n 48 && exec {program} demo --workers 1 {listen}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).kill_on_drop(true);
    let mut demo = Running::spawn(shell).await;

    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(demo.connect("gateway").await);
    }
    demo.line_with("cannot accept a connection").await;
    drop(streams);
    let response = demo.get("gateway", "/nowhere").await;
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    demo.signal("TERM").await;
    assert_eq!(demo.exit_code().await, Some(0));
}

#[tokio::test]
async fn the_backend_alone_tells_its_address_and_ends_with_0() {
    let mut backend = Running::start(&[&["backend"][..], &FREE_PORTS].concat()).await;
    drop(backend.connect("backend").await);
    backend.signal("TERM").await;
    assert_eq!(backend.exit_code().await, Some(0));
}
