//! What the demo's OpenAPI document says beside its descriptors.

use crate::openapi::Settings;

/// Who wrote the demo, and what it may be used for.
pub fn about() -> Settings {
    Settings {
        title: Some("fetchIt".to_owned()),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        contact_name: Some("Trestle".to_owned()),
        contact_url: Some("https://crates.io/crates/trestle-gateway".to_owned()),
        license: Some("MIT".to_owned()),
        license_url: Some("https://opensource.org/license/mit".to_owned()),
        ..Settings::default()
    }
}
