//! The OpenAPI document: against the files in `openapi/`, which show it whole, and
//! against the gateway, which must do what it says.
#![allow(clippy::unwrap_used)]

mod echo;
mod golden;
mod meaning;
mod served;
mod truth;

use prost_reflect::DescriptorPool;
use std::path::{Path, PathBuf};
use trestle::{
    descriptors,
    gateway::{Gateway, Settings},
    upstream::{self, Upstream},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles a file of the tests.
fn pool(file: &str) -> DescriptorPool {
    let file = root().join("tests").join(file);
    let folder = file.parent().unwrap().to_owned();
    descriptors::from_protos(&[&file], &[folder, root().join("proto")]).unwrap()
}

/// Compiles an API that is written out in a test.
fn compiled(name: &str, text: &str) -> DescriptorPool {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("openapi");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    descriptors::from_protos(&[&file], &[folder]).unwrap()
}

/// A gateway before the backend that echoes.
fn gateway(pool: DescriptorPool, settings: Settings) -> Gateway {
    let backend = Upstream::service(echo::Echo, &upstream::Settings::default());
    Gateway::builder(pool)
        .settings(settings)
        .build(backend)
        .unwrap()
}
