//! What variables mean, alone and together, and what is said of wrong ones.
#![allow(clippy::unwrap_used)]

use super::super::otlp::Protocol;
use super::*;
use opentelemetry::Key;

fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::from_env(lookup, "trestle")
}

fn traces(variables: &[(&str, &str)]) -> Otlp {
    let settings = read(variables).unwrap();
    assert_eq!(settings.warnings, Vec::<String>::new());
    match &settings.destinations[..] {
        [Chosen::Otlp(otlp)] => otlp.clone(),
        other => panic!("{other:?}"),
    }
}

fn service(settings: &Settings) -> String {
    let key = Key::from_static_str("service.name");
    settings.resource.get(&key).unwrap().to_string()
}

#[test]
fn with_nothing_set_nothing_goes_anywhere() {
    let settings = read(&[]).unwrap();
    assert!(settings.destinations.is_empty() && settings.metrics.is_none());
    assert!(
        settings
            .start::<opentelemetry_sdk::trace::SpanData>()
            .unwrap()
            .is_none()
    );
    assert_eq!(service(&settings), "trestle");
}

#[test]
fn an_empty_variable_is_as_none() {
    let settings = read(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", " "),
        ("OTEL_SERVICE_NAME", ""),
        ("OTEL_BSP_SCHEDULE_DELAY", ""),
    ]);
    let settings = settings.unwrap();
    assert!(settings.destinations.is_empty() && settings.warnings.is_empty());
    assert_eq!(service(&settings), "trestle");
}

#[test]
fn endpoints_are_as_the_standard_has_them() {
    const ALL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const OWN: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
    const LIST: (&str, &str) = ("OTEL_TRACES_EXPORTER", "otlp");
    const INSECURE: &str = "OTEL_EXPORTER_OTLP_INSECURE";
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        (&[LIST], "http://localhost:4318/v1/traces"),
        (&[LIST, (PROTOCOL, "grpc")], "http://localhost:4317/"),
        (&[(ALL, "http://c:4318")], "http://c:4318/v1/traces"),
        (&[(ALL, "https://c/otlp/")], "https://c/otlp/v1/traces"),
        // One for the signal is taken as it is.
        (&[(OWN, "http://c:4318/mine")], "http://c:4318/mine"),
        (&[(OWN, "http://c:4318")], "http://c:4318/"),
        (
            &[(ALL, "http://a:1"), (OWN, "http://b:2/x")],
            "http://b:2/x",
        ),
        (
            &[(ALL, "http://c:4317"), (PROTOCOL, "grpc")],
            "http://c:4317/",
        ),
        (&[(ALL, "c:4317"), (PROTOCOL, "grpc")], "https://c:4317/"),
        (
            &[(ALL, "c:4317"), (PROTOCOL, "grpc"), (INSECURE, "true")],
            "http://c:4317/",
        ),
        // Where the URL has a scheme it says all.
        (
            &[
                (ALL, "https://c:4317"),
                (PROTOCOL, "grpc"),
                (INSECURE, "true"),
            ],
            "https://c:4317/",
        ),
    ];
    for (variables, endpoint) in cases {
        assert_eq!(traces(variables).endpoint, *endpoint, "{variables:?}");
    }
}

#[test]
fn a_signals_own_variable_is_before_the_one_for_all() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "700"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=two%20words, c = 3"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=mine"),
    ];
    let settings = read(&variables).unwrap();
    let [Chosen::Otlp(traces)] = &settings.destinations[..] else {
        panic!("{settings:?}");
    };
    let metrics = settings.metrics.as_ref().unwrap();
    assert_eq!(
        (traces.protocol, metrics.protocol),
        (Protocol::Grpc, Protocol::Http)
    );
    assert_eq!(traces.timeout, Duration::from_millis(700));
    assert_eq!(metrics.timeout, Duration::from_millis(2500));
    assert_eq!((traces.gzip, metrics.gzip), (false, true));
    assert_eq!(metrics.endpoint, "http://c:4318/v1/metrics");
    assert_eq!(metrics.headers["b"], "two words");
    assert_eq!(
        (&traces.headers["a"], &traces.headers["b"]),
        (&"1".parse().unwrap(), &"mine".parse().unwrap())
    );
    assert_eq!(traces.headers["c"], "3");
    let shown = format!("{settings:?}");
    assert!(!shown.contains("mine"), "headers are secrets: {shown}");
}

#[test]
fn the_list_chooses_and_none_is_none() {
    let list = |names| {
        read(&[
            ("OTEL_TRACES_EXPORTER", names),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"),
        ])
    };
    assert!(list("none").unwrap().destinations.is_empty());
    let both = list("console, otlp,console").unwrap().destinations;
    assert!(
        matches!(both[..], [Chosen::Console, Chosen::Otlp(_)]),
        "{both:?}"
    );
    let wrong = list("zipkin").unwrap();
    assert!(wrong.destinations.is_empty());
    assert!(
        wrong.warnings[0].contains("`zipkin`")
            && wrong.warnings[0].contains("OTEL_TRACES_EXPORTER")
    );
}

