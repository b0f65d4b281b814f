//! What is sent: signed before a load begins, never during it. Requests of one stream differ in their id, which is written as
//! they are sent and has no end; where a sender signs the id, in a record of a fixed width that was made before.

use std::io::{Error, Result};
use std::path::Path;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::jose;
use crate::keys::{Keys, sha256};
use crate::plan::{Outcome, Workload};

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

/// Requests: a prefix, what differs between them, a suffix.
pub struct Stream {
    prefix: Vec<u8>,
    between: Between,
    suffix: Vec<u8>,
}

enum Between {
    /// Ids of this phase, without an end or the same ones again after so many.
    Ids { phase: u16, again: Option<usize> },
    /// Signed one by one, and begun anew at their end if they may come twice.
    Records { bytes: Vec<u8>, width: usize, again: bool },
}

/// Which requests of a workload are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Tells the ids of two streams apart; below 4096.
    pub phase: u16,
    /// How many, where each is signed on its own.
    pub count: usize,
    /// Whether the same ones may come again after so many.
    pub again: bool,
}

/// A changed request, that nobody may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    None,
    /// The last letter of the content is another one than was signed.
    Body,
    /// One letter in the middle of the signature is another one.
    Signature,
    /// One letter in the middle of the signature is none of its alphabet.
    Malformed,
    /// There is no signature.
    Unsigned,
}

/// The ids of a phase are told apart by who writes them: a thread of wrk, or, with this number, this program.
const OURS: u16 = 15;

impl Stream {
    /// The whole request, if there are so many.
    pub fn request(&self, number: usize) -> Option<Vec<u8>> {
        let record = match &self.between {
            Between::Ids { phase, again: None } => id(phase * 16 + OURS, number).into_bytes(),
            Between::Ids { phase, again: Some(count) } => id(phase * 16, number % count).into_bytes(),
            Between::Records { bytes, width, again } => {
                let count = bytes.len() / width;
                let number = if *again { number % count } else { number };
                bytes.get(number * width..(number + 1) * width)?.to_vec()
            }
        };
        Some([&self.prefix[..], &record, &self.suffix].concat())
    }

