//! What a good engineer writes by hand for one method: axum in, a generated
//! tonic client out, generated ProtoJSON between. The bench compares trestle
//! with this, so it is tuned like any production service, and does nothing else.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt as _;
use axum::{Json, Router, routing::post};
use clap::Parser;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use trestle_benches::rpc::{Payload, fetch_client::FetchClient};

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
    let app = Router::new()
        .route("/api/capitalize", post(capitalize))
        .with_state(FetchClient::new(channel));
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
