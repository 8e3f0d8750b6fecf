//! A client that knows nothing but the document must reach every operation, and
//! every parameter that is documented must be taken and must arrive.

use super::{gateway, pool};
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use trestle::gateway::{Gateway, Settings};
use trestle::openapi::Version;

/// A value that a schema allows and that is not the default.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix('#').unwrap();
        return sample(document, document.pointer(name).unwrap());
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.last().unwrap().clone();
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("int64" | "uint64")) => json!("9007199254740993"),
        (Some("string"), Some("byte")) => json!("aGk="),
        (Some("string"), Some("date-time")) => json!("2024-02-29T12:00:00Z"),
        (Some("string"), _) => match schema["description"].as_str() {
            Some(text) if text.starts_with("Seconds") => json!("1.5s"),
            _ => json!("x"),
        },
        (Some("integer"), _) => json!(7),
        (Some("number"), _) => json!(1.5),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => json!([sample(document, &schema["items"])]),
        (Some("object"), _) => match &schema["additionalProperties"] {
            Value::Object(value) => json!({"k": sample(document, &value.clone().into())}),
            _ => json!({}),
        },
        _ => json!("x"),
    }
}

fn text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()
}

/// A sample for a parameter; the document says of some what only people can read.
fn sample_of(document: &Value, parameter: &Value) -> Value {
    let about = parameter["description"].as_str().unwrap_or_default();
    match about {
        about if about.contains("Seconds with") => json!("1.5s"),
        about if about.contains("is JSON") => json!("{\"a\":1}"),
        _ => sample(document, &parameter["schema"]),
    }
}

/// `name=value`, as the parameter's style has it.
fn query(parameter: &Value, value: &Value) -> String {
    let name = parameter["name"].as_str().unwrap();
    match value {
        Value::Array(items) => format!("{name}={}", text(&items[0])),
        value => format!("{name}={}", text(value)),
    }
}

async fn ask(gateway: &Gateway, method: &str, target: &str, body: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "t")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = gateway
        .clone()
        .into_router()
        .oneshot(request)
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Calls an operation with the parameters that it cannot do without and each of
/// the others in turn. Counts the calls.
async fn try_operation(gateway: &Gateway, document: &Value, path: &str, method: &str) -> usize {
    let operation = &document["paths"][path][method];
    let none = Vec::new();
    let parameters = operation["parameters"].as_array().unwrap_or(&none);
    let mut target = path.to_owned();
    for parameter in parameters.iter().filter(|it| it["in"] == "path") {
        let hole = format!("{{{}}}", parameter["name"].as_str().unwrap());
        target = target.replace(&hole, &text(&sample_of(document, parameter)));
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let body = match schema {
        Value::Null => String::new(),
        schema => sample(document, schema).to_string(),
    };
    let method = method.to_uppercase();
    let called = operation["x-grpc-method"].as_str().unwrap();
    let (status, answer) = ask(gateway, &method, &target, &body).await;
    assert_eq!(status, 200, "{method} {target} of {called}: {answer}");
    let mut calls = 1;
    for parameter in parameters.iter().filter(|it| it["in"] == "query") {
        let value = sample_of(document, parameter);
        let target = format!("{target}?{}", query(parameter, &value));
        let (status, with) = ask(gateway, &method, &target, &body).await;
        // JSON text for a Struct and for a ListValue look different.
        if status == 400
            && parameter["description"]
                .as_str()
                .is_some_and(|it| it.contains("is JSON"))
        {
            let target = target.replace(&text(&value), "%5B1%5D");
            let (status, with) = ask(gateway, &method, &target, &body).await;
            assert_eq!(status, 200, "{target}: {with}");
            continue;
        }
        assert_eq!(status, 200, "{method} {target} of {called}: {with}");
        // What is echoed has it, where the reply is what was sent.
        let reply = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        if reply["$ref"] == "#/components/schemas/All" {
            assert_ne!(answer, with, "{target} changes nothing");
        }
        calls += 1;
    }
    calls
}

async fn try_all(file: &str) -> usize {
    let mut settings = Settings::default();
    settings.openapi.visibility = vec!["STAFF".to_owned()];
    let gateway = gateway(pool(file), settings);
    let json = gateway.openapi().to_json(Version::V3_1);
    let document: Value = serde_json::from_str(&json).unwrap();
    let mut calls = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            calls += try_operation(&gateway, &document, path, method).await;
        }
    }
    calls
}

#[tokio::test]
async fn whoever_follows_the_document_is_answered() {
    let calls = try_all("front_door/every.proto").await;
    assert!(calls > 230, "{calls} calls");
}

/// The same where requests and replies are of different types, so that an echo is
/// no reply: what the gateway says must then be about the reply.
#[tokio::test]
async fn paths_of_resources_lead_to_their_methods() {
    let gateway = gateway(pool("openapi/library.proto"), Settings::default());
    for (method, target, body) in [
        ("GET", "/v1/shelves/a/books/b", ""),
        ("GET", "/v1/archive/a", ""),
        (
            "GET",
            "/v1/shelves/a/books?filter.labels[k]=v&genres=POETRY&pageSize=7",
            "",
        ),
        ("POST", "/v1/shelves/a/books", r#"{"title":"x"}"#),
        (
            "PATCH",
            "/v1/shelves/a/books/b?updateMask=title",
            r#"{"title":"x"}"#,
        ),
        ("POST", "/v1/shelves/a/books/b:move", r#"{"shelf":"x"}"#),
        ("DELETE", "/v1/shelves/a/books/b", ""),
    ] {
        let (status, answer) = ask(&gateway, method, target, body).await;
        let is_about_reply = answer.contains("the backend's reply cannot be written as JSON");
        assert!(
            status == 200 || is_about_reply,
            "{method} {target}: {answer}"
        );
    }
}
