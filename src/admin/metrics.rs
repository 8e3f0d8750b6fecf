//! `/metrics`: the registry as text, in the format that the reader prefers.

use super::State;
use crate::{gateway::quality, telemetry::metrics::Format};
use axum::{
    body::Body,
    extract::State as Extract,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use futures_util::stream;
use std::{convert::Infallible, sync::Arc};

const OPEN_METRICS: &str = "application/openmetrics-text";

pub(super) async fn answer(Extract(state): Extract<Arc<State>>, headers: HeaderMap) -> Response {
    let Some(ledger) = state.telemetry.ledger() else {
        return super::nothing_here();
    };
    let format = format(&headers);
    let pieces = ledger.registry().scrape(format).map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::from_stream(stream::iter(pieces)));
    let kind = HeaderValue::from_static(format.content_type());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, super::NO_STORE);
    response
}

/// OpenMetrics where it is asked for by name and liked no less than plain text.
fn format(headers: &HeaderMap) -> Format {
    let open = quality(headers, OPEN_METRICS);
    if open.named && open.value > 0.0 && open.value >= quality(headers, "text/plain").value {
        Format::OpenMetrics
    } else {
        Format::Prometheus
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_for_those_who_name_it() {
        let of = |accept: &'static str| {
            let accept = HeaderValue::from_static(accept);
            format(&HeaderMap::from_iter([(header::ACCEPT, accept)]))
        };
        // What Prometheus sends.
        let scrape = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                      application/openmetrics-text;version=0.0.1;q=0.4,\
                      text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
                      text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        assert_eq!(of(scrape), Format::OpenMetrics);
        assert_eq!(
            of("text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            Format::Prometheus
        );
        assert_eq!(of("*/*"), Format::Prometheus);
        assert_eq!(of("text/html,application/xhtml+xml"), Format::Prometheus);
        assert_eq!(format(&HeaderMap::new()), Format::Prometheus);
    }
}
