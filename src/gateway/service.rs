//! The gateway as a `tower` service, which is how servers and axum call it.

use super::{Gateway, answer, exchange};
use bytes::Bytes;
use http_body::Body;
use std::convert::Infallible;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};

impl<B> tower_service::Service<http::Request<B>> for Gateway
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Display + Send,
{
    type Response = answer::Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<answer::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let worker = self.worker.clone();
        Box::pin(async move { Ok(exchange::handle(&worker, request).await) })
    }
}
