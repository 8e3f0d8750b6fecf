//! From settings to a running pipeline: the one place that knows every kind of
//! destination.

use super::{
    Chosen, Destination, Error, Expand, Pipeline, Settings,
    auth::Auth,
    aws,
    console::Console,
    otlp::{Signal, Spans, Transport},
    xray,
};
use opentelemetry_sdk::Resource;

impl Settings {
    /// Starts the export of spans. None where they go nowhere: there is no thread
    /// then, and nothing is sent.
    ///
    /// # Errors
    ///
    /// When a file that is needed is not as it should be, or the system gives no
    /// thread.
    pub fn start<R: Expand>(&self) -> Result<Option<Pipeline<R>>, Error> {
        if self.destinations.is_empty() {
            return Ok(None);
        }
        let destinations = self.destinations.iter();
        let destinations = destinations.map(|chosen| chosen.destination(&self.resource));
        let destinations = destinations.collect::<Result<_, _>>()?;
        Pipeline::new(self.batching.clone(), destinations).map(Some)
    }
}

impl Chosen {
    /// The destination for spans of `resource`.
    fn destination(&self, resource: &Resource) -> Result<Box<dyn Destination>, Error> {
        Ok(match self {
            Chosen::Otlp(settings) => {
                let transport = Transport::new(settings, Signal::Traces)?;
                Box::new(Spans::new("otlp", transport, resource))
            }
            Chosen::XRay(settings) => {
                let auth = Auth::Aws(Box::new(settings.signer()?));
                let transport = Transport::authorized(&settings.otlp(), Signal::Traces, auth)?;
                let spans = Spans::new("xray", transport, resource);
                Box::new(spans.max_span(aws::MAX_SPAN))
            }
            Chosen::XRayDaemon(address) => Box::new(xray::Daemon::new(address, resource)),
            Chosen::Google(settings) => {
                let (tokens, resource) = settings.tokens(resource)?;
                let auth = Auth::Google(Box::new(tokens));
                let transport = Transport::authorized(&settings.otlp(), Signal::Traces, auth)?;
                Box::new(Spans::new("google", transport, &resource))
            }
            Chosen::Console => Box::new(Console::new(resource)),
        })
    }
}
