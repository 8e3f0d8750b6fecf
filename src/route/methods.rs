//! The bindings at one end of the trie: one a method, at most one for all of
//! them, and the `Allow` header that follows.

use crate::rule::MethodMatch;
use http::Method;

/// Everything registered for one shape of path and verb. Never empty.
#[derive(Debug, Default)]
pub(super) struct Methods {
    exact: Vec<(Method, usize)>,
    any: Option<usize>,
    allow: String,
}

impl Methods {
    /// Adds a binding, or gives the one that already has the place.
    pub(super) fn insert(&mut self, method: &MethodMatch, binding: usize) -> Result<(), usize> {
        match method {
            MethodMatch::Any => match self.any {
                Some(taken) => return Err(taken),
                None => self.any = Some(binding),
            },
            MethodMatch::Exact(method) => match self.exact(method) {
                Some(taken) => return Err(taken),
                None => {
                    self.exact.push((method.clone(), binding));
                    self.allow = allow_header(self.allowed());
                }
            },
        }
        Ok(())
    }

    /// The binding for a method: its own, else `GET` for `HEAD`, else the one for all.
    pub(super) fn binding(&self, method: &Method) -> Option<usize> {
        let derived = || {
            (method == Method::HEAD)
                .then(|| self.exact(&Method::GET))
                .flatten()
        };
        self.exact(method).or_else(derived).or(self.any)
    }

    /// The value of the `Allow` header; of use only where there is no binding for all.
    pub(super) fn allow(&self) -> &str {
        &self.allow
    }

    fn exact(&self, method: &Method) -> Option<usize> {
        self.exact
            .iter()
            .find(|(exact, _)| exact == method)
            .map(|&(_, binding)| binding)
    }

    fn allowed(&self) -> impl Iterator<Item = &str> {
        self.exact.iter().flat_map(|(method, _)| answered(method))
    }
}

/// The methods of many routes, wherever they are, as one `Allow` header.
pub(super) fn allow_of_all<'a>(methods: impl Iterator<Item = &'a MethodMatch>) -> String {
    let exact = methods.filter_map(|method| match method {
        MethodMatch::Exact(method) => Some(method),
        MethodMatch::Any => None,
    });
    allow_header(exact.flat_map(answered))
}

/// The methods that are answered where a rule has this one.
fn answered(method: &Method) -> impl Iterator<Item = &str> {
    let head = (method == Method::GET).then_some("HEAD");
    [method.as_str(), "OPTIONS"].into_iter().chain(head)
}

/// The union of several `Allow` headers.
pub(super) fn merge_allow<'a>(headers: impl IntoIterator<Item = &'a str>) -> String {
    allow_header(headers.into_iter().flat_map(|header| header.split(", ")))
}

fn allow_header<'a>(methods: impl Iterator<Item = &'a str>) -> String {
    let mut methods: Vec<_> = methods.collect();
    methods.sort_unstable();
    methods.dedup();
    methods.join(", ")
}
