//! The tower layer of `webhook-verify` in a hyper app. Its documentation shows it in axum's `Router::layer`, where it does not
//! compile: it is not `Sync` with axum's body, and its errors are not `Infallible`.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{Layer, service_fn};
use webhook_verify::tower::VerifyLayer;
use webhook_verify::{Provider, Secret};

async fn hook(_: Request<Bytes>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(b"ok"))))
}

#[tokio::main]
async fn main() -> Result<Infallible, Box<dyn std::error::Error>> {
    let secret = std::fs::read_to_string(std::env::var("KEY")?)?;
    let service = VerifyLayer::<Bytes>::new(Provider::GitHub, Secret::new(&secret)).layer(service_fn(hook));
    let listener = TcpListener::bind(format!("127.0.0.1:{}", std::env::var("PORT")?)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
