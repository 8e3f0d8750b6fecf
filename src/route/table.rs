//! The routing trie: one node a template segment, built once, then only walked.

use super::{
    methods::{Methods, allow_of_all, merge_allow},
    path::{Captures, Path, PathError},
};
use crate::rule::{MethodMatch, Segment, Template};
use http::Method;
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
};

/// Every route of a gateway.
#[derive(Debug)]
pub struct Table {
    /// The first is the root.
    nodes: Vec<Node>,
    /// Every verb of every template, to leave other colons alone at once.
    verbs: HashSet<Box<str>>,
    /// The methods of all routes together, as an `Allow` header.
    allow: String,
}

/// What a table says to a request.
#[derive(Debug)]
// Boxing the captures would cost every request that is routed an allocation.
#[allow(clippy::large_enum_variant)]
pub enum Match<'p> {
    /// The route, by its index in what the table was built from.
    Found {
        /// The index.
        binding: usize,
        /// What its template's segments matched.
        captures: Captures<'p>,
    },
    /// No template has such a path.
    NoPath,
    /// Templates have the path, but not with this method.
    WrongMethod {
        /// The methods they have, sorted: the value of the `Allow` header. It
        /// names `HEAD` where there is `GET`, and always `OPTIONS`.
        allow: Cow<'p, str>,
    },
}

/// Two routes that want exactly the same requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The index of the one that came first.
    pub first: usize,
    /// The index of the other.
    pub second: usize,
    /// The method of both.
    pub method: MethodMatch,
    /// The template of the first.
    pub first_template: String,
    /// The template of the second.
    pub second_template: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Conflict {
            method,
            first_template,
            second_template,
            ..
        } = self;
        write!(
            f,
            "{method} {first_template} and {method} {second_template} match the same requests"
        )
    }
}

impl std::error::Error for Conflict {}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, usize>,
    one: Option<usize>,
    /// Templates that end here.
    ends: Ends,
    /// Templates that have `**` here.
    rest: Ends,
}

/// Templates with one shape, by verb.
#[derive(Debug, Default)]
struct Ends {
    plain: Option<Methods>,
    verbs: HashMap<Box<str>, Methods>,
}

impl Ends {
    fn get(&self, verb: Option<&str>) -> Option<&Methods> {
        match verb {
            None => self.plain.as_ref(),
            Some(verb) => self.verbs.get(verb),
        }
    }

    fn get_or_insert(&mut self, verb: Option<&str>) -> &mut Methods {
        match verb {
            None => self.plain.get_or_insert_default(),
            Some(verb) => self.verbs.entry(verb.into()).or_default(),
        }
    }
}

impl Table {
    /// Builds the table, or returns every conflict. Routes are known by their
    /// index from here on.
    pub fn build<'a>(
        routes: impl IntoIterator<Item = (&'a MethodMatch, &'a Template)>,
    ) -> Result<Table, Vec<Conflict>> {
        let routes: Vec<_> = routes.into_iter().collect();
        let mut table = Table {
            nodes: vec![Node::default()],
            verbs: HashSet::new(),
            allow: allow_of_all(routes.iter().map(|(method, _)| *method)),
        };
        let mut conflicts = Vec::new();
        for (second, (method, template)) in routes.iter().enumerate() {
            if let Err(first) = table.insert(method, template, second) {
                conflicts.push(Conflict {
                    first,
                    second,
                    method: (*method).clone(),
                    first_template: routes[first].1.to_string(),
                    second_template: template.to_string(),
                });
            }
        }
        if conflicts.is_empty() {
            Ok(table)
        } else {
            Err(conflicts)
        }
    }

    fn insert(
        &mut self,
        method: &MethodMatch,
        template: &Template,
        binding: usize,
    ) -> Result<(), usize> {
        let mut node = 0;
        let mut rest = false;
        for segment in template.segments() {
            match segment {
                Segment::Literal(text) => node = self.literal(node, text),
                Segment::One => node = self.one(node),
                Segment::Rest => rest = true,
            }
        }
        let verb = template.verb();
        self.verbs.extend(verb.map(Box::from));
        let node = &mut self.nodes[node];
        let ends = if rest { &mut node.rest } else { &mut node.ends };
        ends.get_or_insert(verb).insert(method, binding)
    }

    fn literal(&mut self, node: usize, text: &str) -> usize {
        if let Some(&child) = self.nodes[node].literals.get(text) {
            return child;
        }
        let child = self.grow();
        self.nodes[node].literals.insert(text.into(), child);
        child
    }

    fn one(&mut self, node: usize) -> usize {
        if let Some(child) = self.nodes[node].one {
            return child;
        }
        let child = self.grow();
        self.nodes[node].one = Some(child);
        child
    }

    fn grow(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// The methods of all routes together, for `OPTIONS *`: the value of an `Allow`
    /// header.
    pub fn allow(&self) -> &str {
        &self.allow
    }

    /// Finds the route of a request. `path` is the raw path of the request target,
    /// without the query. An error is the client's: the path is malformed.
    pub fn find<'p>(&'p self, method: &Method, path: &'p str) -> Result<Match<'p>, PathError> {
        let path = Path::read(path)?;
        if path.has_empty() {
            return Ok(Match::NoPath);
        }
        if let Some((under, verb)) = path
            .split_verb()
            .filter(|(_, verb)| self.verbs.contains(verb.as_ref()))
        {
            match self.search(method, under, Some(&verb)) {
                Match::NoPath => {}
                found => return Ok(found),
            }
        }
        Ok(self.search(method, path, None))
    }

    fn search<'p>(&'p self, method: &Method, path: Path<'p>, verb: Option<&str>) -> Match<'p> {
        let mut search = Search {
            table: self,
            method,
            path: &path,
            verb,
            denied: Vec::new(),
            visited: 0,
        };
        let found = search.walk(0, 0);
        let denied = search.denied;
        match (found, denied.as_slice()) {
            (Some((binding, rest)), _) => Match::Found {
                binding,
                captures: Captures::new(path, rest),
            },
            (None, []) => Match::NoPath,
            (None, [one]) => Match::WrongMethod {
                allow: Cow::Borrowed(one.allow()),
            },
            (None, several) => {
                let allow = merge_allow(several.iter().map(|methods| methods.allow()));
                Match::WrongMethod {
                    allow: Cow::Owned(allow),
                }
            }
        }
    }
}