#[test]
fn all_is_off_by_one_variable() {
    let off = |value| {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c");
        read(&[("OTEL_SDK_DISABLED", value), endpoint]).unwrap()
    };
    assert!(off("True").destinations.is_empty() && off("true").metrics.is_none());
    assert_eq!(off("false").destinations.len(), 1);
    let odd = off("1");
    assert_eq!(odd.destinations.len(), 1);
    assert!(
        odd.warnings[0].starts_with("OTEL_SDK_DISABLED"),
        "{:?}",
        odd.warnings
    );
}

#[test]
fn numbers_that_are_none_leave_the_default_and_a_warning() {
    let settings = read(&[
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "-1"),
    ]);
    let settings = settings.unwrap();
    let batching = Batching {
        max_queue: 100,
        max_batch: 100,
        ..Batching::default()
    };
    assert_eq!(settings.batching, batching);
    assert_eq!(settings.warnings.len(), 3, "{:?}", settings.warnings);
}

#[test]
fn the_resource_is_named_and_described() {
    let key = |name| Key::from_static_str(name);
    let attributes = (
        "OTEL_RESOURCE_ATTRIBUTES",
        "service.name=a,deployment.environment.name=p%20q",
    );
    let settings = read(&[attributes]).unwrap();
    assert_eq!(service(&settings), "a");
    let environment = settings.resource.get(&key("deployment.environment.name"));
    assert_eq!(environment.unwrap().to_string(), "p q");
    let settings = read(&[attributes, ("OTEL_SERVICE_NAME", "b")]).unwrap();
    assert_eq!(service(&settings), "b");
    // One wrong member spoils all of them.
    let settings = read(&[("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,nonsense")]).unwrap();
    assert_eq!(service(&settings), "trestle");
    assert!(
        settings.warnings[0].contains("`nonsense`"),
        "{:?}",
        settings.warnings
    );
}

#[test]
fn what_would_go_astray_is_refused_all_at_once() {
    let errors = read(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api key=secret"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key.pem"),
        ("OTEL_METRICS_EXPORTER", "none"),
    ]);
    let errors = errors.unwrap_err();
    for (error, name) in errors.iter().zip([
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    ]) {
        assert!(error.starts_with(name), "{errors:#?}");
        assert!(!error.contains("secret"), "{error}");
    }
    assert_eq!(errors.len(), 4);
}

#[test]
fn the_clouds_are_reached_by_their_own_variables() {
    let xray = ("OTEL_TRACES_EXPORTER", "xray");
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let settings = read(&[xray, ("AWS_REGION", "eu-west-1"), keys[0], keys[1]]).unwrap();
    let [Chosen::XRay(aws)] = &settings.destinations[..] else {
        panic!("{settings:?}");
    };
    assert_eq!(
        aws.endpoint,
        "https://xray.eu-west-1.amazonaws.com/v1/traces"
    );
    assert!(!format!("{aws:?}").contains("secret"));
    let region = ("AWS_DEFAULT_REGION", "cn-north-1");
    let path = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/creds");
    let settings = read(&[xray, region, path]).unwrap();
    let [Chosen::XRay(aws)] = &settings.destinations[..] else {
        panic!("{settings:?}");
    };
    assert_eq!(
        aws.endpoint,
        "https://xray.cn-north-1.amazonaws.com.cn/v1/traces"
    );
    assert!(format!("{:?}", aws.credentials).contains("169.254.170.2/v2/creds"));
    for (variables, name) in [
        (&[xray][..], "AWS_REGION"),
        (&[xray, ("AWS_REGION", "a/b")], "AWS_REGION"),
        (&[xray, region, keys[0]], "AWS_SECRET_ACCESS_KEY"),
        (
            &[xray, region, ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t")],
            "AWS_ROLE_ARN",
        ),
        (
            &[xray, region, ("AWS_EC2_METADATA_DISABLED", "true")],
            "AWS_ACCESS_KEY_ID",
        ),
        (
            &[
                xray,
                region,
                keys[0],
                keys[1],
                ("AWS_ENDPOINT_URL", "nowhere"),
            ],
            "AWS_ENDPOINT_URL",
        ),
    ] {
        let errors = read(variables).unwrap_err();
        assert!(errors.len() == 1 && errors[0].contains(name), "{errors:?}");
    }
}

#[test]
fn the_daemons_address_may_name_tcp_too() {
    let daemon = |value| {
        let list = ("OTEL_TRACES_EXPORTER", "xray-daemon");
        read(&[list, ("AWS_XRAY_DAEMON_ADDRESS", value)]).map(|settings| {
            match &settings.destinations[..] {
                [Chosen::XRayDaemon(address)] => address.clone(),
                other => panic!("{other:?}"),
            }
        })
    };
    assert_eq!(daemon("").unwrap(), "127.0.0.1:2000");
    assert_eq!(daemon("xray:2000").unwrap(), "xray:2000");
    assert_eq!(daemon("tcp:a:1 udp:b:2").unwrap(), "b:2");
    assert_eq!(daemon("[::1]:2000").unwrap(), "[::1]:2000");
    for wrong in ["xray", "tcp:a:1", ":2000", "a:b"] {
        assert!(daemon(wrong).unwrap_err()[0].contains("AWS_XRAY_DAEMON_ADDRESS"));
    }
}
