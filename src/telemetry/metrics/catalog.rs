//! What can be counted, all of it known at start-up: label values come from here
//! and never from a request, so that no caller can make series.

use std::collections::{HashMap, hash_map::Entry};

/// The gRPC methods, HTTP routes and targets that metrics are about.
#[derive(Debug)]
pub struct Catalog {
    /// `pkg.Service/Method`; the last is [`Catalog::OTHER`].
    methods: Vec<String>,
    by_name: HashMap<String, MethodId>,
    routes: Vec<String>,
    by_template: HashMap<String, RouteId>,
    target: String,
}

/// A gRPC method of a [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MethodId(pub(super) u32);

/// An HTTP route of a [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RouteId(pub(super) u32);

impl Catalog {
    /// The method of calls to methods that are not in the catalog.
    pub const OTHER: &'static str = "other";

    /// A catalog of these gRPC methods, each as `pkg.Service/Method` or
    /// `/pkg.Service/Method`, and of these route templates. What is named twice is
    /// in it once. `target` is the backend's canonical gRPC name.
    pub fn new<M, R>(
        methods: impl IntoIterator<Item = M>,
        routes: impl IntoIterator<Item = R>,
        target: impl Into<String>,
    ) -> Self
    where
        M: Into<String>,
        R: Into<String>,
    {
        let mut catalog = Self {
            methods: Vec::new(),
            by_name: HashMap::new(),
            routes: Vec::new(),
            by_template: HashMap::new(),
            target: target.into(),
        };
        for method in methods {
            let method: String = method.into();
            let name = method.strip_prefix('/').unwrap_or(&method).to_owned();
            if let Entry::Vacant(entry) = catalog.by_name.entry(name) {
                catalog.methods.push(entry.key().clone());
                entry.insert(MethodId(catalog.methods.len() as u32 - 1));
            }
        }
        catalog.methods.push(Self::OTHER.to_owned());
        for route in routes {
            if let Entry::Vacant(entry) = catalog.by_template.entry(route.into()) {
                catalog.routes.push(entry.key().clone());
                entry.insert(RouteId(catalog.routes.len() as u32 - 1));
            }
        }
        catalog
    }

    /// The method of this name, with or without a leading slash.
    pub fn method(&self, name: &str) -> MethodId {
        let name = name.strip_prefix('/').unwrap_or(name);
        let other = MethodId(self.methods.len() as u32 - 1);
        self.by_name.get(name).copied().unwrap_or(other)
    }

    /// The route with this template, if there is one.
    pub fn route(&self, template: &str) -> Option<RouteId> {
        self.by_template.get(template).copied()
    }

    /// The name of a method.
    pub fn method_name(&self, id: MethodId) -> &str {
        &self.methods[id.0 as usize]
    }

    /// The template of a route.
    pub fn template(&self, id: RouteId) -> &str {
        &self.routes[id.0 as usize]
    }

    /// What the methods are called at.
    pub fn target(&self) -> &str {
        &self.target
    }

    pub(super) fn methods(&self) -> &[String] {
        &self.methods
    }

    pub(super) fn routes(&self) -> &[String] {
        &self.routes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_others_are_other() {
        let routes = ["/api/{id}", "/api/{id}", "/b"];
        let catalog = Catalog::new(["/rpc.Fetch/Capitalize", "a.B/C"], routes, "dns:///h:1");
        let id = catalog.method("/rpc.Fetch/Capitalize");
        assert_eq!(id, catalog.method("rpc.Fetch/Capitalize"));
        assert_eq!(catalog.method_name(id), "rpc.Fetch/Capitalize");
        let other = catalog.method("/rpc.Fetch/Nothing");
        assert_eq!(catalog.method_name(other), "other");
        assert_eq!(catalog.routes(), ["/api/{id}", "/b"]);
        assert_eq!(catalog.route("/b"), Some(RouteId(1)));
        assert_eq!(catalog.route("/c"), None);
        assert_eq!(catalog.target(), "dns:///h:1");
    }

    #[test]
    fn an_empty_catalog_still_has_other() {
        let catalog = Catalog::new([""; 0], [""; 0], "");
        assert_eq!(catalog.method_name(catalog.method("x")), "other");
    }
}
