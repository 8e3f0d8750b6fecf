//! `/debug/routes`: what is served, each route with the method behind it and a way
//! to its calls.

use super::{
    Asked, StateOf,
    html::{Page, Parameter, Text},
};
use axum::{
    extract::State as Extract,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};

/// A route, as people read it.
#[derive(Debug, Clone)]
pub struct RouteLine {
    /// The HTTP method; `*` for any.
    pub http: String,
    /// The path template.
    pub path: String,
    /// `pkg.Service/Method`.
    pub grpc: String,
    /// Streams, bodies and the like.
    pub notes: String,
    /// Where the rule stands.
    pub source: String,
}

pub(super) async fn answer(Extract(state): StateOf, uri: Uri, headers: HeaderMap) -> Response {
    let routes = &state.routes;
    Asked::of(uri, &headers).respond(|| json(routes), || html(routes))
}

fn html(routes: &[RouteLine]) -> Page {
    let mut page = Page::new("/debug/routes", "Routes");
    if routes.is_empty() {
        page.add(format_args!(
            "<p class=\"soft\">No HTTP routes are served here."
        ));
        return page;
    }
    page.add(format_args!(
        "<div class=\"scroll\"><table><tr><th>HTTP<th>Path<th>gRPC method<th>Notes<th>Rule\
         <th>Calls"
    ));
    for route in routes {
        let name = format!("{} {}", route.http, route.path);
        let name = Parameter(&name);
        page.add(format_args!(
            "<tr><td>{}<td class=\"mono\">{}<td class=\"mono\">{}<td>{}<td class=\"soft\">{}\
             <td class=\"s\"><a href=\"/debug/tracez?zspanname={name}&amp;ztype=0\">under way</a>",
            Text(&route.http),
            Text(&route.path),
            Text(&route.grpc),
            Text(&route.notes),
            Text(&route.source)
        ));
    }
    page.add(format_args!("</table></div>"));
    page
}

fn json(routes: &[RouteLine]) -> Value {
    let routes = routes.iter().map(|route| {
        json!({
            "method": route.http,
            "path": route.path,
            "grpc": route.grpc,
            "notes": route.notes,
            "source": route.source,
        })
    });
    json!({ "routes": routes.collect::<Vec<_>>() })
}
