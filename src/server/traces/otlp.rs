//! One span for each delivery and one below it for each stage, sent by OTLP over HTTP. The rule: spans are made of what was
//! observed, after the answer, so that nothing gets into them that is not meant to; and what is too much is dropped.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Response};
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider};

use super::client::Carrier;
use crate::clock::Clock;
use crate::endpoint::Outcome;
use crate::error::{Class, Rejection};
use crate::observed::{Observed, Stage};
use crate::server::config::TraceSettings;
use crate::wire::header::only;

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many spans wait for it; more are dropped.
const WAITING: usize = 4096;
/// How often they are sent.
const EVERY: Duration = Duration::from_secs(1);

/// Traces of deliveries.
#[derive(Debug)]
pub(in crate::server) struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    trust_traceparent: bool,
    clock: Arc<dyn Clock>,
}

impl Traces {
    /// Begins to send, if that is configured.
    pub(in crate::server) fn open(
        settings: Option<&TraceSettings>,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, String> {
        let Some(settings) = settings else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Carrier::new(PATIENCE))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&settings.url)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| format!("expected to send traces, but found: {error}"))?;
        let batches = BatchConfigBuilder::default().with_max_queue_size(WAITING).with_scheduled_delay(EVERY).build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample))))
            .with_resource(Resource::builder_empty().with_service_name("countersign").with_attribute(version).build())
            .build();
        let tracer = provider.tracer("countersign");
        Ok(Some(Self { provider, tracer, trust_traceparent: settings.trust_traceparent, clock }))
    }

    /// The trace that a request continues, if that is trusted (W3C Trace Context section 3.2).
    pub(in crate::server) fn parent(&self, headers: &HeaderMap) -> Option<SpanContext> {
        if self.trust_traceparent { only(headers, "traceparent").and_then(traceparent) } else { None }
    }

    /// Makes the spans of one delivery.
    pub(in crate::server) fn record<B>(&self, endpoint: &str, parent: Option<SpanContext>, response: &Response<B>) {
        let Some(observed) = response.extensions().get::<Arc<Observed>>() else { return };
        let millis = u64::try_from(self.clock.now().millis()).unwrap_or_default();
        let Some(ended) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)) else { return };
        let begun = ended.checked_sub(observed.took()).unwrap_or(ended);
        let mut builder = SpanBuilder::from_name("delivery");
        builder.span_kind = Some(SpanKind::Server);
        builder.start_time = Some(begun);
        builder.attributes = Some(attributes(endpoint, observed, response));
        let context = parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let span = self.tracer.build_with_context(builder, &context);
        let context = context.with_span(span);
        for stage in Stage::ALL {
            let Some((from, took)) = observed.stage(stage) else { continue };
            let Some(from) = begun.checked_add(from) else { continue };
            let mut builder = SpanBuilder::from_name(stage.as_str());
            builder.start_time = Some(from);
            let mut span = self.tracer.build_with_context(builder, &context);
            opentelemetry::trace::Span::end_with_timestamp(&mut span, from.checked_add(took).unwrap_or(from));
        }
        let class = response.extensions().get::<Rejection>().map(|rejection| rejection.code().class());
        if matches!(class, Some(Class::Unavailable | Class::Handler)) {
            context.span().set_status(Status::error(""));
        }
        context.span().end_with_timestamp(ended);
    }

    /// Sends what still waits.
    pub(in crate::server) async fn close(&self) {
        let provider = self.provider.clone();
        let closed = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(PATIENCE));
        if !matches!(closed.await, Ok(Ok(()))) {
            tracing::warn!(code = "traces_lost", "the last traces could not be sent");
        }
    }
}

/// The same words as in the log.
fn attributes<B>(endpoint: &str, observed: &Observed, response: &Response<B>) -> Vec<KeyValue> {
    let (outcome, code) = match response.extensions().get::<Outcome>() {
        Some(Outcome::Accepted) => ("accepted", ""),
        Some(Outcome::Duplicate) => ("duplicate", ""),
        Some(Outcome::Quarantined) => ("quarantined", ""),
        Some(Outcome::Refused(code)) => ("refused", code.as_str()),
        None => ("refused", "request_malformed"),
    };
    let mut attributes = vec![
        KeyValue::new("countersign.endpoint", endpoint.to_owned()),
        KeyValue::new("countersign.outcome", outcome),
        KeyValue::new("http.response.status_code", i64::from(response.status().as_u16())),
    ];
    let cut = |text: &str| text.chars().take(128).collect::<String>();
    let texts = [
        ("countersign.code", (!code.is_empty()).then(|| code.to_owned())),
        ("countersign.key_id", observed.key_id().map(cut)),
        ("countersign.request_id", observed.request_id().map(cut)),
        ("countersign.event_id", observed.event_id().map(|id| id.to_string())),
        ("client.address", observed.client().map(|client| client.to_string())),
    ];
    attributes.extend(texts.into_iter().filter_map(|(name, text)| Some(KeyValue::new(name, text?))));
    attributes
}

/// `00-TRACE-SPAN-FLAGS`, in lower-case hexadecimal; of a later version, the same beginning.
fn traceparent(text: &str) -> Option<SpanContext> {
    let mut parts = text.splitn(5, '-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let later = parts.next().is_some();
    if !is_hex(version, 2) || version == "ff" || (version == "00" && later) {
        return None;
    }
    if !is_hex(trace, 32) || !is_hex(span, 16) || !is_hex(flags, 2) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()? & 1);
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    Some(SpanContext::new(trace, span, flags, true, TraceState::default())).filter(SpanContext::is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_that_is_none_is_ignored() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(traceparent(good).is_some_and(|context| context.is_sampled() && context.is_remote()));
        assert!(traceparent(&good.replacen("00-", "cc-", 1)).is_some());
        for bad in [
            "".to_owned(),
            "NL91ABNA0417164300".to_owned(),
            good.to_uppercase(),
            format!("{good}-more"),
            good.replacen("00-", "ff-", 1),
            good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            good.replace("b7ad6b7169203331", &"0".repeat(16)),
            good.replace("b7ad6b7169203331", "+7ad6b7169203331"),
            good.replace("-01", "-1"),
        ] {
            assert!(traceparent(&bad).is_none(), "{bad}");
        }
    }
}
