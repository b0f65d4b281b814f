//! The header contract in front of a tonic server, over mutual TLS: `cargo run --example grpc --features grpc`.
//!
//! It makes certificates, starts the server on loopback, calls it as a real client does, and says what came of each call.
//! The API is `examples/grpc/payments.proto`.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign::client::{ClientCertificate, Pin, Pins};
use countersign::clock::SystemClock;
use countersign::contract::{Caller, Calls, HeaderContract, HeaderContractLayer};
use countersign::store::{MemoryStore, Store, upkeep};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::transport::server::{TcpConnectInfo, TcpIncoming, TlsConnectInfo};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Response, Status};
use tower::ServiceBuilder;

use generated::payments_client::PaymentsClient;
use generated::payments_server::{Payments, PaymentsServer};
use generated::{ExecuteTransferRequest, ExecuteTransferResponse, TransferState, WatchTransferRequest};

/// What `payments.proto` says, as tonic-prost-build writes it.
#[rustfmt::skip]
#[path = "grpc/generated.rs"]
pub mod generated;

/// The id under which the example's client is known, as its certificate has it.
pub const TPP: &str = "PSDLT-LB-0001";

/// The bank. It sees only callers that the contract let through.
#[derive(Debug, Clone, Default)]
pub struct Bank {
    /// Transfers that were made.
    pub transfers: Arc<AtomicU64>,
}

#[tonic::async_trait]
impl Payments for Bank {
    async fn execute_transfer(
        &self,
        request: Request<ExecuteTransferRequest>,
    ) -> Result<Response<ExecuteTransferResponse>, Status> {
        let caller = request.extensions().get::<Caller>().ok_or_else(|| Status::internal("expected a caller"))?;
        println!("bank: {} orders a transfer, in the time zone {}", caller.id(), caller.time_zone());
        let cents = request.get_ref().cents;
        if cents == 0 {
            return Err(Status::invalid_argument("expected an amount, but found 0"));
        }
        let number = self.transfers.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Response::new(ExecuteTransferResponse { transfer_id: format!("transfer-{number}") }))
    }

    type WatchTransferStream = ReceiverStream<Result<TransferState, Status>>;

    async fn watch_transfer(
        &self,
        _: Request<WatchTransferRequest>,
    ) -> Result<Response<Self::WatchTransferStream>, Status> {
        let (states, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            for state in ["received", "settled"] {
                // A caller that no longer listens ends it.
                if states.send(Ok(TransferState { state: state.to_owned() })).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

/// Joompay's headers, one client, and transfers that take effect once.
pub fn contract(store: Arc<dyn Store>) -> Result<HeaderContractLayer, Box<dyn Error + Send + Sync>> {
    let calls =
        Calls::new("payments", store, Arc::new(SystemClock)).once("/example.payments.v1.Payments/ExecuteTransfer")?;
    let pins = Pins::any_of([Pin::organization_identifier(TPP)]);
    Ok(HeaderContract::joompay(Arc::new(SystemClock)).client(TPP, pins).calls(calls).layer())
}

/// Takes the certificate that tonic's handshake verified to where the contract looks for it.
fn with_certificate<B>(mut request: http::Request<B>) -> http::Request<B> {
    let connection = request.extensions().get::<TlsConnectInfo<TcpConnectInfo>>();
    let chain = connection.and_then(TlsConnectInfo::peer_certs);
    let certificate = chain.as_ref().and_then(|chain| ClientCertificate::vouched_for(chain.first()?).ok());
    if let Some(certificate) = certificate {
        request.extensions_mut().insert(certificate);
    }
    request
}

/// The server, for as long as it is polled.
pub async fn serve(
    listener: TcpListener,
    (server, authority): (Identity, Certificate),
    contract: HeaderContractLayer,
    bank: Bank,
) -> Result<(), tonic::transport::Error> {
    let layers = ServiceBuilder::new().map_request(with_certificate).layer(contract);
    Server::builder()
        .tls_config(ServerTlsConfig::new().identity(server).client_ca_root(authority))?
        .layer(layers)
        .add_service(PaymentsServer::new(bank))
        .serve_with_incoming(TcpIncoming::from(listener))
        .await
}

/// A client with its own certificate.
pub async fn connect(
    address: SocketAddr,
    (client, authority): (Identity, Certificate),
) -> Result<PaymentsClient<Channel>, tonic::transport::Error> {
    let tls = ClientTlsConfig::new().ca_certificate(authority).identity(client).domain_name("localhost");
    let channel = Channel::from_shared(format!("https://localhost:{}", address.port())).expect("a valid address");
    Ok(PaymentsClient::new(channel.tls_config(tls)?.connect().await?))
}

/// A message with the headers of the contract.
pub fn call<T>(message: T, request_id: &str) -> Request<T> {
    let mut request = Request::new(message);
    let put = |headers: &mut MetadataMap, name: &'static str, value: &str| {
        headers.insert(name, value.parse().expect("visible characters"))
    };
    let headers = request.metadata_mut();
    put(headers, "x-tpp-id", TPP);
    put(headers, "x-request-id", request_id);
    put(headers, "user-time-zone", "Europe/London");
    put(headers, "authorization", "Bearer an-access-token");
    request
}

/// An authority, and the certificates that it gives: as PEM, for the server and for clients.
pub struct Authority {
    certificate: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    /// One that nobody else knows.
    pub fn new() -> Result<Self, rcgen::Error> {
        let mut params = rcgen::CertificateParams::new(Vec::new())?;
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Self { certificate, issuer: rcgen::Issuer::new(params, key) })
    }

    /// Whom to trust.
    pub fn certificate(&self) -> Certificate {
        Certificate::from_pem(self.certificate.pem())
    }

    /// A certificate for `localhost`, whose subject has this organisation identifier (X.520, 2.5.4.97).
    pub fn identity(&self, organization: &str) -> Result<Identity, rcgen::Error> {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?;
        params.distinguished_name.push(rcgen::DnType::CustomDnType(vec![2, 5, 4, 97]), organization);
        let key = rcgen::KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Identity::from_pem(certificate.pem(), key.serialize_pem()))
    }
}

