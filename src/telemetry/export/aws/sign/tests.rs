//! Signatures against those that AWS published: the requests of its Signature
//! Version 4 test suite, which all have the same keys, day and region.
#![allow(clippy::unwrap_used)]

use super::*;
use std::time::{Duration, UNIX_EPOCH};

/// The suite's key, which is no one's.
fn credentials(token: Option<&str>) -> Credentials {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned();
    Credentials::new("AKIDEXAMPLE".to_owned(), secret, token.map(str::to_owned))
}

/// 30 August 2015, 12:36 UTC.
fn scope() -> Scope<'static> {
    Scope {
        region: "us-east-1",
        service: "service",
        time: UNIX_EPOCH + Duration::from_secs(1_440_938_160),
    }
}

const SHORT_TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
const LONG_TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

struct Case {
    name: &'static str,
    line: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    token: Option<&'static str>,
    signature: &'static str,
}

const fn case(
    name: &'static str,
    line: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    token: Option<&'static str>,
    signature: &'static str,
) -> Case {
    Case {
        name,
        line,
        headers,
        body,
        token,
        signature,
    }
}

/// The suite's cases by their names there, but for those of paths that are not
/// normalized, which is S3's way, and of URLs that no URI type can hold.
#[rustfmt::skip]
const CASES: &[Case] = &[
    case("get-header-key-duplicate", "GET /", &[("my-header1", "value2"), ("my-header1", "value2"), ("my-header1", "value1")], "", None, "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    case("get-header-value-order", "GET /", &[("my-header1", "value4"), ("my-header1", "value1"), ("my-header1", "value3"), ("my-header1", "value2")], "", None, "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
    case("get-header-value-trim", "GET /", &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")], "", None, "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    case("get-relative-normalized", "GET /example/..", &[], "", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    case("get-relative-relative-normalized", "GET /example1/example2/../..", &[], "", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    case("get-slash-dot-slash-normalized", "GET /./", &[], "", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    case("get-slash-normalized", "GET //", &[], "", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    case("get-slash-pointless-dot-normalized", "GET /./example", &[], "", None, "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
    case("get-slashes-normalized", "GET //example//", &[], "", None, "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    case("get-unreserved", "GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", &[], "", None, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    case("get-vanilla", "GET /", &[], "", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    case("get-vanilla-empty-query-key", "GET /?Param1=value1", &[], "", None, "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    case("get-vanilla-query", "GET /", &[], "", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    case("get-vanilla-query-order-encoded", "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", &[], "", None, "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
    case("get-vanilla-query-order-key-case", "GET /?Param2=value2&Param1=value1", &[], "", None, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    case("get-vanilla-query-unreserved", "GET /?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", &[], "", None, "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
    case("get-vanilla-with-session-token", "GET /", &[], "", Some(SHORT_TOKEN), "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
    case("post-header-key-case", "POST /", &[], "", None, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    case("post-header-key-sort", "POST /", &[("my-header1", "value1")], "", None, "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
    case("post-header-value-case", "POST /", &[("my-header1", "VALUE1")], "", None, "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
    case("post-sts-header-before", "POST /", &[], "", Some(LONG_TOKEN), "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
    case("post-vanilla", "POST /", &[], "", None, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    case("post-vanilla-empty-query-value", "POST /?Param1=value1", &[], "", None, "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
    case("post-vanilla-query", "POST /?Param1=value1", &[], "", None, "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
    case("post-x-www-form-urlencoded", "POST /", &[("content-type", "application/x-www-form-urlencoded"), ("content-length", "13"), ("x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e")], "Param1=value1", None, "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"),
    case("post-x-www-form-urlencoded-parameters", "POST /", &[("content-type", "application/x-www-form-urlencoded; charset=utf-8"), ("content-length", "13"), ("x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e")], "Param1=value1", None, "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"),
];

fn authorization(case: &Case) -> String {
    let (method, target) = case.line.split_once(' ').unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(format!("https://example.amazonaws.com{target}"));
    for (name, value) in case.headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Bytes::from(case.body)).unwrap();
    sign(&mut request, &credentials(case.token), &scope()).unwrap();
    let value = &request.headers()[AUTHORIZATION];
    assert!(value.is_sensitive());
    value.to_str().unwrap().to_owned()
}

#[test]
fn the_suites_requests_have_its_signatures() {
    for case in CASES {
        let authorization = authorization(case);
        let (_, signature) = authorization.rsplit_once('=').unwrap();
        assert_eq!(signature, case.signature, "{}: {authorization}", case.name);
    }
}

#[test]
fn the_header_is_as_the_suite_has_it() {
    let plain = CASES
        .iter()
        .find(|case| case.name == "get-vanilla")
        .unwrap();
    assert_eq!(
        authorization(plain),
        "AWS4-HMAC-SHA256 \
         Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders=host;x-amz-date, \
         Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    );
}

#[test]
fn a_port_that_is_not_the_usual_one_is_part_of_the_host() {
    for (url, expected) in [
        ("https://a.example/x", "a.example"),
        ("https://a.example:443/x", "a.example"),
        ("http://127.0.0.1:2000/x", "127.0.0.1:2000"),
        ("http://a.example:443/x", "a.example:443"),
    ] {
        assert_eq!(host(&url.parse().unwrap()).unwrap(), expected, "{url}");
    }
}
