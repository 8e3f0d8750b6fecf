//! Descriptors asked of the backend itself, by server reflection
//! (`grpc.reflection.v1`, or `v1alpha` where the backend has only that): the
//! services that it lists, the files that define them, and what those import.
//! Servers answer with a file alone or with all that it imports; both are taken.

use super::set::{self, Encoded, Header};
use super::{Error, MAX_BYTES};
use crate::upstream::{Code, Failure, Open, Outgoing, Receiving, Sending, Settings, Upstream};
use http::uri::PathAndQuery;
use prost::{Message as _, bytes::Bytes};
use prost_reflect::DescriptorPool;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

/// The versions of the service, the best first; their messages are the same.
const PATHS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];
/// How long a backend that cannot be reached is left alone.
const PAUSE: Duration = Duration::from_millis(250);
/// The service that answers here, which nobody wants to call through a gateway.
const ITSELF: &str = "grpc.reflection.";

/// Asks the backend at `url` for the descriptors of its services, all within
/// `patience`.
pub(super) async fn pool(url: &str, patience: Duration) -> Result<DescriptorPool, Error> {
    let failed = |detail: String| Error::Reflection {
        url: url.to_owned(),
        detail,
    };
    // A connection for this alone: its replies may be larger than calls' are.
    let settings = Settings {
        max_reply_message: MAX_BYTES,
        ..Settings::default()
    };
    let upstream = Upstream::connect_lazy(url, settings).map_err(Error::Url)?;
    let deadline = Instant::now() + patience;
    let files = loop {
        match timeout_at(deadline, files(&upstream, deadline)).await {
            Ok(Ok(files)) => break files,
            // Backends are often started beside their gateways.
            Ok(Err(Fault::Unreachable(_))) if Instant::now() + PAUSE < deadline => {
                sleep(PAUSE).await;
            }
            Ok(Err(Fault::Unreachable(why))) => {
                return Err(Error::Unreachable {
                    url: url.to_owned(),
                    detail: why,
                });
            }
            Ok(Err(Fault::Told(why))) => return Err(failed(why)),
            Err(_) => return Err(failed(format!("it has not answered within {patience:?}"))),
        }
    };
    let set = Encoded { files }.encode_to_vec();
    set::pool(&format!("reflection of {url}"), &set)
}

/// Why files cannot be had.
enum Fault {
    Unreachable(String),
    Told(String),
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Unreachable(why) => Self::Unreachable(why.clone()),
            Failure::Status(status) => Self::Told(format!("{:?}: {failure}", status.code)),
            _ => Self::Told(failure.to_string()),
        }
    }
}

async fn files(upstream: &Upstream, deadline: Instant) -> Result<Vec<Bytes>, Fault> {
    let mut unimplemented = None;
    for path in PATHS {
        match Conversation::open(upstream, path, deadline).await {
            Ok(conversation) => return conversation.files().await,
            Err(Failure::Status(status)) if status.code == Code::Unimplemented => {
                unimplemented = Some(Failure::Status(status));
            }
            Err(failure) => return Err(failure.into()),
        }
    }
    let failure = unimplemented.expect("each version has answered that it is not there");
    Err(failure.into())
}

/// Questions and answers over one call, one after the other.
struct Conversation {
    sending: Sending,
    receiving: Receiving,
    services: Vec<String>,
    files: BTreeMap<String, Bytes>,
    /// What the files import, each once.
    imports: BTreeSet<String>,
    bytes: usize,
}

impl Conversation {
    /// Opens the call and asks for the services, for only an answer tells whether
    /// the backend has this version.
    async fn open(
        upstream: &Upstream,
        path: &'static str,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let open = Open {
            path: PathAndQuery::from_static(path),
            metadata: Vec::new(),
            deadline,
        };
        let (sending, receiving) = upstream.open(open).await?;
        let mut conversation = Self {
            sending,
            receiving,
            services: Vec::new(),
            files: BTreeMap::new(),
            imports: BTreeSet::new(),
            bytes: 0,
        };
        let question = MessageRequest::ListServices(String::new());
        if let MessageResponse::ListServicesResponse(list) = conversation.ask(question).await? {
            let names = list.service.into_iter().map(|service| service.name);
            conversation.services = names.filter(|name| !name.starts_with(ITSELF)).collect();
        }
        Ok(conversation)
    }

    /// The files of all services, and what they import.
    async fn files(mut self) -> Result<Vec<Bytes>, Fault> {
        if self.services.is_empty() {
            return Err(Fault::Told("it lists no services".to_owned()));
        }
        for service in std::mem::take(&mut self.services) {
            let question = MessageRequest::FileContainingSymbol(service.clone());
            let told = self.ask(question).await?;
            self.take(told)?
                .map_err(|why| Fault::Told(format!("it lists {service}, and then says: {why}")))?;
        }
        let mut asked = BTreeSet::new();
        while let Some(import) = self.imports.pop_first() {
            if self.files.contains_key(&import) || !asked.insert(import.clone()) {
                continue;
            }
            let told = self.ask(MessageRequest::FileByFilename(import)).await?;
            // One that it does not have may be one of those that are built in.
            let _ = self.take(told)?;
        }
        Ok(self.files.into_values().collect())
    }

    async fn ask(&mut self, question: MessageRequest) -> Result<MessageResponse, Failure> {
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(question),
        };
        let mut message = Outgoing::with_capacity(request.encoded_len());
        request
            .encode(message.buffer())
            .expect("a vector grows as far as it must");
        // A call that is over already says why in what is received.
        let _ = self.sending.send(message).await;
        let reply = self.receiving.message().await?;
        let reply = reply.ok_or(Failure::Protocol("reflection ended without an answer"))?;
        ServerReflectionResponse::decode(reply)
            .ok()
            .and_then(|response| response.message_response)
            .ok_or(Failure::Protocol(
                "the answer is no ServerReflectionResponse",
            ))
    }

    /// Keeps the files of an answer; the inner error is what the backend says
    /// instead of them.
    fn take(&mut self, told: MessageResponse) -> Result<Result<(), String>, Fault> {
        let files = match told {
            MessageResponse::FileDescriptorResponse(files) => files.file_descriptor_proto,
            MessageResponse::ErrorResponse(error) => return Ok(Err(error.error_message)),
            _ => {
                let why = "the answer is not of the kind that was asked for";
                return Err(Failure::Protocol(why).into());
            }
        };
        for file in files {
            let file = Bytes::from(file);
            let header = Header::decode(file.clone())
                .map_err(|error| Fault::Told(format!("a file is no descriptor: {error}")))?;
            self.bytes += file.len();
            if self.bytes > MAX_BYTES {
                let mebibytes = MAX_BYTES >> 20;
                return Err(Fault::Told(format!("it sends more than {mebibytes} MiB")));
            }
            self.imports.extend(header.imports);
            self.files.entry(header.name).or_insert(file);
        }
        Ok(Ok(()))
    }
}
