//! The file format: what is taken, and what is said about what is not.

use super::*;
use crate::gateway::Framing;
use std::time::Duration;

fn parse(text: &str) -> (Config, Vec<String>) {
    let (config, faults) = Config::parse(text, Path::new("conf/trestle.yaml"));
    (config, faults.iter().map(Fault::to_string).collect())
}

#[track_caller]
fn check_fault(text: &str, expected: &str) {
    let (_, faults) = parse(text);
    assert_eq!(faults, [expected]);
}

#[test]
fn every_room_is_filled_and_the_rest_keeps_its_default() {
    let (config, faults) = parse(
        "listen: 0.0.0.0:80\n\
         upstream:\n  url: http://backend:9988\n  connect_timeout: 250ms\n\
         descriptors:\n  protos: [a.proto, b.proto]\n  proto_paths: /protos\n\
         rules: { files: [rest.yaml, /etc/more.yaml], auto_map: [true, grpc.health.v1.Health] }\n\
         gateway: { deadline: 5s, max_body: 64KiB, forward_headers: [x-tenant] }\n\
         json:\n  always_print: true\n\
         streams: { framing: events, idle_timeout: 1h }\n\
         server:\n  workers: 3\n  drain_delay: 0\n\
         log: { level: 'warn,trestle=debug', format: json }\n",
    );
    assert_eq!(faults, [""; 0]);
    assert_eq!(config.listen.to_string(), "0.0.0.0:80");
    assert_eq!(config.admin_listen.to_string(), "127.0.0.1:9465");
    assert_eq!(config.upstream_url.as_deref(), Some("http://backend:9988"));
    assert_eq!(config.upstream.connect_timeout, Duration::from_millis(250));
    let protos = ["conf/a.proto", "conf/b.proto"].map(PathBuf::from);
    assert_eq!(config.descriptors.protos, protos);
    assert_eq!(config.descriptors.proto_paths, [Path::new("/protos")]);
    let rules = ["conf/rest.yaml", "/etc/more.yaml"].map(PathBuf::from);
    assert_eq!(config.rules.files, rules);
    assert!(config.rules.auto_map.all);
    assert_eq!(config.rules.auto_map.services, ["grpc.health.v1.Health"]);
    assert_eq!(
        config.gateway.route.default_deadline,
        Duration::from_secs(5)
    );
    assert_eq!(config.gateway.route.max_deadline, Duration::from_secs(300));
    assert_eq!(config.gateway.route.max_body, 65_536);
    assert_eq!(config.gateway.forward_headers, ["x-tenant"]);
    assert!(config.gateway.route.write.always_print);
    assert_eq!(config.gateway.route.framing, Framing::Events);
    assert_eq!(config.gateway.route.stream_idle, Duration::from_secs(3600));
    assert_eq!(config.server.workers.get(), 3);
    assert_eq!(config.server.drain_delay, Duration::ZERO);
    assert_eq!(config.logs.format, logs::Format::Json);
}

#[test]
fn nothing_is_a_configuration() {
    assert_eq!(parse("").1, [""; 0]);
    assert_eq!(parse("# nothing yet\n").1, [""; 0]);
    assert_eq!(parse("server:\n").1, [""; 0]);
}

#[test]
fn all_faults_are_told_each_with_its_place() {
    let (config, faults) = parse(
        "listen: 8080\n\
         upstreem:\n  url: http://x\n\
         server:\n  workers: 0\n  drain_grace: soon\n\
         admin_listen: 127.0.0.1:1\n",
    );
    assert_eq!(
        faults,
        [
            "conf/trestle.yaml:1:1: `listen`: `8080` is no address; write it like `127.0.0.1:8080`",
            "conf/trestle.yaml:3:3: unknown key `upstreem.url`; did you mean `upstream.url`?",
            "conf/trestle.yaml:5:3: `server.workers`: `0` is no number from 1 upwards",
            "conf/trestle.yaml:6:3: `server.drain_grace`: `soon` is no duration; write it like \
             `500ms`, `10s`, `5m` or `1h`",
        ]
    );
    assert_eq!(config.admin_listen.port(), 1);
}

#[test]
fn shapes_that_do_not_fit_are_explained() {
    check_fault(
        "descriptors: set.binpb",
        "conf/trestle.yaml:1:1: `descriptors` is a section; set one of set, protos, proto_paths in it",
    );
    check_fault(
        "gateway: { max_body: [1, 2] }",
        "conf/trestle.yaml:1:12: `gateway.max_body`: expected one value, found a list",
    );
    check_fault(
        "gateway: { max_deadline: 0s }",
        "conf/trestle.yaml:1:12: `gateway.max_deadline`: it must be longer than nothing",
    );
    check_fault(
        "- listen",
        "conf/trestle.yaml:1:1: expected settings, such as `listen: 127.0.0.1:8080`",
    );
}

