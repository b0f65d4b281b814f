//! Mutual TLS: who is taken, and who is refused where.

use std::sync::Arc;

use bytes::Bytes;
use countersign::Endpoint;
use countersign::client::{AltName, ClientCertificate, Pin, Pins};
use countersign::clock::FixedClock;
use countersign::crypto::{Algorithm, Secret};
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::keys::{Key, KeySet};
use countersign::profile::{BodySignature, Identification, Profile};
use countersign::store::MemoryStore;
use http_body_util::Full;
use rcgen::{DnType, DnValue};
use tower::ServiceExt;

use crate::hall::{
    Authority, Identity, MUTUAL, ORGANIZATION, ask, connector, folder, metrics, organization_identifier, signed,
    tls_files, until,
};
use crate::receiver::{Receiver, err, run, status};

struct Parties {
    servers: Authority,
    clients: Authority,
    bank: Identity,
    other: Identity,
}

impl Parties {
    fn new() -> Self {
        let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
        let bank = clients.client("hub.bank.example", ORGANIZATION);
        let other = clients.client("other.example", "PSDDE-BAFIN-999999");
        Self { servers, clients, bank, other }
    }

    fn pins(&self) -> Vec<(&'static str, String)> {
        vec![
            ("certificate", format!("certificate_sha256 = \"{}\"", self.bank.certificate_sha256())),
            ("key", format!("public_key_sha256 = \"{}\"", self.bank.public_key_sha256())),
            ("organization", format!("organization_identifier = \"{ORGANIZATION}\"")),
            ("name", "san = \"dns:HUB.bank.example\"".to_owned()),
            ("both", format!("organization_identifier = \"{ORGANIZATION}\", san = \"dns:hub.bank.example\"")),
        ]
    }

    fn folder(&self, server: &str) -> tempfile::TempDir {
        let pins = self.pins();
        let lines: Vec<_> = pins.iter().map(|(name, pin)| (*name, format!("client = [{{ {pin} }}]"))).collect();
        let mut endpoints: Vec<_> = lines.iter().map(|(name, line)| (*name, line.as_str())).collect();
        endpoints.push(("open", ""));
        let folder = folder(server, &endpoints);
        tls_files(folder.path(), &self.servers.server(), &self.clients);
        folder
    }
}

