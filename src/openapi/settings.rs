//! What an operator may say about the document that descriptors do not.

use crate::transcode::WriteOptions;
use std::str::FromStr;

/// The document's own words; what is `None` comes from the descriptors.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Settings {
    /// The API's name.
    pub title: Option<String>,
    /// The API's version.
    pub version: Option<String>,
    /// What the API is for, in CommonMark.
    pub description: Option<String>,
    /// Whom to ask: a name.
    pub contact_name: Option<String>,
    /// Whom to ask: a page.
    pub contact_url: Option<String>,
    /// Whom to ask: an address.
    pub contact_email: Option<String>,
    /// The API's licence, by an SPDX identifier.
    pub license: Option<String>,
    /// Where the licence can be read.
    pub license_url: Option<String>,
    /// The URLs at which the API is reached; without any, the one that serves the
    /// document.
    pub servers: Vec<String>,
    /// How callers say who they are. The gateway hands it on, the backend judges it.
    pub security: Vec<Security>,
    /// Labels of `google.api.visibility` whose elements are shown; elements without
    /// a label always are.
    pub visibility: Vec<String>,
    /// How replies are written.
    pub write: WriteOptions,
}

/// A way in which callers say who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Security {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `Authorization: Basic …`.
    Basic,
    /// A key in this header.
    ApiKey(String),
}

impl FromStr for Security {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "bearer" => Ok(Self::Bearer),
            None if text == "basic" => Ok(Self::Basic),
            Some(("api_key", header)) if http::HeaderName::try_from(header).is_ok() => {
                Ok(Self::ApiKey(header.to_owned()))
            }
            _ => Err("expected bearer, basic or api_key:HEADER".to_owned()),
        }
    }
}
