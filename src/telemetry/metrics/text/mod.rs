//! Metrics as text: Prometheus's format 0.0.4 and OpenMetrics 1.0, written portion
//! by portion while somebody reads.

mod number;

use super::{
    family::{Distribution, Exemplar, Family, Kind, Point, Section, Value},
    registry::Registry,
};
use std::{fmt::Write as _, time::UNIX_EPOCH, vec};

/// A format of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus's own, which everybody reads.
    Prometheus,
    /// The standard made of it, with exemplars.
    OpenMetrics,
}

/// The text of all metrics in pieces of bounded size, made as they are taken.
pub struct Scrape {
    format: Format,
    namespace: String,
    /// The labels of the scope, as every scoped sample carries them.
    scope: String,
    sections: vec::IntoIter<Section>,
    current: Option<(Section, usize, bool)>,
    head: Option<String>,
    points: Vec<Point>,
    ended: bool,
}

/// A piece is not ended before it is this long.
const PIECE: usize = 16 << 10;

impl Format {
    /// The `Content-Type` of it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

impl Registry {
    /// All metrics as text.
    pub fn scrape(&self, format: Format) -> Scrape {
        let namespace = self.settings().namespace.as_ref();
        let mut scope = String::new();
        label(&mut scope, "otel_scope_name", "trestle");
        label(&mut scope, "otel_scope_version", env!("CARGO_PKG_VERSION"));
        let mut scrape = Scrape {
            format,
            namespace: namespace.map_or(String::new(), |it| it.as_str().to_owned()),
            scope,
            sections: self.sections().into_iter(),
            current: None,
            head: None,
            points: Vec::new(),
            ended: false,
        };
        scrape.head = Some(scrape.info(self.resource()));
        scrape
    }
}

impl Iterator for Scrape {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        let mut text = self.head.take().unwrap_or_default();
        while text.len() < PIECE {
            let Some((section, portion, begun)) = &mut self.current else {
                match self.sections.next() {
                    Some(section) => self.current = Some((section, 0, false)),
                    None => {
                        self.ended = true;
                        if self.format == Format::OpenMetrics {
                            text.push_str("# EOF\n");
                        }
                        break;
                    }
                }
                continue;
            };
            if *portion == section.portions {
                self.current = None;
                continue;
            }
            self.points.clear();
            (section.fill)(*portion, &mut self.points);
            *portion += 1;
            let (family, first) = (section.family, !*begun);
            *begun |= !self.points.is_empty();
            // A family without a point is not there.
            if first && !self.points.is_empty() {
                self.header(&family, &mut text);
            }
            for point in &self.points {
                self.point(&family, point, &mut text);
            }
        }
        Some(text)
    }
}

impl Scrape {
    /// What the metrics are about and where they come from.
    fn info(&self, resource: &[(String, String)]) -> String {
        let mut text = String::new();
        let mut info = |name: &str, help: &str, labels: &str| {
            let kind = match self.format {
                Format::Prometheus => {
                    format!("# HELP {name}_info {help}\n# TYPE {name}_info gauge")
                }
                Format::OpenMetrics => format!("# HELP {name} {help}\n# TYPE {name} info"),
            };
            let one = self.float(1.0);
            let _ = writeln!(text, "{kind}\n{name}_info{{{labels}}} {one}");
        };
        let mut target = String::new();
        for (name, value) in resource {
            label(&mut target, &label_name(name), value);
        }
        info("target", "Target metadata", &target);
        info("otel_scope", "Instrumentation Scope metadata", &self.scope);
        text
    }

    fn header(&self, family: &Family, text: &mut String) {
        let Self { namespace, .. } = self;
        let mut name = family.prometheus;
        let mut kind = match family.kind {
            Kind::Counter => "counter",
            Kind::UpDownCounter | Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        if self.format == Format::OpenMetrics && family.kind == Kind::Counter {
            // There the family's name is without what its sample ends with, and what
            // ends otherwise, as OpenCensus's do, is no counter.
            match name.strip_suffix("_total") {
                Some(stem) => name = stem,
                None => kind = "unknown",
            }
        }
        let _ = write!(text, "# HELP {namespace}{name} ");
        escape(family.help, self.format == Format::OpenMetrics, text);
        let _ = writeln!(text, "\n# TYPE {namespace}{name} {kind}");
    }

    fn point(&self, family: &Family, point: &Point, text: &mut String) {
        let mut labels = String::new();
        for (name, value) in &point.labels {
            label(&mut labels, &label_name(name), value);
        }
        if family.scoped {
            if !labels.is_empty() {
                labels.push(',');
            }
            labels.push_str(&self.scope);
        }
        let name = format!("{}{}", self.namespace, family.prometheus);
        match &point.value {
            Value::Number(value) => {
                sample(text, &name, "", &labels, &self.float(*value));
            }
            Value::Distribution(distribution) => {
                self.distribution(&name, &labels, distribution, text);
            }
        }
    }

    fn distribution(&self, name: &str, labels: &str, of: &Distribution, text: &mut String) {
        let separator = if labels.is_empty() { "" } else { "," };
        let mut total = 0;
        for (bucket, count) in of.counts.iter().enumerate() {
            total += count;
            let bound = of.bounds.get(bucket).copied().unwrap_or(f64::INFINITY);
            let bound = self.float(bound);
            let _ = write!(
                text,
                "{name}_bucket{{{labels}{separator}le=\"{bound}\"}} {total}"
            );
            let exemplar = of.exemplars.iter().find(|(at, _)| *at == bucket);
            if let (Format::OpenMetrics, Some((_, exemplar))) = (self.format, exemplar) {
                self.exemplar(exemplar, text);
            }
            text.push('\n');
        }
        sample(text, name, "_sum", labels, &self.float(of.sum));
        sample(text, name, "_count", labels, &total.to_string());
    }

    fn exemplar(&self, exemplar: &Exemplar, text: &mut String) {
        let Exemplar {
            value, trace, span, ..
        } = exemplar;
        let at = exemplar.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (value, at) = (self.float(*value), at.as_secs_f64());
        let _ = write!(
            text,
            " # {{trace_id=\"{trace}\",span_id=\"{span}\"}} {value} {at:.3}"
        );
    }

    /// A number; OpenMetrics has a point in each that is no integer by nature.
    fn float(&self, value: f64) -> String {
        let mut text = String::new();
        number::write(value, &mut text);
        let plain = !text.contains(['.', 'e', 'N', 'I']);
        if self.format == Format::OpenMetrics && plain {
            text.push_str(".0");
        }
        text
    }
}

fn sample(text: &mut String, name: &str, suffix: &str, labels: &str, value: &str) {
    let _ = match labels {
        "" => writeln!(text, "{name}{suffix} {value}"),
        labels => writeln!(text, "{name}{suffix}{{{labels}}} {value}"),
    };
}

/// Appends a label to those that are there.
fn label(labels: &mut String, name: &str, value: &str) {
    if !labels.is_empty() {
        labels.push(',');
    }
    labels.push_str(name);
    labels.push_str("=\"");
    escape(value, true, labels);
    labels.push('"');
}

/// A name that Prometheus takes: letters, digits and `_`, not a digit first.
fn label_name(name: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let digit = name.starts_with(|c: char| c.is_ascii_digit());
    let prefix = if digit { "_" } else { "" };
    prefix.chars().chain(name.chars().map(legal)).collect()
}

fn escape(value: &str, quotes: bool, text: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '"' if quotes => text.push_str("\\\""),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests;
