//! TLS files that change under load: nobody is refused wrongly, and a broken file changes nothing.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustls::pki_types::CertificateDer;

use crate::hall::{
    Authority, MUTUAL, ORGANIZATION, ask, connector, exchange, folder, handshake, metrics, signed, tls_files, until,
    write,
};
use crate::receiver::{Receiver, status};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_files_are_taken_under_load_and_nobody_is_refused_wrongly() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let bank = clients.client("hub.bank.example", ORGANIZATION);
    let pin = format!("client = [{{ organization_identifier = \"{ORGANIZATION}\" }}]");
    let folder = folder(MUTUAL, &[("a", &pin)]);
    tls_files(folder.path(), &servers.server(), &clients);
    let receiver = Receiver::start(folder.path());
    let tls = connector(&servers, Some(&bank));
    let to = receiver.address.clone();

    // One connection from the beginning to the end, and others that come and go.
    let mut old = handshake(&tls, &to).await.unwrap();
    assert_eq!(status(&exchange(&mut old, &signed("a", "", "{}")).await.unwrap()), Some(200));
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..4)
        .map(|task| {
            let (tls, to, stop, count) = (tls.clone(), to.clone(), Arc::clone(&stop), Arc::clone(&count));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    let answer = ask(&tls, &to, &signed("a", "", &format!("{{\"n\":{number},\"task\":{task}}}"))).await;
                    assert_eq!(status(&answer.unwrap()), Some(200));
                }
            })
        })
        .collect();

    let shown = async || {
        let stream = handshake(&tls, &to).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap().first().unwrap().clone().into_owned()
    };
    for round in 0..2 {
        let before: CertificateDer<'static> = shown().await;
        let next = servers.server();
        write(folder.path(), "tls.crt", &next.pem);
        write(folder.path(), "tls.key", &next.key);
        until("the new certificate", async || shown().await == next.der).await;
        assert_ne!(before, next.der);
        // Half a file, a key of another certificate, no authorities, none at all.
        for (file, broken) in [("tls.crt", &next.pem[..300]), ("tls.key", &bank.key), ("client_ca.pem", "")] {
            let good = std::fs::read_to_string(folder.path().join(file)).unwrap();
            write(folder.path(), file, broken);
            let stale = "countersign_tls_stale{files=\"listener\"} 1";
            until(stale, async || metrics(&receiver).contains(stale)).await;
            assert_eq!(shown().await, next.der, "round {round}, {file}");
            write(folder.path(), file, &good);
            let fresh = "countersign_tls_stale{files=\"listener\"} 0";
            until(fresh, async || metrics(&receiver).contains(fresh)).await;
        }
        let answer = exchange(&mut old, &signed("a", "", &format!("{{\"round\":{round}}}"))).await.unwrap();
        assert_eq!(status(&answer), Some(200), "the connection from before goes on");
    }
    stop.store(true, Ordering::Relaxed);
    for task in load {
        task.await.unwrap();
    }
    assert!(count.load(Ordering::Relaxed) > 20);
    let log = receiver.errors();
    assert!(log.contains("tls_changed") && log.contains("tls_not_reloaded") && !log.contains("PRIVATE KEY"), "{log}");
    let text = metrics(&receiver);
    // Two files are not written at once: a look between them finds a key of another certificate, once more.
    let counted = |result: &str| -> u64 {
        let series = format!("countersign_tls_reloads_total{{files=\"listener\",result=\"{result}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&series)?.parse().ok()).unwrap()
    };
    assert!((6..=8).contains(&counted("failed")), "{text}");
    assert_eq!(counted("changed"), 2, "{text}");
}

