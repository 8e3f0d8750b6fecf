//! A backend that does as little as a tonic server can, for runs that should
//! not depend on what fetchIt does besides.

use clap::Parser;
use std::net::SocketAddr;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use trestle_benches::rpc::Payload;
use trestle_benches::rpc::fetch_server::{Fetch, FetchServer};

/// The plain gRPC backend.
#[derive(Parser)]
struct Args {
    /// Where to serve gRPC.
    #[arg(long)]
    listen: SocketAddr,
}

struct Capitalizer;

#[tonic::async_trait]
impl Fetch for Capitalizer {
    async fn capitalize(&self, request: Request<Payload>) -> Result<Response<Payload>, Status> {
        let mut payload = request.into_inner();
        payload.data.make_ascii_uppercase();
        Ok(Response::new(payload))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let service = FetchServer::new(Capitalizer);
    Server::builder()
        .tcp_nodelay(true)
        .add_service(service)
        .serve(args.listen)
        .await?;
    Ok(())
}
