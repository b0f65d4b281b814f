//! A reload that waits for a disk: senders do not.

use std::time::Duration;

use countersign::server::{Config, Order, Sockets, serve};

use crate::hall::{Authority, ask_from, folder, signed, until};
use crate::receiver::status;

#[tokio::test]
async fn a_reload_that_waits_for_a_file_holds_up_no_sender() {
    let folder = folder("", &[("a", "")]);
    let path = folder.path().join("countersign.toml");
    let config = Config::load(&path).unwrap();
    let (told, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let (tell, orders) = tokio::sync::mpsc::unbounded_channel();
    let ready = move |line: &str| drop(told.send(line.to_owned()));
    // One thread for everything: whoever blocks it blocks all.
    let receiver = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(serve(config, Sockets::default(), orders, ready))
    });
    let address = loop {
        let line = lines.recv().await.unwrap();
        if line.contains("for senders") {
            break line.strip_prefix("ready: http://").unwrap().split(' ').next().unwrap().to_owned();
        }
    };
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let more = "trusted_proxies = [\"192.0.2.1/32\"]\nforwarded = \"none\"\nclient_cert = { ca = \"pipe\" }\n[store]";
    let text = std::fs::read_to_string(&path).unwrap().replace("[store]", more);
    std::fs::write(&path, text).unwrap();
    tell.send(Order::Reload).unwrap();
    // Opened when somebody opens it to read: first to see that it is there, and then for what we write.
    let named = pipe.canonicalize().unwrap();
    let open = move || std::fs::File::options().write(true).open(pipe).unwrap();
    let mut held = tokio::task::spawn_blocking(open).await.unwrap();
    let ends = || {
        let files = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
        files.filter(|file| std::fs::read_link(file.path()).is_ok_and(|path| path == named)).count()
    };
    let mut looks = 0;
    until("a reload that reads and waits", async || {
        looks = if ends() == 2 { looks + 1 } else { 0 };
        looks == 5
    })
    .await;
    let request = signed("a", "connection: close\r\n", "{}");
    let asked = ask_from([127, 0, 0, 1], &address, &request);
    let answer = tokio::time::timeout(Duration::from_secs(10), asked).await;
    std::io::Write::write_all(&mut held, Authority::new("clients").pem.as_bytes()).unwrap();
    drop(held);
    assert_eq!(status(&answer.expect("an answer in time")), Some(200));
    tell.send(Order::Stop).unwrap();
    tokio::task::spawn_blocking(move || receiver.join().unwrap()).await.unwrap().unwrap();
}
