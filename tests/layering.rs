//! Holds the shape of `src/`: rooms import only rooms listed before them in
//! `src/lib.rs`, and only by their faces; files are introduced and stay readable.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const MAX_LINES: usize = 400;
const VAGUE: [&str; 6] = ["util", "utils", "common", "helper", "helpers", "misc"];

/// A source file below `src/`.
struct Source {
    /// Relative to `src/`, with `/`.
    name: String,
    text: String,
    /// The text with comments, strings and characters blanked out, line by line as it was.
    code: String,
}

impl Source {
    fn room(&self) -> &str {
        self.name.split('/').next().unwrap()
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.code[..offset].matches('\n').count()
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut dirs = vec![root.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(source(&root, path));
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(files.len() > 10, "found only {} files", files.len());
    files
}

fn source(root: &Path, path: PathBuf) -> Source {
    let text = fs::read_to_string(&path).unwrap();
    let name = path.strip_prefix(root).unwrap().components();
    let name: Vec<_> = name
        .map(|part| part.as_os_str().to_str().unwrap())
        .collect();
    Source {
        name: name.join("/"),
        code: code(&text),
        text,
    }
}

/// The rooms in the order of `src/lib.rs`, lowest first.
fn rooms() -> Vec<String> {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rooms = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    rooms.map(str::to_owned).collect()
}

/// Blanks out what is not code, keeping every line break and every length.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = skipped(rest, code.chars().next_back()).unwrap_or(0);
        if length == 0 {
            code.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        }
        code.extend(
            rest[..length]
                .bytes()
                .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
        );
        rest = &rest[length..];
    }
    code
}

/// The length of the comment or literal at the start of `rest`, if there is one.
fn skipped(rest: &str, before: Option<char>) -> Option<usize> {
    let until = |from: usize, end: &str| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(until(2, "*/"));
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if let Some(raw) = rest
        .strip_prefix('r')
        .filter(|_| !in_word || before == Some('b'))
    {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            return Some(until(hashes + 2, &format!("\"{}", "#".repeat(hashes))));
        }
    }
    let quote = rest.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    // A lifetime or label has no closing quote; a character has it right after.
    if quote == '\'' && !rest.starts_with("'\\") && rest.chars().nth(2) != Some('\'') {
        return None;
    }
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// Every path in the code that starts with `prefix`, as its segments after that,
/// braces of `use` spelled out, with the offset of each.
fn paths(code: &str, prefix: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        if !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            tree(code, at + prefix.len(), &[], &mut found);
        }
    }
    found
}

/// Reads one `use` tree at `at`; returns where it ends.
fn tree(code: &str, at: usize, before: &[String], found: &mut Vec<(usize, Vec<String>)>) -> usize {
    let rest = &code[at..];
    let name_length = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    if name_length > 0 {
        let mut path = before.to_vec();
        path.push(rest[..name_length].to_owned());
        if rest[name_length..].starts_with("::") {
            return tree(code, at + name_length + 2, &path, found);
        }
        found.push((at, path));
        return at + name_length;
    }
    if !rest.starts_with('{') {
        found.push((at, before.to_vec()));
        return at + rest.len().min(1);
    }
    let mut at = at + 1;
    while let Some(next) = code[at..].chars().next() {
        match next {
            '}' => return at + 1,
            c if c.is_alphanumeric() || c == '_' || c == '{' => at = tree(code, at, before, found),
            c => at += c.len_utf8(),
        }
    }
    at
}

