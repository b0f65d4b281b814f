//! Engine 1: a signature in a header over a template of body, headers and URL.

use std::sync::Arc;

use bytes::Bytes;

use super::{Prepared, Verifier, fresh, live_keys};
use crate::clock::Timestamp;
use crate::delivery::Delivery;
use crate::error::{Code, Rejection};
use crate::keys::KeySet;
use crate::profile::{BodySignature, Fresh, Input};
use crate::signing_input::{BoundInput, SigningInput};
use crate::wire::members;
use crate::wire::template::Part;

/// Largest signature, in bytes: RSA-8192.
const LARGEST_SIGNATURE: usize = 1024;

pub(super) fn prepare<'k>(
    verifier: &Verifier,
    scheme: &BodySignature,
    keys: Option<&'k KeySet>,
    delivery: &Delivery,
) -> Result<Prepared<'k>, Rejection> {
    let (header, signatures, signed_at) = head(verifier, scheme, delivery)?;
    let keys = live_keys(keys, delivery)?;

    let input = template(verifier, &scheme.input, header, delivery, SigningInput::new(), SigningInput::body)?;
    Ok(Prepared { input, keys, signatures, signed_at, covered: Arc::clone(&verifier.covered) })
}

/// What a template makes of a delivery, behind what `input` holds already; `header` is what its members stand in.
pub(super) fn template(
    verifier: &Verifier,
    template: &Input,
    header: &str,
    delivery: &Delivery,
    mut input: SigningInput,
    bind: fn(SigningInput, &Bytes) -> BoundInput,
) -> Result<BoundInput, Rejection> {
    let parts = Parts { verifier, header, delivery };
    for value in parts.values(&template.before) {
        match value? {
            (Some(name), value) => input.push_header(name, &value),
            (None, value) => input.push(value.as_bytes()),
        }
    }
    let mut input = bind(input, &delivery.body);
    for value in parts.values(&template.after) {
        match value? {
            (Some(name), value) => input.push_header(name, &value),
            (None, value) => input.push(value.as_bytes()),
        }
    }
    Ok(input)
}

/// What the head of a message says: the header, the signatures in it, and the signed time.
type Head<'d> = (&'d str, Vec<Vec<u8>>, Option<Timestamp>);

/// Everything that can be refused without the body.
pub(super) fn head<'d>(
    verifier: &Verifier,
    scheme: &BodySignature,
    delivery: &'d Delivery,
) -> Result<Head<'d>, Rejection> {
    let header = delivery.header(&scheme.header)?.ok_or_else(|| {
        Rejection::new(Code::SignatureMissing, format!("expected a signature in {}, but found none", scheme.header))
    })?;
    Ok((header, signatures(scheme, header)?, signed_at(verifier, header, delivery)?))
}

fn signatures(scheme: &BodySignature, header: &str) -> Result<Vec<Vec<u8>>, Rejection> {
    let malformed = |error: crate::wire::GrammarError| Rejection::new(Code::SignatureMalformed, error.to_string());
    let decode = |text| scheme.encoding.decode(text, LARGEST_SIGNATURE).map_err(malformed);
    let texts = match (&scheme.member, &scheme.prefix, &scheme.separator) {
        (Some(member), _, _) => {
            members::signatures(header, Some(&format!("{member}=")), Some(",")).map_err(malformed)?
        }
        (None, None, None) => return Ok(vec![decode(header)?]),
        (None, prefix, separator) => {
            members::signatures(header, prefix.as_deref(), separator.as_deref()).map_err(malformed)?
        }
    };
    let mut signatures = Vec::new();
    for text in texts {
        let signature = decode(text)?;
        // Each is tried with every key: the same one again would cost as much, and say nothing.
        if !signatures.contains(&signature) {
            signatures.push(signature);
        }
    }
    Ok(signatures)
}

fn signed_at(verifier: &Verifier, header: &str, delivery: &Delivery) -> Result<Option<Timestamp>, Rejection> {
    let (now, tolerance) = (delivery.received_at, verifier.profile.tolerance);
    match &verifier.profile.fresh {
        Fresh::Off | Fresh::Unsaid | Fresh::Claim(_) | Fresh::Expiry | Fresh::Issued => Ok(None),
        Fresh::Header(name) => fresh::check(delivery.header(name)?, name, now, tolerance).map(Some),
        Fresh::Member(name) => {
            let member = members::member(header, name)
                .map_err(|error| Rejection::new(Code::SignatureMalformed, error.to_string()))?;
            fresh::check(member, name, now, tolerance).map(Some)
        }
    }
}

