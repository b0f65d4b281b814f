//! The body of a call, or of its answer. The rule: what streams is handed on frame by frame as it comes; only what was read
//! whole is whole.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// A body that goes on as it comes, or that was read.
pub struct CallBody<B>(Kind<B>);

enum Kind<B> {
    Streaming(Pin<Box<B>>),
    Whole { data: Option<Bytes>, trailers: Option<HeaderMap> },
}

impl<B> CallBody<B> {
    pub(super) fn streaming(body: B) -> Self {
        Self(Kind::Streaming(Box::pin(body)))
    }

    pub(super) fn whole(data: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self(Kind::Whole { data: Some(data).filter(|data| !data.is_empty()), trailers })
    }

    pub(super) fn empty() -> Self {
        Self::whole(Bytes::new(), None)
    }
}

impl<B> fmt::Debug for CallBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self.0, Kind::Streaming(_)) { "CallBody(streaming)" } else { "CallBody(whole)" })
    }
}

impl<B: Body<Data = Bytes>> Body for CallBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.get_mut().0 {
            Kind::Streaming(body) => body.as_mut().poll_frame(context),
            Kind::Whole { data, trailers } => {
                let data = data.take().map(Frame::data);
                Poll::Ready(data.or_else(|| trailers.take().map(Frame::trailers)).map(Ok))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Streaming(body) => body.is_end_stream(),
            Kind::Whole { data, trailers } => data.is_none() && trailers.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Streaming(body) => body.size_hint(),
            Kind::Whole { data, .. } => SizeHint::with_exact(data.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}
