//! The answer of a call, whole: read, kept for copies, and given again. It is kept as gRPC-Web writes an answer with
//! trailers: messages as they were sent, headers and trailers in a frame of their own with the highest bit of its flags.
//!
//! The rule: an answer is kept only if it is final, which is to say that it speaks of the call and not of the moment.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::body::CallBody;
use super::refusal::Status;
use crate::store::StoredAnswer;

/// Flags of a frame of headers.
const HEADERS: u8 = 0x80;
/// Flags, and a length of 32 bits.
pub(super) const PREFIX: usize = 5;

/// The status where an answer has to be kept that is too large.
const TOO_LARGE: u16 = StatusCode::INSUFFICIENT_STORAGE.as_u16();

/// An answer that was read.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    data: Bytes,
    trailers: Option<HeaderMap>,
}

impl Answer {
    pub(super) fn new(head: http::response::Parts, data: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self { status: head.status, headers: head.headers, data, trailers }
    }

    /// What copies are answered; `None` where a copy is a call anew.
    pub(super) fn lasting(&self) -> Option<StoredAnswer> {
        if self.status != StatusCode::OK || !self.is_final() {
            return None;
        }
        let mut body = BytesMut::new();
        put_headers(&mut body, &self.headers);
        body.put_slice(&self.data);
        if let Some(trailers) = &self.trailers {
            put_headers(&mut body, trailers);
        }
        if body.len() > StoredAnswer::LARGEST {
            return Some(Self::none_lasting());
        }
        let (status, content_type) = (StatusCode::OK.as_u16(), "application/grpc".into());
        Some(StoredAnswer { status, content_type, body: body.freeze() })
    }

    /// What is remembered of an answer that nobody can keep.
    pub(super) fn none_lasting() -> StoredAnswer {
        StoredAnswer { status: TOO_LARGE, content_type: "application/grpc".into(), body: Bytes::new() }
    }

    /// Success, or an error for which the call itself is the reason. After every other one the caller's retry is handled
    /// anew.
    fn is_final(&self) -> bool {
        // Trailers, or headers alone where there is no message.
        let all = self.trailers.iter().chain([&self.headers]);
        let mut statuses = all.flat_map(|headers| headers.get_all("grpc-status"));
        let number = statuses.next().and_then(|status| status.to_str().ok()?.parse().ok());
        let last = [
            Status::Ok,
            Status::InvalidArgument,
            Status::AlreadyExists,
            Status::FailedPrecondition,
            Status::OutOfRange,
        ];
        number.is_some_and(|number: u16| last.iter().any(|status| *status as u16 == number))
    }

    /// Reads what was kept; `None` if that is no answer.
    pub(super) fn again(stored: &StoredAnswer) -> Option<Self> {
        let mut rest = stored.body.clone();
        let mut messages = BytesMut::new();
        let (mut headers, mut trailers) = (None, None);
        if stored.status != StatusCode::OK.as_u16() {
            return None;
        }
        while !rest.is_empty() {
            let length = frame_length(&rest)?;
            let mut frame = rest.split_to(length);
            if frame.first()? & HEADERS == 0 {
                messages.put_slice(&frame);
                continue;
            }
            let block = read_headers(&frame.split_off(PREFIX))?;
            if headers.is_none() { headers = Some(block) } else { trailers = Some(block) }
        }
        let again = Self { status: StatusCode::OK, headers: headers?, data: messages.freeze(), trailers };
        again.is_final().then_some(again)
    }

    pub(super) fn into_response<B>(self) -> Response<CallBody<B>> {
        let mut response = Response::new(CallBody::whole(self.data, self.trailers));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// Bytes of the first frame with its prefix; `None` if it is not all there.
pub(super) fn frame_length(bytes: &[u8]) -> Option<usize> {
    let (prefix, _) = bytes.split_first_chunk::<PREFIX>()?;
    let [_, length @ ..] = *prefix;
    let whole = usize::try_from(u32::from_be_bytes(length)).ok()?.checked_add(PREFIX)?;
    (whole <= bytes.len()).then_some(whole)
}

fn put_headers(into: &mut BytesMut, headers: &HeaderMap) {
    let mut block = BytesMut::new();
    for (name, value) in headers {
        block.put_slice(name.as_str().as_bytes());
        block.put_slice(b":");
        block.put_slice(value.as_bytes());
        block.put_slice(b"\r\n");
    }
    into.put_u8(HEADERS);
    into.put_u32(u32::try_from(block.len()).unwrap_or(u32::MAX));
    into.put_slice(&block);
}

fn read_headers(mut block: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    while !block.is_empty() {
        let end = block.windows(2).position(|pair| pair == b"\r\n")?;
        let (line, rest) = block.split_at_checked(end)?;
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let value = HeaderValue::from_bytes(value.split_first()?.1).ok()?;
        headers.append(HeaderName::from_bytes(name).ok()?, value);
        block = rest.split_at_checked(2)?.1;
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: &'static str, data: &[u8]) -> Answer {
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("content-type"), HeaderValue::from_static("application/grpc")),
            (HeaderName::from_static("x-opaque"), HeaderValue::from_bytes(b"a: b\xff").unwrap()),
        ]);
        let trailers = HeaderMap::from_iter([
            (HeaderName::from_static("grpc-status"), HeaderValue::from_static(status)),
            (HeaderName::from_static("grpc-message"), HeaderValue::from_static("")),
        ]);
        let status = StatusCode::OK;
        Answer { status, headers, data: Bytes::copy_from_slice(data), trailers: Some(trailers) }
    }

    #[test]
    fn an_answer_comes_back_as_it_was() {
        let data = [&[0, 0, 0, 0, 3][..], b"\r\n:", &[0x01, 0, 0, 0, 0]].concat();
        let first = answer("0", &data);
        let again = Answer::again(&first.lasting().unwrap()).unwrap();
        assert_eq!((again.headers, again.data, again.trailers), (first.headers, first.data, first.trailers));
    }

    #[test]
    fn only_what_speaks_of_the_call_is_kept() {
        let kept: Vec<_> = (0..=17)
            .filter(|status| {
                let text: &'static str = Box::leak(status.to_string().into_boxed_str());
                answer(text, b"").lasting().is_some()
            })
            .collect();
        assert_eq!(kept, [0, 3, 6, 9, 11]);
        assert!(answer("00x", b"").lasting().is_none());
        let none = Answer { trailers: None, ..answer("0", b"") };
        assert!(none.lasting().is_none());
    }

    #[test]
    fn an_answer_that_is_too_large_is_remembered_as_one() {
        let stored = answer("0", &vec![0; StoredAnswer::LARGEST]).lasting().unwrap();
        assert!(stored.body.is_empty() && Answer::again(&stored).is_none());
    }

    #[test]
    fn what_is_cut_short_is_no_answer() {
        let whole = answer("0", &[0, 0, 0, 0, 2, 7, 7]).lasting().unwrap();
        let cuts = (0..whole.body.len()).filter(|length| {
            let body = whole.body.slice(..*length);
            Answer::again(&StoredAnswer { body, ..whole.clone() }).is_some()
        });
        assert_eq!(cuts.count(), 0);
    }
}
