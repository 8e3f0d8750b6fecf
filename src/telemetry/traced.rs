//! Log lines with the trace and the span in whose course they were written, where
//! OpenTelemetry's current context has one: in the handlers of a watched backend.

use opentelemetry::{Context, trace::TraceContextExt as _};
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// A way to write lines, with the ids added: in JSON as two members more, in text in
/// front.
#[derive(Debug)]
pub(super) struct Traced<F> {
    pub(super) inner: F,
    pub(super) json: bool,
}

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let current = Context::map_current(|current| current.span().span_context().clone());
        if !current.is_valid() {
            return self.inner.format_event(context, writer, event);
        }
        let (trace, span) = (current.trace_id(), current.span_id());
        if !self.json {
            write!(writer, "{trace}/{span} ")?;
            return self.inner.format_event(context, writer, event);
        }
        let mut line = String::new();
        let whole = Writer::new(&mut line);
        self.inner.format_event(context, whole, event)?;
        let line = line.trim_end();
        // An object without members would have no comma, but each has its time.
        let members = line.strip_suffix('}').unwrap_or(line);
        writeln!(
            writer,
            r#"{members},"trace_id":"{trace}","span_id":"{span}"}}"#
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written while `log` runs.
    fn written(json: bool, log: impl FnOnce()) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let fmt = tracing_subscriber::fmt().with_writer(move || writer.clone());
        if json {
            let fmt = fmt.json().flatten_event(true);
            let fmt = fmt.map_event_format(|inner| Traced { inner, json });
            tracing::subscriber::with_default(fmt.finish(), log);
        } else {
            let fmt = fmt.with_ansi(false);
            let fmt = fmt.map_event_format(|inner| Traced { inner, json });
            tracing::subscriber::with_default(fmt.finish(), log);
        }
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn lines_name_the_trace_that_they_are_written_in() {
        let (trace, span) = (TraceId::from(10), SpanId::from(11));
        let within = || {
            let flags = TraceFlags::SAMPLED;
            let own = SpanContext::new(trace, span, flags, false, TraceState::NONE);
            let _current = Context::new().with_remote_span_context(own).attach();
            tracing::info!(answer = "{42}", "hello");
        };
        let line: serde_json::Value = serde_json::from_str(&written(true, within)).unwrap();
        assert_eq!(line["trace_id"], trace.to_string());
        assert_eq!(line["span_id"], span.to_string());
        assert_eq!(
            (&line["message"], &line["answer"]),
            (&"hello".into(), &"{42}".into())
        );
        let line = written(false, within);
        assert!(line.starts_with(&format!("{trace}/{span} ")), "{line}");
        assert!(line.contains("hello") && line.ends_with('\n'), "{line}");

        let outside = || tracing::info!("hello");
        assert!(!written(true, outside).contains("trace_id"));
    }
}