    /// Writes the parts for wrk; answers what wrk.lua is told of them.
    pub fn write(&self, folder: &Path, threads: usize) -> Result<Vec<String>> {
        let part = |name: &str, bytes: &[u8]| {
            let file = folder.join(name);
            std::fs::write(&file, bytes)?;
            Ok::<_, Error>(file.to_string_lossy().into_owned())
        };
        let mut words = vec![part("prefix", &self.prefix)?, part("suffix", &self.suffix)?];
        words.extend(match &self.between {
            Between::Ids { phase, again } => {
                ["ids".to_owned(), phase.to_string(), again.unwrap_or(0).to_string(), threads.to_string()]
            }
            Between::Records { bytes, width, again } => {
                let share = bytes.len() / width / threads;
                let form = if *again { "again" } else { "once" };
                [form.to_owned(), part("records", bytes)?, width.to_string(), share.to_string()]
            }
        });
        Ok(words)
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

/// Makes requests of a workload in a dialect.
pub fn stream(keys: &Keys, dialect: Dialect, workload: &Workload, forgery: Forgery, wanted: Wanted) -> Result<Stream> {
    let forgery = match workload.outcome {
        Outcome::BadSignature => Forgery::Body,
        Outcome::Unsigned => Forgery::Unsigned,
        Outcome::Malformed => Forgery::Malformed,
        _ => forgery,
    };
    let make = Make { keys, dialect, workload, forgery };
    if dialect.signs_the_id() { make.each(wanted) } else { make.alike(wanted) }
}

impl Dialect {
    /// Whether each request has to be signed on its own.
    pub fn signs_the_id(self) -> bool {
        matches!(self, Self::BodyWithId | Self::Standard)
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
    fn alike(&self, wanted: Wanted) -> Result<Stream> {
        let (headers, body) = self.signed()?;
        let id_header = if self.dialect == Dialect::GitHub { "x-github-delivery" } else { "x-request-id" };
        let prefix = format!("{}{headers}content-length: {}\r\n{id_header}: ", self.head(), self.length(&body));
        let body = if self.workload.outcome == Outcome::Oversize { String::new() } else { body };
        let suffix = format!("\r\n\r\n{body}").into_bytes();
        let between = Between::Ids { phase: wanted.phase, again: wanted.again.then_some(wanted.count.max(1)) };
        Ok(Stream { prefix: prefix.into_bytes(), between, suffix })
    }

    /// The id is signed: records are what differs, signed one by one.
    fn each(&self, Wanted { phase, count, again }: Wanted) -> Result<Stream> {
        let (batch, count) = (phase * 16, count.max(1));
        if self.dialect == Dialect::Standard {
            let (body, sent) = (self.document(), self.sent());
            let time = seconds()?;
            let of = |id: String| {
                let tag = STANDARD.encode(self.keys.mac(format!("{id}.{time}.{body}").as_bytes()));
                let signature = self.unless_unsigned(format!("webhook-signature: v1,{}\r\n", self.told(tag)));
                format!("webhook-id: {id}\r\nwebhook-timestamp: {time}\r\n{signature}")
            };
            let records: Vec<String> = (0..count).map(|number| of(id(batch, number))).collect();
            let suffix = format!("content-length: {}\r\n\r\n{sent}", sent.len());
            return Ok(from(self.head(), &records, suffix, again));
        }
        let of = |id: String| -> Result<String> {
            let signed = document(self.workload.length, &id, 'x');
            let sent = document(self.workload.length, &id, if self.forgery == Forgery::Body { 'y' } else { 'x' });
            let signature = STANDARD.encode(self.keys.sign(self.workload.scheme.algorithm(), signed.as_bytes())?);
            let signature = self.unless_unsigned(format!("x-signature: {}\r\n", self.told(signature)));
            Ok(format!("{}{signature}x-request-id: {id}\r\ncontent-length: {}\r\n\r\n{sent}", self.head(), sent.len()))
        };
        let records: Vec<String> = (0..count).map(|number| of(id(batch, number))).collect::<Result<_>>()?;
        Ok(from(String::new(), &records, String::new(), again))
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

    /// The signature as it is sent.
    fn told(&self, signature: String) -> String {
        self.forgery.of(signature)
    }

    fn unless_unsigned(&self, header: String) -> String {
        if self.forgery == Forgery::Unsigned { String::new() } else { header }
    }

    /// The headers that prove the content, and the body.
    fn signed(&self) -> Result<(String, String)> {
        let (document, sent, algorithm) = (self.document(), self.sent(), self.workload.scheme.algorithm());
        let sign = |bytes: &[u8]| Ok::<_, Error>(self.told(STANDARD.encode(self.keys.sign(algorithm, bytes)?)));
        let digest = STANDARD.encode(sha256(document.as_bytes()));
        let key_id = if self.workload.outcome == Outcome::UnknownKey { "another" } else { "compare" };
        let headers = match self.dialect {
            Dialect::Body => format!("x-signature: {}\r\n", sign(document.as_bytes())?),
            Dialect::GitHub => {
                let tag = self.keys.mac(document.as_bytes());
                let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("x-hub-signature-256: sha256={}\r\n", self.told(hex))
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
                let token = jose::token(self.keys, algorithm, &document, &sent, self.forgery)?;
                let sealed = self.dialect == Dialect::Jwe;
                return Ok((String::new(), if sealed { jose::seal(self.keys, &token)? } else { token }));
            }
            Dialect::BodyWithId | Dialect::Standard => String::new(),
        };
        let digests = matches!(self.dialect, Dialect::Cavage | Dialect::MessageSignature);
        Ok((if digests { headers } else { self.unless_unsigned(headers) }, sent))
    }
}

fn from(prefix: String, records: &[String], suffix: String, again: bool) -> Stream {
    let width = records.first().map_or(1, String::len);
    // What is as wide as the first can be found by its number.
    assert!(records.iter().all(|record| record.len() == width), "expected records of one width");
    let between = Between::Records { bytes: records.concat().into_bytes(), width, again };
    Stream { prefix: prefix.into_bytes(), between, suffix: suffix.into_bytes() }
}

impl Forgery {
    /// What becomes of a signature, be it base64 or hexadecimal, whose length stays.
    pub fn of(self, signature: String) -> String {
        let middle = signature.len() / 2;
        let letter = match self {
            Self::Signature if signature.get(middle..=middle) == Some("1") => "0",
            Self::Signature => "1",
            Self::Malformed => "!",
            Self::None | Self::Body | Self::Unsigned => return signature,
        };
        format!("{}{letter}{}", &signature[..middle], &signature[middle + 1..])
    }
}

fn seconds() -> Result<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(Error::other)?;
    Ok(since.as_secs())
}
