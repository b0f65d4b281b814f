//! A real nginx in front, with the configuration of `contrib/`: good messages of all senders pass, what attacks does not.

use std::collections::BTreeSet;
use std::net::TcpListener as StdListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustls::pki_types::ServerName;
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;

use crate::hall::{Authority, Identity, ORGANIZATION, ask, connect, connector, metrics, write};
use crate::receiver::{Receiver, out, run, status};

/// A running nginx.
pub struct Nginx {
    child: Child,
    pub address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with the master, and that by SIGQUIT or SIGTERM only.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

pub struct Parties {
    servers: Authority,
    clients: Authority,
    pub bank: Identity,
    nginx: Identity,
}

impl Parties {
    pub fn new() -> Self {
        let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
        let (bank, nginx) = (clients.client("hub.bank.example", ORGANIZATION), servers.server());
        Self { servers, clients, bank, nginx }
    }

    /// Starts nginx in front of an address, with the configuration that is recommended, but for names and ports.
    pub async fn nginx(&self, upstream: &str) -> Nginx {
        let recipe = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/nginx.conf");
        let recipe = std::fs::read_to_string(recipe).unwrap();
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name).display().to_string();
            // Free a moment ago; if somebody was faster, another is tried.
            let address = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
            let mut text = recipe.clone();
            let kinds = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"];
            let temporary: String = kinds.map(|kind| format!("{kind}_temp_path {}; ", at(kind))).concat();
            for (from, to) in [
                ("server 127.0.0.1:8400;", format!("server {upstream};")),
                ("listen 443 ssl;", format!("listen {address} ssl;")),
                ("/etc/nginx/hooks.crt", at("hooks.crt")),
                ("/etc/nginx/hooks.key", at("hooks.key")),
                ("/etc/nginx/clients.pem", at("clients.pem")),
                ("/run/nginx.pid", at("nginx.pid")),
                ("/var/log/nginx/error.log", at("error.log")),
                ("worker_processes auto;", "worker_processes 1;".to_owned()),
                ("access_log off; ", temporary + "access_log off; "),
            ] {
                assert_eq!(text.matches(from).count(), 1, "{from}");
                text = text.replacen(from, &to, 1);
            }
            write(folder.path(), "nginx.conf", &text);
            write(folder.path(), "hooks.crt", &self.nginx.pem);
            write(folder.path(), "hooks.key", &self.nginx.key);
            write(folder.path(), "clients.pem", &self.clients.pem);
            // Debian's folder of it is not in everybody's path.
            let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
            let mut command = Command::new("nginx");
            command.env("PATH", path);
            command.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf"));
            // Its workers have to write into a folder that is ours; only root may say so, and nobody else needs to.
            let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
            command.args(["-g", if root { "daemon off; user root;" } else { "daemon off;" }]).stderr(Stdio::null());
            let child = command.spawn().unwrap_or_else(|error| {
                panic!("expected nginx, but found {error}; install it, on Debian with: sudo apt-get install nginx")
            });
            let mut nginx = Nginx { child, address, _folder: folder };
            for _ in 0..200 {
                if nginx.child.try_wait().unwrap().is_some() {
                    break;
                }
                if tokio::net::TcpStream::connect(&nginx.address).await.is_ok() {
                    return nginx;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
        panic!("expected nginx to start, but found that it did not, five times");
    }

    pub fn tls(&self, own: &Identity) -> TlsConnector {
        connector(&self.servers, Some(own))
    }
}

/// A port in clear text whose connections go on to nginx by TLS, from an address of this machine.
async fn tunnel(tls: TlsConnector, to: &str, from: [u8; 4]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, to) = (listener.local_addr().unwrap().to_string(), to.to_owned());
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let (tls, to) = (tls.clone(), to.clone());
            tokio::spawn(async move {
                let far = connect(&to, from).await;
                let Ok(mut far) = tls.connect(ServerName::try_from("127.0.0.1").unwrap(), far).await else { return };
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    address
}

const BANK: [u8; 4] = [127, 0, 0, 3];
const NOT_LISTED: [u8; 4] = [127, 0, 0, 4];

/// The demo configuration with keys that were made now, behind a proxy that is trusted, and with a list and a pin.
fn folder_of(parties: &Parties) -> tempfile::TempDir {
    let folder = crate::receiver::folder(|text| {
        let server = "[server]\ntrusted_proxies = [\"127.0.0.1/32\"]\nforwarded = \"x-forwarded-for\"\n\
                      client_cert = { form = \"escaped-pem\", header = \"x-client-cert\", ca = \"clients.pem\" }\n";
        let pinned = format!(
            "[[endpoint]]\nallow_ip = [\"127.0.0.3\"]\nclient = [{{ organization_identifier = \"{ORGANIZATION}\" }}]\n"
        );
        // A browser that comes back shows no certificate.
        let (signed, rest) = text.split_once("[[endpoint]]\nname     = \"joompay\"").unwrap();
        let signed = signed.replacen("[server]\n", server, 1).replace("[[endpoint]]\n", &pinned);
        (signed + "[[endpoint]]\nname     = \"joompay\"" + rest).replace("\"keys/", "\"own/")
    });
    write(folder.path(), "clients.pem", &parties.clients.pem);
    let made = run(folder.path(), &["keys", "generate", "--out", "own"]);
    assert!(made.status.success(), "{made:?}");
    folder
}

struct Sender<'a> {
    receiver: &'a Receiver,
    folder: &'a Path,
    tunnel: String,
}

impl Sender<'_> {
    /// What `send` prints, through the tunnel.
    async fn send(&self, profile: &str, event: &str, more: &[&str]) -> String {
        let path = if profile == "worldline" { "v3/notification" } else { profile };
        let key = std::fs::read_to_string(self.folder.join("own/tribe/api-key")).unwrap();
        let (to, api_key) = (format!("http://{}/{path}", self.tunnel), format!("x-api-key={}", key.trim()));
        let own: &[&str] = match profile {
            "worldline" => &["--key", "own/worldline/signing.key.pem", "--certificate", "own/worldline/signing.crt"],
            "tribe" => &["--key", "own/tribe/signing.key.pem", "--header", &api_key],
            _ => &[
                "--key",
                "own/cbuae/signing.key.pem",
                "--key-id",
                "demo-hub-signing",
                "--encrypt-to",
                "own/cbuae/encryption.jwks.json",
            ],
        };
        let (base, own, more) = (["send", profile, event, "--to", &to], own.to_vec(), more.to_vec());
        let arguments: Vec<String> = base.into_iter().chain(own).chain(more).map(str::to_owned).collect();
        let folder = self.folder.to_owned();
        let output = tokio::task::spawn_blocking(move || {
            run(&folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
        });
        let output = output.await.unwrap();
        format!("{}{}", out(&output), String::from_utf8_lossy(&output.stderr))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_senders_pass_through_nginx_and_what_is_wrong_does_not() {
    let parties = Parties::new();
    let folder = folder_of(&parties);
    let receiver = Receiver::start(folder.path());
    let nginx = parties.nginx(&receiver.address).await;
    let through = async |own: &Identity, from| Sender {
        receiver: &receiver,
        folder: folder.path(),
        tunnel: tunnel(parties.tls(own), &nginx.address, from).await,
    };
    let bank = through(&parties.bank, BANK).await;
    let mut accepted = 0;
    for (profile, event, status) in [
        ("worldline", "payment", "204"),
        ("worldline", "consent", "204"),
        ("worldline", "debtor-token", "204"),
        ("tribe", "v2_accounts", "200"),
        ("tribe", "v2_payment_single", "200"),
        ("tribe", "v2_payment_status", "200"),
        ("cbuae", "payment", "202"),
        ("cbuae", "consent", "202"),
    ] {
        let text = bank.send(profile, event, &[]).await;
        assert!(text.starts_with(&format!("{status} accepted")), "{profile} {event}: {text}");
        accepted += 1;
        if event == "v2_accounts" {
            continue;
        }
        let text = bank.send(profile, event, &["--fault", "duplicate"]).await;
        assert!(text.contains(" accepted ") && text.contains(" duplicate "), "{profile} {event}: {text}");
        accepted += 1;
    }
    for (profile, event, faults) in [
        (
            "worldline",
            "payment",
            &["bad-signature", "bad-digest", "tampered-body", "unknown-key", "stale", "future"][..],
        ),
        ("tribe", "v2_payment_single", &["bad-signature", "tampered-body", "unknown-key"]),
        (
            "cbuae",
            "payment",
            &["bad-digest", "tampered-body", "unknown-key", "stale", "future", "unsigned", "unencrypted"],
        ),
    ] {
        for fault in faults {
            let text = bank.send(profile, event, &["--fault", fault]).await;
            assert!(text.starts_with("401 refused"), "{profile} {fault}: {text}");
        }
        let text = bank.send(profile, event, &["--fault", "same-id-other-body"]).await;
        assert!(text.contains(" accepted ") && text.contains("422 "), "{profile}: {text}");
        accepted += 1;
    }
    // Others with the right signature: not pinned, not on the list; a header of theirs changes nothing.
    let pinned = escaped(&parties.bank.pem);
    let other = parties.clients.client("other.example", "PSDDE-BAFIN-999999");
    for (own, from, code) in
        [(&other, BANK, "client_certificate_refused"), (&parties.bank, NOT_LISTED, "address_refused")]
    {
        let sender = through(own, from).await;
        let headers = [format!("x-client-cert={pinned}"), "x-forwarded-for=127.0.0.3".to_owned()];
        for more in [&[][..], &["--header", &headers[0], "--header", &headers[1]]] {
            let text = sender.send("worldline", "payment", more).await;
            assert!(text.starts_with("401 refused"), "{code}: {text}");
        }
        assert!(metrics(sender.receiver).contains(&format!("code=\"{code}\"}} 2")), "{code}");
    }
    // What a sender says beside is dropped; what it says under a name with an underscore is refused.
    let beside = ["--header", "client-cert=:AAAA:", "--header", "forwarded=for=192.0.2.1"];
    assert!(bank.send("worldline", "payment", &beside).await.starts_with("204 accepted"));
    accepted += 1;
    let text = bank.send("worldline", "payment", &["--header", "x_client_cert=a"]).await;
    assert!(text.starts_with("400 "), "{text}");
    // Whoever has no certificate, or a bad one, is nginx's to refuse, or else ours.
    let stranger = Authority::new("clients").client("hub.bank.example", ORGANIZATION);
    let ended = parties.clients.ended_client("hub.bank.example");
    for own in [Some(&stranger), Some(&ended), None] {
        let tls = connector(&parties.servers, own);
        let answer = ask(&tls, &nginx.address, b"POST /v3/notification/status HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(status(&answer.unwrap()), Some(400));
    }
    let kept = receiver.events(accepted);
    let ids: BTreeSet<_> = kept.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), accepted, "each once, and nothing else");
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
