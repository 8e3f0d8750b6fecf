//! The documents in `openapi/`. To renew them after a change that is meant:
//!
//! ```console
//! $ TRESTLE_RENEW=1 cargo test --test openapi golden
//! ```

use super::{gateway, pool, root};
use serde_json::Value;
use std::fs;
use trestle::gateway::Settings;
use trestle::openapi::{Document, Version};
use trestle::{descriptors, fetchit};

/// Compares a document in all its forms with the files of that name.
fn check(name: &str, document: &Document) {
    for version in [Version::V3_0, Version::V3_1] {
        let json: Value = serde_json::from_str(&document.to_json(version)).unwrap();
        let yaml: Value = serde_saphyr::from_str(&document.to_yaml(version)).unwrap();
        assert_eq!(json, yaml, "{name}: YAML and JSON differ");
    }
    let mut stale = Vec::new();
    for (ending, text) in [
        ("json", document.to_json(Version::V3_1)),
        ("yaml", document.to_yaml(Version::V3_1)),
        ("3.0.json", document.to_json(Version::V3_0)),
        ("3.0.yaml", document.to_yaml(Version::V3_0)),
    ] {
        let path = root().join("openapi").join(format!("{name}.{ending}"));
        if std::env::var_os("TRESTLE_RENEW").is_some() {
            fs::write(&path, &text).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(path);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?} are not what is generated; if that is meant: TRESTLE_RENEW=1 cargo test --test openapi golden"
    );
}

#[test]
fn fetchit_is_described_as_in_the_golden_files() {
    let mut settings = Settings::default();
    settings.openapi = fetchit::about();
    check(
        "fetchit",
        &gateway(descriptors::embedded(), settings).openapi(),
    );
}

#[test]
fn everything_that_shows_is_in_the_golden_files() {
    let pool = pool("openapi/library.proto");
    check("library", &gateway(pool, Settings::default()).openapi());
}
