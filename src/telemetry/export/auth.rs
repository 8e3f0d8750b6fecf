//! What a receiver in a cloud wants to know its senders by.

use super::{aws::Signer, google::Tokens};
use bytes::Bytes;
use http::Request;

/// How requests are authorized.
#[derive(Debug)]
pub(super) enum Auth {
    /// By the headers of the settings, if at all.
    Headers,
    /// By a signature made with AWS's keys.
    Aws(Box<Signer>),
    /// By a token of Google's.
    Google(Box<Tokens>),
}

impl Auth {
    /// Puts into `request` what it needs. It must not be changed afterwards.
    pub(super) async fn authorize(&mut self, request: &mut Request<Bytes>) -> Result<(), String> {
        match self {
            Auth::Headers => Ok(()),
            Auth::Aws(signer) => signer.authorize(request).await,
            Auth::Google(tokens) => tokens.authorize(request).await,
        }
    }

    /// The receiver did not accept it: what is kept is asked for anew.
    pub(super) fn forget(&mut self) {
        match self {
            Auth::Headers => {}
            Auth::Aws(signer) => signer.forget(),
            Auth::Google(tokens) => tokens.forget(),
        }
    }
}
