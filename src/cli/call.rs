//! `trestle call`: one gRPC call from the command line, JSON in and JSON out, by
//! the plans that the gateway itself would use.

use super::{
    Failure,
    assemble::{self, Given},
    flags::Sources,
    process,
};
use crate::{
    config,
    transcode::{self, MessageId, ReadOptions, Schema, WriteOptions},
    upstream::{self, Open, Outgoing, Upstream},
};
use clap::Args;
use http::{HeaderName, HeaderValue, uri::PathAndQuery};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use std::{
    future::poll_fn,
    io::{self, Read as _, Write as _},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// What a request from stdin may have at most.
const MAX_REQUEST: u64 = 64 << 20;
/// Exit codes of failed calls begin here, with those of grpcurl.
const CODES: u8 = 64;

/// Make one gRPC call, with JSON for the request and the reply
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle call rpc.Fetch/Capitalize '{\"id\":7,\"data\":\"aGVsbG8=\"}' --upstream http://127.0.0.1:9988
  echo '{\"name\":\"shelves/1\"}' | trestle call library.v1.Library/GetShelf @ --config trestle.yaml
  trestle call shop.v1.Shop/Watch --upstream http://127.0.0.1:50051 -H 'authorization: Bearer x'

Replies go to stdout, those of a stream one behind the other. The exit code is 0, or 64 and
the gRPC code when the call fails (69 for NOT_FOUND, 78 for UNAVAILABLE), 2 for a bad request.")]
pub(super) struct Flags {
    /// The method, as package.Service/Method
    method: String,
    /// The request as JSON; @ reads it from stdin
    #[arg(default_value = "{}")]
    request: String,
    /// Send metadata, as `name: value` (repeat for more)
    #[arg(short = 'H', long, value_name = "HEADER", value_parser = header)]
    #[arg(env = "TRESTLE_HEADER", hide_env_values = true)]
    header: Vec<(HeaderName, HeaderValue)>,
    /// How long the call may take
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = config::duration)]
    #[arg(env = "TRESTLE_DEADLINE", hide_env_values = true)]
    deadline: Duration,
    #[command(flatten)]
    sources: Sources,
}

/// A call that is ready to be made.
struct Call {
    upstream: Upstream,
    schema: Schema,
    output: MessageId,
    open: Open,
    message: Outgoing,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let (config, pool) = assemble::descriptors(Given {
        sources: &flags.sources,
        listening: None,
        exchange: None,
        logging: None,
        metrics: None,
        tracing: None,
        needs_upstream: true,
    })?;
    let method = find(&pool, &flags.method)?;
    if method.is_client_streaming() {
        return Err(bad(format!(
            "{} takes a stream of requests, and a call here has one",
            flags.method
        )));
    }
    let schema = Schema::compile(&pool);
    let message = |descriptor: prost_reflect::MessageDescriptor| {
        schema
            .message(descriptor.full_name())
            .ok_or_else(|| bad(format!("{} has no plan", descriptor.full_name())))
    };
    let (input, output) = (message(method.input())?, message(method.output())?);
    let text = request(&flags.request)?;
    let mut message = Outgoing::with_capacity(text.len());
    let options = ReadOptions::default();
    transcode::json_to_wire(&schema, input, text.as_bytes(), &options, message.buffer())
        .map_err(|error| bad(format!("the request: {error}")))?;

    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = PathAndQuery::try_from(path).map_err(|error| bad(error.to_string()))?;
    let url = config.upstream_url.unwrap_or_default();
    process::runtime()?.block_on(async {
        let upstream = Upstream::connect_lazy(&url, config.upstream)
            .map_err(|error| bad(error.to_string()))?;
        let open = Open {
            path,
            metadata: flags.header.clone(),
            deadline: Instant::now() + flags.deadline,
        };
        let call = Call {
            upstream,
            schema,
            output,
            open,
            message,
        };
        call.make().await
    })
}

impl Call {
    /// Makes the call and prints the replies as they come.
    async fn make(self) -> Result<(), Failure> {
        let deadline = self.open.deadline;
        let failed = |failure: upstream::Failure| {
            let code = failure.code();
            let number = u8::try_from(code as i32).unwrap_or(u8::MAX - CODES);
            Failure::failed(format!("{code:?}: {failure}")).with_code(CODES + number)
        };
        let replies = async {
            let (mut sending, mut receiving) =
                self.upstream.open(self.open).await.map_err(failed)?;
            // Where the backend takes no more, its answer says why.
            if sending.send(self.message).await.is_ok() {
                sending.finish();
            }
            poll_fn(|context| receiving.poll_headers(context))
                .await
                .map_err(failed)?;
            while let Some(reply) = poll_fn(|context| receiving.poll_message(context))
                .await
                .map_err(failed)?
            {
                print(&self.schema, self.output, &reply)?;
            }
            Ok(())
        };
        timeout_at(deadline, replies)
            .await
            .unwrap_or_else(|_| Err(failed(upstream::Failure::DeadlineExceeded)))
    }
}

fn print(schema: &Schema, output: MessageId, reply: &[u8]) -> Result<(), Failure> {
    let mut json = Vec::new();
    let options = WriteOptions {
        pretty: true,
        ..WriteOptions::default()
    };
    transcode::wire_to_json(schema, output, reply, &options, &mut json)
        .map_err(|error| Failure::failed(format!("the reply cannot be written: {error}")))?;
    json.push(b'\n');
    io::stdout()
        .write_all(&json)
        .map_err(|error| Failure::failed(format!("cannot write to stdout: {error}")))
}

fn find(pool: &DescriptorPool, name: &str) -> Result<MethodDescriptor, Failure> {
    let written = |method: &MethodDescriptor| {
        format!("{}/{}", method.parent_service().full_name(), method.name())
    };
    let wanted = name.trim_start_matches('/');
    let methods: Vec<_> = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect();
    let found = methods
        .iter()
        .find(|method| written(method) == wanted || method.full_name() == wanted);
    if let Some(method) = found {
        return Ok(method.clone());
    }
    let nearest = methods
        .iter()
        .map(written)
        .min_by_key(|known| strsim::damerau_levenshtein(known, wanted));
    let failure = bad(format!("no method is called `{wanted}`"));
    Err(match nearest {
        Some(nearest) => failure.help(format!("did you mean `{nearest}`?")),
        None => failure.help("the descriptors have no methods"),
    })
}

fn request(text: &str) -> Result<String, Failure> {
    if text != "@" {
        return Ok(text.to_owned());
    }
    let mut text = String::new();
    io::stdin()
        .take(MAX_REQUEST)
        .read_to_string(&mut text)
        .map_err(|error| bad(format!("cannot read the request from stdin: {error}")))?;
    Ok(text)
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("write it as `name: value`")?;
    let name: HeaderName = name
        .trim()
        .to_ascii_lowercase()
        .parse()
        .map_err(|_| "the name is none that metadata may have")?;
    if name.as_str().starts_with("grpc-") || matches!(name.as_str(), "te" | "content-type") {
        return Err(format!("`{name}` is gRPC's own"));
    }
    let value = value.trim().parse().map_err(|_| "the value is not ASCII")?;
    Ok((name, value))
}

fn bad(error: String) -> Failure {
    Failure::usage(vec![error])
}
