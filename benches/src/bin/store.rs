//! The backend of the bench of raw bodies: counts what is uploaded and keeps none of
//! it, and sends as many bytes as are asked for.

use clap::Parser;
use std::net::SocketAddr;
use std::pin::Pin;
use tokio_stream::Stream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};
use trestle_benches::files::files_server::{Files, FilesServer};
use trestle_benches::files::{HttpBody, Stored, Wanted};

/// The bytes of one message, as many as the gateway puts into one at most.
const PIECE: usize = 256 << 10;

/// Serves bytes.
#[derive(Parser)]
struct Args {
    /// Where to serve gRPC.
    #[arg(long)]
    listen: SocketAddr,
}

struct Store;

type Pieces = Pin<Box<dyn Stream<Item = Result<HttpBody, Status>> + Send>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Server::builder()
        .tcp_nodelay(true)
        .add_service(FilesServer::new(Store))
        .serve(Args::parse().listen)
        .await?;
    Ok(())
}

#[tonic::async_trait]
impl Files for Store {
    type DownloadStream = Pieces;

    async fn upload(
        &self,
        request: Request<Streaming<HttpBody>>,
    ) -> Result<Response<Stored>, Status> {
        let mut pieces = request.into_inner();
        let mut stored = Stored::default();
        while let Some(piece) = pieces.message().await? {
            let length = piece.data.len();
            if length > PIECE {
                return Err(Status::out_of_range(format!("a piece of {length} bytes")));
            }
            stored.bytes += length as i64;
            stored.messages += 1;
        }
        Ok(Response::new(stored))
    }

    async fn download(&self, request: Request<Wanted>) -> Result<Response<Pieces>, Status> {
        let negative = |_| Status::invalid_argument("nobody can want less than nothing");
        let wanted = usize::try_from(request.into_inner().bytes).map_err(negative)?;
        let pieces = (0..wanted).step_by(PIECE).map(move |sent| {
            Ok(HttpBody {
                content_type: "application/octet-stream".to_owned(),
                data: vec![b'x'; PIECE.min(wanted - sent)],
            })
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }
}
