//! A request for every refusal, each with canaries wherever a request has room for them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign::clock::{Clock, FixedClock, SystemClock, Timestamp};
use countersign::crypto::{Algorithm, MacKey, Secret, SigningKey};
use countersign::keys::{Key, KeySet, read_private};
use countersign::state::{Binding, StateIssuer};
use countersign::wire::encoding::Encoding;
use serde_json::{Value, json};

use crate::receiver::{Receiver, err, folder, out, run};
use crate::signer::Signer;

/// Secrets of the receiver, in its environment.
pub const SECRETS: [(&str, &str); 2] =
    [("STAMP_SECRET", "canary-shared-secret-0123456789abcdef"), ("SINK_SECRET", "canary-sink-secret-0123456789abcdef")];

const PERSONAL: &str =
    r#"{"webhook_id":"w-1","iban":"NL91ABNA0417164300","name":"Edsger Wybe","state":"canary-state-6b7e"}"#;
/// Headers that every request has.
const STRAY: &str = "x-note: NL91ABNA0417164300\r\nx-state: canary-state-6b7e\r\nx-name: Edsger Wybe\r\n\
                     cookie: session=canary-token-of-a-user-81f3\r\nx-auth-token: canary-token-of-a-user-81f3\r\n";
const QUERY: &str = "?state=canary-state-6b7e&iban=NL91%41BNA0417164300&account=NL91ABNA0417164300";

/// A receiver with an endpoint for each kind of refusal; sinks that are down, that never answer, and that talk nonsense.
pub fn setting() -> tempfile::TempDir {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_at = silent.local_addr().unwrap();
    let garbage_at = echo("NL91ABNA0417164300 canary-state-6b7e\r\n");
    let away_at =
        echo("302 canary-state-6b7e\r\nlocation: http://127.0.0.1/NL91ABNA0417164300\r\ncontent-length: 0\r\n\r\n");
    std::thread::spawn(move || silent.incoming().map(Result::unwrap).collect::<Vec<_>>());
    let stamped = |name: &str, sink: &str, more: &str| {
        format!(
            "[[endpoint]]\nname = \"{name}\"\npath = \"/{name}\"\nprofile = \"body-signature\"\nsink = \"{sink}\"\n\
             keys = [{{ secret = {{ env = \"STAMP_SECRET\" }} }}]\n{more}\n\n"
        )
    };
    let signature = "signature = { header = \"x-signature\", encoding = \"hex\", input = \"{body}\" }";
    let timed = "signature = { header = \"x-signature\", encoding = \"hex\", input = \"{header:x-time}.{body}\", \
                 fresh = { header = \"x-time\", tolerance = \"5m\" } }";
    let id = "id = { json = \"/webhook_id\" }";
    let jose = "[[endpoint]]\nname = \"bank\"\npath = \"/bank\"\nprofile = \"jose\"\nsink = \"stdout\"\n\
                keys = [{ jwks = \"keys/cbuae/signing.jwks.json\" }]\nsignature = { form = \"body\", typ = [\"JWT\"], claims = \
                { iss = \"demo-api-hub\", aud = \"us\", max_lifetime = \"1h\", jti = \"required\" } }\nid = { claim = \"jti\" }\n\n";
    let returning = |name: &str, cookie: &str| {
        format!(
            "[[endpoint]]\nname = \"{name}\"\npath = \"/{name}\"\nprofile = \"redirect\"\nsink = \"stdout\"\n\
             keys = [{{ secret = {{ env = \"STAMP_SECRET\" }} }}]\nredirect = {{ session = {{ cookie = \"{cookie}\" }}, \
             issuer = \"https://bank.example\", done = \"/done\" }}\n\n"
        )
    };
    let sink = |name: &str, at: &str| {
        format!(
            "[[sink]]\nname = \"{name}\"\ntype = \"http\"\nurl = \"http://{at}/\"\nsecret = {{ env = \"SINK_SECRET\" }}\ntimeout = \"4s\"\n"
        )
    };
    let endpoints = [
        stamped("plain", "garbage", &format!("{signature}\n{id}\nundecodable = \"refuse\"")),
        stamped("queued", "down", &format!("{signature}\n{id}")),
        stamped("timed", "stdout", timed),
        stamped("far", "stdout", &format!("{signature}\nallow_ip = [\"192.0.2.0/24\"]")),
        stamped("stolen", "stdout", &format!("{signature}\ndistrust = [\"secret\"]")),
        stamped("down", "down", &format!("{signature}\n{id}\nmode = \"inline\"")),
        stamped("away", "away", &format!("{signature}\n{id}\nmode = \"inline\"")),
        stamped("slow", "silent", &format!("{signature}\n{id}\nmode = \"inline\"\ndeadline = \"4s\"")),
        jose.to_owned(),
        returning("back", "session"),
        returning("gone", "another"),
    ];
    let limits = "[server]\nlimits = { in_flight = \"600KiB\", head_timeout = \"500ms\", body_timeout = \"3s\" }";
    folder(|text| {
        let text = text.replacen("[server]", limits, 1).replacen("[[sink]]", &(endpoints.concat() + "[[sink]]"), 1);
        text + &sink("down", "127.0.0.1:1")
            + &sink("garbage", &garbage_at.to_string())
            + &sink("away", &away_at.to_string())
            + &sink("silent", &silent_at.to_string())
    })
}