#[test]
fn what_is_no_yaml_is_told_with_its_place() {
    for text in [
        "listen: [",
        "listen: a\nlisten: b\n",
        "a: *none\n",
        "a: b: c\n",
    ] {
        let (_, faults) = parse(text);
        let [fault] = faults.as_slice() else {
            panic!("{text:?}: {faults:?}")
        };
        assert!(fault.starts_with("conf/trestle.yaml:"), "{fault}");
        assert!(fault.contains(": not valid YAML: "), "{fault}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let (_, faults) = Config::read(Path::new("/nonexistent/trestle.yaml"));
    let [fault] = faults.as_slice() else {
        panic!("{faults:?}")
    };
    let text = fault.to_string();
    assert!(
        text.starts_with("/nonexistent/trestle.yaml: cannot read"),
        "{text}"
    );
}

#[test]
fn durations_and_sizes_need_their_unit() {
    assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
    assert_eq!(duration("2 m"), Ok(Duration::from_secs(120)));
    assert_eq!(size("4MiB"), Ok(4 << 20));
    assert_eq!(size("17"), Ok(17));
    for bad in [
        "",
        "10",
        "s",
        "-1s",
        "1.5s",
        "10 sec",
        "99999999999999999999h",
        "9999999h",
    ] {
        assert!(duration(bad).is_err(), "{bad}");
    }
    for bad in ["", "MiB", "4MB", "-1", "99999999999GiB"] {
        assert!(size(bad).is_err(), "{bad}");
    }
}

#[test]
fn contradictions_are_found() {
    assert_eq!(Config::default().contradictions(), []);
    let mut config = Config::default();
    config.gateway.route.max_deadline = Duration::from_secs(1);
    config.admin_listen = config.listen;
    config.descriptors.set = Some("a".into());
    config.descriptors.protos = vec!["b".into()];
    assert_eq!(config.contradictions().len(), 3);
}

#[test]
fn manners_are_off_until_they_are_set() {
    let (config, faults) = parse(
        "cors:\n  origins: [https://a.example, 'http://localhost:3000']\n  credentials: true\n  \
         max_age: 10m\n\
         gateway: { trusted_proxies: [10.0.0.0/8, '::1'], etags: true, compress: true }\n",
    );
    assert_eq!(faults, [""; 0]);
    let gateway = config.gateway;
    let origins = ["https://a.example", "http://localhost:3000"].map(|origin| origin.parse());
    assert_eq!(
        gateway.cors.origins.into_iter().map(Ok).collect::<Vec<_>>(),
        origins
    );
    assert!(gateway.cors.credentials && gateway.etags && gateway.compress);
    assert_eq!(gateway.cors.max_age, Duration::from_secs(600));
    assert_eq!(
        gateway.trusted_proxies.map(|networks| networks.len()),
        Some(2)
    );

    let (config, _) = parse("gateway: { trusted_proxies: [] }");
    assert_eq!(config.gateway.trusted_proxies, Some(Vec::new()));
    let gateway = parse("").0.gateway;
    assert!(gateway.cors.origins.is_empty() && gateway.trusted_proxies.is_none());
    assert!(!gateway.cors.credentials && !gateway.etags && !gateway.compress);
}

#[test]
fn origins_and_networks_are_read_whole() {
    check_fault(
        "cors:\n  origins: '*'\n",
        "conf/trestle.yaml:2:3: `cors.origins`: `*`: not an origin; write each one as browsers do, \
         like `https://app.example.com` or `http://localhost:3000`, with no path, no wildcard, and \
         no port 80 or 443",
    );
    check_fault(
        "gateway:\n  trusted_proxies: [10.0.0.1/8]\n",
        "conf/trestle.yaml:2:3: `gateway.trusted_proxies`: `10.0.0.1/8`: not a network; write an \
         address, like `10.0.0.7`, or a network with no bits set after its prefix, like \
         `10.0.0.0/8` or `fd00::/8`",
    );
}

fn bindings() -> Vec<rule::Binding> {
    let pool = crate::descriptors::embedded();
    let schema = crate::transcode::Schema::compile(&pool);
    rule::compile(&pool, &schema).unwrap_or_else(|errors| panic!("{errors:?}"))
}

#[test]
fn routes_are_selected_by_method_service_package_or_path() {
    let (config, faults) = parse(
        "gateway: { max_body: 1MiB }\n\
         routes:\n\
         - select: rpc.Fetch\n  deadline: 1s\n  json: { pretty: true }\n\
         - { select: [/api/capitalize/words], max_body: 2MiB, streams: { idle_timeout: 7s } }\n\
         - { select: rpc.Fetch.Capitalize, deadline: 3s, ignored_parameters: key }\n",
    );
    assert_eq!(faults, [""; 0]);
    let bindings = bindings();
    assert_eq!(config.routes.faults(&bindings, &config.gateway.route), []);
    let of = |template: &str| {
        let mut found = bindings.iter();
        let found = found.find(|binding| binding.template.to_string() == template);
        let mut settings = config.gateway.route.clone();
        config.routes.apply(found.expect(template), &mut settings);
        settings
    };
    let capitalize = of("/api/capitalize");
    assert_eq!(capitalize.default_deadline, Duration::from_secs(3));
    assert_eq!(capitalize.ignored_parameters, ["key"]);
    assert_eq!(capitalize.max_body, 1 << 20);
    let words = of("/api/capitalize/words");
    assert_eq!(words.default_deadline, Duration::from_secs(1));
    assert_eq!(
        (words.max_body, words.stream_idle),
        (2 << 20, Duration::from_secs(7))
    );
    assert!(capitalize.write.pretty && words.write.pretty);
}

#[test]
fn faults_of_routes_are_told_with_their_places() {
    let (_, faults) = parse(
        "routes:\n\
         - deadline: 1s\n\
         - { select: rpc.Fetch, dedline: 1s, json.pretty: maybe, listen: x, max_body: [1, 2] }\n\
         - rpc.Fetch\n",
    );
    let keys = "deadline, max_deadline, max_body, ignore_unknown_parameters, ignored_parameters, \
                fill_update_mask, streams.framing, streams.lifetime, streams.idle_timeout, \
                json.ignore_unknown_fields, json.always_print, json.proto_names, \
                json.enum_numbers, json.pretty";
    assert_eq!(
        faults,
        [
            "conf/trestle.yaml:2:3: `routes`: expected `select`: a method, a service or a package \
             by its full name, or a path",
            "conf/trestle.yaml:3:24: `routes`: unknown key `dedline`; did you mean `deadline`?",
            "conf/trestle.yaml:3:37: `routes`: `json.pretty`: `maybe`: provided string was not \
             `true` or `false`",
            &format!("conf/trestle.yaml:3:57: `routes`: unknown key `listen`; the keys are {keys}"),
            "conf/trestle.yaml:3:68: `routes`: `max_body`: expected one value, found a list",
            "conf/trestle.yaml:4:3: `routes`: expected `select: …` and what to set",
        ]
    );
    check_fault(
        "routes: all",
        "conf/trestle.yaml:1:1: `routes`: expected a list of `select: …` and what to set",
    );

    let (config, faults) = parse(
        "routes:\n- select: [rpc.Fetch.Capitalise, /api/nowhere/at/all, rpc.Fetch]\n  \
         deadline: 1h\n",
    );
    assert_eq!(faults, [""; 0]);
    let faults = config.routes.faults(&bindings(), &config.gateway.route);
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "conf/trestle.yaml:2:3: `routes`: no route is selected by `rpc.Fetch.Capitalise`; did \
             you mean `rpc.Fetch.Capitalize`?",
            "conf/trestle.yaml:2:3: `routes`: no route is selected by `/api/nowhere/at/all`; \
             `trestle routes` lists what there is",
            "conf/trestle.yaml:2:3: `routes`: the deadline (3600s) is above the longest one \
             (300s); lower `deadline` or raise `max_deadline` beside it",
        ]
    );
}

#[test]
fn rules_of_sampling_are_read_and_their_faults_told_where_they_stand() {
    let (config, faults) = parse(
        "telemetry:\n  sampling:\n    - { prefix: /api, sample: always }\n    - sample: 0.1\n\
         \x20 names: opencensus\n  access_log: true\n  xray_rules: rules.json\n",
    );
    assert_eq!(faults, [""; 0]);
    assert_eq!(config.telemetry.sampling.rules.len(), 2);
    assert!(config.telemetry.access_log);
    assert_eq!(config.xray_rules, Some(PathBuf::from("conf/rules.json")));

    check_fault(
        "telemetry:\n  sampling:\n    - { prefix: api, sample: always }\n",
        "conf/trestle.yaml:3:17: `telemetry.sampling`: `prefix`: `api` is no path; it must begin with `/`",
    );
    check_fault(
        "telemetry: { sampling: always }\n",
        "conf/trestle.yaml:1:14: `telemetry.sampling`: expected a list of rules, such as \
         `- { prefix: /api, sample: always }`",
    );
    check_fault(
        "telemetry: { names: zipkin }\n",
        "conf/trestle.yaml:1:14: `telemetry.names`: `zipkin` is not one of semconv, grpc, opencensus",
    );
}
