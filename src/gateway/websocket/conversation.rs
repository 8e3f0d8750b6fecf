//! One WebSocket from its upgrade to its end: both directions of its call at once,
//! within the call's limits.

use super::super::failure::Failure;
use super::super::matched::Owned;
use super::super::stream::{self, Activity};
use super::close::{self, End, answer};
use super::downlink::Downlink;
use super::link::{Kind, Link, Socket};
use super::uplink::{Opening, Uplink};
use crate::telemetry::observe::Exchange;
use crate::upstream::{Code, Failure as Upstreams, Open, Receiving};
use futures_util::StreamExt as _;
use futures_util::stream::{SplitSink, SplitStream};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// A call that a WebSocket is to carry.
pub(super) struct Conversation {
    pub(super) route: Owned,
    pub(super) opening: Opening,
    pub(super) open: Open,
    pub(super) kind: Option<Kind>,
    /// Who is told of the call, and of the end of it all.
    pub(super) exchange: Exchange,
}

/// Buffers for small messages; large ones grow them.
const BUFFER: usize = 8 << 10;

/// How long the backend has to end a call whose client has left, having sent all.
const AFTERMATH: Duration = Duration::from_secs(10);

impl Conversation {
    pub(super) async fn run(mut self, upgrade: OnUpgrade) {
        let upgraded = match upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                tracing::debug!(%error, "a connection was not upgraded after all");
                return;
            }
        };
        let route = self.route.clone();
        let mut exchange = self.exchange.share();
        let limit = Some(route.manners().max_body);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(limit)
            .max_frame_size(limit);
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        let (mut sink, mut frames) = socket.split();
        let activity = Arc::new(Activity::new());
        let over = stream::over(route.clone(), activity.clone(), self.open.deadline);
        let end = tokio::select! {
            biased;
            end = self.talk(&mut sink, &mut frames, activity) => end,
            failure = over => End::Failed(failure),
        };
        let observed = end.observed();
        close::close(end, &mut exchange, route.schema(), sink, frames).await;
        exchange.end(observed);
    }

    async fn talk(
        self,
        sink: &mut SplitSink<Socket, Message>,
        frames: &mut SplitStream<Socket>,
        activity: Arc<Activity>,
    ) -> End {
        let Self {
            route,
            opening,
            open,
            kind,
            mut exchange,
            ..
        } = self;
        exchange.call();
        let (sending, mut receiving) = match route.upstream().open(open).await {
            Ok(call) => call,
            Err(failure) => return End::Failed(Failure::Upstream(failure)),
        };
        let link = Link::new(kind, activity);
        let (up, mut after) = (exchange.share(), exchange.share());
        let up = async {
            let uplink = Uplink::open(&route, &link, frames, sending, opening, up).await;
            uplink.run().await
        };
        let down = Downlink {
            route: &route,
            link: &link,
            receiving: &mut receiving,
            sink,
            exchange,
        };
        let end = tokio::select! {
            biased;
            end = down.run() => end,
            end = up => end,
        };
        if matches!(end, End::Left { complete: true }) && route.binding().method.client_streaming {
            // A cancellation could overtake messages that are on their way.
            let aftermath = async {
                answer(sink).await;
                if rest(&mut receiving).await.is_ok() {
                    after.called(Code::Ok, &"");
                }
            };
            let _ = timeout(AFTERMATH, aftermath).await;
        }
        end
    }
}

/// Reads replies that nobody wants any more.
async fn rest(receiving: &mut Receiving) -> Result<(), Upstreams> {
    while receiving.message().await?.is_some() {}
    Ok(())
}
