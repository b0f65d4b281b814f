//! What is sent: made and signed before a load begins, never during it. Requests of one stream differ in a record of a fixed
//! width, which holds their id and, where a sender signs the id, the signature.

use std::io::{Error, Result, Write};
use std::path::Path;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::jose;
use crate::keys::{Algorithm, Keys, sha256};
use crate::plan::{Outcome, Scheme, Workload};

/// How a request says what its scheme demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `X-Signature` over the body, and `X-Request-ID`.
    Body,
    /// The same, with the id in the body, for who takes it from nowhere else: each request is signed.
    BodyWithId,
    /// GitHub's: an HMAC over the body.
    GitHub,
    /// Standard Webhooks: an HMAC over id, time and body.
    Standard,
    /// draft-cavage-12 over target, host, date and digest.
    Cavage,
    /// RFC 9421 over method, path and digest.
    MessageSignature,
    /// The body is a compact JWS.
    Jws,
    /// The body is a JWE around a JWS.
    Jwe,
}

/// Requests: a prefix, records of one width, a suffix.
pub struct Stream {
    prefix: Vec<u8>,
    records: Vec<u8>,
    width: usize,
    suffix: Vec<u8>,
}

/// A changed request, that nobody may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    None,
    /// The last letter of the content is another one than was signed.
    Body,
    /// There is no signature.
    Unsigned,
}

impl Stream {
    pub fn request(&self, number: usize) -> Vec<u8> {
        let at = (number % self.count().max(1)) * self.width;
        [&self.prefix, &self.records[at..at + self.width], &self.suffix].concat()
    }

    pub fn count(&self) -> usize {
        self.records.len() / self.width.max(1)
    }

    /// Writes the parts for wrk; answers their names and the width.
    pub fn write(&self, folder: &Path) -> Result<[String; 4]> {
        let name = |part: &str| folder.join(part).to_string_lossy().into_owned();
        for (part, bytes) in [("prefix", &self.prefix), ("records", &self.records), ("suffix", &self.suffix)] {
            std::fs::File::create(folder.join(part))?.write_all(bytes)?;
        }
        Ok([name("prefix"), name("records"), name("suffix"), self.width.to_string()])
    }
}

/// An id that looks like a UUID; those of different `batch`es are different.
fn id(batch: u16, number: usize) -> String {
    format!("1af7b333-7a06-41b1-{batch:04x}-{number:012x}")
}

/// A document of this length, more or less the id in it.
fn document(length: usize, id: &str, last: char) -> String {
    let pad = |pad: usize| {
        let pad = "x".repeat(pad);
        format!("{{\"id\":\"{id}\",\"event_type\":\"payment.settled\",\"amount\":\"10.00\",\"pad\":\"{pad}{last}\"}}")
    };
    pad(length.saturating_sub(pad(0).len()))
}

/// Makes `count` requests of a workload in a dialect; `batch` tells the ids of two streams apart.
pub fn stream(
    keys: &Keys,
    dialect: Dialect,
    workload: &Workload,
    forgery: Forgery,
    (batch, count): (u16, usize),
) -> Result<Stream> {
    let forgery = match workload.outcome {
        Outcome::BadSignature => Forgery::Body,
        Outcome::Unsigned => Forgery::Unsigned,
        _ => forgery,
    };
    let make = Make { keys, dialect, workload, forgery };
    let count = count.max(1);
    match dialect {
        Dialect::BodyWithId | Dialect::Standard => make.each(batch, count),
        _ => make.alike(batch, count),
    }
}

struct Make<'a> {
    keys: &'a Keys,
    dialect: Dialect,
    workload: &'a Workload,
    forgery: Forgery,
}