#[tokio::test]
async fn the_pinned_client_is_taken_and_another_of_the_same_authority_is_refused_like_a_forger() {
    let parties = Parties::new();
    let folder = parties.folder(MUTUAL);
    let receiver = Receiver::start(folder.path());
    let bank = connector(&parties.servers, Some(&parties.bank));
    let other = connector(&parties.servers, Some(&parties.other));
    let forged = ask(&bank, &receiver.address, b"POST /open HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
    let forged = forged.unwrap();
    assert_eq!(status(&forged), Some(401));
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    for (name, _) in parties.pins() {
        let request = signed(name, "", &format!("{{\"a\":\"{name}\"}}"));
        let answer = ask(&other, &receiver.address, &request).await.unwrap();
        assert_eq!((status(&answer), body(&answer)), (Some(401), body(&forged)), "{name}");
        let counted = format!("endpoint=\"{name}\",outcome=\"refused\",code=\"client_certificate_refused\"}} 1");
        assert!(metrics(&receiver).contains(&counted), "{name}");
        let answer = ask(&bank, &receiver.address, &request).await.unwrap();
        assert_eq!(status(&answer), Some(200), "{name}: {answer}");
    }
    // Without pins, any client of the authority is taken.
    assert_eq!(status(&ask(&other, &receiver.address, &signed("open", "", "{}")).await.unwrap()), Some(200));
}

#[tokio::test]
async fn a_client_of_another_authority_an_ended_one_and_none_do_not_get_past_the_handshake() {
    let parties = Parties::new();
    let folder = parties.folder(MUTUAL);
    let receiver = Receiver::start(folder.path());
    // A first failure is an increase.
    for reason in ["client_certificate_missing", "client_certificate_invalid", "protocol", "connection", "timeout"] {
        let series = format!("countersign_handshakes_failed_total{{reason=\"{reason}\"}} 0\n");
        assert!(metrics(&receiver).contains(&series), "{series}");
    }
    // The same names, and even the same key, from an authority that nobody named.
    let stranger = Authority::new("clients").client("hub.bank.example", ORGANIZATION);
    let ended = parties.clients.ended_client("hub.bank.example");
    for (own, reason, count) in [
        (Some(&stranger), "client_certificate_invalid", 1),
        (Some(&ended), "client_certificate_invalid", 2),
        (None, "client_certificate_missing", 1),
    ] {
        let tls = connector(&parties.servers, own);
        let answer = ask(&tls, &receiver.address, &signed("open", "", "{}")).await;
        assert!(answer.is_err(), "{reason}: {answer:?}");
        let counted = format!("countersign_handshakes_failed_total{{reason=\"{reason}\"}} {count}");
        until(&counted, async || metrics(&receiver).contains(&counted)).await;
    }
}

#[tokio::test]
async fn an_optional_certificate_is_verified_if_it_is_shown_and_missed_where_it_is_pinned() {
    let parties = Parties::new();
    let folder = parties.folder(&MUTUAL.replace(" }", ", client = \"optional\" }"));
    let receiver = Receiver::start(folder.path());
    let nobody = connector(&parties.servers, None);
    assert_eq!(status(&ask(&nobody, &receiver.address, &signed("open", "", "{}")).await.unwrap()), Some(200));
    assert_eq!(status(&ask(&nobody, &receiver.address, &signed("key", "", "{}")).await.unwrap()), Some(401));
    assert!(metrics(&receiver).contains("code=\"client_certificate_missing\""));
    let stranger = Authority::new("clients").client("hub.bank.example", ORGANIZATION);
    let answer = ask(&connector(&parties.servers, Some(&stranger)), &receiver.address, &signed("open", "", "{}")).await;
    assert!(answer.is_err(), "{answer:?}");
    let bank = connector(&parties.servers, Some(&parties.bank));
    assert_eq!(status(&ask(&bank, &receiver.address, &signed("key", "", "{}")).await.unwrap()), Some(200));
}

fn fits(identity: &Identity) -> bool {
    let certificate = ClientCertificate::vouched_for(&identity.der).unwrap();
    Pin::organization_identifier(ORGANIZATION).fits(&certificate)
}

#[test]
fn an_organisation_is_its_attribute_byte_for_byte_in_whatever_order_the_name_stands() {
    let clients = Authority::new("clients");
    let of = |parts: &[(DnType, &str)]| {
        clients.issue(|params| {
            for (kind, value) in parts {
                params.distinguished_name.push(kind.clone(), DnValue::from(*value));
            }
        })
    };
    let id = organization_identifier;
    assert!(fits(&of(&[(DnType::CommonName, "a"), (DnType::CountryName, "DE"), (id(), ORGANIZATION)])));
    assert!(fits(&of(&[(id(), ORGANIZATION), (DnType::CountryName, "DE"), (DnType::CommonName, "a")])));
    let dn = format!("x,2.5.4.97={ORGANIZATION}");
    let spelled = format!("a, organizationIdentifier={ORGANIZATION}");
    for parts in [
        &[(DnType::CommonName, ORGANIZATION)][..],
        &[(DnType::CommonName, &dn)],
        &[(DnType::OrganizationName, &spelled), (id(), "PSDDE-BAFIN-999999")],
        &[(id(), "psdde-bafin-123456")],
        &[(id(), "PSDDE-BAFIN-1234567")],
        &[(id(), "PSDDE-BAFIN-12345")],
        &[(id(), " PSDDE-BAFIN-123456")],
        &[(id(), "PSDDE-BAFIN-123456\0")],
    ] {
        assert!(!fits(&of(parts)), "{parts:?}");
    }
    // The same bytes would be other letters in another kind of string.
    let other = clients.issue(|params| {
        let value = DnValue::TeletexString(ORGANIZATION.try_into().unwrap());
        params.distinguished_name.push(id(), value);
    });
    assert!(!fits(&other));
}

#[test]
fn a_name_of_one_kind_is_no_name_of_another_and_a_wildcard_stands_for_nothing() {
    let clients = Authority::new("clients");
    let identity = clients.issue(|params| {
        params.subject_alt_names.push(rcgen::SanType::URI("hub.bank.example".try_into().unwrap()));
        params.subject_alt_names.push(rcgen::SanType::DnsName("*.bank.example".try_into().unwrap()));
        params.subject_alt_names.push(rcgen::SanType::IpAddress([192, 0, 2, 1].into()));
    });
    let certificate = ClientCertificate::vouched_for(&identity.der).unwrap();
    let fits = |name: &str| Pin::alt_name(name.parse().unwrap()).fits(&certificate);
    assert!(fits("uri:hub.bank.example") && fits("IP:192.0.2.1"));
    for name in ["dns:hub.bank.example", "dns:a.bank.example", "uri:HUB.bank.example", "ip:192.0.2.2", "email:hub"] {
        assert!(!fits(name), "{name}");
    }
    for text in ["", "hub.bank.example", "dns:", "dns:*.bank.example", "ip:bank", "othername:a", "dns:a b"] {
        assert!(text.parse::<AltName>().is_err(), "{text:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_ended_while_its_connection_stayed_is_refused() {
    let identity = Authority::new("clients").client("hub.bank.example", ORGANIZATION);
    let certificate = ClientCertificate::vouched_for(&identity.der).unwrap();
    let secret = Secret::new(*b"a key of this test, and no other").unwrap();
    let keys = KeySet::new(vec![Key::secret(Algorithm::Hs256, &secret).unwrap()]).unwrap();
    let clock = Arc::new(FixedClock::at(certificate.not_after()));
    let with = |pins: Option<Pins>| {
        let profile = Profile::body_signature(BodySignature::over_body("x-signature"), Identification::Fingerprint);
        let builder = Endpoint::builder("edge", profile).path("/a").keys(keys.clone()).clock(clock.clone());
        let builder = if let Some(pins) = pins { builder.client(pins) } else { builder };
        builder.queue(Arc::new(MemoryStore::new(clock.clone()))).build().unwrap()
    };
    let ask = async |endpoint: Endpoint, certificate: Option<&ClientCertificate>| {
        let mut request = http::Request::post("/a").header("host", "x").body(Full::<Bytes>::default()).unwrap();
        request.extensions_mut().extend(
            certificate
                .cloned()
                .map(|one| {
                    let mut extensions = http::Extensions::new();
                    extensions.insert(one);
                    extensions
                })
                .unwrap_or_default(),
        );
        let response = endpoint.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 401);
        match response.extensions().get::<Outcome>() {
            Some(Outcome::Refused(code)) => *code,
            other => panic!("{other:?}"),
        }
    };
    let pin = Pin::certificate_sha256(certificate.certificate_sha256());
    let pinned = || with(Some(Pins::any_of([pin.clone()])));
    assert_eq!(ask(pinned(), Some(&certificate)).await, Code::SignatureMissing);
    assert_eq!(ask(pinned(), None).await, Code::ClientCertificateMissing);
    assert_eq!(ask(with(Some(Pins::default())), Some(&certificate)).await, Code::ClientCertificateRefused);
    clock.set(certificate.not_after().after(std::time::Duration::from_secs(1)));
    assert_eq!(ask(pinned(), Some(&certificate)).await, Code::ClientCertificateExpired);
    // Also where nothing is pinned: the listener demanded a valid one.
    assert_eq!(ask(with(None), Some(&certificate)).await, Code::ClientCertificateExpired);
    assert_eq!(ask(with(None), None).await, Code::SignatureMissing);
}

#[test]
fn mutual_tls_that_would_be_open_does_not_start() {
    let parties = Parties::new();
    let tls = |more: &str| format!("tls = {{ certificate = \"tls.crt\", key = \"tls.key\"{more} }}");
    let pin = "client = [{ san = \"dns:a\" }]";
    for (server, endpoint, words) in [
        (tls(", client_ca = \"missing.pem\""), "", &["missing.pem", "tls"][..]),
        (tls(", client_ca = \"empty.pem\""), "", &["empty.pem"]),
        (tls(", client_ca = \"tls.key\""), "", &["tls.key"]),
        (tls(", client = \"optional\""), "", &["client_ca"]),
        (tls(", client_ca = \"client_ca.pem\", client = \"off\""), "", &["off"]),
        (tls(", client_ca = \"client_ca.pem\", verify = false"), "", &["verify"]),
        (tls("").replace("tls.key", "other.key"), "", &["other.key"]),
        (tls(""), pin, &["client", "client_ca"]),
        (String::new(), pin, &["client", "client_ca", "client_cert"]),
        (MUTUAL.to_owned(), "client = []", &["client", "at least one"]),
        (MUTUAL.to_owned(), "client = [{}]", &["client", "found none"]),
        (MUTUAL.to_owned(), "client = [{ san = \"a\" }]", &["client", "dns:"]),
        (MUTUAL.to_owned(), "client = [{ san = \"dns:*.a\" }]", &["client", "wildcard"]),
        (MUTUAL.to_owned(), "client = [{ certificate_sha256 = \"abcd\" }]", &["client", "SHA-256"]),
        (MUTUAL.to_owned(), "client = [{ organization_identifier = \"\" }]", &["client", "empty"]),
        (MUTUAL.to_owned(), "client = [{ subject = \"CN=a\" }]", &["subject"]),
    ] {
        let folder = folder(&server, &[("a", endpoint)]);
        tls_files(folder.path(), &parties.servers.server(), &parties.clients);
        crate::hall::write(folder.path(), "empty.pem", "");
        crate::hall::write(
            folder.path(),
            "other.key",
            "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
        );
        for command in ["check", "serve"] {
            let output = run(folder.path(), &[command]);
            assert_eq!(output.status.code(), Some(64), "{server} {endpoint}: {output:?}");
            let text = err(&output);
            assert!(words.iter().all(|word| text.contains(word)), "{server} {endpoint}: {text}");
            assert!(!text.contains("canary") && !text.contains("ready:"), "{text}");
        }
    }
}

#[test]
fn check_says_who_is_pinned() {
    let parties = Parties::new();
    let folder = parties.folder(MUTUAL);
    let output = run(folder.path(), &["check"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    let (certificate, key) = (parties.bank.certificate_sha256(), parties.bank.public_key_sha256());
    for line in [
        format!("client       certificate SHA-256 {certificate}"),
        format!("client       public key SHA-256 {key}"),
        format!("client       organization identifier {ORGANIZATION} and dns:hub.bank.example"),
        "client       no certificate is pinned".to_owned(),
    ] {
        assert!(text.contains(&line), "{line}: {text}");
    }
}