fn say(what: &str, answer: Result<Response<ExecuteTransferResponse>, Status>) {
    match answer {
        Ok(answer) => println!("{what}: {}", answer.get_ref().transfer_id),
        Err(status) => println!("{what}: {:?}, {}", status.code(), status.message()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let authority = Authority::new()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    // Forgets when the program ends. `SqliteStore::open` of feature `sqlite` does not.
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    // A store forgets nothing by itself.
    tokio::spawn(upkeep(store.clone(), std::future::pending()));
    let contract = contract(store)?;
    let identity = (authority.identity("our bank")?, authority.certificate());
    let bank = Bank::default();
    let server = tokio::spawn(serve(listener, identity, contract, bank.clone()));

    let mut client = connect(address, (authority.identity(TPP)?, authority.certificate())).await?;
    let id = "4be2dbd5-8b7c-4f0b-9a3f-6a5ad1c0a3a8";
    let transfer =
        |cents| ExecuteTransferRequest { recipient_id: "42".to_owned(), cents, description: "rent".to_owned() };
    say("a transfer", client.execute_transfer(call(transfer(200), id)).await);
    say("the same again", client.execute_transfer(call(transfer(200), id)).await);
    say("another under its id", client.execute_transfer(call(transfer(900), id)).await);
    say("without headers", client.execute_transfer(transfer(200)).await);

    let mut stranger = connect(address, (authority.identity("PSDLT-LB-0002")?, authority.certificate())).await?;
    let refused = stranger.execute_transfer(call(transfer(200), id)).await;
    let is_refused = refused.as_ref().is_err_and(|status| status.code() == Code::PermissionDenied);
    say("somebody else's certificate", refused);
    println!("transfers made: {}", bank.transfers.load(Ordering::SeqCst));
    server.abort();
    if is_refused { Ok(()) } else { Err("expected a stranger to be refused, but found an answer".into()) }
}
