//! What the demo's OpenAPI document says beside its descriptors.

use crate::openapi::Settings;

/// Who wrote the demo, and what it may be used for.
pub fn about() -> Settings {
    let text = |text: &str| Some(text.to_owned());
    Settings {
        title: text("fetchIt"),
        version: text(env!("CARGO_PKG_VERSION")),
        contact_name: text("Trestle"),
        contact_url: text("https://crates.io/crates/trestle-gateway"),
        license: text("MIT"),
        license_url: text("https://opensource.org/license/mit"),
        ..Settings::default()
    }
}
