//! Every way that a stream can travel, every kind of call, and everything that can
//! become of one.

use super::client::{Face, Way};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Server,
    Client,
    Bidi,
}

/// What the client does once it has what the backend sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Reads to the end.
    Read,
    /// Ends its messages, and reads to the end.
    Finish,
    /// Kills the backend, and reads to the end.
    Kill,
    /// Ends the gateway's streams, and reads to the end.
    Close,
    /// The same when it has read nothing for a while.
    CloseUnread,
    /// Sends too large a message, and reads to the end.
    SendTooLarge,
    /// Goes.
    Leave,
    /// Reads nothing for a while, reads on, and goes.
    Pause,
    /// Reads nothing until the call's deadline has passed.
    Sleep,
    /// Reads whatever comes until the end.
    ReadAll,
    /// Sends until nothing is taken any more, and breaks off.
    Stuff,
    /// Sends more than the backend takes, and goes.
    Exceed,
}

/// A call, and what its client gets.
pub struct Row {
    pub kind: Kind,
    pub case: &'static str,
    /// What the backend does; it does not wait for the end of the messages where it
    /// chats.
    pub script: &'static str,
    pub sent: &'static [&'static str],
    pub then: Then,
    /// How many messages come.
    pub messages: usize,
    /// The code of the error, or 0.
    pub code: i64,
    /// The status of an answer that is no stream, else 200.
    pub status: u16,
    /// The code with which a WebSocket is closed.
    pub close: u16,
}

const fn row(
    kind: Kind,
    case: &'static str,
    script: &'static str,
    sent: &'static [&'static str],
    then: Then,
    (messages, code, status, close): (usize, i64, u16, u16),
) -> Row {
    Row {
        kind,
        case,
        script,
        sent,
        then,
        messages,
        code,
        status,
        close,
    }
}

/// What makes no sense and has no row:
/// - Unary calls are not streamed: `tests/data` has them over HTTP, and a WebSocket
///   is refused on their paths.
/// - A client stream has one reply, with no framing but JSON's, after its status: no
///   error follows it, and it cannot be read slowly.
/// - A server stream's request is one message, so nobody sends while it is answered.
#[rustfmt::skip]
pub const TABLE: [Row; 35] = {
    use Kind::{Bidi, Client, Server};
    const SEVEN: &[&str] = &[r#"{"i32":7}"#];
    const TWO: &[&str] = &[r#"{"i32":1}"#, r#"{"i32":2}"#];
    const NO: &str = "trailers-only 9 grpc-message=no";
    [
        row(Server, "success", "stream 2", &[], Then::Read, (2, 0, 200, 1000)),
        row(Server, "empty", "stream 0", &[], Then::Read, (0, 0, 200, 1000)),
        row(Server, "error before the first", NO, &[], Then::Read, (0, 9, 400, 4009)),
        row(Server, "error after two", "stream 2 9 grpc-message=no", &[], Then::Read, (2, 9, 200, 4009)),
        row(Server, "backend dies", "stream-then-silence 2", &[], Then::Kill, (2, 14, 200, 4014)),
        row(Server, "backend dies before the first", "silent", &[], Then::Kill, (0, 14, 503, 4014)),
        row(Server, "client leaves", "stream-then-silence 2", &[], Then::Leave, (2, 0, 200, 0)),
        row(Server, "reply too large", "stream-then-announce 2 5000000", &[], Then::Read, (2, 8, 200, 4008)),
        row(Server, "slow reader", "endless", &[], Then::Pause, (1, 0, 200, 0)),
        row(Server, "no reader to the deadline", "endless", &[], Then::Sleep, (1, 0, 200, 0)),
        row(Server, "deadline in full flow", "endless", &[], Then::ReadAll, (1, 4, 200, 4004)),
        row(Server, "gateway ends", "stream-then-silence 2", &[], Then::Close, (2, 14, 200, 1001)),
        row(Server, "gateway ends before a slow reader", "endless", &[], Then::CloseUnread, (1, 14, 200, 1001)),
        row(Client, "success", "bytes 0807", TWO, Then::Finish, (1, 0, 200, 1000)),
        row(Client, "empty", "bytes 0807", &[], Then::Finish, (1, 0, 200, 1000)),
        row(Client, "error before the reply", NO, SEVEN, Then::Finish, (0, 9, 400, 4009)),
        row(Client, "error after the reply", "message-then 9 grpc-message=no", SEVEN, Then::Finish, (0, 9, 400, 4009)),
        row(Client, "backend dies", "silent", SEVEN, Then::Kill, (0, 14, 503, 4014)),
        row(Client, "client leaves", "silent", SEVEN, Then::Leave, (0, 0, 200, 0)),
        row(Client, "message too large", "silent", SEVEN, Then::SendTooLarge, (0, 8, 413, 1009)),
        row(Client, "gateway ends", "silent", SEVEN, Then::Close, (0, 14, 503, 1001)),
        row(Client, "backend takes nothing", "deaf", &[], Then::Stuff, (0, 0, 200, 0)),
        row(Client, "client leaves behind what nobody takes", "deaf", &[], Then::Exceed, (0, 0, 200, 0)),
        row(Bidi, "success", "chat", TWO, Then::Finish, (2, 0, 200, 1000)),
        row(Bidi, "empty", "chat", &[], Then::Finish, (0, 0, 200, 1000)), row( Bidi, "error before the first", NO, &[], Then::Finish, (0, 9, 400, 4009)),
        row(Bidi, "error after two", "stream 2 9 grpc-message=no", SEVEN, Then::Finish, (2, 9, 200, 4009)),
        row(Bidi, "backend dies", "chat", TWO, Then::Kill, (2, 14, 200, 4014)),
        row(Bidi, "client leaves", "chat", TWO, Then::Leave, (2, 0, 200, 0)),
        row(Bidi, "message too large", "chat", TWO, Then::SendTooLarge, (2, 8, 200, 1009)),
        row(Bidi, "slow reader", "endless", &[], Then::Pause, (1, 0, 200, 0)),
        row(Bidi, "deadline in full flow", "endless", &[], Then::ReadAll, (1, 4, 200, 4004)),
        row(Bidi, "gateway ends", "chat", TWO, Then::Close, (2, 14, 200, 1001)),
        row(Bidi, "backend takes nothing", "deaf", &[], Then::Stuff, (0, 0, 200, 0)),
        row(Bidi, "client leaves behind what nobody takes", "deaf", &[], Then::Exceed, (0, 0, 200, 0)),
    ]
};

/// The ways of a kind of call.
pub fn faces(kind: Kind) -> Vec<Face> {
    let framings = [
        "application/x-ndjson",
        "application/jsonl",
        "application/json; framing=array",
        "application/json-seq",
        "text/event-stream",
    ];
    let accepts = match kind {
        Kind::Client => &["application/json"],
        Kind::Server | Kind::Bidi => &framings[..],
    };
    let http = |way| accepts.iter().map(move |accept| Face { way, accept });
    let frames = [Way::Text, Way::Binary].map(|way| Face { way, accept: "" });
    http(Way::Http1)
        .chain(http(Way::Http2))
        .chain(frames)
        .collect()
}
