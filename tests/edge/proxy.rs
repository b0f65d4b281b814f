//! Headers that a proxy writes: believed from the proxy, and refused or ignored from everybody else.

use countersign::wire::encoding::Encoding;

use crate::hall::{Authority, Identity, ORGANIZATION, ask_from, folder, metrics, signed, write};
use crate::receiver::{Receiver, err, run, status};

const PROXY: [u8; 4] = [127, 0, 0, 1];
const SOMEBODY: [u8; 4] = [127, 0, 0, 2];
const TRUSTED: &str = "trusted_proxies = [\"127.0.0.1\"]\nforwarded = \"none\"";

fn rfc9440(identity: &Identity) -> String {
    format!("client-cert: :{}:\r\n", Encoding::Base64.encode(&identity.der))
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Sends a good message with these headers: the status, and the code if it was refused.
async fn told(receiver: &Receiver, from: [u8; 4], headers: &str) -> (u16, Option<String>) {
    let codes = || -> Vec<(String, u64)> {
        let text = metrics(receiver);
        let lines = text.lines().filter_map(|line| line.strip_prefix("countersign_deliveries_total{"));
        lines
            .filter_map(|line| {
                let (labels, count) = line.split_once("} ")?;
                let code = labels.split("code=\"").nth(1)?.trim_end_matches('"').to_owned();
                Some((code, count.parse().ok()?))
            })
            .collect()
    };
    let before = codes();
    let answer = ask_from(from, &receiver.address, &signed("a", headers, "{}")).await;
    let after = codes();
    let changed = after.into_iter().find(|(code, count)| !before.contains(&(code.clone(), *count)) && *count > 0);
    (status(&answer).unwrap(), changed.map(|(code, _)| code).filter(|code| !code.is_empty()))
}

fn refused(status: u16, code: &str) -> (u16, Option<String>) {
    (status, Some(code.to_owned()))
}

#[tokio::test]
async fn a_certificate_in_a_header_counts_from_the_proxy_alone_and_is_checked_as_in_a_handshake() {
    let clients = Authority::new("clients");
    // One whose base64 ends with padding, since padding left out is one of the wrong spellings below.
    let bank = loop {
        let bank = clients.client("hub.bank.example", ORGANIZATION);
        if !bank.der.len().is_multiple_of(3) {
            break bank;
        }
    };
    let server = format!("{TRUSTED}\nclient_cert = {{ ca = \"client_ca.pem\" }}");
    let pin = format!("client = [{{ certificate_sha256 = \"{}\" }}]", bank.certificate_sha256());
    let below = clients.below("below");
    let distant = below.client("far.bank.example", ORGANIZATION);
    let distant_pin = format!("{}, {{ san = \"dns:far.bank.example\" }}]", pin.trim_end_matches(']'));
    let folder = folder(&server, &[("a", &distant_pin)]);
    write(folder.path(), "client_ca.pem", &clients.pem);
    let receiver = Receiver::start(folder.path());
    let good = rfc9440(&bank);
    assert_eq!(told(&receiver, PROXY, &good).await, (200, None));
    for headers in [good.clone(), "client-cert-chain: :AAAA:\r\n".to_owned(), "Client-Cert: \r\n".to_owned()] {
        assert_eq!(told(&receiver, SOMEBODY, &headers).await, refused(400, "proxy_header_refused"), "{headers}");
    }
    let other = clients.client("other.example", ORGANIZATION);
    assert_eq!(told(&receiver, PROXY, &rfc9440(&other)).await, refused(401, "client_certificate_refused"));
    let ended = clients.ended_client("hub.bank.example");
    assert_eq!(told(&receiver, PROXY, &rfc9440(&ended)).await, refused(401, "client_certificate_expired"));
    let stranger = Authority::new("clients").client("hub.bank.example", ORGANIZATION);
    assert_eq!(told(&receiver, PROXY, &rfc9440(&stranger)).await, refused(401, "client_certificate_invalid"));
    assert_eq!(told(&receiver, PROXY, "").await, refused(401, "client_certificate_missing"));
    assert_eq!(told(&receiver, SOMEBODY, "").await, refused(401, "client_certificate_missing"));
    // An authority between them comes with the chain, or the chain does not end.
    let far = rfc9440(&distant);
    assert_eq!(told(&receiver, PROXY, &far).await, refused(401, "client_certificate_invalid"));
    let chain = format!("{far}client-cert-chain: :{}:\r\n", Encoding::Base64.encode(&below.der));
    assert_eq!(told(&receiver, PROXY, &chain).await, (200, None));

    let value = good.trim_end().strip_prefix("client-cert: ").unwrap();
    let (bare, text) = (value.trim_matches(':'), escaped(&bank.pem));
    for wrong in [
        String::new(),
        bare.to_owned(),
        format!(":{bare}"),
        format!("{bare}:"),
        format!("{value}, {value}"),
        format!("{value};a=1"),
        format!("\"{bare}\""),
        format!(":{}:", bare.replace('=', "")),
        format!(":{bare}=:"),
        format!(":{bare} :"),
        "::".to_owned(),
        "null".to_owned(),
        text,
    ] {
        let headers = format!("client-cert: {wrong}\r\n");
        let (status, code) = told(&receiver, PROXY, &headers).await;
        assert_eq!((status, code.as_deref()), (400, Some("proxy_header_malformed")), "{wrong}");
    }
    for headers in [format!("{good}{good}"), "client-cert-chain: :AAAA:\r\n".to_owned()] {
        assert_eq!(told(&receiver, PROXY, &headers).await, refused(400, "proxy_header_malformed"), "{headers}");
    }
    let no_certificate = "client-cert: :AAAA:\r\n";
    assert_eq!(told(&receiver, PROXY, no_certificate).await, refused(401, "client_certificate_invalid"));
}

#[tokio::test]
async fn without_a_trusted_proxy_a_certificate_in_a_header_is_refused_from_everybody() {
    let bank = Authority::new("clients").client("hub.bank.example", ORGANIZATION);
    for server in ["", TRUSTED] {
        let folder = folder(server, &[("a", "")]);
        let receiver = Receiver::start(folder.path());
        for from in [PROXY, SOMEBODY] {
            assert_eq!(told(&receiver, from, &rfc9440(&bank)).await, refused(400, "proxy_header_refused"));
            assert_eq!(told(&receiver, from, "").await, (200, None));
        }
    }
}

#[tokio::test]
async fn a_certificate_as_nginx_writes_it_has_one_spelling_too() {
    let clients = Authority::new("clients");
    let bank = clients.client("hub.bank.example", ORGANIZATION);
    let form =
        "client_cert = { form = \"escaped-pem\", header = \"x-client-cert\", ca = \"ca.pem\", client = \"optional\" }";
    let pin = format!("client = [{{ organization_identifier = \"{ORGANIZATION}\" }}]");
    let folder = folder(&format!("{TRUSTED}\n{form}"), &[("a", &pin)]);
    write(folder.path(), "ca.pem", &clients.pem);
    let receiver = Receiver::start(folder.path());
    let header = |text: &str| format!("x-client-cert: {}\r\n", escaped(text));
    assert_eq!(told(&receiver, PROXY, &header(&bank.pem)).await, (200, None));
    assert_eq!(told(&receiver, SOMEBODY, &header(&bank.pem)).await, refused(400, "proxy_header_refused"));
    // The other form is somebody else's word, also through the proxy.
    assert_eq!(told(&receiver, PROXY, &rfc9440(&bank)).await, refused(400, "proxy_header_refused"));
    assert_eq!(told(&receiver, PROXY, "").await, refused(401, "client_certificate_missing"));
    let twice = format!("{}{}", bank.pem, bank.pem);
    for wrong in [&twice, &bank.key, "", "a", &bank.pem.replace('\n', "")] {
        let (status, code) = told(&receiver, PROXY, &header(wrong)).await;
        assert_eq!((status, code.as_deref()), (400, Some("proxy_header_malformed")), "{wrong}");
    }
}

#[tokio::test]
async fn the_nearest_address_that_is_no_proxy_is_the_callers() {
    let trusted = "trusted_proxies = [\"127.0.0.1/32\", \"10.0.0.0/8\"]";
    for (form, header, write_hop) in [
        ("x-forwarded-for", "X-Forwarded-For", (|hop| hop) as fn(&'static str) -> &'static str),
        ("forwarded", "Forwarded", |hop| match hop {
            "198.51.100.7" => "for=198.51.100.7;proto=https",
            "203.0.113.9" => "For=\"203.0.113.9:4711\"",
            "10.1.2.3" => "for=10.1.2.3",
            "2001:db8::7" => "for=\"[2001:db8::7]\"",
            other => other,
        }),
    ] {
        let folder = folder(
            &format!("{trusted}\nforwarded = \"{form}\""),
            &[("a", "allow_ip = [\"198.51.100.0/24\", \"2001:db8::/32\"]")],
        );
        let receiver = Receiver::start(folder.path());
        let list = |hops: &[&'static str]| {
            let hops: Vec<_> = hops.iter().map(|hop| write_hop(hop)).collect();
            format!("{header}: {}\r\n", hops.join(", "))
        };
        let (near, far, inner) = ("198.51.100.7", "203.0.113.9", "10.1.2.3");
        for hops in [&[near][..], &[far, near], &[far, near, inner], &["2001:db8::7"]] {
            assert_eq!(told(&receiver, PROXY, &list(hops)).await, (200, None), "{hops:?}");
            // Whoever is no proxy says nothing about itself.
            assert_eq!(told(&receiver, SOMEBODY, &list(hops)).await, refused(401, "address_refused"), "{hops:?}");
        }
        for hops in [&[far][..], &[near, far], &[near, far, inner], &[inner]] {
            assert_eq!(told(&receiver, PROXY, &list(hops)).await, refused(401, "address_refused"), "{hops:?}");
        }
        let one = list(&[near]);
        let garbage = format!("{header}: {}, x y\r\n", write_hop(near));
        for headers in [String::new(), format!("{one}{one}"), garbage, format!("{header}: \r\n")] {
            assert_eq!(told(&receiver, PROXY, &headers).await, refused(400, "proxy_header_malformed"), "{headers}");
        }
        let hidden = format!("{header}: {}, unknown\r\n", write_hop(near)).replace(", unknown", ", for=unknown");
        assert_eq!(told(&receiver, PROXY, &hidden).await, refused(400, "proxy_header_malformed"));
    }
}

#[tokio::test]
async fn what_nobody_trusted_wrote_can_be_refused_altogether() {
    let server = "trusted_proxies = [\"127.0.0.1\"]\nforwarded = \"x-forwarded-for\"\nuntrusted_forwarded = \"refuse\"";
    let folder = folder(server, &[("a", "")]);
    let receiver = Receiver::start(folder.path());
    let good = "x-forwarded-for: 192.0.2.1\r\n";
    assert_eq!(told(&receiver, PROXY, good).await, (200, None));
    assert_eq!(told(&receiver, SOMEBODY, "").await, (200, None));
    assert_eq!(told(&receiver, SOMEBODY, good).await, refused(400, "proxy_header_refused"));
    let both = format!("{good}forwarded: for=192.0.2.1\r\n");
    assert_eq!(told(&receiver, PROXY, &both).await, refused(400, "proxy_header_refused"));
}

#[test]
fn trust_without_a_bound_or_a_header_without_trust_does_not_start() {
    let trusted = "trusted_proxies = [\"10.0.0.0/8\"]\n";
    for (server, word) in [
        ("forwarded = \"x-forwarded-for\"".to_owned(), "trusted_proxies"),
        ("client_cert = { ca = \"secret\" }".to_owned(), "trusted_proxies"),
        (trusted.to_owned(), "forwarded"),
        ("trusted_proxies = []\nforwarded = \"none\"".to_owned(), "at least one"),
        ("trusted_proxies = [\"0.0.0.0/0\"]\nforwarded = \"none\"".to_owned(), "everybody"),
        ("trusted_proxies = [\"::/0\"]\nforwarded = \"none\"".to_owned(), "everybody"),
        ("trusted_proxies = [\"proxy.example\"]\nforwarded = \"none\"".to_owned(), "proxy.example"),
        (format!("{trusted}forwarded = \"x-real-ip\""), "x-real-ip"),
        (format!("{trusted}forwarded = \"none\"\nclient_cert = {{ ca = \"missing.pem\" }}"), "missing.pem"),
        (format!("{trusted}forwarded = \"none\"\nclient_cert = {{ ca = \"secret\" }}"), "secret"),
        (
            format!("{trusted}forwarded = \"none\"\nclient_cert = {{ ca = \"secret\", form = \"escaped-pem\" }}"),
            "client_cert",
        ),
        (format!("{trusted}forwarded = \"none\"\nclient_cert = {{ ca = \"secret\", header = \"x_cert\" }}"), "x_cert"),
        (format!("{trusted}forwarded = \"none\"\nclient_cert = {{ ca = \"secret\", header = \"host\" }}"), "host"),
        ("untrusted_forwarded = \"believe\"".to_owned(), "believe"),
    ] {
        let folder = folder(&server, &[("a", "")]);
        let output = run(folder.path(), &["check"]);
        assert_eq!(output.status.code(), Some(64), "{server}: {output:?}");
        assert!(err(&output).contains(word), "{server}: {}", err(&output));
    }
}

#[test]
fn a_listener_on_loopback_behind_a_proxy_trusts_no_demo_keys() {
    let folder = crate::receiver::folder(|text| text.replacen("[server]", &format!("[server]\n{TRUSTED}"), 1));
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(64), "{output:?}");
    assert!(err(&output).contains("demo"), "{}", err(&output));
}
