//! The debug pages over a few calls, as browsers and programs ask for them.

use super::super::{Probe, Readiness, RouteLine, State, router};
use crate::telemetry::{
    observe::{Counting, End, Operations, Settings, Telemetry},
    propagation::extract,
};
use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::{future::ready, net::SocketAddr, sync::Arc};
use tonic::Code;
use tower::ServiceExt as _;

/// Pages about one call that went well, one that failed and one under way.
fn pages() -> (Router, impl Sized) {
    let telemetry = Telemetry::new(Settings::default(), None).counting(Counting::default());
    let mut operations = Operations::default();
    let method = operations.add_method("a.B/<C>");
    operations.add_route("GET", "/v1/{id}", method);
    let recorder = telemetry.recorder(&Arc::new(operations));
    let (head, ()) = Request::get("/v1/7?secret=s3cr3t")
        .header("authorization", "Bearer s3cr3t")
        .body(())
        .expect("a request")
        .into_parts();
    let begin = || {
        let mut exchange = recorder.exchange(&head);
        let _ = exchange.admit(&head, Some(0), extract(&HeaderMap::new()));
        exchange.call();
        exchange.message_sent(3);
        exchange
    };
    for (code, status) in [(Code::Ok, 200), (Code::DataLoss, 500)] {
        let mut exchange = begin();
        exchange.called(code, &"<b>lost</b>");
        exchange.answered(StatusCode::from_u16(status).expect("a status"));
        exchange.end(End::Complete);
    }
    let probe = Arc::new(Probe::new(|| Box::pin(ready(Ok(())))));
    let route = RouteLine {
        http: "GET".to_owned(),
        path: "/v1/{id}".to_owned(),
        grpc: "a.B/<C>".to_owned(),
        notes: String::new(),
        source: "annotation".to_owned(),
    };
    let state = State::new(Readiness::default(), probe)
        .telemetry(telemetry.clone())
        .routes(Arc::new([route]));
    (router(state), begin())
}

fn request(path: &str, accept: &str) -> Request<Body> {
    Request::get(path)
        .header("host", "localhost:9465")
        .header("accept", accept)
        .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))))
        .body(Body::empty())
        .expect("a request")
}

async fn get(router: &Router, request: Request<Body>) -> (u16, String) {
    let Ok(response) = router.clone().oneshot(request).await;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body");
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    (status, body)
}

async fn html(router: &Router, path: &str) -> String {
    // What browsers send.
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let (status, body) = get(router, request(path, accept)).await;
    assert_eq!(status, 200, "{path}");
    assert!(body.starts_with("<!doctype html>") && body.ends_with("</html>\n"));
    body
}

async fn json(router: &Router, path: &str) -> Value {
    let (status, body) = get(router, request(path, "application/json")).await;
    assert_eq!(status, 200, "{path}");
    serde_json::from_str(&body).expect("JSON")
}

const ALL: [&str; 9] = [
    "/debug",
    "/debug/requests",
    "/debug/requests?fam=grpc.Sent.a.B&b=8&exp=1",
    "/debug/requests?fam=grpc.Sent.a.B&b=-1",
    "/debug/requests?fam=http.Recv.a.B&b=9",
    "/debug/tracez?zspanname=Sent.a.B%2F%3CC%3E&ztype=2",
    "/debug/rpcz",
    "/debug/events",
    "/debug/routes",
];

#[tokio::test]
async fn every_page_is_html_and_json_and_tells_no_secret() {
    let (router, _under_way) = pages();
    for path in ALL {
        let page = html(&router, path).await;
        assert!(
            !page.contains("<C>") && !page.contains("<b>lost"),
            "{path}: {page}"
        );
        assert!(!page.contains("s3cr3t"), "{path}");
        assert!(!page.contains("<script"), "{path}");
        let page = json(&router, path).await.to_string();
        assert!(!page.contains("s3cr3t"), "{path}");
    }
}

#[tokio::test]
async fn calls_are_where_they_belong() {
    let (router, under_way) = pages();
    let page = html(&router, "/debug/requests").await;
    assert!(
        page.contains("?fam=grpc%2ESent%2Ea%2EB&amp;b=-1\">[1 active]"),
        "{page}"
    );
    let errors = html(&router, "/debug/requests?fam=grpc.Sent.a.B&b=8&exp=1").await;
    assert!(
        errors.contains("DATA_LOSS: &lt;b&gt;lost&lt;/b&gt;"),
        "{errors}"
    );
    let errors = json(&router, "/debug/requests?fam=grpc.Sent.a.B&b=8").await;
    assert_eq!(errors.as_array().map(Vec::len), Some(1));
    assert_eq!(errors[0]["grpcStatus"], "DATA_LOSS");
    assert_eq!(errors[0]["sent"]["bytes"], 3);
    let well = json(&router, "/debug/requests?fam=http.Recv.a.B&b=0").await;
    assert_eq!(
        (well.as_array().map(Vec::len), &well[0]["httpStatus"]),
        (Some(1), &200.into())
    );
    let latencies = json(&router, "/debug/requests?fam=http.Recv.a.B&b=11").await;
    assert_eq!(latencies["count"], 2);
    let rpcs = json(&router, "/debug/rpcz").await;
    let total = &rpcs["sent"][0]["total"];
    assert_eq!((&total["count"], &total["errors"]), (&2.into(), &1.into()));
    assert_eq!(json(&router, "/debug").await["callsUnderWay"], 2);
    drop(under_way);
    assert_eq!(json(&router, "/debug").await["callsUnderWay"], 0);
}

#[tokio::test]
async fn what_is_not_there_is_no_fault() {
    let (router, _under_way) = pages();
    for path in [
        "/debug/requests?fam=nobody&b=0",
        "/debug/requests?fam=grpc.Sent.a.B&b=99",
        "/debug/requests?fam=grpc.Sent.a.B&b=x",
        "/debug/requests?fam=%FF%00&b=-2",
        "/debug/tracez?zspanname=x&ztype=1&zsubtype=9",
        "/debug/tracez?zspanname=Sent.a.B%2F%3CC%3E&ztype=1&zsubtype=18446744073709551615",
        "/debug/events?fam=nobody&b=0",
    ] {
        html(&router, path).await;
        json(&router, path).await;
    }
}

#[tokio::test]
async fn the_pages_are_for_this_machine_only() {
    let (router, _under_way) = pages();
    let refused = |change: fn(&mut Request<Body>)| {
        let mut request = request("/debug/requests", "*/*");
        change(&mut request);
        let router = router.clone();
        async move { get(&router, request).await }
    };
    let elsewhere = |request: &mut Request<Body>| {
        let peer = SocketAddr::from(([192, 0, 2, 1], 1));
        request.extensions_mut().insert(ConnectInfo(peer));
    };
    let expected = (401, "not allowed\n".to_owned());
    assert_eq!(refused(elsewhere).await, expected);
    let unknown = |request: &mut Request<Body>| {
        request.extensions_mut().remove::<ConnectInfo<SocketAddr>>();
    };
    assert_eq!(refused(unknown).await, expected);
    let rebound = |request: &mut Request<Body>| {
        let host = http::HeaderValue::from_static("evil.example");
        request.headers_mut().insert("host", host);
    };
    assert_eq!(refused(rebound).await, expected);
    assert_eq!(refused(|_| {}).await.0, 200);
    // Metrics are for whoever may reach the port.
    let mut metrics = request("/metrics", "*/*");
    elsewhere(&mut metrics);
    assert_eq!(get(&router, metrics).await.0, 200);
}
