//! `trestle routes`: what would be served.

use super::{
    Failure,
    assemble::{Assembled, Given, assemble},
    banner::typed,
    example,
    flags::Sources,
};
use crate::{
    rule::{Binding, BodySelector, ReplySelector},
    transcode::Schema,
};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// List the routes that would be served
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle routes --descriptor-set api.binpb
  trestle routes --proto api/v1/books.proto --proto-path api --format json
  trestle routes --config trestle.yaml --format curl")]
pub(super) struct Flags {
    /// How to print them
    #[arg(long, value_enum, default_value = "table")]
    #[arg(env = "TRESTLE_FORMAT", hide_env_values = true)]
    format: Format,
    #[command(flatten)]
    sources: Sources,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    /// Lines to paste into a shell
    Curl,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let Assembled {
        config, gateway, ..
    } = assemble(Given {
        sources: &flags.sources,
        listening: None,
        exchange: None,
        logging: None,
        metrics: None,
        tracing: None,
        needs_upstream: false,
    })?;
    let schema = gateway.schema();
    let routes = gateway.routes();
    match flags.format {
        Format::Table => print!("{}", table(routes, schema)),
        Format::Json => {
            let routes: Vec<_> = routes.iter().map(|route| object(route, schema)).collect();
            println!("{:#}", Value::from(routes));
        }
        Format::Curl => {
            let host = typed(config.listen);
            for route in routes {
                println!("{}", example::line(route, &host));
            }
        }
    }
    Ok(())
}

fn table(routes: &[Binding], schema: &Schema) -> String {
    let paths: Vec<_> = routes
        .iter()
        .map(|route| route.template.to_string())
        .collect();
    let width = paths
        .iter()
        .map(|path| path.chars().count())
        .max()
        .unwrap_or(0);
    let mut table = String::new();
    for (route, path) in routes.iter().zip(paths) {
        let mut notes = Vec::new();
        notes.extend(body(route, schema).map(|body| format!("body {body}")));
        notes.extend(reply(route, schema).map(|field| format!("response body {field}")));
        if route.method.client_streaming {
            notes.push("client stream".to_owned());
        }
        if route.method.server_streaming {
            notes.push("server stream".to_owned());
        }
        if route.method.deprecated {
            notes.push("deprecated".to_owned());
        }
        let notes = match notes.as_slice() {
            [] => String::new(),
            notes => format!(" ({})", notes.join(", ")),
        };
        let (http, grpc, source) = (route.http.to_string(), grpc(route), &route.source);
        table.push_str(&format!(
            "{http:<7} {path:<width$} -> {grpc}{notes} [{source}]\n"
        ));
    }
    table
}

fn object(route: &Binding, schema: &Schema) -> Value {
    json!({
        "method": route.http.to_string(),
        "path": route.template.to_string(),
        "grpc": grpc(route),
        "body": body(route, schema),
        "responseBody": reply(route, schema),
        "clientStreaming": route.method.client_streaming,
        "serverStreaming": route.method.server_streaming,
        "deprecated": route.method.deprecated,
        "source": route.source.to_string(),
    })
}

/// `pkg.Service/Method`.
fn grpc(route: &Binding) -> &str {
    route.method.path.path().trim_start_matches('/')
}

/// As the rule spells it: `*`, a field, or nothing.
fn body(route: &Binding, schema: &Schema) -> Option<String> {
    match &route.body {
        BodySelector::None => None,
        BodySelector::Whole => Some("*".to_owned()),
        BodySelector::Field(path) => Some(schema.path_name(path)),
    }
}

fn reply(route: &Binding, schema: &Schema) -> Option<String> {
    match &route.reply {
        ReplySelector::Whole => None,
        ReplySelector::Field(path) => Some(schema.path_name(path)),
    }
}
