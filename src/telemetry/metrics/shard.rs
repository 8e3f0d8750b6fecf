//! What one worker counts. Other threads only read it.

use super::{
    calls::{Call, Calls},
    catalog::{Catalog, MethodId},
    exchanges::{Exchange, Exchanges, Method},
};
use std::{sync::Arc, time::Instant};

/// The cells of one worker, made by [`Registry::shard`](super::Registry::shard).
/// Several threads may write to one and every count is kept; it is only slower.
#[derive(Debug)]
#[repr(align(128))]
pub struct Shard {
    /// When counting began.
    epoch: Instant,
    catalog: Arc<Catalog>,
    pub(super) client: Calls,
    pub(super) server: Calls,
    pub(super) http: Exchanges,
}

impl Shard {
    pub(super) fn new(catalog: &Arc<Catalog>, epoch: Instant) -> Self {
        let methods = catalog.methods().len();
        Self {
            epoch,
            client: Calls::new(methods),
            server: Calls::new(methods),
            http: Exchanges::new(catalog.routes().len()),
            catalog: Arc::clone(catalog),
        }
    }

    /// What can be counted.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// An attempt of a call to the backend begins.
    pub fn attempt_started(&self, method: MethodId) {
        self.client.started(method);
    }

    /// An attempt of a call to the backend is over.
    pub fn attempt_ended(&self, attempt: &Call) {
        self.client.ended(self.epoch, attempt);
    }

    /// A call to the backend is over, its attempts included.
    pub fn call_ended(&self, call: &Call) {
        self.client.call_ended(self.epoch, call);
    }

    /// A call that is answered here begins.
    pub fn served_call_started(&self, method: MethodId) {
        self.server.started(method);
    }

    /// A call that is answered here is over.
    pub fn served_call_ended(&self, call: &Call) {
        self.server.ended(self.epoch, call);
    }

    /// An HTTP exchange begins, over TLS or not.
    pub fn exchange_started(&self, method: Method, secure: bool) {
        self.http.started(method, secure);
    }

    /// An HTTP exchange is over.
    pub fn exchange_ended(&self, exchange: &Exchange) {
        self.http.ended(self.epoch, exchange);
    }
}