/// A value, and the name of the header that it covers.
type Named<'p> = (Option<&'p str>, std::borrow::Cow<'p, str>);

/// Where the parts of a template are read from.
struct Parts<'a> {
    verifier: &'a Verifier,
    header: &'a str,
    delivery: &'a Delivery,
}

impl<'a> Parts<'a> {
    /// The values of one side of the body, each told from the next.
    fn values<'p>(&'p self, side: &'p [Part]) -> impl Iterator<Item = Result<Named<'p>, Rejection>> {
        side.iter().enumerate().map(|(number, part)| {
            let (name, value) = self.value(part)?;
            self.ends_once(side.get(number..), &value)?;
            Ok((name, value))
        })
    }

    /// A value ends where the text behind it begins. One that has this text in it could end there too, with the rest in the
    /// next value, and the signature would be the same.
    fn ends_once(&self, rest: Option<&[Part]>, value: &str) -> Result<(), Rejection> {
        let Some(
            [
                part @ (Part::Header(_) | Part::Member(_) | Part::Query | Part::Url),
                Part::Literal(text),
                Part::Header(_) | Part::Member(_) | Part::Query,
                ..,
            ],
        ) = rest
        else {
            return Ok(());
        };
        // A time is one to the letter, or none.
        if !value.contains(&**text) || self.verifier.profile.fresh.is_in(part) {
            return Ok(());
        }
        let message = format!("expected {part} without the text that ends it in the input, but found it there");
        Err(Rejection::new(Code::SignatureMalformed, message))
    }

    /// A part's value, with the name of the header that it covers.
    fn value<'p>(&self, part: &'p Part) -> Result<(Option<&'p str>, std::borrow::Cow<'a, str>), Rejection>
    where
        'p: 'a,
    {
        let delivery = self.delivery;
        Ok(match part {
            Part::Literal(text) => (None, (&**text).into()),
            // The body is bound by its own call; a template holds it exactly once.
            Part::Body => (None, "".into()),
            Part::Method => (None, delivery.method.as_str().into()),
            Part::Path => (None, (&*delivery.path).into()),
            Part::Query => (None, delivery.query.as_deref().unwrap_or_default().into()),
            Part::Url => (None, self.url().into()),
            Part::Header(name) => {
                let value = delivery.header(name)?.ok_or_else(|| {
                    Rejection::new(
                        Code::CoveredHeaderMissing,
                        format!("expected the signed header {name}, but found none"),
                    )
                })?;
                (Some(name), value.into())
            }
            Part::Member(name) => {
                let value = members::member(self.header, name)
                    .map_err(|error| Rejection::new(Code::SignatureMalformed, error.to_string()))?;
                let value = value.ok_or_else(|| {
                    Rejection::new(Code::SignatureMalformed, format!("expected the member {name}, but found none"))
                })?;
                (None, value.into())
            }
        })
    }

    fn url(&self) -> String {
        let base = self.verifier.public_url.as_deref().unwrap_or_default();
        match &self.delivery.query {
            Some(query) => format!("{base}{}?{query}", self.delivery.path),
            None => format!("{base}{}", self.delivery.path),
        }
    }
}

/// What a template covers beside the body.
pub(super) fn covered_names(template: &Input) -> impl Iterator<Item = Box<str>> {
    template.parts().filter_map(covered_name)
}

fn covered_name(part: &Part) -> Option<Box<str>> {
    Some(match part {
        Part::Literal(_) | Part::Body => return None,
        Part::Method => "method".into(),
        Part::Path => "path".into(),
        Part::Query => "query".into(),
        Part::Url => "url".into(),
        Part::Header(name) => name.clone(),
        Part::Member(name) => format!("member:{name}").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_that_stands_twice_is_tried_once() {
        let mut scheme = BodySignature::over_body("x-signature");
        scheme.separator = Some(",".into());
        assert_eq!(signatures(&scheme, "AAAA,AQAB,AAAA,AAAA").unwrap(), [vec![0, 0, 0], vec![1, 0, 1]]);
    }
}
