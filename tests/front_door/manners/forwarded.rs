//! Who asked, as the backend is told; and what ends at this hop.

use super::pair;
use trestle::gateway::Settings;

const FOR: &str = "X-Forwarded-For: 192.0.2.1, 198.51.100.2";
const MORE: &str = "X-Forwarded-For: 203.0.113.3";
const HOST: &str = "X-Forwarded-Host: shop.example";
const PROTO: &str = "X-Forwarded-Proto: https";
const FORWARDED: &str =
    "Forwarded: for=\"[2001:db8::1]:99\";host=shop.example;proto=https, for=192.0.2.9";

#[tokio::test(flavor = "multi_thread")]
async fn only_trusted_peers_are_believed() {
    let own = (Some("127.0.0.1"), Some("t"), Some("http"));
    for (trusted, headers, expected) in [
        (None, &[FOR, HOST, PROTO][..], (None, None, None)),
        (Some(&[][..]), &[], own),
        (Some(&[]), &[FOR, HOST, PROTO, FORWARDED], own),
        (Some(&["10.0.0.0/8"]), &[FOR, HOST, PROTO], own),
        (
            Some(&["10.0.0.0/8", "127.0.0.0/8"]),
            &[FOR, HOST, MORE, PROTO],
            (
                Some("192.0.2.1, 198.51.100.2, 203.0.113.3, 127.0.0.1"),
                Some("shop.example"),
                Some("https"),
            ),
        ),
        (Some(&["127.0.0.1"]), &[], own),
        (Some(&["127.0.0.1"]), &["X-Forwarded-Proto: gopher"], own),
        (
            Some(&["127.0.0.1"]),
            &[FORWARDED],
            (
                Some("2001:db8::1, 192.0.2.9, 127.0.0.1"),
                Some("shop.example"),
                Some("https"),
            ),
        ),
    ] {
        let mut settings = Settings::default();
        settings.trusted_proxies = trusted.map(|networks: &[&str]| {
            let networks = networks.iter();
            networks.map(|network| network.parse().unwrap()).collect()
        });
        // Neither a list nor a prefix makes a caller's word of it.
        settings.forward_headers = vec!["x-forwarded-for".parse().unwrap()];
        let pair = pair(settings).await;
        let mut headers = headers.to_vec();
        headers.push("Grpc-Metadata-X-Forwarded-For: 6.6.6.6");
        assert_eq!(pair.get("/v1/query", &headers).await.status, 200);
        let seen = pair.seen().headers;
        let get = |name| seen.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(
            (
                get("x-forwarded-for"),
                get("x-forwarded-host"),
                get("x-forwarded-proto")
            ),
            expected,
            "{trusted:?} {headers:?}"
        );
        assert_eq!(seen.get("forwarded"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_connection_header_names_ends_here() {
    let mut settings = Settings::default();
    settings.forward_headers = ["x-tenant", "x-kept", "connection", "keep-alive"]
        .map(|name| name.parse().unwrap())
        .to_vec();
    let pair = pair(settings).await;
    let headers = [
        "Connection: X-Tenant, foo",
        "Connection: Grpc-Metadata-Bar",
        "Keep-Alive: timeout=5",
        "X-Tenant: one",
        "X-Kept: two",
        "Grpc-Metadata-Foo: three",
        "Grpc-Metadata-Bar: four",
        "Grpc-Metadata-Baz: five",
        "Grpc-Metadata-Connection: x",
        "Grpc-Metadata-Upgrade: x",
    ];
    assert_eq!(pair.get("/v1/query", &headers).await.status, 200);
    let seen = pair.seen().headers;
    for gone in [
        "x-tenant",
        "foo",
        "bar",
        "connection",
        "upgrade",
        "keep-alive",
    ] {
        assert_eq!(seen.get(gone), None, "{gone}");
    }
    assert_eq!(
        (&seen["x-kept"], &seen["baz"]),
        (&"two".parse().unwrap(), &"five".parse().unwrap())
    );
}
