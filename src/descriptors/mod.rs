//! Where descriptors come from: the set built into the program, a descriptor set
//! file, `.proto` sources compiled in process, or the backend's own reflection. Callers get one kind of pool and
//! cannot tell which it was; what rules and messages in it mean is left to `rule`
//! and `transcode`.
//!
//! Whatever the origin, sets travel as bytes: decoding them into generated types
//! would drop the `google.api.http` options. Every pool also knows the standard
//! error details (`google.rpc.Status`, `BadRequest`, …), so that the details of a
//! status can be shown as JSON even if the service never imports them.
//!
//! Files of the editions 2023 and 2024 come out as the proto2 files that mean the
//! same: required fields, groups and packing are where the pool has them. What
//! proto2 has no words for stays a feature, stated in the options of each field
//! (`field_presence = IMPLICIT`) and each enum (`enum_type = OPEN`) that it holds for.

mod declared;
mod error;
mod features;
mod lower;
mod protos;
mod reflection;
mod set;
mod wire;

pub use error::Error;
pub use protos::from_protos;

use prost_reflect::DescriptorPool;
use std::{fs::File, io::Read as _, path::Path, sync::OnceLock, time::Duration};

/// The largest descriptor set or `.proto` file that is read.
pub const MAX_BYTES: usize = 64 << 20;

/// fetchIt's own descriptors, with comments.
pub fn embedded() -> DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        set::pool("the embedded set", set::EMBEDDED)
            .expect("the set made by the build script is whole")
    })
    .clone()
}

/// A pool from an encoded `FileDescriptorSet`, as `protoc --descriptor_set_out`
/// and `buf build` write it. Imports of `google/api`, `google/rpc` and
/// `google/protobuf` that it lacks are supplied, any other must be in it.
pub fn from_set(bytes: &[u8]) -> Result<DescriptorPool, Error> {
    set::pool("the descriptor set", bytes)
}

/// As [`from_set`], from a file.
pub fn from_file(path: impl AsRef<Path>) -> Result<DescriptorPool, Error> {
    let path = path.as_ref();
    let unread = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    // Read to one byte past the limit rather than trusting the size that the file
    // system tells, which for a pipe is none.
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(unread)?
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    set::pool(&path.display().to_string(), &bytes)
}

/// Asks the backend at `url` (`http://host:port`) what it serves, by server
/// reflection v1 or v1alpha, within `patience`. Comments do not come that way.
pub async fn from_reflection(url: &str, patience: Duration) -> Result<DescriptorPool, Error> {
    reflection::pool(url, patience).await
}
