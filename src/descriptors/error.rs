//! Why descriptors could not be loaded. Each message names the file and a remedy.

use super::MAX_BYTES;
use std::{io, path::PathBuf};

/// Why there is no descriptor pool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or directory cannot be read.
    #[error("cannot read {}: {source}; check the path and its permissions", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is larger than [`MAX_BYTES`].
    #[error("{origin} is larger than {} MiB; leave out what the gateway does not serve", MAX_BYTES >> 20)]
    TooLarge {
        /// The file, or what stands for it.
        origin: String,
    },
    /// The bytes are no encoded `FileDescriptorSet`.
    #[error(
        "{origin} is not an encoded FileDescriptorSet ({detail}); write one with \
         `protoc --include_imports --include_source_info --descriptor_set_out=FILE` or `buf build -o FILE.binpb`"
    )]
    NotASet {
        /// The file, or what stands for it.
        origin: String,
        /// What about the bytes is wrong.
        detail: String,
    },
    /// A file in the set uses a syntax that cannot be read.
    #[error(
        "{origin}: {file} uses syntax \"{syntax}\"; only proto2, proto3 and editions are known"
    )]
    Syntax {
        /// The file, or what stands for it.
        origin: String,
        /// The `.proto` file in it.
        file: String,
        /// The syntax that it declares.
        syntax: String,
    },
    /// A file in the set is in an edition that is not known.
    #[error("{origin}: {detail}; write the file in one of these, or use a newer trestle")]
    Edition {
        /// The file, or what stands for it.
        origin: String,
        /// Which `.proto` file in it, and its edition.
        detail: String,
    },
    /// Two different files in the set have one name.
    #[error("{origin}: two different files are named {file}; build the set from one version of it")]
    Duplicate {
        /// The file, or what stands for it.
        origin: String,
        /// The `.proto` file in it.
        file: String,
    },
    /// Files that are imported are not in the set.
    #[error("{origin} lacks {}; build it with `--include_imports`", list(missing))]
    MissingImports {
        /// The file, or what stands for it.
        origin: String,
        /// Each importing file and what it imports.
        missing: Vec<(String, String)>,
    },
    /// Files import each other in a circle.
    #[error(
        "{origin}: {file} imports itself, by way of {through}; move what they share to a third file"
    )]
    Cycle {
        /// The file, or what stands for it.
        origin: String,
        /// The `.proto` file in it.
        file: String,
        /// The file on the circle that imports it.
        through: String,
    },
    /// The files contradict themselves or each other.
    #[error("{origin}: {detail}; the set may be damaged or mixed from several builds")]
    Invalid {
        /// The file, or what stands for it.
        origin: String,
        /// What is wrong, and where.
        detail: String,
    },
    /// There is nothing to compile.
    #[error("no .proto files to compile; name at least one")]
    NoFiles,
    /// `.proto` sources do not compile.
    #[error("{}", errors.join("\n"))]
    Compile {
        /// One error a file at fault: `path:line:column: what is wrong`.
        errors: Vec<String>,
    },
}

fn list(missing: &[(String, String)]) -> String {
    let each: Vec<_> = missing
        .iter()
        .map(|(file, import)| format!("{import} (imported by {file})"))
        .collect();
    each.join(", ")
}
