//! Compiles `.proto` sources in process: no protoc, no copy of googleapis. The
//! language itself is left to protox.

use super::{Error, MAX_BYTES, set};
use prost_reflect::DescriptorPool;
use protox::{
    Compiler,
    file::{
        self, ChainFileResolver, DescriptorSetFileResolver, FileResolver, GoogleFileResolver,
        IncludeFileResolver,
    },
};
use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

/// Compiles `.proto` files with everything they import, comments included.
///
/// Imports are looked for in `include_dirs`, in order; `google/api`, `google/rpc`
/// and `google/protobuf` are there without being in any. With no `include_dirs`,
/// the working directory is one, and so is the directory of each file that is
/// not below it.
pub fn from_protos<F, D>(files: &[F], include_dirs: &[D]) -> Result<DescriptorPool, Error>
where
    F: AsRef<Path>,
    D: AsRef<Path>,
{
    if files.is_empty() {
        return Err(Error::NoFiles);
    }
    let mut dirs: Vec<PathBuf> = include_dirs
        .iter()
        .map(|dir| dir.as_ref().to_owned())
        .collect();
    for dir in &dirs {
        fs::read_dir(dir).map_err(|source| Error::Read {
            path: dir.clone(),
            source,
        })?;
    }
    if dirs.is_empty() {
        dirs.push(PathBuf::from("."));
        dirs.extend(
            files
                .iter()
                .filter_map(|file| outside_directory(file.as_ref())),
        );
    }
    let mut compiler = Compiler::with_file_resolver(resolver(dirs));
    compiler.include_source_info(true).include_imports(true);
    let mut errors = Vec::new();
    for file in files {
        if let Err(error) = compiler.open_file(file) {
            let message = describe(file.as_ref(), &error);
            if !errors.contains(&message) {
                errors.push(message);
            }
        }
    }
    if !errors.is_empty() {
        return Err(Error::Compile { errors });
    }
    // The decoded form of the set would lack the HTTP rules.
    set::pool(
        "the compiled .proto files",
        &compiler.encode_file_descriptor_set(),
    )
}

/// The directory of a file that a search from the working directory cannot reach.
fn outside_directory(file: &Path) -> Option<PathBuf> {
    let below = file
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if below {
        None
    } else {
        file.parent().map(Path::to_owned)
    }
}

/// The error as `path:line:column: what is wrong`, which is the compiler's debug
/// form, with a remedy where it is a file that was not found.
fn describe(file: &Path, error: &protox::Error) -> String {
    match (error.is_file_not_found(), error.file()) {
        (false, Some(_)) => format!("{error:?}"),
        (false, None) => error.to_string(),
        (true, None) if !file.exists() => format!(
            "{}: no such file; paths are tried as they are and below each import directory",
            file.display()
        ),
        (true, _) => format!(
            "{error:?}; add the directory that such paths start from to the import directories (`--proto-path`)"
        ),
    }
}

fn resolver(dirs: Vec<PathBuf>) -> impl FileResolver {
    let mut chain = ChainFileResolver::new();
    for dir in dirs {
        chain.add(Directory {
            include: IncludeFileResolver::new(dir.clone()),
            dir,
        });
    }
    let embedded = DescriptorSetFileResolver::decode(set::EMBEDDED)
        .expect("the set made by the build script is whole");
    chain.add(Google(embedded));
    chain.add(GoogleFileResolver::new());
    chain
}

/// An import directory that cannot be left, of files that are not too large.
struct Directory {
    include: IncludeFileResolver,
    dir: PathBuf,
}

impl FileResolver for Directory {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        self.include.resolve_path(path)
    }

    fn open_file(&self, name: &str) -> Result<file::File, protox::Error> {
        if !Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            return Err(protox::Error::file_not_found(name));
        }
        let path = self.dir.join(name);
        match fs::metadata(&path) {
            Ok(found) if !found.is_file() => Err(protox::Error::new(io::Error::other(format!(
                "{}: not a file",
                path.display()
            )))),
            Ok(found) if found.len() > MAX_BYTES as u64 => {
                let origin = path.display().to_string();
                Err(protox::Error::new(Error::TooLarge { origin }))
            }
            _ => self
                .include
                .open_file(name)
                .map_err(|error| match fs::read(&path) {
                    Ok(source) if states_edition(&source) => {
                        protox::Error::new(Error::EditionSource { path })
                    }
                    _ => error,
                }),
        }
    }
}

/// Whether a `.proto` source begins as those of editions do: `edition = …`, where
/// others say `syntax`.
fn states_edition(source: &[u8]) -> bool {
    let mut rest = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = match rest {
            [b'/', b'/', ..] => b"\n",
            [b'/', b'*', ..] => b"*/",
            _ => break,
        };
        let comment = &rest[2..];
        match comment.windows(end.len()).position(|at| at == end) {
            Some(at) => rest = &comment[at + end.len()..],
            None => return false,
        }
    }
    rest.strip_prefix(b"edition")
        .is_some_and(|rest| matches!(rest, [b'=' | b'/', ..] | [b' ' | b'\t' | b'\r' | b'\n', ..]))
}

/// The embedded set, but for the demo's own files.
struct Google(DescriptorSetFileResolver);

impl FileResolver for Google {
    fn open_file(&self, name: &str) -> Result<file::File, protox::Error> {
        if name.starts_with("google/") {
            self.0.open_file(name)
        } else {
            Err(protox::Error::file_not_found(name))
        }
    }
}
