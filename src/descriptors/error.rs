//! Why descriptors could not be loaded. Each message names the file and a remedy.

use super::MAX_BYTES;
use crate::upstream::UrlError;
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
    /// What the backend to be asked was named by is no URL of one.
    #[error(transparent)]
    Url(UrlError),
    /// The backend to be asked for its descriptors cannot be reached.
    #[error(
        "{url} cannot be reached to ask for its descriptors: {detail}; start it, or give \
         descriptors"
    )]
    Unreachable {
        /// The backend.
        url: String,
        /// What kept it from being reached.
        detail: String,
    },
    /// The backend does not tell its descriptors.
    #[error(
        "{url} does not tell its descriptors by server reflection: {detail}; turn reflection on \
         in it, or give descriptors"
    )]
    Reflection {
        /// The backend.
        url: String,
        /// What it says.
        detail: String,
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
    #[error("{origin}: {file} uses syntax \"{syntax}\"; proto2, proto3 and editions are supported")]
    Syntax {
        /// The file, or what stands for it.
        origin: String,
        /// The `.proto` file in it.
        file: String,
        /// The syntax that it declares.
        syntax: String,
    },
    /// A file in the set is of an edition that cannot be read.
    #[error(
        "{origin}: {file} is of {}; of editions, 2023 and 2024 are supported: \
         set `edition = \"2024\";` in it, or an older one, and build the set again",
        edition_name(*edition)
    )]
    Edition {
        /// The file, or what stands for it.
        origin: String,
        /// The `.proto` file in it.
        file: String,
        /// The number of the edition, 0 if the file states none.
        edition: i32,
    },
    /// An element in the set states a feature in a way that its edition has not.
    #[error(
        "{origin}: {file}: {element} has features.{feature} set to the unknown value {value}; \
         build the set again with a released protoc or buf"
    )]
    Feature {
        /// The file, or what stands for it.
        origin: String,
        /// The `.proto` file in it.
        file: String,
        /// The full name of what the feature is stated for.
        element: String,
        /// The name of the feature.
        feature: &'static str,
        /// The number of the value.
        value: i32,
    },
    /// A `.proto` file to compile is of an edition, which the compiler cannot read.
    #[error(
        "{}: the file is of an edition, and only proto2 and proto3 can be compiled here; \
         give a descriptor set of it instead, made with \
         `protoc --include_imports --include_source_info --descriptor_set_out=FILE` or \
         `buf build -o FILE.binpb`",
        path.display()
    )]
    EditionSource {
        /// The file.
        path: PathBuf,
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

fn edition_name(edition: i32) -> String {
    match edition {
        0 => "no edition".to_owned(),
        1002 => "edition 2026".to_owned(),
        number => format!("the edition numbered {number}"),
    }
}

fn list(missing: &[(String, String)]) -> String {
    let each: Vec<_> = missing
        .iter()
        .map(|(file, import)| format!("{import} (imported by {file})"))
        .collect();
    each.join(", ")
}