/// A sink that answers this, and behind it what it was sent.
fn echo(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 65536];
            let read = stream.read(&mut request).unwrap_or(0);
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes());
            let _ = stream.write_all(&request[..read]);
        }
    });
    address
}

pub struct Wire<'a> {
    receiver: &'a Receiver,
    folder: &'a Path,
    token_key: SigningKey,
    mac: MacKey,
}

impl<'a> Wire<'a> {
    pub fn new(receiver: &'a Receiver, folder: &'a Path) -> Self {
        let pem = include_str!("../../../keys/cbuae/signing.key.pem");
        let secret = Secret::new(SECRETS[0].1).unwrap();
        Self {
            receiver,
            folder,
            token_key: read_private(pem, Some(Algorithm::Ps256)).unwrap(),
            mac: MacKey::new(Algorithm::Hs256, &secret).unwrap(),
        }
    }

    fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        let request = format!(
            "POST {path}{QUERY} HTTP/1.1\r\nhost: x\r\n{STRAY}{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        self.receiver.raw(request.as_bytes())
    }

    fn signed(&self, path: &str, body: &str) -> String {
        let tag = Encoding::Hex.encode(&self.mac.sign(&[body.as_bytes()]));
        self.post(path, &format!("content-type: application/json\r\nx-signature: {tag}\r\n"), body)
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| Encoding::Base64Url.encode(value.to_string().as_bytes());
        let input = format!("{}.{}", part(header), part(claims));
        format!("{input}.{}", Encoding::Base64Url.encode(&self.token_key.sign(input.as_bytes()).unwrap()))
    }

    fn bank(&self, header: Value, claims: &Value) -> String {
        let mut all = json!({"alg": "PS256", "kid": "demo-hub-signing", "typ": "JWT"});
        all.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
        self.post("/bank", "content-type: application/jwt\r\n", &self.token(&all, claims))
    }

    /// One answer for each way to be refused.
    pub fn refusals(&self) -> Vec<String> {
        let redirects = self.of_redirects();
        [self.of_http(), self.slow_ones(), self.of_signatures(), self.of_tokens(), self.of_events(), redirects].concat()
    }

