//! The text of a registry that counted a few calls, in both formats.

use super::super::{
    Call, Catalog, Error, Exchange, Format, Method, Names, Registry, Sampled, Settings, Shard,
};
use crate::telemetry::propagation::{SpanId, TraceId};
use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};
use tonic::Code;

fn registry(settings: Settings) -> Registry {
    let catalog = Catalog::new(["/rpc.Fetch/Capitalize"], ["/api/{id}"], "dns:///host:9988");
    let resource = vec![("service.name".to_owned(), "a \"b\"\\\n".to_owned())];
    Registry::new(catalog, settings, resource)
}

fn call(shard: &Shard, code: Code, millis: u64) -> Call {
    Call {
        method: shard.catalog().method("rpc.Fetch/Capitalize"),
        code,
        ended: Instant::now(),
        duration: Duration::from_millis(millis),
        sent: 7,
        received: 12,
        sampled: None,
    }
}

fn exchange(shard: &Shard, status: u16, error: Option<Error>) -> Exchange {
    Exchange {
        route: shard.catalog().route("/api/{id}"),
        method: Method::of(&http::Method::POST),
        secure: false,
        version: http::Version::HTTP_11,
        status: http::StatusCode::from_u16(status).ok(),
        error,
        ended: Instant::now(),
        duration: Duration::from_millis(3),
        received: 20,
        sent: 30,
        sampled: None,
    }
}

fn text(registry: &Registry, format: Format) -> String {
    registry.scrape(format).collect()
}

/// The lines about metrics whose names begin with `name`.
fn lines<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(name)).collect()
}

const SCOPE: &str = concat!(
    "otel_scope_name=\"trestle\",otel_scope_version=\"",
    env!("CARGO_PKG_VERSION"),
    "\""
);

#[test]
fn calls_are_counted_by_method_status_and_target() {
    let registry = registry(Settings::default());
    for shard in [registry.shard(), registry.shard()] {
        shard.attempt_started(shard.catalog().method("rpc.Fetch/Capitalize"));
        shard.attempt_ended(&call(&shard, Code::Ok, 2));
        shard.attempt_started(shard.catalog().method("not.There/At"));
    }
    let text = text(&registry, Format::Prometheus);
    let of =
        "grpc_method=\"rpc.Fetch/Capitalize\",grpc_status=\"OK\",grpc_target=\"dns:///host:9988\"";
    let name = "grpc_client_attempt_duration_seconds";
    let buckets = lines(&text, &format!("{name}_bucket"));
    assert_eq!(buckets.len(), 42);
    assert_eq!(
        buckets[1],
        format!("{name}_bucket{{{of},{SCOPE},le=\"1e-05\"}} 0")
    );
    assert_eq!(
        buckets[8],
        format!("{name}_bucket{{{of},{SCOPE},le=\"0.002\"}} 2")
    );
    assert_eq!(
        buckets[41],
        format!("{name}_bucket{{{of},{SCOPE},le=\"+Inf\"}} 2")
    );
    assert_eq!(
        lines(&text, &format!("{name}_sum")),
        [format!("{name}_sum{{{of},{SCOPE}}} 0.004")]
    );
    assert_eq!(
        lines(&text, &format!("{name}_count")),
        [format!("{name}_count{{{of},{SCOPE}}} 2")]
    );
    assert_eq!(
        lines(&text, "# TYPE grpc_client_attempt_duration"),
        ["# TYPE grpc_client_attempt_duration_seconds histogram"]
    );
    let started = "grpc_client_attempt_started_total";
    let target = "grpc_target=\"dns:///host:9988\"";
    assert_eq!(
        lines(&text, started),
        [
            format!("{started}{{grpc_method=\"rpc.Fetch/Capitalize\",{target},{SCOPE}}} 2"),
            format!("{started}{{grpc_method=\"other\",{target},{SCOPE}}} 2"),
        ]
    );
    let sizes = lines(
        &text,
        "grpc_client_attempt_sent_total_compressed_message_size_bytes_bucket",
    );
    assert!(sizes[7].ends_with("le=\"1.048576e+06\"} 2"), "{}", sizes[7]);
    assert!(lines(&text, "grpc_server").is_empty());
}

