//! OTLP over gRPC. Messages are encoded already, so the codec hands bytes through.

use super::{
    super::{Error, client, env::is_secure},
    Refusal, Settings, Signal,
    http::{AGENT, Status as RpcStatus},
    retry::Again,
};
use bytes::{Buf as _, BufMut as _, Bytes};
use http::{HeaderValue, Uri, header::USER_AGENT, uri::PathAndQuery};
use hyper_util::{
    client::legacy::Client as Pool,
    rt::{TokioExecutor, TokioTimer},
};
use prost::Message as _;
use std::time::Duration;
use tonic::{
    Code, Request, Status,
    body::Body,
    client::Grpc,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
};

/// A connection in use is asked this often whether it still lives.
const PING: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Carrier {
    grpc: Grpc<Pool<client::Connector, Body>>,
    method: PathAndQuery,
    metadata: MetadataMap,
    endpoint: Uri,
}

impl Carrier {
    pub(super) fn new(settings: &Settings, signal: Signal) -> Result<Self, Error> {
        let tls = is_secure(&settings.endpoint).then_some(&settings.tls);
        let pool = Pool::builder(TokioExecutor::new())
            .http2_only(true)
            .http2_keep_alive_interval(PING)
            .timer(TokioTimer::new())
            .build(client::connector(tls, true)?);
        let mut grpc = Grpc::with_origin(pool, settings.endpoint.clone());
        if settings.gzip {
            grpc = grpc.send_compressed(CompressionEncoding::Gzip);
        }
        let mut headers = settings.headers.clone();
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(AGENT));
        Ok(Self {
            grpc: grpc.accept_compressed(CompressionEncoding::Gzip),
            method: PathAndQuery::from_static(signal.method()),
            metadata: MetadataMap::from_headers(headers),
            endpoint: settings.endpoint.clone(),
        })
    }

    pub(super) async fn send(&mut self, message: Bytes) -> Result<Bytes, Refusal> {
        let unreachable = |error: &dyn std::error::Error| {
            let reason = format!("{}: {}", self.endpoint, client::chain(error));
            Refusal::new(Again::Later, reason)
        };
        self.grpc
            .ready()
            .await
            .map_err(|error| unreachable(&error))?;
        let mut request = Request::new(message);
        *request.metadata_mut() = self.metadata.clone();
        let answer = self.grpc.unary(request, self.method.clone(), Raw).await;
        match answer {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(refusal(&self.endpoint, &status)),
        }
    }
}

/// The codes that the protocol names as worth another try; a receiver that is
/// exhausted is tried again only if it says when.
fn refusal(endpoint: &Uri, status: &Status) -> Refusal {
    let told = retry_info(status);
    let again = match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => told.map_or(Again::Later, Again::After),
        Code::ResourceExhausted => told.map_or(Again::Never, Again::After),
        _ => Again::Never,
    };
    let said = std::error::Error::source(status).map_or_else(
        || client::excerpt(status.message().as_bytes()),
        client::chain,
    );
    let reason = format!("{endpoint} answers {:?}: {said}", status.code());
    Refusal::new(again, reason)
}

/// The wait that the receiver asks for, `google.rpc.RetryInfo`.
fn retry_info(status: &Status) -> Option<Duration> {
    let details = RpcStatus::decode(status.details()).ok()?.details;
    let info = details
        .iter()
        .find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(info.value.clone()).ok()?.delay?;
    Some(Duration::new(
        delay.seconds.try_into().ok()?,
        delay.nanos.clamp(0, 999_999_999) as u32,
    ))
}

/// `google.rpc.RetryInfo`
#[derive(prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

/// `google.protobuf.Duration`
#[derive(prost::Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.reserve(message.len());
        out.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
