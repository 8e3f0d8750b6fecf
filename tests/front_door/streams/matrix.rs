//! Runs the table: each of its rows in every way that a call of its kind can travel.

use super::client::{Client, End, Face, Way};
use super::decode::Item;
use super::table::{Kind, Row, TABLE, Then, faces};
use crate::backend::Backend;
use crate::{Running, serve};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::Method;
use prost_reflect::DescriptorPool;
use serde_json::{Value, json};
use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;
use tokio::time::timeout;
use trestle::gateway::{Gateway, Settings};
use trestle::upstream::{self, Upstream};

const PATIENCE: Duration = Duration::from_secs(10);

/// The largest message that the gateway takes from a client.
const MAX_MESSAGE: usize = 16 << 10;

/// More than all buffers on the way hold, in bytes.
const ALL_BUFFERS: usize = 64 << 20;

/// What runs for one cell of the matrix.
struct Cell<'a> {
    row: &'a Row,
    face: Face,
    backend: Backend,
    gateway: Gateway,
    running: Running,
}

#[tokio::test(flavor = "multi_thread")]
async fn server_streams_end_as_the_table_says_in_every_way() {
    run(Kind::Server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn client_streams_end_as_the_table_says_in_every_way() {
    run(Kind::Client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bidirectional_streams_end_as_the_table_says_in_every_way() {
    run(Kind::Bidi).await;
}

async fn run(kind: Kind) {
    let pool = crate::pool();
    let mut times = Vec::new();
    for row in TABLE.iter().filter(|row| row.kind == kind) {
        let cells = faces(kind).into_iter().map(|face| {
            let pool = pool.clone();
            async move {
                let cell = Cell::start(row, face, pool).await;
                let ran = AssertUnwindSafe(cell.run()).catch_unwind().await;
                ran.unwrap_or_else(|_| panic!("{kind:?}, {}, {face:?}", row.case))
            }
        });
        times.extend(join_all(cells).await.into_iter().flatten());
    }
    // One may be late on a busy machine, but not one in two.
    times.sort_unstable();
    let median = times[times.len() / 2];
    assert!(median <= Duration::from_millis(100), "{times:?}");
}

impl<'a> Cell<'a> {
    async fn start(row: &'a Row, face: Face, pool: DescriptorPool) -> Self {
        let backend = Backend::start().await;
        let upstream = Upstream::connect_lazy(&backend.url(), upstream::Settings::default());
        let mut settings = Settings::default();
        settings.route.max_body = MAX_MESSAGE;
        let gateway = Gateway::builder(pool)
            .settings(settings)
            .build(upstream.unwrap())
            .unwrap();
        Self {
            row,
            face,
            backend,
            running: serve(gateway.clone()),
            gateway,
        }
    }

    /// Makes the call; how long a client that left was not noticed, if it did.
    async fn run(self) -> Option<Duration> {
        let mut client = self.open().await;
        let time = match self.row.then {
            Then::Stuff => Some(self.stuff(client, usize::MAX).await),
            // More than the window of the backend, less than all buffers on the way.
            Then::Exceed => Some(self.stuff(client, 12).await),
            _ => {
                let first = self.converse(&mut client).await;
                self.conclude(client, first).await
            }
        };
        self.running.drain.begin();
        let ended = timeout(PATIENCE, self.running.server).await;
        ended.expect("nothing holds the drain up").unwrap();
        time
    }

    async fn open(&self) -> Client {
        let query = match self.row.script {
            "endless" => format!("text={}", "x".repeat(1 << 10)),
            _ => "i32=7".to_owned(),
        };
        let watch = format!("/v1/watch?{query}");
        let target = match self.row.kind {
            Kind::Server => (Method::GET, &watch[..]),
            Kind::Client => (Method::POST, "/v1/upload"),
            Kind::Bidi => (Method::POST, "/v1/chat"),
        };
        let mut headers = vec![("grpc-metadata-script", self.row.script)];
        match self.row.then {
            Then::ReadAll => headers.push(("grpc-timeout", "300m")),
            Then::Sleep => headers.push(("grpc-timeout", "1500m")),
            _ => {}
        }
        let socket = TcpSocket::new_v4().unwrap();
        // A reader that pauses soon has this full.
        socket.set_recv_buffer_size(16 << 10).unwrap();
        if self.row.then == Then::Stuff {
            // The end of a connection that is merely closed stands behind what was sent
            // on it, and is not heard of before all of that is taken.
            socket.set_zero_linger().unwrap();
        }
        let stream = socket.connect(self.running.address).await.unwrap();
        Client::open(stream, self.face, target, &headers).await
    }

    /// Sends what there is to send; how many messages have come back.
    async fn converse(&self, client: &mut Client) -> usize {
        let Row {
            kind,
            script,
            sent,
            then,
            ..
        } = *self.row;
        let chats = script == "chat";
        for (index, message) in sent.iter().enumerate() {
            assert!(client.sending.send(message).await);
            if chats {
                let expected = serde_json::from_str(message).unwrap();
                assert_eq!(
                    client.receiving.next().await,
                    Item::Message(expected),
                    "message {index}"
                );
            }
        }
        if kind == Kind::Bidi && script == "endless" {
            let text = json!({ "text": "x".repeat(1 << 10) }).to_string();
            assert!(client.sending.send(&text).await);
        }
        if then == Then::Finish || kind == Kind::Bidi && !chats {
            client.sending.finish().await;
        }
        if chats { sent.len() } else { 0 }
    }

    /// Reads what the table says and does what it says then.
    async fn conclude(&self, mut client: Client, mut count: usize) -> Option<Duration> {
        while count < self.row.messages {
            let item = client.receiving.next().await;
            assert!(self.is_message(&item), "message {count}: {item:?}");
            count += 1;
        }
        self.backend.wait_begun(1).await;
        match self.row.then {
            Then::Read | Then::Finish | Then::ReadAll => {}
            Then::Kill => self.backend.die(),
            Then::Close => self.gateway.close_streams(),
            Then::CloseUnread => {
                self.stall().await;
                self.gateway.close_streams();
            }
            Then::SendTooLarge => {
                let large = json!({ "text": "x".repeat(MAX_MESSAGE) }).to_string();
                client.sending.send(&large).await;
            }
            Then::Leave | Then::Stuff | Then::Exceed => return Some(self.leave(client).await),
            Then::Pause => {
                self.pause(&mut client).await;
                return Some(self.leave(client).await);
            }
            Then::Sleep => {
                self.stall().await;
                self.cancelled().await;
                return None;
            }
        }
        self.read_to_the_end(&mut client).await;
        None
    }

    async fn read_to_the_end(&self, client: &mut Client) {
        let mut item = client.receiving.next().await;
        while self.row.script == "endless" && self.is_message(&item) {
            item = client.receiving.next().await;
        }
        let Row {
            code,
            status,
            close,
            ..
        } = *self.row;
        if code != 0 {
            assert_eq!(item, Item::Failed(code));
            item = client.receiving.next().await;
        }
        let end = match self.face.way {
            Way::Text | Way::Binary => End::Closed(close),
            _ if status != 200 => End::Refused(status),
            _ if code != 0 => End::Broken,
            _ => End::Finished,
        };
        assert_eq!(item, Item::End(end));
    }

    fn is_message(&self, item: &Item) -> bool {
        match item {
            Item::Message(Value::Object(message)) if self.row.script == "endless" => {
                message["text"]
                    .as_str()
                    .is_some_and(|text| text.len() == 1 << 10)
            }
            Item::Message(message) => *message == json!({ "i32": 7 }),
            Item::Failed(_) | Item::End(_) => false,
        }
    }

    /// Goes; how long it takes until the backend knows.
    async fn leave(&self, client: Client) -> Duration {
        let begun = Instant::now();
        client.leave().await;
        self.cancelled().await;
        begun.elapsed()
    }

    async fn cancelled(&self) {
        let cancelled = timeout(PATIENCE, self.backend.wait_cancelled(1)).await;
        cancelled.expect("cancelled at the backend");
    }

    /// Reads nothing until the backend has had to stop, which harms nobody, and then
    /// until it goes on.
    async fn pause(&self, client: &mut Client) {
        let before = self.stall().await;
        while self.backend.sent() <= before {
            let item = client.receiving.next().await;
            assert!(self.is_message(&item), "{item:?}");
        }
    }

    /// Waits until the backend can send no more; what it has sent by then.
    async fn stall(&self) -> usize {
        self.backend.wait_sent(10).await;
        let sent = self.settled(|| self.backend.sent()).await;
        assert!(sent << 10 < ALL_BUFFERS, "{sent} messages were taken");
        sent
    }

    /// Sends until nothing is taken or so many messages are, and goes.
    async fn stuff(&self, client: Client, most: usize) -> Duration {
        let Client {
            mut sending,
            receiving,
        } = client;
        let message = json!({ "text": "x".repeat(8 << 10) }).to_string();
        let sent = Arc::new(AtomicUsize::new(0));
        let count = sent.clone();
        let sender = tokio::spawn(async move {
            while count.load(Relaxed) < most && sending.send(&message).await {
                count.fetch_add(1, Relaxed);
            }
            // Held until this is aborted: its end would be the end of the request.
            pending::<()>().await;
        });
        self.backend.wait_begun(1).await;
        let sent = self.settled(|| sent.load(Relaxed)).await;
        assert!(sent << 13 < ALL_BUFFERS, "{sent} messages were taken");
        let begun = Instant::now();
        receiving.leave().await;
        sender.abort();
        self.cancelled().await;
        begun.elapsed()
    }

    /// What a number stays at while many other calls are made, none of which fails.
    async fn settled(&self, number: impl Fn() -> usize) -> usize {
        loop {
            let before = number();
            for _ in 0..20 {
                let status = self.running.post("/v1/echo", &[], "{}").await.status;
                assert_eq!(status, 200);
            }
            if before > 0 && number() == before {
                return before;
            }
        }
    }
}