    fn of_http(&self) -> Vec<String> {
        let json = "content-type: application/json\r\n";
        // A signature that could be one: what has none is refused before its body is looked at.
        let head = format!("POST /plain{QUERY} HTTP/1.1\r\nhost: x\r\n{STRAY}x-signature: {}\r\n", "00".repeat(32));
        let raw = |rest: &str| self.receiver.raw(format!("{head}{rest}").as_bytes());
        vec![
            self.post("/NL91ABNA0417164300/canary-state-6b7e", "", PERSONAL),
            self.post(
                "/timed",
                "client-cert: :TkwwOTFBQk5BMDQxNzE2NDMwMA==:\r\nx-client: NL91ABNA0417164300\r\n",
                PERSONAL,
            ),
            self.receiver.raw(format!("NL91ABNA0417164300 /timed HTTP/1.1\r\nhost: x\r\n{STRAY}\r\n").as_bytes()),
            raw(&format!("{json}content-length: 99999999\r\n\r\n{PERSONAL}")),
            self.post("/v3/notification/status", "content-type: text/NL91ABNA0417164300\r\n", PERSONAL),
            raw("host: canary-state-6b7e\r\n\r\n"),
            raw("x-\u{1}: canary-state-6b7e\r\n\r\n"),
            raw("content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            raw(&format!("{json}transfer-encoding: chunked\r\n\r\nNL91ABNA0417164300\r\n{PERSONAL}")),
            raw(&format!(
                "{json}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nauthorization: NL91ABNA0417164300\r\n\r\n"
            )),
            raw("expect: NL91ABNA0417164300\r\ncontent-length: 0\r\n\r\n"),
            raw(&format!("x-large: {}\r\n\r\n", "NL91ABNA0417164300".repeat(9000))),
            raw("transfer-encoding: NL91ABNA0417164300\r\n\r\n"),
            self.receiver.raw(format!("POST /timed{QUERY} HTTP/2.0\r\nhost: x\r\n{STRAY}\r\n").as_bytes()),
            raw(&format!("{json}content-length: 9999\r\n\r\n{PERSONAL}")),
            self.post("/tribe/v2_account", json, PERSONAL),
            self.post("/tribe/v2_account", "x-request-id: NL91ABNA0417164300\r\n", PERSONAL),
            self.post("/far", json, PERSONAL),
        ]
    }

    /// Half a head, half a body, and so many halves that there is no room for more.
    fn slow_ones(&self) -> Vec<String> {
        let connect = |sent: &str| {
            let mut stream = TcpStream::connect(&self.receiver.address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(sent.as_bytes()).unwrap();
            stream
        };
        let rest = |mut stream: TcpStream| {
            let mut text = Vec::new();
            let _ = stream.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        };
        let tag = "00".repeat(32);
        let head = format!(
            "POST /plain{QUERY} HTTP/1.1\r\nhost: x\r\n{STRAY}content-type: application/json\r\nx-signature: {tag}\r\n"
        );
        let half = format!("{head}content-length: 262144\r\n\r\n{}", PERSONAL.repeat(2300));
        let mut streams = vec![connect(&head)];
        streams.extend((0..4).map(|_| connect(&half)));
        streams.into_iter().map(rest).collect()
    }

    fn of_signatures(&self) -> Vec<String> {
        let real = Signer::demo().request("00000001-0000-4000-8000-000000000099", "p-1");
        let real = String::from_utf8(real).unwrap().replacen("\r\n\r\n", &format!("\r\n{STRAY}\r\n"), 1);
        let changed = |from: &str, to: &str| {
            assert!(real.contains(from), "{from}");
            self.receiver.raw(real.replacen(from, to, 1).as_bytes())
        };
        let between = |from: &str, to: &str| real.split(from).nth(1).unwrap().split(to).next().unwrap();
        let covered = "headers=\"messagecreatedatetime x-request-id digest\"";
        let (key_id, time) = (between("keyId=\"", "\""), between("\r\nmessagecreatedatetime: ", "\r\n"));
        let digest = between("\r\ndigest: ", "\r\n");
        let stamp = |time: &str| {
            let tag = Encoding::Hex.encode(&self.mac.sign(&[time.as_bytes(), b".", PERSONAL.as_bytes()]));
            let line = if time.is_empty() { String::new() } else { format!("x-time: {time}\r\n") };
            self.post("/timed", &format!("content-type: application/json\r\n{line}x-signature: {tag}\r\n"), PERSONAL)
        };
        let now = SystemClock.now().seconds();
        let api_key = "x-api-key: canary-token-of-a-user-81f3-0123456789\r\n";
        let id = "x-request-id: 00000001-0000-4000-8000-000000000001\r\n";
        let undecodable = [
            b"POST /plain HTTP/1.1\r\nhost: x\r\n".as_slice(),
            STRAY.as_bytes(),
            b"content-type: application/json\r\n\
            x-signature: canary-state-6b7e\xff\r\ncontent-length: 0\r\n\r\n",
        ]
        .concat();
        vec![
            self.post("/tribe/v2_account", id, PERSONAL),
            self.post("/tribe/v2_account", &format!("{id}{api_key}"), PERSONAL),
            self.post("/plain", "content-type: application/json\r\nx-signature: 00\r\nx-signature: 00\r\n", PERSONAL),
            self.receiver.raw(&undecodable),
            self.post("/plain", "content-type: application/json\r\n", PERSONAL),
            self.post("/plain", "content-type: application/json\r\nx-signature: NL91ABNA0417164300\r\n", PERSONAL),
            self.post(
                "/plain",
                &format!("content-type: application/json\r\nx-signature: {}\r\n", "00".repeat(32)),
                PERSONAL,
            ),
            changed(covered, "headers=\"digest\""),
            changed(covered, "headers=\"messagecreatedatetime x-request-id digest x-canary-kid-77aa\""),
            changed(key_id, "canary-kid-77aa"),
            changed("rsa-sha256", "hmac-sha256"),
            changed(&format!("digest: {digest}\r\n"), ""),
            changed(digest, "SHA-256=NL91ABNA0417164300"),
            changed(digest, &format!("SHA-256={}=", "A".repeat(43))),
            changed(&format!("messagecreatedatetime: {time}\r\n"), ""),
            stamp(""),
            stamp("canary-state-6b7e"),
            stamp(&(now - 4000).to_string()),
            stamp(&(now + 4000).to_string()),
        ]
    }

    fn of_tokens(&self) -> Vec<String> {
        let now = SystemClock.now().seconds();
        let good = json!({"iss": "demo-api-hub", "aud": "us", "iat": now, "nbf": now, "exp": now + 60, "jti": "t-1",
            "iban": "NL91ABNA0417164300", "name": "Edsger Wybe", "state": "canary-state-6b7e"});
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            self.bank(json!({}), &claims)
        };
        let without = |name: &str| {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().remove(name);
            self.bank(json!({}), &claims)
        };
        let send = |more: &[&str]| {
            let printed = run(self.folder, &[&["send", "cbuae", "payment", "--print"], more].concat()).stdout;
            let printed = String::from_utf8(printed).unwrap();
            let printed = printed.replacen("\r\n\r\n", &format!("\r\n{STRAY}\r\n"), 1);
            self.receiver.raw(printed.as_bytes())
        };
        let for_another_place = || {
            let claims = json!({"iss": "demo-api-hub", "aud": "demo-receiver", "iat": now, "nbf": now, "exp": now + 60,
                "jti": "canary-state-6b7e", "sub": "demo-api-hub", "message": "NL91ABNA0417164300"});
            let token = self.token(&json!({"alg": "PS256", "kid": "demo-hub-signing", "typ": "JWT"}), &claims);
            let printed = run(self.folder, &["send", "cbuae", "payment", "--print", "--without-authorization"]).stdout;
            let line = format!("\r\nauthorization: Bearer {token}\r\n\r\n");
            self.receiver.raw(String::from_utf8(printed).unwrap().replacen("\r\n\r\n", &line, 1).as_bytes())
        };
        vec![
            self.post("/bank", "content-type: application/jwt\r\n", "NL91ABNA0417164300.canary-state-6b7e"),
            self.bank(json!({"jwk": {"n": "canary-state-6b7e"}}), &good),
            self.bank(json!({"typ": "NL91ABNA0417164300"}), &good),
            self.bank(json!({"kid": "canary-kid-77aa"}), &good),
            with("iss", "NL91ABNA0417164300".into()),
            with("aud", "canary-state-6b7e".into()),
            with("iss", Value::Null),
            with("aud", json!({"iban": "NL91ABNA0417164300"})),
            with("exp", "NL91ABNA0417164300".into()),
            with("exp", (-5).into()),
            without("jti"),
            with("exp", (now - 4000).into()),
            with("nbf", (now + 4000).into()),
            with("exp", (now + 40_000).into()),
            with("iat", (now + 400).into()),
            for_another_place(),
            send(&["--fault", "unencrypted"]),
            send(&["--fault", "unsigned"]),
            send(&["--fault", "tampered-body"]),
            send(&["--fault", "other-encryption-key"]),
            send(&["--protected", "kid=canary-kid-77aa"]),
        ]
    }

    /// A browser that comes back with a state of this moment, and more.
    fn back(&self, path: &str, issued_at: Timestamp, headers: &str, more: &str) -> String {
        let key = Key::secret(Algorithm::Hs256, &Secret::new(SECRETS[0].1).unwrap()).unwrap();
        let keys = KeySet::new(vec![key]).unwrap();
        let issuer = StateIssuer::new("back", keys, Arc::new(FixedClock::at(issued_at))).unwrap();
        let state = issuer.issue(&Binding::session("canary-token-of-a-user-81f3").unwrap()).unwrap();
        let state = state.as_str();
        let request = format!(
            "GET {path}?state={state}&code=canary-state-6b7e{more} HTTP/1.1\r\nhost: x\r\n{STRAY}{headers}connection: close\r\n\r\n"
        );
        self.receiver.raw(request.as_bytes())
    }

    fn of_redirects(&self) -> Vec<String> {
        let now = SystemClock.now();
        let iss = "&iss=https%3A%2F%2Fbank.example";
        let old = now.before(Duration::from_secs(4000));
        let text = |query: &str| {
            let request = format!("GET /back?{query} HTTP/1.1\r\nhost: x\r\n{STRAY}connection: close\r\n\r\n");
            self.receiver.raw(request.as_bytes())
        };
        let forged = Encoding::Base64Url.encode(&[&[1][..], &now.seconds().to_be_bytes(), &[7; 48]].concat());
        vec![
            self.back("/back", now, "", "&code=NL91ABNA0417164300"),
            self.back("/back", old, "", iss),
            self.back("/back", now, "cookie: session=canary-token-of-a-user-81f3\r\n", iss),
            self.back("/gone", now, "", iss),
            self.back("/back", now, "", "&iss=https%3A%2F%2Fcanary-state-6b7e"),
            text("code=NL91ABNA0417164300"),
            text("state=canary-state-6b7e&code=NL91ABNA0417164300"),
            text(&format!("state={forged}&code=NL91ABNA0417164300&error_description=Edsger+Wybe")),
        ]
    }

    fn of_events(&self) -> Vec<String> {
        let other = PERSONAL.replace("Edsger Wybe", "Edsger Wybe D");
        let slow = PERSONAL.replace("w-1", "w-slow");
        let copies = std::thread::scope(|scope| {
            let copies: Vec<_> = (0..2).map(|_| scope.spawn(|| self.signed("/slow", &slow))).collect();
            copies.into_iter().map(|copy| copy.join().unwrap()).collect::<Vec<_>>()
        });
        let mut answers = vec![
            self.signed("/plain", r#"{"iban":"NL91ABNA0417164300","name":"Edsger Wybe""#),
            self.signed("/plain", r#"{"iban":"NL91ABNA0417164300","iban":"canary-state-6b7e"}"#),
            self.signed("/plain", PERSONAL),
            self.signed("/plain", &other),
            self.signed("/queued", PERSONAL),
            self.signed("/stolen", PERSONAL),
            self.signed("/down", PERSONAL),
            self.signed("/away", PERSONAL),
        ];
        answers.extend(copies);
        answers
    }

    /// Accepted, a copy, and one that is kept for inspection.
    pub fn accepted(&self) -> String {
        let kept = r#"{"iban":"NL91ABNA0417164300","name":"Edsger Wybe","state":"canary-state-6b7e"}"#;
        let answers =
            [self.signed("/queued", PERSONAL), self.signed("/queued", PERSONAL), self.signed("/queued", kept)];
        assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200")), "{answers:?}");
        let back = self.back("/back", SystemClock.now(), "", "&iss=https%3A%2F%2Fbank.example&name=Edsger+Wybe");
        assert!(back.starts_with("HTTP/1.1 303"), "{back}");
        answers.concat() + &back
    }

    /// What `verify` says of captured requests that it refuses.
    pub fn verified_from_files(&self) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (endpoint, body) in [("plain", PERSONAL), ("timed", "{"), ("bank", "NL91ABNA0417164300.x.y")] {
            let length = body.len();
            let request = format!(
                "POST /{endpoint}{QUERY} HTTP/1.1\r\nhost: x\r\n{STRAY}content-type: application/json\r\nx-time: canary-state-6b7e\r\n\
                 x-signature: canary-state-6b7e\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            std::fs::write(self.folder.join("request.http"), request).unwrap();
            for json in [&[][..], &["--json"]] {
                let arguments = [&["verify", "--endpoint", endpoint, "request.http"], json].concat();
                let mut command = std::process::Command::new(crate::receiver::PROGRAM);
                let output = command.current_dir(self.folder).args(arguments).envs(SECRETS).output().unwrap();
                assert_eq!(output.status.code(), Some(1), "{output:?}");
                texts.push((format!("verify {endpoint}"), out(&output) + &err(&output)));
            }
        }
        texts
    }
}
