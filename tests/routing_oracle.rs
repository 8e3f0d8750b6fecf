//! The routing trie against the rule it implements, written down the slow way:
//! try every template, keep those that fit, take the most particular.
#![allow(clippy::unwrap_used)]

use http::Method;
use proptest::{prelude::*, sample::select};
use trestle::{
    route::{Match, Table},
    rule::{MethodMatch, Segment, Template},
};

type Route = (MethodMatch, Template);

#[derive(Debug, PartialEq)]
enum Answer {
    Found(usize),
    NoPath,
    WrongMethod(String),
}

/// How particular a template is for a path it fits, least first: per segment a
/// literal, then `*`, then the template's end, then `**`.
fn particularity(template: &Template, path: &[&str]) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    for (at, segment) in template.segments().iter().enumerate() {
        match (segment, path.get(at)) {
            (Segment::Literal(text), Some(found)) if text == found => key.push(0),
            (Segment::One, Some(_)) => key.push(1),
            (Segment::Rest, _) => {
                key.push(3);
                return Some(key);
            }
            _ => return None,
        }
    }
    key.push(2);
    (template.segments().len() == path.len()).then_some(key)
}

/// How well a method suits, least first: its own rule, `GET` for `HEAD`, any.
fn suitability(rule: &MethodMatch, method: &Method) -> Option<u8> {
    match rule {
        MethodMatch::Exact(exact) if exact == method => Some(0),
        MethodMatch::Exact(exact) if exact == Method::GET && method == Method::HEAD => Some(1),
        MethodMatch::Exact(_) => None,
        MethodMatch::Any => Some(2),
    }
}

fn search(routes: &[Route], method: &Method, path: &[&str], verb: Option<&str>) -> Answer {
    let of_verb = routes
        .iter()
        .enumerate()
        .filter(|(_, (_, template))| template.verb() == verb);
    let fitting: Vec<_> = of_verb
        .filter_map(|(index, route)| Some((particularity(&route.1, path)?, index, &route.0)))
        .collect();
    let suiting = fitting
        .iter()
        .filter_map(|(key, index, rule)| Some((key, suitability(rule, method)?, *index)));
    if let Some((_, _, index)) = suiting.min() {
        return Answer::Found(index);
    }
    let mut allow: Vec<_> = fitting
        .iter()
        .map(|(_, _, rule)| rule.to_string())
        .collect();
    if allow.is_empty() {
        return Answer::NoPath;
    }
    if allow.iter().any(|method| method == "GET") {
        allow.push("HEAD".to_owned());
    }
    allow.push("OPTIONS".to_owned());
    allow.sort();
    allow.dedup();
    Answer::WrongMethod(allow.join(", "))
}

fn expected(routes: &[Route], method: &Method, path: &str) -> Answer {
    let segments: Vec<_> = if path == "/" {
        Vec::new()
    } else {
        path[1..].split('/').collect()
    };
    if segments.iter().any(|segment| segment.is_empty()) {
        return Answer::NoPath;
    }
    if let Some((rest, last)) = segments.split_last().map(|(last, rest)| (rest, last))
        && let Some((under, verb)) = last
            .rsplit_once(':')
            .filter(|(under, verb)| !under.is_empty() && !verb.is_empty())
    {
        let under: Vec<_> = rest.iter().copied().chain([under]).collect();
        match search(routes, method, &under, Some(verb)) {
            Answer::NoPath => {}
            answer => return answer,
        }
    }
    search(routes, method, &segments, None)
}

fn template() -> impl Strategy<Value = String> {
    let segments = prop::collection::vec(select(vec!["a", "b", "*", "{x=*}"]), 0..4);
    let rest = select(vec!["", "", "/**"]);
    let verb = select(vec!["", "", ":v", ":w"]);
    (segments, rest, verb).prop_map(|(segments, rest, verb)| {
        let mut text: String = segments
            .iter()
            .map(|segment| format!("/{segment}"))
            .collect();
        text += rest;
        // Two variables of one name are for `rule::compile` to refuse, not for routing.
        if text.is_empty() {
            "/".to_owned()
        } else {
            text + verb
        }
    })
}

fn path() -> impl Strategy<Value = String> {
    let segment = select(vec![
        "a", "b", "c", "a:v", "b:w", "a:v:w", ":v", "a:", "a:z", "",
    ]);
    prop::collection::vec(segment, 1..5).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn routes() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(
        (
            select(vec!["GET", "POST", "HEAD", "*"]).prop_map(str::to_owned),
            template(),
        ),
        1..12,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_trie_answers_as_trying_every_template_would(
        routes in routes(),
        paths in prop::collection::vec(path(), 1..20),
        method in select(vec![Method::GET, Method::POST, Method::HEAD, Method::PUT]),
    ) {
        let mut kept: Vec<Route> = Vec::new();
        for (method, template) in routes {
            let rule = if method == "*" { MethodMatch::Any } else { MethodMatch::Exact(method.parse().unwrap()) };
            let route = (rule, Template::parse(&template).unwrap());
            // Same shape, verb and method: a conflict, which must be found as one.
            let taken = kept.iter().position(|(rule, template)| {
                *rule == route.0 && template.segments() == route.1.segments() && template.verb() == route.1.verb()
            });
            let index = kept.len();
            kept.push(route);
            let built = Table::build(kept.iter().map(|(rule, template)| (rule, template)));
            prop_assert_eq!(built.err().map(|conflicts| (conflicts[0].first, conflicts[0].second)), taken.map(|first| (first, index)));
            if taken.is_some() {
                kept.pop();
            }
        }
        let table = Table::build(kept.iter().map(|(rule, template)| (rule, template))).unwrap();
        for path in paths {
            let answer = match table.find(&method, &path).unwrap() {
                Match::Found { binding, .. } => Answer::Found(binding),
                Match::NoPath => Answer::NoPath,
                Match::WrongMethod { allow } => Answer::WrongMethod(allow.into_owned()),
            };
            prop_assert_eq!(answer, expected(&kept, &method, &path), "{} {} in {:?}", method, path, kept);
        }
    }
}
