//! A Redis over TLS that wants a certificate of ours: real handshakes, the right one and every wrong one.

use std::time::{Duration, Instant};

use super::redis_server::{Authority, Issued, Server};
use super::settings::until;
use super::{RedisOptions, RedisStore, accept, clock, kept};
use crate::store::conformance::event;
use crate::store::redis::{OpenError, RedisAddress, RedisTls};
use crate::store::{Acceptance, Store};

const HERE: &str = "127.0.0.1";

fn tls(authority: &Authority, client: Option<&Issued>) -> RedisTls {
    let read = |path: &std::path::Path| std::fs::read(path).unwrap();
    let identity = client.map(|issued| (read(&issued.certificate), read(&issued.key)));
    let identity = identity.as_ref().map(|(certificate, key)| (certificate.as_slice(), key.as_slice()));
    RedisTls::new(Some(&read(&authority.ca)), identity).unwrap()
}

async fn open(url: &str, tls: RedisTls) -> Result<RedisStore, OpenError> {
    let address = url.parse::<RedisAddress>().unwrap().with_tls(tls);
    RedisStore::open(&address, clock(), RedisOptions::default()).await
}

/// What opening says, which has a bound.
async fn refusal(url: &str, tls: RedisTls) -> String {
    let started = Instant::now();
    let error = open(url, tls).await.expect_err("expected a refusal");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    error.to_string()
}

#[tokio::test]
async fn the_right_authority_with_the_right_certificate_is_let_in_and_nobody_else() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let receiver = ours.issue(&["receiver"]);
    let server = Server::secure(&ours, &ours.issue(&[HERE, "localhost"]), &[]);
    let at = |host: &str| format!("rediss://{host}:{}", server.tls_port);

    for host in [HERE, "localhost"] {
        let store = open(&at(host), tls(&ours, Some(&receiver))).await.unwrap();
        assert_eq!(accept(&store, &event(host)).await, Ok(Acceptance::Accepted));
    }
    let no_ca = refusal(&at(HERE), RedisTls::new(None, None).unwrap()).await;
    assert!(no_ca.contains("authority that is not trusted"), "the public ones did not make it: {no_ca}");
    let other_ca = refusal(&at(HERE), tls(&theirs, Some(&receiver))).await;
    assert!(other_ca.contains("authority that is not trusted"), "{other_ca}");
    let nothing = refusal(&at(HERE), tls(&ours, None)).await;
    assert!(nothing.contains("wants a certificate of ours"), "{nothing}");
    let other = refusal(&at(HERE), tls(&ours, Some(&theirs.issue(&["receiver"])))).await;
    assert!(other.contains("does not take our certificate"), "{other}");
    let plain = refusal(&format!("redis://{HERE}:{}", server.tls_port), tls(&ours, Some(&receiver))).await;
    assert!(plain.contains("write rediss"), "{plain}");
    let not_tls = refusal(&format!("rediss://{HERE}:{}", server.port), tls(&ours, Some(&receiver))).await;
    assert!(not_tls.contains("does not speak TLS, write redis"), "{not_tls}");

    let elsewhere = Server::secure(&ours, &ours.issue(&["redis.bank.example"]), &[]);
    let url = format!("rediss://{HERE}:{}", elsewhere.tls_port);
    let other_host = refusal(&url, tls(&ours, Some(&receiver))).await;
    assert!(other_host.contains("certificate for another host"), "{other_host}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_are_asked_over_tls_too() {
    let authority = Authority::new();
    let here = authority.issue(&[HERE]);
    let server = Server::secure(&authority, &here, &["--tls-replication", "yes"]);
    let sentinel = Server::secure_sentinel(
        &authority,
        &here,
        &format!("tls-replication yes\nsentinel monitor mymaster {HERE} {} 1\n", server.tls_port),
    );
    let url = format!("rediss+sentinel://{HERE}:{}/mymaster", sentinel.tls_port);
    let store = open(&url, tls(&authority, Some(&here))).await.unwrap();
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Accepted));
    let nothing = refusal(&url, tls(&authority, None)).await;
    assert!(nothing.contains("wants a certificate of ours") && nothing.contains("at the Sentinel"), "{nothing}");
}

/// Nodes say where others are by address, and by name if they have one: either way the certificate has to name it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nodes_of_a_cluster_are_reached_over_tls_by_name() {
    let authority = Authority::new();
    let here = authority.issue(&["localhost"]);
    let settings = ["--cluster-enabled", "yes", "--tls-cluster", "yes", "--cluster-announce-hostname", "localhost"];
    let preferred = ["--cluster-preferred-endpoint-type", "hostname"];
    let nodes: Vec<_> =
        (0..3).map(|_| Server::secure(&authority, &here, &[&settings[..], &preferred].concat())).collect();
    for (number, node) in nodes.iter().enumerate() {
        let (from, to) = (number * 5462, (number * 5462 + 5461).min(16383));
        assert_eq!(node.cli(&["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()]), "OK");
        let bus = (node.tls_port + 10000).to_string();
        assert_eq!(nodes[0].cli(&["CLUSTER", "MEET", HERE, &node.tls_port.to_string(), &bus]), "OK");
    }
    until(|| nodes.iter().all(|node| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")));
    until(|| nodes.iter().all(|node| node.cli(&["CLUSTER", "NODES"]).matches(",localhost").count() == 3));
    let url = format!("rediss-cluster://localhost:{}", nodes[0].tls_port);
    let store = open(&url, tls(&authority, Some(&here))).await.unwrap();
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Accepted));
    store.prune().await.unwrap();
    assert_eq!(kept(&store).await, ["1"], "every partition was asked, on each of the nodes");
}
