//! What single settings and elements do to the document.

use super::{compiled, gateway, pool};
use serde_json::{Value, json};
use trestle::gateway::Settings;
use trestle::openapi::{Security, Version};

fn document(pool: prost_reflect::DescriptorPool, settings: Settings) -> Value {
    let document = gateway(pool, settings).openapi();
    serde_json::from_str(&document.to_json(Version::V3_1)).unwrap()
}

fn library(change: impl FnOnce(&mut Settings)) -> Value {
    let mut settings = Settings::default();
    change(&mut settings);
    document(pool("openapi/library.proto"), settings)
}

#[test]
fn names_and_enums_are_as_replies_have_them() {
    let document = library(|settings| {
        settings.route.write.proto_names = true;
        settings.route.write.enum_numbers = true;
    });
    let schemas = &document["components"]["schemas"];
    assert!(schemas["ListBooksResponse"]["properties"]["next_page_token"].is_object());
    assert_eq!(schemas["Genre"]["type"], "integer");
    assert_eq!(schemas["Genre"]["enum"], json!([0, 1, 2]));
    let parameters = &document["paths"]["/v1/shelves/{shelf}/books"]["get"]["parameters"];
    assert_eq!(parameters[1]["name"], "page_size");
}

#[test]
fn labels_open_what_they_hide() {
    let hidden = library(|_| {}).to_string();
    let shown = library(|settings| settings.openapi.visibility = vec!["STAFF".to_owned()]);
    for element in [r#""secret""#, "FORBIDDEN", ":burn"] {
        assert!(!hidden.contains(element), "{element}");
        assert!(shown.to_string().contains(element), "{element}");
    }
}

#[test]
fn the_operators_words_win() {
    let document = library(|settings| {
        settings.openapi.title = Some("Ours".to_owned());
        settings.openapi.license = Some("ISC".to_owned());
        settings.openapi.servers = vec!["https://api.example/".to_owned()];
        settings.openapi.security = vec![Security::Bearer, "api_key:X-Key".parse().unwrap()];
    });
    assert_eq!(document["info"]["title"], "Ours");
    assert_eq!(document["info"]["version"], "1.2");
    assert_eq!(document["info"]["license"], json!({"name": "ISC"}));
    assert_eq!(
        document["servers"],
        json!([{"url": "https://api.example/"}])
    );
    assert_eq!(
        document["security"],
        json!([{"bearer": []}, {"apiKey": []}])
    );
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(
        schemes["bearer"],
        json!({"type": "http", "scheme": "bearer"})
    );
    let key = json!({"type": "apiKey", "in": "header", "name": "X-Key"});
    assert_eq!(schemes["apiKey"], key);
    assert!(schemes.get("card").is_none());
}

#[test]
fn types_of_one_name_are_told_apart() {
    let pool = compiled(
        "clash.proto",
        r#"syntax = "proto3"; package clash.v1;
        import "google/api/annotations.proto";
        message Status { string text = 1; }
        message Outer { message Inner { int32 n = 1; } Inner inner = 1; Status status = 2; }
        service Clash {
          rpc Do(Outer) returns (Outer) { option (google.api.http) = { post: "/do" body: "*" }; }
        }"#,
    );
    let document = document(pool, Settings::default());
    let schemas = &document["components"]["schemas"];
    let names: Vec<_> = schemas.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["Any", "Outer", "Outer.Inner", "Status", "v1.Status"]
    );
    let status = &schemas["Outer"]["properties"]["status"];
    assert_eq!(status["$ref"], "#/components/schemas/v1.Status");
    assert_eq!(document["info"]["version"], "1.0.0");
}

#[test]
fn paths_that_openapi_cannot_tell_apart_are_named_as_left_out() {
    let pool = compiled(
        "omitted.proto",
        r#"syntax = "proto3"; package omitted.v1;
        import "google/api/annotations.proto";
        message Text { string a = 1; string b = 2; }
        service Omitted {
          rpc One(Text) returns (Text) {
            option (google.api.http) = {
              get: "/x/{a}"
              additional_bindings { get: "/x/{b=**}" }
              additional_bindings { delete: "/x/{b}" }
              additional_bindings { custom { kind: "SEARCH" path: "/x" } }
            };
          }
        }"#,
    );
    let gateway = gateway(pool, Settings::default());
    let document = gateway.openapi();
    let [same, search] = document.omitted() else {
        panic!("{:?}", document.omitted());
    };
    assert!(
        same.contains("GET `/x/{b=**}` of omitted.v1.Omitted.One"),
        "{same}"
    );
    assert!(search.contains("SEARCH `/x`"), "{search}");
    let document: Value = serde_json::from_str(&document.to_json(Version::V3_1)).unwrap();
    let item = &document["paths"]["/x/{a}"];
    // One path has one set of names.
    assert_eq!(item["delete"]["parameters"][0]["name"], "a");
    assert_eq!(item["delete"]["parameters"][1]["name"], "a");
    assert_eq!(item["delete"]["parameters"][1]["in"], "query");
    assert_eq!(document["paths"].as_object().unwrap().len(), 1);
}

#[test]
fn options_that_cannot_be_read_cost_only_themselves() {
    // An option of the right number and the wrong type.
    let pool = compiled(
        "broken.proto",
        r#"syntax = "proto3"; package broken.v1;
        import "google/api/annotations.proto";
        import "google/protobuf/descriptor.proto";
        extend google.protobuf.MethodOptions { fixed32 openapi = 1042; }
        extend google.protobuf.FieldOptions { string behavior = 1052; }
        message Text { string a = 1 [(behavior) = "x", deprecated = true]; }
        service Broken {
          // Said.
          rpc One(Text) returns (Text) {
            option (google.api.http) = { get: "/x" };
            option (openapi) = 7;
          }
        }"#,
    );
    let document = document(pool, Settings::default());
    assert_eq!(document["paths"]["/x"]["get"]["summary"], "Said");
    let field = &document["components"]["schemas"]["Text"]["properties"]["a"];
    assert_eq!(field, &json!({"type": "string", "deprecated": true}));
}