#[tokio::test]
async fn authorities_of_clients_change_without_a_start() {
    let (servers, first, second) = (Authority::new("servers"), Authority::new("first"), Authority::new("second"));
    let folder = folder(MUTUAL, &[("a", "")]);
    tls_files(folder.path(), &servers.server(), &first);
    let receiver = Receiver::start(folder.path());
    let old = connector(&servers, Some(&first.client("a.example", "A")));
    let new = connector(&servers, Some(&second.client("b.example", "B")));
    let taken = async |tls| ask(tls, &receiver.address, &signed("a", "", "{}")).await.is_ok();
    assert!(taken(&old).await && !taken(&new).await);
    let mut kept = handshake(&old, &receiver.address).await.unwrap();
    assert_eq!(status(&exchange(&mut kept, &signed("a", "", "{}")).await.unwrap()), Some(200));
    write(folder.path(), "client_ca.pem", &format!("{}{}", first.pem, second.pem));
    until("the second authority", async || taken(&new).await).await;
    assert!(taken(&old).await);
    let mut other = handshake(&new, &receiver.address).await.unwrap();
    assert_eq!(status(&exchange(&mut other, &signed("a", "", "{}")).await.unwrap()), Some(200));
    write(folder.path(), "client_ca.pem", &second.pem);
    // A session of before is not resumed past its authority.
    until("the end of the first authority", async || !taken(&old).await).await;
    assert!(taken(&new).await);
    // Nor is a connection of before a way past it, while one of an authority that stays goes on.
    let answer = exchange(&mut kept, &signed("a", "", "{\"kept\":1}")).await.unwrap();
    assert!(status(&answer) == Some(401) && answer.to_lowercase().contains("connection: close"), "{answer}");
    let answer = exchange(&mut other, &signed("a", "", "{\"other\":1}")).await.unwrap();
    assert_eq!(status(&answer), Some(200), "{answer}");
    // The line is on its way when the answer is.
    receiver.logged("client_certificate_invalid", 1);
}

#[tokio::test]
async fn a_connection_from_before_certificates_were_demanded_is_asked_for_one() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let optional = MUTUAL.replace(" }", ", client = \"optional\" }");
    let folder = folder(&optional, &[("a", "")]);
    tls_files(folder.path(), &servers.server(), &clients);
    let receiver = Receiver::start(folder.path());
    let mut kept = handshake(&connector(&servers, None), &receiver.address).await.unwrap();
    assert_eq!(status(&exchange(&mut kept, &signed("a", "", "{}")).await.unwrap()), Some(200));
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace(&optional, MUTUAL)).unwrap();
    receiver.signal("HUP");
    receiver.logged("\"code\":\"reloaded\"", 1);
    let answer = exchange(&mut kept, &signed("a", "", "{\"kept\":1}")).await.unwrap();
    assert!(status(&answer) == Some(401) && answer.to_lowercase().contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn files_that_are_no_longer_named_are_not_stale() {
    let authority = Authority::new("clients");
    let proxy = "trusted_proxies = [\"127.0.0.1/32\"]\nforwarded = \"none\"\nclient_cert = { ca = \"client_ca.pem\" }";
    let folder = folder(proxy, &[("a", "")]);
    write(folder.path(), "client_ca.pem", &authority.pem);
    let receiver = Receiver::start(folder.path());
    let stale = |value: u8| format!("countersign_tls_stale{{files=\"client_cert\"}} {value}");
    write(folder.path(), "client_ca.pem", "none");
    until("a file that cannot be used", async || metrics(&receiver).contains(&stale(1))).await;
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace(proxy, "")).unwrap();
    receiver.signal("HUP");
    receiver.logged("\"code\":\"reloaded\"", 1);
    until("no such file", async || metrics(&receiver).contains(&stale(0))).await;
}

#[tokio::test]
async fn a_new_key_that_others_can_read_is_not_taken_until_they_cannot() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let folder = folder(MUTUAL, &[("a", "")]);
    tls_files(folder.path(), &servers.server(), &clients);
    let receiver = Receiver::start(folder.path());
    let tls = connector(&servers, Some(&clients.client("a.example", "A")));
    let shown = async || {
        let stream = handshake(&tls, &receiver.address).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap().first().unwrap().clone().into_owned()
    };
    let (before, next) = (shown().await, servers.server());
    let mode = |mode: u32| {
        std::fs::set_permissions(folder.path().join("tls.key"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o644);
    std::fs::write(folder.path().join("tls.key"), &next.key).unwrap();
    write(folder.path(), "tls.crt", &next.pem);
    let stale = |value: u8| format!("countersign_tls_stale{{files=\"listener\"}} {value}");
    until("a key that is not taken", async || metrics(&receiver).contains(&stale(1))).await;
    let log = receiver.logged("tls.key: expected a file that only its owner can read, but found mode 644", 1);
    assert!(log.contains("tls_not_reloaded"), "{log}");
    assert_eq!(shown().await, before);
    // The cure changes nothing of what is in it.
    mode(0o600);
    until("the new certificate", async || shown().await == next.der).await;
    assert!(metrics(&receiver).contains(&stale(0)));
    mode(0o640);
    until("what the next start would refuse", async || metrics(&receiver).contains(&stale(1))).await;
    assert_eq!(shown().await, next.der);
}
