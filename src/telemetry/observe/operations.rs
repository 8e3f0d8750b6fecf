//! What calls can be of: every method and every route that is known at start-up.
//! Calls name them by index, so that whatever is told of a call has a bounded
//! number of names.

use std::collections::HashMap;

/// The methods and routes that a gateway or a backend has.
#[derive(Debug, Clone, Default)]
pub struct Operations {
    methods: Vec<Method>,
    routes: Vec<Route>,
    by_name: HashMap<Box<str>, usize>,
}

/// A gRPC method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// `package.Service/Method`, without a slash in front.
    pub name: Box<str>,
}

/// An HTTP method and path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method; `*` for any.
    pub http: Box<str>,
    /// The path template, such as `/v1/{name=shelves/*}`.
    pub template: Box<str>,
    /// The gRPC method that it calls, by its index.
    pub method: usize,
}

impl Operations {
    /// Adds a method, `package.Service/Method`, and gives its index; one that is
    /// there already keeps its own.
    pub fn add_method(&mut self, name: &str) -> usize {
        let name = name.strip_prefix('/').unwrap_or(name);
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let index = self.methods.len();
        self.methods.push(Method { name: name.into() });
        self.by_name.insert(name.into(), index);
        index
    }

    /// Adds a route and gives its index.
    pub fn add_route(&mut self, http: &str, template: &str, method: usize) -> usize {
        self.routes.push(Route {
            http: http.into(),
            template: template.into(),
            method,
        });
        self.routes.len() - 1
    }

    /// Every method; a method's index is its place in here.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// Every route; a route's index is its place in here.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The method that a request's path names: `/package.Service/Method`.
    pub fn method_of(&self, path: &str) -> Option<usize> {
        self.method_named(path.strip_prefix('/')?)
    }

    /// The method of this name, `package.Service/Method`.
    pub fn method_named(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

impl Method {
    /// `package.Service`.
    pub fn service(&self) -> &str {
        self.name.split_once('/').map_or("", |(service, _)| service)
    }

    /// `package.Service.Method`.
    pub fn dotted(&self) -> String {
        self.name.replace('/', ".")
    }

    /// The method's own name.
    pub fn short(&self) -> &str {
        self.name
            .split_once('/')
            .map_or(&self.name, |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_found_by_the_paths_of_requests() {
        let mut operations = Operations::default();
        let index = operations.add_method("/rpc.Fetch/Capitalize");
        assert_eq!(operations.add_method("rpc.Fetch/Capitalize"), index);
        assert_eq!(operations.method_of("/rpc.Fetch/Capitalize"), Some(index));
        assert_eq!(operations.method_of("rpc.Fetch/Capitalize"), None);
        assert_eq!(operations.method_of("/rpc.Fetch/Other"), None);
        let method = &operations.methods()[index];
        assert_eq!(
            (method.service(), method.short()),
            ("rpc.Fetch", "Capitalize")
        );
    }
}
