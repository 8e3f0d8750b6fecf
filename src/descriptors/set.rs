//! From the bytes of a descriptor set to a pool. Files stay encoded on the way;
//! only what is needed to check and complete the set is looked at.
//!
//! The pool's builder trusts its input in places, so what it would trip over is
//! refused here first: unknown syntaxes and editions, import circles, two files of
//! one name. How files of editions are made fit for it is left to `lower`.

use super::{Error, MAX_BYTES, lower::lower};
use prost::{Message as _, bytes::Bytes};
use prost_reflect::DescriptorPool;
use std::collections::{HashMap, HashSet};

/// The descriptor set that the build script makes of `proto/`.
pub(super) const EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/trestle.binpb"));

/// The files with the standard types of a status and its details.
const STANDARD: [&str; 2] = ["google/rpc/status.proto", "google/rpc/error_details.proto"];

const EDITION_2023: i32 = 1000;
const EDITION_2024: i32 = 1001;

/// Builds a pool from an encoded `FileDescriptorSet`. `origin` names it in errors.
pub(super) fn pool(origin: &str, bytes: &[u8]) -> Result<DescriptorPool, Error> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::TooLarge {
            origin: origin.to_owned(),
        });
    }
    let mut set = Set::read(origin, bytes)?;
    set.add_missing_imports()?;
    set.check_circles()?;
    set.add_standard_details();
    let files = set.files.iter().map(|file| lower(origin, &file.bytes));
    let files = files.collect::<Result<_, _>>()?;
    let encoded = Encoded { files }.encode_to_vec();
    DescriptorPool::decode(encoded.as_slice()).map_err(|error| Error::Invalid {
        origin: origin.to_owned(),
        detail: format!("{error:?}"),
    })
}

/// `google.protobuf.FileDescriptorSet`, its files left as they are.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Encoded {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(super) files: Vec<Bytes>,
}

/// What of `google.protobuf.FileDescriptorProto` matters here.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Header {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    package: String,
    #[prost(string, repeated, tag = "3")]
    pub(super) imports: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    messages: Vec<MessageHeader>,
    #[prost(string, tag = "12")]
    syntax: String,
    #[prost(int32, tag = "14")]
    edition: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct MessageHeader {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Debug, Clone)]
struct File {
    header: Header,
    bytes: Bytes,
}

impl File {
    fn read(bytes: Bytes) -> Result<File, prost::DecodeError> {
        Ok(File {
            header: Header::decode(bytes.clone())?,
            bytes,
        })
    }

    fn message_names(&self) -> impl Iterator<Item = String> {
        let package = &self.header.package;
        self.header
            .messages
            .iter()
            .map(move |message| format!("{package}.{}", message.name))
    }
}

/// The files of a set, each name once.
struct Set<'a> {
    origin: &'a str,
    files: Vec<File>,
    by_name: HashMap<String, usize>,
}

