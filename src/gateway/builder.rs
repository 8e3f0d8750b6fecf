//! A gateway being put together: rules, routes and settings, checked as a whole.

use super::documents::Documents;
use super::hooks::Hooks;
use super::settings::{RouteSettings, Settings};
use super::{Gateway, Tables, matched};
use crate::rule::{Binding, Source};
use crate::telemetry::observe::{Operations, Telemetry};
use crate::transcode::Schema;
use crate::upstream::Upstream;
use crate::{route, rule};
use prost_reflect::DescriptorPool;
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// A gateway being put together.
pub struct Builder {
    pool: DescriptorPool,
    rules: rule::Settings,
    settings: Settings,
    telemetry: Telemetry,
    for_each_route: ForEachRoute,
    pub(super) hooks: Hooks,
}

type ForEachRoute = Box<dyn Fn(&Binding, &mut RouteSettings)>;

/// Why a gateway cannot be built: every fault that was found.
#[derive(Debug)]
pub struct BuildError {
    faults: Vec<String>,
}

impl Builder {
    pub(super) fn new(pool: DescriptorPool) -> Self {
        Self {
            pool,
            rules: rule::Settings::default(),
            settings: Settings::default(),
            telemetry: Telemetry::default(),
            for_each_route: Box::new(|_, _| {}),
            hooks: Hooks::default(),
        }
    }

    /// Takes rules from outside the descriptors: files of the kind
    /// `google.api.Service`, and automatic mapping.
    ///
    /// ```
    /// use trestle::{descriptors, gateway::Gateway, rule};
    ///
    /// let rules = "
    /// type: google.api.Service
    /// config_version: 3
    /// http:
    ///   rules:
    ///     - selector: rpc.Fetch.Capitalize
    ///       post: /v2/capitals
    ///       body: data
    /// ";
    /// // `ServiceConfig::read` takes a file.
    /// let rules = rule::ServiceConfig::parse(rules, "capitals.yaml").expect("valid rules");
    /// let builder = Gateway::builder(descriptors::embedded()).rules(rule::Settings {
    ///     files: vec![rules],
    ///     ..rule::Settings::default()
    /// });
    /// ```
    pub fn rules(mut self, rules: rule::Settings) -> Self {
        self.rules = rules;
        self
    }

    /// Takes limits, times and manners other than the defaults.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Watches exchanges by this telemetry; without, by none.
    pub fn telemetry(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = telemetry;
        self
    }

    /// Lets `change` adjust the settings of each route; it is called once a binding,
    /// with [`Settings::route`] to start from.
    pub fn for_each_route(
        mut self,
        change: impl Fn(&Binding, &mut RouteSettings) + 'static,
    ) -> Self {
        self.for_each_route = Box::new(change);
        self
    }

    /// Compiles plans, rules and routes, and puts the gateway before `upstream`.
    /// Where no method has a rule there is nothing to serve, which is an error.
    pub fn build(self, upstream: Upstream) -> Result<Gateway, BuildError> {
        let schema = Schema::compile(&self.pool);
        let bindings = rule::compile_with(&self.pool, &schema, &self.rules)
            .map_err(|errors| BuildError::of(errors.iter().map(ToString::to_string)))?;
        if bindings.is_empty() {
            return Err(BuildError::of([no_rules(&self.pool)]));
        }
        log_replaced(&bindings);
        let routes = route::Table::build(
            bindings
                .iter()
                .map(|binding| (&binding.http, &binding.template)),
        )
        .map_err(|conflicts| {
            BuildError::of(
                conflicts
                    .iter()
                    .map(|conflict| describe(conflict, &bindings, &self.pool)),
            )
        })?;
        let plan = |binding| {
            let mut manners = self.settings.route.clone();
            (self.for_each_route)(binding, &mut manners);
            matched::Plan::new(&schema, binding, manners)
        };
        let tables = Tables {
            plans: bindings.iter().map(plan).collect(),
            pool: self.pool,
            schema,
            routes,
            operations: Arc::new(operations(&bindings)),
            telemetry: self.telemetry,
            bindings,
            settings: Settings {
                hooks: self.hooks,
                ..self.settings
            },
            documents: Documents::default(),
            closing: watch::Sender::new(false),
        };
        Ok(Gateway::of(Arc::new(tables), upstream))
    }
}

/// Every binding as a route, in the same order.
fn operations(bindings: &[Binding]) -> Operations {
    let mut operations = Operations::default();
    for binding in bindings {
        let method = operations.add_method(binding.method.path.path());
        let (http, template) = (binding.http.to_string(), binding.template.to_string());
        operations.add_route(&http, &template, method);
    }
    operations
}

/// A conflict with both rules named: the later one's place first, as in other faults.
fn describe(conflict: &route::Conflict, bindings: &[Binding], pool: &DescriptorPool) -> String {
    let (first, second) = (&bindings[conflict.first], &bindings[conflict.second]);
    let named = |binding: &Binding| {
        let (http, template) = (&binding.http, &binding.template);
        format!("{http} `{template}` of {}", binding.method.full_name)
    };
    let (before, of_first) = (rule::place(pool, second), rule::place(pool, first));
    let before = before.unwrap_or_else(|| second.source.to_string());
    let of_first = of_first.unwrap_or_else(|| first.source.to_string());
    format!(
        "{before}: {} and {} ({of_first}) match the same requests; change one of the two",
        named(second),
        named(first),
    )
}

/// Why there is nothing to serve, and the ways out.
fn no_rules(pool: &DescriptorPool) -> String {
    let methods = pool.services().map(|service| service.methods().len());
    match methods.sum::<usize>() {
        0 => "the descriptors have no methods, so that nothing would be served; give those of the \
              files that define the services"
            .to_owned(),
        count => format!(
            "none of the {count} methods has an HTTP rule, so that nothing would be served; \
             annotate them with google.api.http, give a file of rules (--rules FILE), or serve \
             each as POST /{{package.Service}}/{{Method}} (--auto-map)"
        ),
    }
}

/// Whoever wrote the annotation should be able to find out why it does not hold.
fn log_replaced(bindings: &[Binding]) {
    for binding in bindings.iter().filter(|binding| binding.index == 0) {
        if let Source::File {
            replaces_annotation: true,
            ..
        } = &binding.source
        {
            let (method, rule) = (&binding.method.full_name, &binding.source);
            tracing::info!(%method, %rule, "a rule from a file replaces the method's annotation");
        }
    }
}

impl BuildError {
    fn of(faults: impl IntoIterator<Item = String>) -> Self {
        Self {
            faults: faults.into_iter().collect(),
        }
    }

    /// What is wrong; a fault may be several lines.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(fault)?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildError {}