#[test]
fn exchanges_are_counted_by_what_became_of_them() {
    let registry = registry(Settings::default());
    let shard = registry.shard();
    let post = Method::of(&http::Method::POST);
    for (status, error) in [
        (200, None),
        (503, None),
        (200, Some(Error::Status(Code::Unavailable))),
        (0, Some(Error::Cancelled)),
        (200, None),
    ] {
        shard.exchange_started(post, false);
        shard.exchange_ended(&exchange(&shard, status, error));
    }
    shard.exchange_started(post, false);
    let text = text(&registry, Format::Prometheus);
    let count = "http_server_request_duration_seconds_count{http_request_method=\"POST\",\
                 url_scheme=\"http\",network_protocol_version=\"1.1\"";
    let route = format!("http_route=\"/api/{{id}}\",{SCOPE}");
    let mut expected = [
        format!("{count},error_type=\"cancelled\",{route}}} 1"),
        format!("{count},http_response_status_code=\"200\",{route}}} 2"),
        format!("{count},http_response_status_code=\"200\",error_type=\"UNAVAILABLE\",{route}}} 1"),
        format!("{count},http_response_status_code=\"503\",error_type=\"503\",{route}}} 1"),
    ];
    expected.sort();
    let mut counts = lines(&text, "http_server_request_duration_seconds_count");
    counts.sort_unstable();
    assert_eq!(counts, expected);
    assert_eq!(
        lines(&text, "http_server_active_requests"),
        [format!(
            "http_server_active_requests{{http_request_method=\"POST\",url_scheme=\"http\",{SCOPE}}} 1"
        )]
    );
}

#[test]
fn sampled_calls_stand_beside_their_buckets() {
    let registry = registry(Settings::default());
    let shard = registry.shard();
    let (trace, span) = (TraceId::random(), SpanId::random());
    shard.served_call_ended(&Call {
        sampled: Some(Sampled { trace, span }),
        ..call(&shard, Code::Ok, 2)
    });
    let open = text(&registry, Format::OpenMetrics);
    let buckets = lines(&open, "grpc_server_call_duration_seconds_bucket");
    let expected = format!("le=\"0.002\"}} 1 # {{trace_id=\"{trace}\",span_id=\"{span}\"}} 0.002 ");
    assert!(buckets[8].contains(&expected), "{}", buckets[8]);
    assert_eq!(open.matches(" # {").count(), 1);
    assert!(open.ends_with("# EOF\n"));
    assert!(open.contains("# TYPE target info\n"));
    let plain = text(&registry, Format::Prometheus);
    assert!(!plain.contains(&trace.to_string()));
}