fn report(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn rooms_import_only_what_is_before_them_and_only_by_its_face() {
    let rooms = rooms();
    let rank = |room: &str| rooms.iter().position(|known| known == room);
    let sources = sources();
    let public = public_submodules(&sources);
    let mut problems = Vec::new();
    for source in &sources {
        let own = source.room();
        let uses = paths(&source.code, "crate::")
            .into_iter()
            .chain(paths(&source.code, "super::"));
        for (at, path) in uses {
            let path: Vec<_> = path
                .iter()
                .map(String::as_str)
                .skip_while(|part| *part == "super")
                .collect();
            let Some(&room) = path
                .first()
                .filter(|room| rank(room).is_some() && **room != own)
            else {
                continue;
            };
            if source.name.starts_with(&format!("{own}/"))
                && sources.iter().any(|s| is_module(s, own, room))
            {
                continue; // A module of this room that has another room's name.
            }
            let place = format!("src/{}:{}", source.name, source.line(at));
            if rank(own).is_some_and(|own| rank(room) > Some(own)) {
                problems.push(format!(
                    "{place}: `{own}` may not import `{room}`, which is after it in src/lib.rs"
                ));
            }
            if let [_, module, _, ..] = path[..]
                && module.starts_with(char::is_lowercase)
                && !public
                    .get(room)
                    .is_some_and(|modules| modules.iter().any(|public| public == module))
            {
                problems.push(format!(
                    "{place}: `{room}::{module}::…` reaches past the face of `{room}`"
                ));
            }
        }
    }
    report(problems);
}

fn is_module(source: &Source, room: &str, module: &str) -> bool {
    source.name == format!("{room}/{module}.rs") || source.name == format!("{room}/{module}/mod.rs")
}

/// The modules that each room's face shows as modules.
fn public_submodules(sources: &[Source]) -> BTreeMap<String, Vec<String>> {
    let faces = sources
        .iter()
        .filter_map(|source| Some((source.name.strip_suffix("/mod.rs")?, source)));
    let modules = |source: &Source| {
        let lines = source
            .code
            .lines()
            .filter_map(|line| line.trim().strip_prefix("pub mod "));
        lines
            .map(|line| line.trim_end_matches([';', '{', ' ']).to_owned())
            .collect()
    };
    faces
        .map(|(room, source)| (room.to_owned(), modules(source)))
        .collect()
}

#[test]
fn every_folder_is_a_room_and_every_room_a_folder() {
    let rooms = rooms();
    let mut problems = Vec::new();
    for source in sources() {
        if source.name.contains('/') && !rooms.iter().any(|room| room == source.room()) {
            problems.push(format!(
                "src/{}: `{}` is not listed in src/lib.rs",
                source.name,
                source.room()
            ));
        }
    }
    for room in rooms {
        if !Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src")
            .join(&room)
            .join("mod.rs")
            .is_file()
        {
            problems.push(format!("src/lib.rs: `{room}` has no src/{room}/mod.rs"));
        }
    }
    report(problems);
}

#[test]
fn every_file_says_what_it_is_for_and_stays_short() {
    let mut problems = Vec::new();
    for source in sources() {
        let name = &source.name;
        if !source.text.starts_with("//! ") {
            problems.push(format!(
                "src/{name}:1: open with `//!`: what the file is for, what it leaves to others"
            ));
        }
        let lines = source.text.lines().count();
        if lines > MAX_LINES {
            problems.push(format!(
                "src/{name}:{MAX_LINES}: {lines} lines, at most {MAX_LINES}: split the file"
            ));
        }
    }
    report(problems);
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let mut problems = Vec::new();
    for source in sources() {
        for part in source
            .name
            .trim_end_matches(".rs")
            .split('/')
            .filter(|part| VAGUE.contains(part))
        {
            problems.push(format!(
                "src/{}:1: `{part}` says nothing; name it for what is in it",
                source.name
            ));
        }
        for name in VAGUE {
            for (at, _) in source.code.match_indices(&format!("mod {name} ")) {
                problems.push(format!(
                    "src/{}:{}: `mod {name}` says nothing",
                    source.name,
                    source.line(at)
                ));
            }
        }
    }
    report(problems);
}

// The scanner itself: a checker that sees nothing finds nothing wrong.

#[test]
fn the_scanner_sees_code_and_only_code() {
    let text = "use crate::a::{B, c::D}; // crate::x\nlet s = \"crate::y \\\" \"; /* crate::z */ r#\"crate::w\"#; 'q'; '\\''; &'static str; crate::e::f();";
    let seen: Vec<_> = paths(&code(text), "crate::")
        .into_iter()
        .map(|(_, path)| path.join("::"))
        .collect();
    assert_eq!(seen, ["a::B", "a::c::D", "e::f"]);
    assert_eq!(code(text).len(), text.len());
    let nested = "use crate::{\n    a::{self, b},\n    c,\n};";
    let seen: Vec<_> = paths(nested, "crate::")
        .into_iter()
        .map(|(_, path)| path.join("::"))
        .collect();
    assert_eq!(seen, ["a::self", "a::b", "c"]);
    let two_levels = paths("super::super::route::x", "super::");
    assert_eq!(two_levels[0].1.join("::"), "super::route::x");
}
