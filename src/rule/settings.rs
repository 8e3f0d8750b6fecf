//! Which rules hold beside the annotations in the descriptors.

use super::ServiceConfig;

/// Rules from outside the descriptors.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Rules from files. A rule for a method replaces the method's annotation, its
    /// additional bindings included; two rules for one method are an error.
    pub files: Vec<ServiceConfig>,
    /// Which methods that have no rule are served all the same.
    pub auto_map: AutoMap,
}

/// Which services' methods answer `POST /{package.Service}/{Method}` with the whole
/// request as body, where neither annotation nor file has a rule for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AutoMap {
    /// All services but those that are for tools: health, reflection and channelz
    /// are not made public unless they are named.
    pub all: bool,
    /// These services, by full name.
    pub services: Vec<String>,
}

/// Packages whose services are there for tools and probes, not for an API's users.
const FOR_TOOLS: [&str; 3] = ["grpc.health", "grpc.reflection", "grpc.channelz"];

impl AutoMap {
    /// From words as they are typed: `true` stands for all services, `false` for
    /// none, and what is neither is a service.
    pub fn from_words(words: impl IntoIterator<Item = String>) -> Self {
        let mut auto_map = Self::default();
        for word in words {
            match word.as_str() {
                "true" => auto_map.all = true,
                "false" | "" => {}
                _ => auto_map.services.push(word),
            }
        }
        auto_map
    }

    /// Whether the methods of this service are mapped.
    pub(super) fn covers(&self, service: &str) -> bool {
        let is_for_tools = || {
            FOR_TOOLS.iter().any(|package| {
                service
                    .strip_prefix(package)
                    .is_some_and(|rest| rest.starts_with('.'))
            })
        };
        self.services.iter().any(|named| named == service) || (self.all && !is_for_tools())
    }
}
