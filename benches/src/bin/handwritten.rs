//! What a good engineer writes by hand for a method and for a stream: axum in, a
//! generated tonic client out, generated ProtoJSON between. The bench compares trestle
//! with this, so it is tuned like any production service, and does nothing else.

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt as _;
use axum::{Json, Router, routing::post};
use clap::Parser;
use serde::Serialize;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_stream::StreamExt as _;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use trestle_benches::rpc::{Payload, fetch_client::FetchClient};
use trestle_benches::ticks::{Query, Tick, ticks_client::TicksClient};

/// The hand-written gateway.
#[derive(Parser)]
struct Args {
    /// Where to serve HTTP.
    #[arg(long)]
    listen: SocketAddr,
    /// The gRPC backend, as a URL.
    #[arg(long)]
    upstream: String,
}

/// A call that failed, as HTTP.
struct Failure(Status);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let channel = Endpoint::from_shared(args.upstream)?
        .tcp_nodelay(true)
        .connect()
        .await?;
    let fetch = Router::new()
        .route("/api/capitalize", post(capitalize))
        .with_state(FetchClient::new(channel.clone()));
    let ticks = Router::new()
        .route("/api/ticks", post(watch))
        .route("/api/ticks/first", post(first))
        .with_state(TicksClient::new(channel));
    let app = fetch.merge(ticks);
    let listener = TcpListener::bind(args.listen).await?.tap_io(|socket| {
        // A socket that is gone already fails on its first read.
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app).await?;
    Ok(())
}

async fn capitalize(
    State(mut client): State<FetchClient<Channel>>,
    Json(request): Json<Payload>,
) -> Result<Json<Payload>, Failure> {
    let reply = client.capitalize(request).await.map_err(Failure)?;
    Ok(Json(reply.into_inner()))
}

/// A line of a streamed answer.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Line<'a> {
    Result(Tick),
    Error { code: i32, message: &'a str },
}

async fn watch(
    State(mut client): State<TicksClient<Channel>>,
    Json(query): Json<Query>,
) -> Result<Response, Failure> {
    let ticks = client.watch(query).await.map_err(Failure)?.into_inner();
    let lines = ticks.map(|tick| match tick {
        Ok(tick) => line(&Line::Result(tick)),
        Err(status) => line(&Line::Error {
            code: status.code().into(),
            message: status.message(),
        }),
    });
    let headers = [(CONTENT_TYPE, "application/x-ndjson")];
    Ok((headers, Body::from_stream(lines)).into_response())
}

async fn first(
    State(mut client): State<TicksClient<Channel>>,
    Json(query): Json<Query>,
) -> Result<Json<Tick>, Failure> {
    let tick = client.first(query).await.map_err(Failure)?;
    Ok(Json(tick.into_inner()))
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.0.code() {
            Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, self.0.message().to_owned()).into_response()
    }
}

fn line(line: &Line<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}
