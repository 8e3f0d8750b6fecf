//! What may differ from route to route.

use crate::backend::Backend;
use crate::{pool, serve, start};
use std::time::Duration;
use trestle::gateway::{Gateway, Settings};
use trestle::upstream::{self, Upstream};

#[tokio::test(flavor = "multi_thread")]
async fn each_route_has_its_own_manners() {
    let backend = Backend::start().await;
    let upstream = Upstream::connect_lazy(&backend.url(), upstream::Settings::default()).unwrap();
    let gateway = Gateway::builder(pool())
        .for_each_route(|binding, manners| {
            if binding.template.to_string() == "/v1/query" {
                manners.write.enum_numbers = true;
                manners.write.proto_names = true;
                manners.ignore_unknown_parameters = true;
                manners.default_deadline = Duration::from_secs(2);
            }
        })
        .build(upstream)
        .unwrap();
    let gateway = serve(gateway);
    let answer = gateway
        .send("GET /v1/query?color=RED&asText=a&unknown=1 HTTP/1.1\r\nHost: t\r\n\r\n")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        serde_json::json!({ "color": 1, "as_text": "a" })
    );
    let timeout = backend.seen().pop().unwrap().headers["grpc-timeout"].clone();
    assert!(
        timeout.to_str().unwrap().len() <= "2000000u".len(),
        "{timeout:?}"
    );

    let answer = gateway
        .post("/v1/echo", &[], r#"{"color":"RED","asText":"a"}"#)
        .await;
    assert_eq!(
        answer.json(),
        serde_json::json!({ "color": "RED", "asText": "a" })
    );
    let answer = gateway
        .send("GET /v1/texts/a?unknown=1 HTTP/1.1\r\nHost: t\r\n\r\n")
        .await;
    assert_eq!(
        answer.status, 400,
        "the other routes still refuse what they do not know"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_for_others_are_ignored_by_name() {
    let backend = Backend::start().await;
    let mut settings = Settings::default();
    settings.route.ignored_parameters = vec!["key".to_owned()];
    let gateway = start(&backend.url(), settings).await;
    for (target, status) in [
        ("/v1/query?key=secret&i32=1", 200),
        ("/v1/query?kee=secret", 400),
    ] {
        let answer = gateway
            .send(&format!("GET {target} HTTP/1.1\r\nHost: t\r\n\r\n"))
            .await;
        assert_eq!(answer.status, status, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_written_as_the_options_say() {
    let backend = Backend::start().await;
    for (change, json) in [
        (
            (|write| write.pretty = true) as fn(&mut trestle::transcode::WriteOptions),
            "{\n  \"name\": \"n\"\n}",
        ),
        (
            |write| write.always_print = true,
            r#"{"name":"n","big":"0","tags":[]}"#,
        ),
    ] {
        let mut settings = Settings::default();
        change(&mut settings.route.write);
        let gateway = start(&backend.url(), settings).await;
        let answer = gateway.post("/v1/child", &[], r#"{"name":"n"}"#).await;
        assert_eq!(String::from_utf8(answer.body).unwrap(), json);
    }
}
