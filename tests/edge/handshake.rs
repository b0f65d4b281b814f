//! Peers that never finish a TLS handshake, over real sockets.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use countersign::server::{Config, Order, Sockets, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONFIGURATION: &str = r#"
[server]
listen = "127.0.0.1:0"
tls = { certificate = "tls.crt", key = "tls.key" }
limits = { handshake_timeout = "300ms" }
[store]
url = "memory:"
[[endpoint]]
name = "edge"
path = "/a"
profile = "body-signature"
keys = [{ secret = { file = "secret" }, algorithm = "HS256" }]
signature = { header = "x-signature", encoding = "base64", input = "{body}" }
sink = "nowhere"
[[sink]]
name = "nowhere"
type = "none"
"#;

#[tokio::test]
async fn a_handshake_that_stalls_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = [
        ("tls.crt", own.cert.pem()),
        ("tls.key", own.signing_key.serialize_pem()),
        ("secret", "a key of this test, and no other".to_owned()),
        ("countersign.toml", CONFIGURATION.to_owned()),
    ];
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let config = Config::load(&folder.path().join("countersign.toml")).unwrap();
    let (told, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let (stop, orders) = tokio::sync::mpsc::unbounded_channel();
    let ready = move |line: &str| drop(told.send(line.to_owned()));
    let receiver = tokio::spawn(serve(config, Sockets::default(), orders, ready));
    let line = lines.recv().await.unwrap();
    let address = line.strip_prefix("ready: https://").unwrap().split(' ').next().unwrap().to_owned();
    for sent in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let began = Instant::now();
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(5), "{sent:?}");
        assert!(!String::from_utf8_lossy(&answer).contains("HTTP/"), "{sent:?}");
    }
    stop.send(Order::Stop).unwrap();
    receiver.await.unwrap().unwrap();
}
