//! The sets of `tests/data/cases.txt`: rules, and rows of requests under them. What
//! the file may hold is told at its head.

use crate::rows::{self, Row};
use std::collections::HashSet;
use std::fmt::Write as _;

/// A set of rules and the requests that are put to it.
#[derive(Default)]
pub struct Set {
    pub name: String,
    /// The methods of the service: name and `google.api.http` option.
    rules: Vec<(String, String)>,
    /// A `google.api.Service` file, if there is one.
    pub file: String,
    pub options: Vec<String>,
    /// Why the set is not put to Envoy.
    pub alone: Option<String>,
    pub rows: Vec<Row>,
}

/// Reads the file; that titles are unique, and no two rows ask the same, is asserted.
pub fn read() -> Vec<Set> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/cases.txt");
    let text = std::fs::read_to_string(path).expect("the data file");
    let mut parts: Vec<Vec<(usize, &str)>> = Vec::new();
    for line in (1..).zip(text.lines()) {
        if line.1.starts_with("== ") {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(line);
        }
    }
    let sets: Vec<Set> = parts.iter().map(|part| set(part)).collect();
    let mut known = HashSet::new();
    for (set, row) in sets
        .iter()
        .flat_map(|set| set.rows.iter().map(move |row| (set, row)))
    {
        assert!(
            known.insert(set.key(row)),
            "line {}: a second row of this title",
            row.line
        );
        let question = format!("{} {:?}", set.name, rows::request(row));
        assert!(
            known.insert(question),
            "line {}: this has been asked",
            row.line
        );
    }
    sets
}

fn set(lines: &[(usize, &str)]) -> Set {
    let begins = lines
        .iter()
        .position(|(_, line)| line.starts_with("# "))
        .expect("rows in a set");
    let mut set = Set {
        rows: rows::parse(lines[begins..].iter().copied()),
        ..Set::default()
    };
    for (number, line) in lines[..begins].iter().filter(|(_, line)| !line.is_empty()) {
        let (mark, rest) = line.split_once(' ').expect("a word and what it says");
        match mark {
            "==" => set.name = rest.to_owned(),
            "rule" => {
                let (name, option) = rest.split_once(':').expect("a method and its rule");
                set.rules.push((name.to_owned(), option.trim().to_owned()));
            }
            "@" => {
                set.file.push_str(rest);
                set.file.push('\n');
            }
            "options" => set.options = rest.split(' ').map(str::to_owned).collect(),
            "alone" => set.alone = Some(rest.to_owned()),
            _ => panic!("line {number}: what is `{mark}`?"),
        }
    }
    for row in &mut set.rows {
        if row.expects_nothing() {
            let call = row.call.as_deref().expect("a row expects something");
            let (_, json) = call.split_once(' ').expect("a method and a message");
            let json = format!("json {json}");
            row.expect("200".to_owned());
            row.expect(json);
        }
    }
    set
}

impl Set {
    /// A set of one method, `Call`, and no requests.
    pub fn of(name: &str, rule: String) -> Self {
        Self {
            name: name.to_owned(),
            rules: vec![("Call".to_owned(), rule)],
            ..Self::default()
        }
    }

    /// How a row is called elsewhere.
    pub fn key(&self, row: &Row) -> String {
        let title = row.title.split(" [").next().unwrap_or_default();
        format!("{}: {title}", self.name)
    }

    /// The service as a proto file.
    pub fn proto(&self) -> String {
        let mut text = String::from(
            "syntax = \"proto3\";\npackage cases.v1;\nimport \"all.proto\";\n\
             import \"google/api/annotations.proto\";\nimport \"google/api/httpbody.proto\";\nservice Case {\n",
        );
        for (name, option) in &self.rules {
            let option = match option.as_str() {
                "" => String::new(),
                option => format!("option (google.api.http) = {{ {option} }};"),
            };
            // What a method takes it echoes.
            let (name, message) = name
                .strip_suffix(')')
                .and_then(|it| it.split_once('('))
                .unwrap_or((name, "All"));
            writeln!(
                text,
                "  rpc {name}({message}) returns ({message}) {{ {option} }}"
            )
            .expect("a string takes all");
        }
        text + "}\n"
    }

    /// Whether an option is set.
    pub fn has(&self, option: &str) -> bool {
        self.options.iter().any(|known| known == option)
    }

    /// What an option of the form `NAME=VALUE` says.
    pub fn value(&self, option: &str) -> Option<&str> {
        let values = self
            .options
            .iter()
            .filter_map(|known| known.split_once('='));
        values
            .filter(|(name, _)| *name == option)
            .map(|(_, value)| value)
            .next()
    }
}