#[test]
fn opencensus_shows_the_same_counts_in_its_way() {
    let settings = Settings {
        names: Names::OpenCensus,
        namespace: "fetchit".parse().ok(),
    };
    let registry = registry(settings);
    let shard = registry.shard();
    shard.served_call_ended(&call(&shard, Code::Ok, 2));
    shard.served_call_ended(&call(&shard, Code::NotFound, 0));
    let text = text(&registry, Format::Prometheus);
    let of = "grpc_server_method=\"rpc.Fetch/Capitalize\"";
    let name = "fetchit_grpc_io_server_server_latency";
    let buckets = lines(&text, &format!("{name}_bucket"));
    assert_eq!(buckets.len(), 41);
    assert_eq!(buckets[0], format!("{name}_bucket{{{of},le=\"0.01\"}} 1"));
    assert_eq!(buckets[7], format!("{name}_bucket{{{of},le=\"2\"}} 2"));
    assert_eq!(
        lines(&text, &format!("{name}_sum")),
        [format!("{name}_sum{{{of}}} 2")]
    );
    let name = "fetchit_grpc_io_server_completed_rpcs";
    assert_eq!(
        lines(&text, name),
        [
            format!("{name}{{{of},grpc_server_status=\"OK\"}} 1"),
            format!("{name}{{{of},grpc_server_status=\"NOT_FOUND\"}} 1"),
        ]
    );
    // OpenMetrics has no counter of such a name; the name is what counts.
    let open = self::text(&registry, Format::OpenMetrics);
    let typed = format!("# TYPE {name} unknown");
    assert!(open.lines().any(|line| line == typed), "{open}");
    assert_eq!(lines(&open, name).len(), 2);
    let sizes = lines(&text, "fetchit_grpc_io_server_sent_bytes_per_rpc_bucket");
    assert_eq!(
        sizes[0],
        format!("fetchit_grpc_io_server_sent_bytes_per_rpc_bucket{{{of},le=\"1024\"}} 2")
    );
    assert!(lines(&text, "grpc_server_call").is_empty());
    assert!(!lines(&text, "fetchit_process_open_fds").is_empty());
}

#[test]
fn label_values_are_escaped() {
    let text = text(&registry(Settings::default()), Format::Prometheus);
    assert_eq!(
        lines(&text, "target_info"),
        [r#"target_info{service_name="a \"b\"\\\n"} 1"#]
    );
}

/// What both formats demand of a whole text: families of one piece, described
/// once, no sample twice.
#[test]
fn families_are_whole_and_samples_are_unique() {
    let registry = registry(Settings {
        names: Names::Both,
        namespace: None,
    });
    let shard = registry.shard();
    for code in [Code::Ok, Code::Aborted] {
        let call = call(&shard, code, 1);
        shard.attempt_started(call.method);
        shard.attempt_ended(&call);
        shard.call_ended(&call);
        shard.served_call_started(call.method);
        shard.served_call_ended(&call);
    }
    shard.exchange_ended(&exchange(&shard, 404, None));
    for format in [Format::Prometheus, Format::OpenMetrics] {
        let text = text(&registry, format);
        let mut kinds = BTreeMap::new();
        let mut samples = HashSet::new();
        let mut family = "";
        for line in text.lines().filter(|line| *line != "# EOF") {
            if let Some(described) = line.strip_prefix("# TYPE ") {
                let (name, kind) = described.split_once(' ').expect("a name and a kind");
                assert!(kinds.insert(name, kind).is_none(), "{name} twice");
                family = name;
            } else if let Some(described) = line.strip_prefix("# HELP ") {
                assert!(
                    described
                        .split_once(' ')
                        .is_some_and(|(_, help)| !help.is_empty())
                );
            } else {
                assert!(line.starts_with(family), "{line} is not of {family}");
                let sample = line.split(" # ").next().unwrap_or(line);
                let (series, value) = sample.rsplit_once(' ').expect("a series and a value");
                assert!(value.parse::<f64>().is_ok(), "{line}");
                assert!(samples.insert(series.to_owned()), "{series} twice");
            }
        }
        assert!(kinds.len() > 20, "{kinds:?}");
    }
}

#[test]
fn a_large_scrape_comes_in_pieces() {
    let methods: Vec<_> = (0..200).map(|index| format!("a.B/C{index}")).collect();
    let catalog = Catalog::new(methods.iter().map(String::as_str), [""; 0], "t");
    let registry = Registry::new(catalog, Settings::default(), Vec::new());
    let shard = registry.shard();
    for method in &methods {
        let method = shard.catalog().method(method);
        shard.served_call_ended(&Call {
            method,
            ..call(&shard, Code::Ok, 1)
        });
    }
    let pieces: Vec<_> = registry.scrape(Format::Prometheus).collect();
    assert!(pieces.len() > 20, "{}", pieces.len());
    let longest = pieces.iter().map(String::len).max();
    assert!(longest < Some(40 << 10), "{longest:?}");
}