impl Make<'_> {
    /// The id is not signed: one signature is enough, and records are ids.
    fn alike(&self, batch: u16, count: usize) -> Result<Stream> {
        let (headers, body) = self.signed()?;
        let id_header = if self.dialect == Dialect::GitHub { "x-github-delivery" } else { "x-request-id" };
        let prefix = format!("{}{headers}content-length: {}\r\n{id_header}: ", self.head(), self.length(&body));
        let records: String = (0..count).map(|number| id(batch, number)).collect();
        let body = if self.workload.outcome == Outcome::Oversize { String::new() } else { body };
        let suffix = format!("\r\n\r\n{body}").into_bytes();
        Ok(Stream { prefix: prefix.into_bytes(), records: records.into_bytes(), width: 36, suffix })
    }

    /// The id is signed: records are what differs, signed one by one.
    fn each(&self, batch: u16, count: usize) -> Result<Stream> {
        if self.dialect == Dialect::Standard {
            let (body, sent) = (self.document(), self.sent());
            let time = seconds()?;
            let of = |id: String| {
                let tag = STANDARD.encode(self.keys.mac(format!("{id}.{time}.{body}").as_bytes()));
                let signature = self.unless_unsigned(format!("webhook-signature: v1,{tag}\r\n"));
                format!("webhook-id: {id}\r\nwebhook-timestamp: {time}\r\n{signature}")
            };
            let records: Vec<String> = (0..count).map(|number| of(id(batch, number))).collect();
            let suffix = format!("content-length: {}\r\n\r\n{sent}", sent.len());
            return Ok(from(self.head(), &records, suffix));
        }
        let of = |id: String| -> Result<String> {
            let signed = document(self.workload.length, &id, 'x');
            let sent = document(self.workload.length, &id, if self.forgery == Forgery::Body { 'y' } else { 'x' });
            let signature = STANDARD.encode(self.keys.sign(self.workload.scheme.algorithm(), signed.as_bytes())?);
            let signature = self.unless_unsigned(format!("x-signature: {signature}\r\n"));
            Ok(format!("{}{signature}x-request-id: {id}\r\ncontent-length: {}\r\n\r\n{sent}", self.head(), sent.len()))
        };
        let records: Vec<String> = (0..count).map(|number| of(id(batch, number))).collect::<Result<_>>()?;
        Ok(from(String::new(), &records, String::new()))
    }

    fn head(&self) -> String {
        let more = if self.dialect == Dialect::GitHub { "x-github-event: push\r\n" } else { "" };
        format!("POST /hook HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{more}")
    }

    fn document(&self) -> String {
        document(self.workload.length, &id(0, 0), 'x')
    }

    /// What is sent where something else was signed.
    fn sent(&self) -> String {
        document(self.workload.length, &id(0, 0), if self.forgery == Forgery::Body { 'y' } else { 'x' })
    }

    fn length(&self, body: &str) -> usize {
        if self.workload.outcome == Outcome::Oversize { 8 * 1024 * 1024 } else { body.len() }
    }

    fn unless_unsigned(&self, header: String) -> String {
        if self.forgery == Forgery::Unsigned { String::new() } else { header }
    }

    /// The headers that prove the content, and the body.
    fn signed(&self) -> Result<(String, String)> {
        let (document, sent, algorithm) = (self.document(), self.sent(), self.workload.scheme.algorithm());
        let sign = |bytes: &[u8]| Ok::<_, Error>(STANDARD.encode(self.keys.sign(algorithm, bytes)?));
        let digest = STANDARD.encode(sha256(document.as_bytes()));
        let key_id = if self.workload.outcome == Outcome::UnknownKey { "another" } else { "compare" };
        let headers = match self.dialect {
            Dialect::Body => format!("x-signature: {}\r\n", sign(document.as_bytes())?),
            Dialect::GitHub => {
                let tag = self.keys.mac(document.as_bytes());
                let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("x-hub-signature-256: sha256={hex}\r\n")
            }
            Dialect::Cavage => {
                let date = httpdate::fmt_http_date(SystemTime::now());
                let input =
                    format!("(request-target): post /hook\nhost: 127.0.0.1\ndate: {date}\ndigest: SHA-256={digest}");
                let signature = sign(input.as_bytes())?;
                let covered = "(request-target) host date digest";
                let header =
                    format!("signature: keyId=\"{key_id}\",headers=\"{covered}\",signature=\"{signature}\"\r\n");
                format!("date: {date}\r\ndigest: SHA-256={digest}\r\n{}", self.unless_unsigned(header))
            }
            Dialect::MessageSignature => {
                // In this order, because `httpsig-hyper` writes them anew in its own one before it verifies.
                let parameters = format!(
                    "(\"@method\" \"@path\" \"content-digest\");created={};alg=\"rsa-v1_5-sha256\";keyid=\"{key_id}\"",
                    seconds()?
                );
                let digest = format!("sha-256=:{digest}:");
                let base = format!(
                    "\"@method\": POST\n\"@path\": /hook\n\"content-digest\": {digest}\n\"@signature-params\": {parameters}"
                );
                let header = format!("signature: sig=:{}:\r\n", sign(base.as_bytes())?);
                let header = self.unless_unsigned(header);
                format!("content-digest: {digest}\r\nsignature-input: sig={parameters}\r\n{header}")
            }
            Dialect::Jws | Dialect::Jwe => {
                let token = jose::token(self.keys, algorithm, &document, &sent, self.forgery == Forgery::Unsigned)?;
                let sealed = self.dialect == Dialect::Jwe;
                return Ok((String::new(), if sealed { jose::seal(self.keys, &token)? } else { token }));
            }
            Dialect::BodyWithId | Dialect::Standard => String::new(),
        };
        let digests = matches!(self.dialect, Dialect::Cavage | Dialect::MessageSignature);
        Ok((if digests { headers } else { self.unless_unsigned(headers) }, sent))
    }
}

fn from(prefix: String, records: &[String], suffix: String) -> Stream {
    let width = records.first().map_or(0, String::len);
    Stream { prefix: prefix.into_bytes(), records: records.concat().into_bytes(), width, suffix: suffix.into_bytes() }
}

fn seconds() -> Result<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(Error::other)?;
    Ok(since.as_secs())
}

/// A check of the maker itself: all records of a stream are as wide as the first.
pub fn even(stream: &Stream) -> bool {
    stream.width > 0 && stream.records.len().is_multiple_of(stream.width)
}

impl Scheme {
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Rsa2048 | Self::Http => Algorithm::Rs256(2048),
            Self::Rsa3072 => Algorithm::Rs256(3072),
            Self::Rsa4096 => Algorithm::Rs256(4096),
            Self::Es256 => Algorithm::Es256,
            Self::Hmac => Algorithm::Hs256,
            Self::Ps256 | Self::Jwe => Algorithm::Ps256,
        }
    }
}
