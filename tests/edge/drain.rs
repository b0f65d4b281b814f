//! SIGTERM over HTTP/2: nobody new is taken, and a handler is finished also when its sender is gone.

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use crate::hall::{Authority, ask, connector, folder, handshake, metrics, signed, tls_files, until, write};
use crate::receiver::{Receiver, status};

const TLS: &str = r#"tls = { certificate = "tls.crt", key = "tls.key", http2 = true }"#;
const YES: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A receiver whose endpoint is answered by a core system.
struct Parties {
    servers: Authority,
    folder: tempfile::TempDir,
    core: TcpListener,
}

impl Parties {
    async fn new() -> Self {
        let servers = Authority::new("servers");
        let core = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = core.local_addr().unwrap();
        let folder = folder(TLS, &[("a", "mode = \"inline\"")]);
        tls_files(folder.path(), &servers.server(), &servers);
        let text = std::fs::read_to_string(folder.path().join("countersign.toml")).unwrap();
        let text = text.replace("memory:", "sqlite:store.db").replace("sink = \"nowhere\"", "sink = \"core\"");
        let sink =
            format!("[[sink]]\nname = \"core\"\ntype = \"http\"\nurl = \"http://{address}/\"\ntimeout = \"9s\"\n");
        write(folder.path(), "countersign.toml", &(text + &sink));
        Self { servers, folder, core }
    }

    async fn client(&self, to: &str) -> Option<http2::SendRequest<Full<Bytes>>> {
        let mut config = rustls::ClientConfig::clone(connector(&self.servers, None).config());
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = handshake(&TlsConnector::from(std::sync::Arc::new(config)), to).await.ok()?;
        let (client, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        Some(client)
    }

    /// The core gets a request, and does not answer yet.
    async fn asked(&self) -> TcpStream {
        let (mut stream, _) = self.core.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream
    }
}

fn message(body: &str) -> http::Request<Full<Bytes>> {
    let text = String::from_utf8(signed("a", "", body)).unwrap();
    let signature = text.lines().find_map(|line| line.strip_prefix("x-signature: ")).unwrap();
    let request = http::Request::post("https://x/a").header("x-signature", signature);
    request.header("content-type", "application/json").body(Full::new(Bytes::from(body.to_owned()))).unwrap()
}

#[tokio::test]
async fn nobody_who_comes_by_http_2_while_it_stops_is_taken() {
    let parties = Parties::new().await;
    let receiver = Receiver::start(parties.folder.path());
    let mut bank = parties.client(&receiver.address).await.unwrap();
    let flying = tokio::spawn(bank.send_request(message("{\"n\":1}")));
    let mut core = parties.asked().await;
    receiver.signal("TERM");
    receiver.logged("\"draining\"", 1);
    let mut told = 0;
    for number in 0..5 {
        // A connection may be let go of before its request is there; what is answered is a refusal.
        let Some(mut late) = parties.client(&receiver.address).await else { continue };
        let Ok(answer) = late.send_request(message(&format!("{{\"late\":{number}}}"))).await else { continue };
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        told += 1;
    }
    assert!(told > 0);
    core.write_all(YES).await.unwrap();
    assert_eq!(flying.await.unwrap().unwrap().status(), 200);
    assert_eq!(receiver.ended().code(), Some(0));
}

#[tokio::test]
async fn a_handler_whose_sender_hung_up_is_finished_before_the_end() {
    let parties = Parties::new().await;
    let receiver = Receiver::start(parties.folder.path());
    let mut bank = parties.client(&receiver.address).await.unwrap();
    let flying = tokio::spawn(bank.send_request(message("{\"n\":1}")));
    let mut core = parties.asked().await;
    flying.abort();
    drop((flying.await, bank));
    receiver.signal("TERM");
    receiver.logged("\"draining\"", 1);
    let nobody = "countersign_connections_open{listener=\"senders\"} 0";
    until("no connection", async || metrics(&receiver).contains(nobody)).await;
    core.write_all(YES).await.unwrap();
    assert_eq!(receiver.ended().code(), Some(0));
    // The retry gets the answer that was kept, and the core, which is gone, is not asked again.
    let Parties { servers, folder, core: gone } = parties;
    drop(gone);
    let receiver = Receiver::start(folder.path());
    let answer = ask(&connector(&servers, None), &receiver.address, &signed("a", "", "{\"n\":1}")).await.unwrap();
    assert_eq!(status(&answer), Some(200), "{answer}");
}
