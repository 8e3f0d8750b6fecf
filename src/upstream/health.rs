//! The backend's own word on its health: one `grpc.health.v1.Health/Check`.

use super::{Failure, Outgoing, Request, Upstream};
use prost::Message as _;
use std::time::Duration;
use tokio::time::Instant;
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
};

/// What `grpc.health.v1.Health/Check` answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// The service takes calls.
    Serving,
    /// It takes none at present.
    NotServing,
    /// The backend does not say.
    Unknown,
    /// The backend has no service of that name.
    ServiceUnknown,
}

impl Upstream {
    /// Asks for the health of `service`, or of the whole backend when it is empty.
    /// Fails with `Unimplemented` where the backend has no health service.
    pub async fn check_health(&self, service: &str, patience: Duration) -> Result<Health, Failure> {
        let question = HealthCheckRequest {
            service: service.to_owned(),
        };
        let mut message = Outgoing::with_capacity(question.encoded_len());
        message
            .buffer()
            .extend_from_slice(&question.encode_to_vec());
        let reply = self
            .unary(Request {
                path: http::uri::PathAndQuery::from_static("/grpc.health.v1.Health/Check"),
                metadata: Vec::new(),
                message,
                deadline: Instant::now() + patience,
                idempotent: true,
            })
            .await;
        let reply = match reply {
            Err(Failure::Status(status)) if status.code == tonic::Code::NotFound => {
                return Ok(Health::ServiceUnknown);
            }
            other => other?,
        };
        let answer = HealthCheckResponse::decode(reply.message)
            .map_err(|_| Failure::Protocol("a health reply that is not a HealthCheckResponse"))?;
        Ok(match answer.status() {
            ServingStatus::Serving => Health::Serving,
            ServingStatus::NotServing => Health::NotServing,
            ServingStatus::Unknown => Health::Unknown,
            ServingStatus::ServiceUnknown => Health::ServiceUnknown,
        })
    }
}
