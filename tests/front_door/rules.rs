//! Rules that do not stand in the descriptors: from a file, and automatic.

use crate::backend::Backend;
use crate::{pool, serve};
use trestle::gateway::{BuildError, Gateway};
use trestle::rule::{AutoMap, ServiceConfig, Settings};
use trestle::upstream::{self, Upstream};

const ECHO: &str = "\
type: google.api.Service
config_version: 3
http:
  rules:
  - selector: every.v1.Every.Echo
    put: /v9/texts/{as_text}
    body: nested
    response_body: nested
";

fn build(backend: &Backend, rules: Settings) -> Result<Gateway, BuildError> {
    let upstream = Upstream::connect_lazy(&backend.url(), upstream::Settings::default()).unwrap();
    Gateway::builder(pool()).rules(rules).build(upstream)
}

fn file(text: &str) -> Vec<ServiceConfig> {
    vec![ServiceConfig::parse(text, "rules.yaml").unwrap()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_a_file_answers_in_place_of_the_annotation() {
    let backend = Backend::start().await;
    let settings = Settings {
        files: file(ECHO),
        ..Settings::default()
    };
    let gateway = serve(build(&backend, settings).unwrap());
    let body = r#"{"name":"n"}"#;
    let put = format!(
        "PUT /v9/texts/a?i32=7 HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = gateway.send(&put).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), serde_json::json!({ "name": "n" }));
    assert_eq!(backend.seen()[0].path, "/every.v1.Every/Echo");

    for replaced in ["/v1/echo", "/v1/echo/7"] {
        let answer = gateway.post(replaced, &[], "{}").await;
        assert_eq!(answer.status, 404, "{replaced}");
    }
    let answer = gateway.post("/v1/orders", &[], r#"{"id":"7"}"#).await;
    assert_eq!(answer.status, 200, "other methods keep their annotations");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_without_a_rule_answers_when_it_is_mapped() {
    let backend = Backend::start().await;
    let hidden = "/every.v1.Every/Hidden";
    let gateway = serve(build(&backend, Settings::default()).unwrap());
    assert_eq!(gateway.post(hidden, &[], "{}").await.status, 404);
    let settings = Settings {
        auto_map: AutoMap::from_words(["every.v1.Every".to_owned()]),
        ..Settings::default()
    };
    let gateway = serve(build(&backend, settings).unwrap());
    let answer = gateway.post(hidden, &[], "{}").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), serde_json::json!({}));
    assert_eq!(backend.seen()[0].path, hidden);

    let answer = gateway
        .send(&format!("GET {hidden} HTTP/1.1\r\nHost: t\r\n\r\n"))
        .await;
    assert_eq!(answer.status, 405);
    let annotated = gateway.post("/every.v1.Every/Echo", &[], "{}").await;
    assert_eq!(
        annotated.status, 404,
        "a method with a rule has no second one"
    );
}

#[tokio::test]
async fn rules_that_meet_are_named_with_their_places() {
    let backend = Backend::start().await;
    let text = "http:\n  rules:\n  - selector: every.v1.Every.Hidden\n    get: /v1/texts/{x}\n";
    let faults = |text: &str| {
        let settings = Settings {
            files: file(text),
            ..Settings::default()
        };
        build(&backend, settings).unwrap_err().faults().to_vec()
    };
    let [fault] = &faults(text)[..] else {
        panic!("one fault")
    };
    assert!(
        fault.starts_with("rules.yaml:3:5: rule of every.v1.Every.Hidden\n"),
        "{fault}"
    );
    let faults = faults(&text.replace("{x}", "*"));
    assert_eq!(
        faults,
        [
            "rules.yaml:3: GET `/v1/texts/*` of every.v1.Every.Hidden and GET `/v1/texts/{text}` of \
             every.v1.Every.Get (every.proto:96:5) match the same requests; change one of the two"
        ]
    );
}

#[tokio::test]
async fn a_gateway_with_nothing_to_serve_is_not_built() {
    let pool = prost_reflect::DescriptorPool::new();
    let upstream =
        Upstream::connect_lazy("http://127.0.0.1:1", upstream::Settings::default()).unwrap();
    let error = Gateway::builder(pool).build(upstream).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("the descriptors have no methods"),
        "{text}"
    );
}
