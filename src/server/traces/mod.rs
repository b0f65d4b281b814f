//! Traces of deliveries, where feature `otlp` is built in. The rule: without it there are none, and nothing is done for them.

#[cfg(feature = "otlp")]
mod client;
#[cfg(feature = "otlp")]
mod otlp;

#[cfg(feature = "otlp")]
pub(super) use otlp::Traces;

/// There are none.
#[cfg(not(feature = "otlp"))]
#[derive(Debug)]
pub(super) enum Traces {}

#[cfg(not(feature = "otlp"))]
impl Traces {
    pub(super) fn open(
        _: Option<&super::config::TraceSettings>,
        _: std::sync::Arc<dyn crate::clock::Clock>,
    ) -> Result<Option<Self>, String> {
        Ok(None)
    }

    pub(super) fn parent(&self, _: &http::HeaderMap) -> Option<std::convert::Infallible> {
        match *self {}
    }

    pub(super) fn record<B>(&self, _: &str, _: Option<std::convert::Infallible>, _: &http::Response<B>) {
        match *self {}
    }

    pub(super) async fn close(&self) {
        match *self {}
    }
}
