//! The backend of the stream bench: ticks, as many and as fast as asked for.

use clap::Parser;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;
use tokio_stream::wrappers::IntervalStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use trestle_benches::ticks::ticks_server::{Ticks, TicksServer};
use trestle_benches::ticks::{Query, TEXT, Tick};

/// Serves ticks.
#[derive(Parser)]
struct Args {
    /// Where to serve gRPC.
    #[arg(long)]
    listen: SocketAddr,
}

struct Ticker;

type Watched = Pin<Box<dyn Stream<Item = Result<Tick, Status>> + Send>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Server::builder()
        // The hand-written gateway has all its calls on one connection.
        .max_concurrent_streams(1 << 16)
        .tcp_nodelay(true)
        .add_service(TicksServer::new(Ticker))
        .serve(Args::parse().listen)
        .await?;
    Ok(())
}

#[tonic::async_trait]
impl Ticks for Ticker {
    type WatchStream = Watched;

    async fn watch(&self, request: Request<Query>) -> Result<Response<Watched>, Status> {
        let Query { count, period_ms } = request.into_inner();
        let negative = |_| Status::invalid_argument("neither count nor period is negative");
        let count = usize::try_from(count).map_err(negative)?;
        let period = Duration::from_millis(u64::try_from(period_ms).map_err(negative)?);
        let count = if count == 0 { usize::MAX } else { count };
        if period.is_zero() {
            let ticks = tokio_stream::iter((1..).map(|index| Ok(tick(index))));
            return Ok(Response::new(Box::pin(ticks.take(count))));
        }
        let mut index = 0;
        let pace = IntervalStream::new(tokio::time::interval(period));
        let ticks = pace.map(move |_| {
            index += 1;
            Ok(tick(index))
        });
        Ok(Response::new(Box::pin(ticks.take(count))))
    }

    async fn first(&self, _: Request<Query>) -> Result<Response<Tick>, Status> {
        Ok(Response::new(tick(1)))
    }
}

fn tick(index: i64) -> Tick {
    Tick {
        index,
        text: TEXT.to_owned(),
    }
}
