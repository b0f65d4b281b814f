//! A browser of today comes back: HTTP/2 behind TLS, its cookies cut into several fields, and no certificate of its own.

use std::sync::Arc;

use bytes::Bytes;
use countersign::clock::SystemClock;
use countersign::crypto::{Algorithm, Secret};
use countersign::keys::{Key, KeySet};
use countersign::state::{Binding, StateIssuer};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_rustls::TlsConnector;

use crate::hall::{Authority, connector, folder, handshake, tls_files, write};
use crate::receiver::Receiver;

const SECRET: &str = "a secret of states for this test alone";

#[tokio::test]
async fn cookies_in_several_fields_of_http2_are_one_session_and_two_of_a_name_are_none() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let tls = "tls = { certificate = \"tls.crt\", key = \"tls.key\", client_ca = \"client_ca.pem\", client = \"optional\", http2 = true }";
    let folder = folder(tls, &[]);
    tls_files(folder.path(), &servers.server(), &clients);
    write(folder.path(), "states", SECRET);
    let endpoint = "[[endpoint]]\nname = \"bank\"\npath = \"/back\"\nprofile = \"redirect\"\nsink = \"nowhere\"\n\
                    keys = [{ secret = { file = \"states\" } }]\nredirect = { session = { cookie = \"__Host-session\" } }\n";
    let text = std::fs::read_to_string(folder.path().join("countersign.toml")).unwrap();
    write(folder.path(), "countersign.toml", &(text + endpoint));
    let receiver = Receiver::start(folder.path());
    let key = Key::secret(Algorithm::Hs256, &Secret::new(SECRET).unwrap()).unwrap();
    let issuer = StateIssuer::new("bank", KeySet::new(vec![key]).unwrap(), Arc::new(SystemClock)).unwrap();
    let state = issuer.issue(&Binding::session("s-1").unwrap()).unwrap();

    let connector = connector(&servers, None);
    let mut config = rustls::ClientConfig::clone(connector.config());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = handshake(&TlsConnector::from(Arc::new(config)), &receiver.address).await.unwrap();
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for (cookies, status, word) in [
        (&["theme=dark", "other=1"][..], 401, "begin again"),
        (&["__Host-session=evil", "__Host-session=s-1"], 401, "begin again"),
        (&["theme=dark", "__Host-session=s-1", "other=1"], 200, "close this page"),
    ] {
        let uri = format!("https://localhost/back?state={}&code=a", state.as_str());
        let mut request = http::Request::get(uri);
        for cookie in cookies {
            request = request.header("cookie", *cookie);
        }
        let answer = client.send_request(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{cookies:?}");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        let page = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&page).contains(word), "{cookies:?}");
    }
}
