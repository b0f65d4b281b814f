//! Refusals that take a proxy: of who it says calls, and of the certificates that it brings.

use std::fs;

use countersign::error::Code;
use countersign::wire::encoding::Encoding;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use super::needles::assert_clean;
use super::{SECRETS, counted, shown};
use crate::receiver::{Receiver, folder};
use crate::redis::until;

/// Reasons that only requests of a proxy have.
pub const OF_A_PROXY: [Code; 5] = [
    Code::ProxyHeaderMalformed,
    Code::ClientCertificateMissing,
    Code::ClientCertificateRefused,
    Code::ClientCertificateExpired,
    Code::ClientCertificateInvalid,
];

const SETTINGS: &str = r#"
[server]
listen = "127.0.0.1:0"
admin  = "127.0.0.1:0"
trusted_proxies = ["127.0.0.1/32"]
forwarded = "x-forwarded-for"
client_cert = { ca = "ca.pem" }

[store]
url = "memory:"

[[endpoint]]
name = "pinned"
path = "/pinned"
profile = "body-signature"
sink = "none"
keys = [{ secret = { env = "STAMP_SECRET" } }]
signature = { header = "x-signature", encoding = "hex", input = "{body}" }
client = [{ san = "dns:bank.example" }]

[[sink]]
name = "none"
type = "none"
"#;

fn authority() -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params, KeyPair::generate().unwrap())
}

/// A certificate with canaries for a name, as `Client-Cert` (RFC 9440 section 2.2).
fn client(host: &str, issuer: &Issuer<'_, KeyPair>, ends: i32) -> String {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Edsger Wybe");
    params.distinguished_name.push(DnType::OrganizationName, "canary-state-6b7e");
    params.not_after = date_time_ymd(ends, 1, 1);
    let der = params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().to_vec();
    format!("client-cert: :{}:\r\n", Encoding::Base64.encode(&der))
}

#[test]
fn what_a_proxy_says_of_its_callers_is_nowhere() {
    let folder = folder(|_| SETTINGS.to_owned());
    let (params, key) = authority();
    fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let (issuer, stranger) = (Issuer::new(params, key), Issuer::new(authority().0, authority().1));
    let environment: Vec<_> = SECRETS.iter().copied().chain([("RUST_LOG", "trace")]).collect();
    let receiver = Receiver::start_with(folder.path(), &["--log", "json"], &environment);
    let from = "x-forwarded-for: 192.0.2.1\r\n";
    let answers: Vec<_> = [
        "x-forwarded-for: NL91ABNA0417164300, canary-state-6b7e\r\n".to_owned(),
        from.to_owned(),
        format!("{from}client-cert: :NL91ABNA0417164300:\r\n"),
        format!("{from}{}", client("bank.example", &stranger, 4000)),
        format!("{from}{}", client("bank.example", &issuer, 2001)),
        format!("{from}{}", client("nl91abna0417164300.example", &issuer, 4000)),
    ]
    .iter()
    .map(|headers| {
        let head = "POST /pinned?state=canary-state-6b7e HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
        receiver.raw(format!("{head}{headers}content-length: 0\r\n\r\n").as_bytes())
    })
    .collect();
    let codes = counted(&receiver);
    let missing: Vec<_> = OF_A_PROXY.iter().filter(|code| !codes.contains(code.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}: {answers:?}");
    until("it is logged", || OF_A_PROXY.iter().all(|code| receiver.errors().contains(code.as_str())));
    let mut texts = shown(&receiver);
    assert!(OF_A_PROXY.iter().all(|code| texts[0].1.contains(code.as_str())), "{}", texts[0].1);
    texts.extend(answers.into_iter().enumerate().map(|(number, answer)| (format!("answer {number}"), answer)));
    assert_clean(&texts, &[]);
}