/// One walk of the trie. Each node is visited at most once, as there is one way
/// to it, and only nodes whose path fits the request's are.
struct Search<'t, 's, 'p> {
    table: &'t Table,
    method: &'s Method,
    path: &'s Path<'p>,
    verb: Option<&'s str>,
    /// Ends that fit but for the method.
    denied: Vec<&'t Methods>,
    visited: usize,
}

impl<'t> Search<'t, '_, '_> {
    /// The binding below `node` for the segments from `depth` on, and where its
    /// `**` is.
    fn walk(&mut self, node: usize, depth: usize) -> Option<(usize, Option<usize>)> {
        let table = self.table;
        let node = &table.nodes[node];
        self.visited += 1;
        if depth == self.path.count() {
            if let Some(binding) = self.end(&node.ends) {
                return Some((binding, None));
            }
        } else {
            // The map is empty below most variables; do not decode for nothing.
            if !node.literals.is_empty()
                && let Some(&child) = node.literals.get(self.path.segment(depth).as_ref())
                && let Some(found) = self.walk(child, depth + 1)
            {
                return Some(found);
            }
            if let Some(child) = node.one
                && let Some(found) = self.walk(child, depth + 1)
            {
                return Some(found);
            }
        }
        self.end(&node.rest).map(|binding| (binding, Some(depth)))
    }

    /// The binding for the method among templates that fit the whole path.
    fn end(&mut self, ends: &'t Ends) -> Option<usize> {
        let methods = ends.get(self.verb)?;
        let binding = methods.binding(self.method);
        if binding.is_none() {
            self.denied.push(methods);
        }
        binding
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// How many nodes a search of a table with these templates visits.
    fn visits(templates: &[String], path: &str) -> usize {
        let templates: Vec<_> = templates
            .iter()
            .map(|text| Template::parse(text).unwrap())
            .collect();
        let table = Table::build(
            templates
                .iter()
                .map(|template| (&MethodMatch::Any, template)),
        )
        .unwrap();
        let path = Path::read(path).unwrap();
        let mut search = Search {
            table: &table,
            method: &Method::GET,
            path: &path,
            verb: None,
            denied: Vec::new(),
            visited: 0,
        };
        search.walk(0, 0);
        search.visited
    }

    fn resources(count: usize) -> Vec<String> {
        let mut templates = vec!["/v1/{any=**}".to_owned(), "/{version}/r7/{id}".to_owned()];
        for n in 0..count {
            templates.push(format!("/v1/r{n}"));
            templates.push(format!("/v1/r{n}/{{id}}"));
            templates.push(format!("/v1/r{n}/{{id}}/parts/{{part}}"));
        }
        templates
    }

    #[test]
    fn a_search_does_not_grow_with_the_number_of_templates() {
        for path in [
            "/v1/r7",
            "/v1/r7/x",
            "/v1/r7/x/parts/y",
            "/v1/none/x",
            "/v2/r7/x",
            "/v2/none",
        ] {
            let few = visits(&resources(10), path);
            assert_eq!(visits(&resources(10_000), path), few, "{path}");
            assert!(few <= 2 * path.split('/').count(), "{path}: {few}");
        }
    }

    #[test]
    fn backtracking_visits_no_node_twice() {
        // Every mix of a literal and a star, four deep: the worst that a path can meet.
        let mixes = (0..16).map(|mix| {
            (0..4)
                .map(|bit| if mix >> bit & 1 == 1 { "/a" } else { "/*" })
                .collect()
        });
        let templates: Vec<String> = mixes.map(|mix: String| mix + "/end").collect();
        let nodes = 1 + 2 + 4 + 8 + 16 + 16;
        assert!(visits(&templates, "/a/a/a/a/other") <= nodes);
        assert_eq!(visits(&templates, "/a/a/a/a/end"), 6);
    }

    #[test]
    fn a_path_without_percent_encodings_is_lent_not_copied() {
        let template = Template::parse("/v1/{name=shelves/*}:list").unwrap();
        let table = Table::build([(&MethodMatch::Any, &template)]).unwrap();
        let Match::Found { captures, .. } = table.find(&Method::GET, "/v1/shelves/7:list").unwrap()
        else {
            panic!("not found");
        };
        assert!(matches!(
            captures.decode(1..3, true).unwrap(),
            Cow::Borrowed("shelves/7")
        ));
    }
}
