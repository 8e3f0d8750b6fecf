//! What the demo's OpenAPI document says beside its descriptors.

use crate::openapi::Settings;

/// Who wrote the demo, and what it may be used for.
pub fn about() -> Settings {
    let mut about = Settings::default();
    about.title = Some("fetchIt".to_owned());
    about.version = Some(env!("CARGO_PKG_VERSION").to_owned());
    about.contact_name = Some("Trestle".to_owned());
    about.contact_url = Some("https://crates.io/crates/trestle-gateway".to_owned());
    about.license = Some("MIT".to_owned());
    about.license_url = Some("https://opensource.org/license/mit".to_owned());
    about
}