impl<'a> Set<'a> {
    fn read(origin: &'a str, bytes: &[u8]) -> Result<Set<'a>, Error> {
        let not_a_set = |detail: String| Error::NotASet {
            origin: origin.to_owned(),
            detail,
        };
        let encoded = Encoded::decode(bytes).map_err(|error| not_a_set(error.to_string()))?;
        if encoded.files.is_empty() {
            return Err(not_a_set("it holds no files".to_owned()));
        }
        let mut set = Set {
            origin,
            files: Vec::new(),
            by_name: HashMap::new(),
        };
        for bytes in encoded.files {
            let file = File::read(bytes).map_err(|error| not_a_set(error.to_string()))?;
            if file.header.name.is_empty() {
                return Err(not_a_set("it holds a file without a name".to_owned()));
            }
            set.check_syntax(&file.header)?;
            set.add_once(file)?;
        }
        Ok(set)
    }

    fn check_syntax(&self, header: &Header) -> Result<(), Error> {
        match (header.syntax.as_str(), header.edition) {
            ("" | "proto2" | "proto3", _) | ("editions", EDITION_2023 | EDITION_2024) => Ok(()),
            ("editions", edition) => Err(Error::Edition {
                origin: self.origin.to_owned(),
                file: header.name.clone(),
                edition,
            }),
            (syntax, _) => Err(Error::Syntax {
                origin: self.origin.to_owned(),
                file: header.name.clone(),
                syntax: syntax.escape_debug().to_string(),
            }),
        }
    }

    /// Adds a file; the same file twice, as in sets joined with `cat`, is one.
    fn add_once(&mut self, file: File) -> Result<(), Error> {
        match self.by_name.get(&file.header.name) {
            Some(&index) if self.files[index].bytes == file.bytes => Ok(()),
            Some(_) => Err(Error::Duplicate {
                origin: self.origin.to_owned(),
                file: file.header.name,
            }),
            None => {
                self.add(file);
                Ok(())
            }
        }
    }

    fn add(&mut self, file: File) {
        self.by_name
            .insert(file.header.name.clone(), self.files.len());
        self.files.push(file);
    }

    fn lacks(&self, name: &str) -> bool {
        !self.by_name.contains_key(name)
    }

    /// Supplies imports that are known here; what is missing then is an error.
    fn add_missing_imports(&mut self) -> Result<(), Error> {
        let builtin = Builtin::new();
        let mut missing = Vec::new();
        let mut at = 0;
        // Files that are added may have imports of their own and are visited too.
        while at < self.files.len() {
            let header = self.files[at].header.clone();
            for import in header
                .imports
                .into_iter()
                .filter(|import| self.lacks(import))
                .collect::<Vec<_>>()
            {
                match builtin.file(&import) {
                    Some(file) => self.add_once(file)?,
                    None => missing.push((header.name.clone(), import)),
                }
            }
            at += 1;
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::MissingImports {
            origin: self.origin.to_owned(),
            missing,
        })
    }

    /// Peels off files whose imports are all peeled off; what is left is circles
    /// and what imports them.
    fn check_circles(&self) -> Result<(), Error> {
        let mut importers: Vec<Vec<usize>> = vec![Vec::new(); self.files.len()];
        let mut waits_for = vec![0_usize; self.files.len()];
        for (index, file) in self.files.iter().enumerate() {
            for import in file
                .header
                .imports
                .iter()
                .filter_map(|import| self.by_name.get(import))
            {
                importers[*import].push(index);
                waits_for[index] += 1;
            }
        }
        let mut ready: Vec<_> = (0..self.files.len())
            .filter(|&index| waits_for[index] == 0)
            .collect();
        while let Some(index) = ready.pop() {
            for &importer in &importers[index] {
                waits_for[importer] -= 1;
                if waits_for[importer] == 0 {
                    ready.push(importer);
                }
            }
        }
        let is_left = |&index: &usize| waits_for[index] > 0;
        let Some(mut at) = (0..self.files.len()).find(is_left) else {
            return Ok(());
        };
        // Every file that is left imports one that is left: following that leads
        // onto a circle after at most as many steps as there are files.
        let mut through = at;
        let mut seen = HashSet::new();
        while seen.insert(at) {
            through = at;
            let mut imports = self.files[at]
                .header
                .imports
                .iter()
                .filter_map(|import| self.by_name.get(import).copied());
            at = imports.find(is_left).unwrap_or(at);
        }
        let name = |index: usize| self.files[index].header.name.clone();
        Err(Error::Cycle {
            origin: self.origin.to_owned(),
            file: name(at),
            through: name(through),
        })
    }

    /// Adds the standard error details with what they import, unless the set has
    /// them under other file names, when its own are as good.
    fn add_standard_details(&mut self) {
        let builtin = Builtin::new();
        let known: HashSet<String> = self.files.iter().flat_map(File::message_names).collect();
        for name in STANDARD {
            let wanted = builtin.with_imports(name, |name| self.lacks(name));
            let mut names = wanted.iter().flat_map(File::message_names);
            let clashes = names.any(|name| known.contains(&name));
            drop(names);
            if !clashes {
                wanted.into_iter().for_each(|file| self.add(file));
            }
        }
    }
}

/// The files that every set may import without bringing them.
struct Builtin {
    embedded: HashMap<String, File>,
}

impl Builtin {
    fn new() -> Builtin {
        let encoded = Encoded::decode(EMBEDDED).expect("the set made by the build script is whole");
        let files = encoded
            .files
            .into_iter()
            .map(|bytes| File::read(bytes).expect("its files are whole"));
        let google = files.filter(|file| file.header.name.starts_with("google/"));
        Builtin {
            embedded: google
                .map(|file| (file.header.name.clone(), file))
                .collect(),
        }
    }

    fn file(&self, name: &str) -> Option<File> {
        if let Some(file) = self.embedded.get(name) {
            return Some(file.clone());
        }
        let well_known = DescriptorPool::global().get_file_by_name(name)?;
        File::read(Bytes::from(well_known.encode_to_vec())).ok()
    }

    /// A file and what it imports, as far as `wanted`, each once.
    fn with_imports(&self, name: &str, wanted: impl Fn(&str) -> bool) -> Vec<File> {
        let mut names = vec![name.to_owned()];
        let mut files = Vec::new();
        let mut at = 0;
        while at < names.len() {
            if wanted(&names[at])
                && let Some(file) = self.file(&names[at])
            {
                for import in &file.header.imports {
                    if !names.contains(import) {
                        names.push(import.clone());
                    }
                }
                files.push(file);
            }
            at += 1;
        }
        files
    }
}
