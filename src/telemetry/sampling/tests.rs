//! Rules as they are written, and what they decide.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::telemetry::propagation::extract;
use crate::yaml;
use http::request::Parts;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn settings(rules: &str) -> Settings {
    Settings {
        rules: rules_of(rules).unwrap(),
        ..Settings::default()
    }
}

fn rules_of(text: &str) -> Result<Vec<Rule>, Vec<String>> {
    let node = yaml::parse(text).unwrap().unwrap();
    let yaml::Value::List(nodes) = node.value else {
        panic!("not a list: {text}");
    };
    let told = |fault: &Fault| format!("{}: {}", fault.place, fault.message);
    read(&nodes).map_err(|faults| faults.iter().map(told).collect())
}

fn request(line: &str, headers: &[(&'static str, &str)]) -> Parts {
    let (method, target) = line.split_once(' ').unwrap();
    let mut request = http::Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn admit(sampler: &Sampler, head: &Parts, rpc: Option<&str>) -> Admitted {
    let subject = Subject::of(head, rpc);
    sampler.admit(&subject, extract(&head.headers), Formats::default())
}

const RULES: &str = r#"
- { prefix: /static, sample: drop }
- { path: /api/secret, sample: never }
- { header: "x-debug: 1", sample: always }
- { header: x-quiet, sample: never }
- { prefix: /api, method: post, sample: always }
- { host: "*.internal", sample: never }
- { rpc: "rpc.Fetch/*", sample: always }
- { prefix: /forced, sample: 0, parent: override }
- { prefix: /left, sample: 0 }
"#;

#[test]
fn the_first_rule_that_is_met_decides() {
    let sampler = Sampler::new(settings(RULES));
    let w3c = |flags: &str| format!("00-{TRACE}-00f067aa0ba902b7-{flags}");
    let (yes, no) = (w3c("01"), w3c("00"));
    let none: &[(&'static str, &str)] = &[];
    for (line, headers, rpc, recorded) in [
        ("GET /static/a.js", none, None, false),
        ("GET /static/a.js", &[("x-debug", "1")], None, false),
        ("GET /staticfoo", none, None, true),
        ("POST /api/secret", none, None, false),
        ("POST /api/secret", &[("traceparent", &yes)], None, false),
        ("POST /api/secret/not", none, None, true),
        ("POST /api/x", &[("traceparent", &no)], None, true),
        ("GET /api/x", &[("x-quiet", "")], None, false),
        ("GET /x", &[("x-debug", "1"), ("x-quiet", "1")], None, true),
        ("GET /x", &[("host", "a.INTERNAL:80")], None, false),
        ("GET http://b.internal/x", none, None, false),
        (
            "GET /x",
            &[("traceparent", &no)],
            Some("rpc.Fetch/Capitalize"),
            true,
        ),
        (
            "GET /x",
            &[("traceparent", &no)],
            Some("rpc.Other/X"),
            false,
        ),
        ("GET /forced", &[("traceparent", &yes)], None, false),
        ("GET /left", &[("traceparent", &yes)], None, true),
        ("GET /left", none, None, false),
        ("GET /left", &[("b3", "d")], None, true),
        ("GET /static/x", &[("b3", "d")], None, false),
        ("GET /x", &[("b3", "0")], None, false),
        ("GET /x", &[("b3", "1")], None, true),
        ("GET /healthz", none, None, false),
        ("GET /healthz/x", none, None, true),
        ("GET /x", none, Some("grpc.health.v1.Health/Check"), false),
        ("GET /x", none, None, true),
    ] {
        let head = request(line, headers);
        let admitted = admit(&sampler, &head, rpc);
        assert_eq!(admitted.recorded, recorded, "{line} {headers:?} {rpc:?}");
        assert_eq!(admitted.context.decision().is_sampled(), recorded);
        assert!(
            recorded || admitted.context.parent().is_some(),
            "nothing to send on"
        );
    }
}

#[test]
fn who_changes_the_decision_takes_another_parent() {
    let sampler = Sampler::new(settings("- { prefix: /, sample: drop }"));
    for (flags, keeps) in [("01", false), ("00", true)] {
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-{flags}");
        let head = request("GET /x", &[("traceparent", &parent)]);
        let context = admit(&sampler, &head, None).context;
        assert_eq!(context.trace_id().to_string(), TRACE);
        let same = context.parent().unwrap().to_string() == "00f067aa0ba902b7";
        assert_eq!(same, keeps, "{flags}");
    }
}

#[test]
fn strangers_are_linked_and_decide_nothing() {
    let sampler = Sampler::new(Settings {
        public_endpoint: true,
        ..settings("- { prefix: /none, sample: 0 }")
    });
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let head = request("GET /none", &[("traceparent", &parent)]);
    let admitted = admit(&sampler, &head, None);
    assert!(!admitted.recorded);
    let head = request("GET /x", &[("traceparent", &parent)]);
    let admitted = admit(&sampler, &head, None);
    assert!(admitted.recorded);
    assert_ne!(admitted.context.trace_id().to_string(), TRACE);
    assert_eq!(admitted.links[0].trace_id.to_string(), TRACE);
}

#[test]
fn debugging_is_passed_on_as_often_as_is_allowed() {
    let sampler = Sampler::new(Settings {
        debug_per_second: 1,
        ..settings("- { prefix: /, sample: never }")
    });
    let head = request("GET /x", &[("b3", "d")]);
    let first = admit(&sampler, &head, None);
    assert_eq!(
        (first.recorded, first.context.decision()),
        (true, Decision::Debug)
    );
    // Of any that follow at once at most one falls into the next second.
    let more = (0..3)
        .filter(|_| admit(&sampler, &head, None).recorded)
        .count();
    assert!(more <= 1, "{more}");
}

#[test]
fn shares_are_of_traces() {
    let ratio: Ratio = "0.25".parse().unwrap();
    let taken = (0..40_000)
        .filter(|_| ratio.takes(TraceId::random()))
        .count();
    // Seven standard deviations.
    assert!((9_400..=10_600).contains(&taken), "{taken}");
    let (all, none) = (Ratio::new(1.0).unwrap(), Ratio::new(0.0).unwrap());
    let greatest = TraceId::from_bytes([0xff; 16]).unwrap();
    let least = TraceId::from_bytes([1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert!(all.takes(least) && !none.takes(greatest));
    // R ≥ T, as OpenTelemetry's probability sampling has it.
    let half = Ratio::new(0.5).unwrap();
    let at = |first: u8| {
        let mut bytes = [0; 16];
        bytes[9] = first;
        half.takes(TraceId::from_bytes(bytes).unwrap())
    };
    assert!(at(0x80) && !at(0x7f));
}

#[test]
fn actions_are_read_as_they_are_written() {
    let then = |share| Ratio::new(share).unwrap();
    for (text, action) in [
        ("drop", Action::Drop),
        (" always ", Action::Always),
        ("0.5", Action::Ratio(then(0.5))),
        ("1", Action::Ratio(then(1.0))),
        (
            "10/s",
            Action::Rate {
                per_second: 10,
                then: then(0.0),
            },
        ),
        (
            "10/s then 0.05",
            Action::Rate {
                per_second: 10,
                then: then(0.05),
            },
        ),
    ] {
        assert_eq!(text.parse(), Ok(action), "{text}");
    }
    for text in [
        "",
        "sometimes",
        "1.5",
        "-0.1",
        "nan",
        "inf",
        "x/s",
        "-1/s",
        "10/s 0.1",
        "0.1 then 0.2",
    ] {
        assert!(text.parse::<Action>().is_err(), "{text}");
    }
}

#[test]
fn every_fault_of_a_list_is_told_with_its_place() {
    let faults = rules_of(
        "- { prefix: api, sample: always }\n\
         - { prefix: /api }\n\
         - always\n\
         - { prefix: /x, sample: sometimes, parent: maybe }\n\
         - { rpc: rpc.Fetch, header: 'a b', sample: drop }\n\
         - { colour: red, method: [a], sample: drop }\n",
    )
    .unwrap_err();
    let expected = [
        "1:13: `prefix`: `api` is no path; it must begin with `/`",
        "2:3: the rule does not say what to do: add `sample: always`, or the like",
        "3:3: expected a rule, such as `{ prefix: /api, sample: always }`",
        "4:25: `sometimes` is no way to sample; write drop, never, always, parent, a share such \
         as `0.1`, a rate such as `10/s`, or both as `10/s then 0.1`",
        "4:44: `parent`: `maybe` is neither honour nor override",
        "5:10: `rpc`: write `rpc.Fetch/*` for a service, `package.Service/Method` for a method",
        "5:29: `header`: `a b` is no header; write `x-debug`, or `x-debug: 1` in quotes",
        "6:5: unknown key `colour`; a rule's keys are path, prefix, method, host, header, rpc, \
         sample, parent",
        "6:26: `method`: expected one value",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn flags_go_before_the_files_rules() {
    let mut settings = settings("- { prefix: /api, sample: never }");
    let flags = ["/api=always", "/a=b=drop", "0.5"].map(|flag| flag.parse::<Flag>().unwrap());
    Flag::apply(&flags, &mut settings);
    let actions: Vec<Action> = settings.rules.iter().map(|rule| rule.action).collect();
    assert_eq!(actions, [Action::Always, Action::Drop, Action::Never]);
    assert_eq!(settings.default.action, "0.5".parse().unwrap());
    assert!(
        "api=always"
            .parse::<Flag>()
            .unwrap_err()
            .contains("begins with `/`")
    );
    assert!(
        "/api=often"
            .parse::<Flag>()
            .unwrap_err()
            .contains("`often`")
    );
}

#[test]
fn the_standard_variables_make_the_default() {
    let read = |sampler: &'static str, arg: Option<&'static str>| {
        from_environment(move |name| match name {
            "OTEL_TRACES_SAMPLER" => Some(sampler.to_owned()),
            _ => arg.map(str::to_owned),
        })
    };
    let half = Action::Ratio(Ratio::new(0.5).unwrap());
    let (rule, warnings) = read("parentbased_traceidratio", Some("0.5"));
    assert_eq!((rule, warnings.len()), (Some(Rule::new(vec![], half)), 0));
    assert!(read("traceidratio", Some("0.5")).0.unwrap().overrides);
    assert_eq!(read("always_off", None).0.unwrap().action, Action::Never);
    let (rule, warnings) = read("traceidratio", Some("2"));
    assert_eq!(rule.unwrap().action, "1".parse().unwrap());
    assert!(warnings[0].contains("`2`"), "{warnings:?}");
    let (rule, warnings) = read("jaeger_remote", None);
    assert!(
        rule.is_none() && warnings[0].contains("`jaeger_remote`"),
        "{warnings:?}"
    );
    assert_eq!(from_environment(|_| None), (None, vec![]));
}

#[test]
fn xrays_local_rules_are_read() {
    let read = read_xray(
        r#"{"version": 2,
            "rules": [
              {"description": "moves", "host": "*", "http_method": "GET", "url_path": "/api/*/move", "fixed_target": 0, "rate": 0},
              {"host": "*.a.com", "http_method": "*", "url_path": "*", "fixed_target": 0, "rate": 1}
            ],
            "default": {"fixed_target": 1, "rate": 0}}"#,
    );
    let LocalRules { rules, default } = read.unwrap();
    let sampler = Sampler::new(Settings {
        xray: rules,
        default,
        ..Settings::default()
    });
    let of = |line, host| admit(&sampler, &request(line, &[("host", host)]), None).recorded;
    assert!(!of("GET /api/7/move", "b.a.com"));
    assert!(of("POST /api/7/move", "b.a.com"));
    assert!(of("GET /x", "b.a.com"));
    assert!(of("GET /x", "other"), "the first of its second");

    let fault = |text: &str| read_xray(text).unwrap_err();
    assert!(fault("{").contains("line 1"), "{}", fault("{"));
    let old = r#"{"version":1,"default":{"fixed_target":1,"rate":0.1}}"#;
    assert!(fault(old).contains("version 1"));
    let much = r#"{"version":2,"default":{"fixed_target":1,"rate":7}}"#;
    assert!(fault(much).contains("from 0 to 1"));
}
