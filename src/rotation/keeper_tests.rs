//! What keeping keys owes those who end it.
#![cfg(unix)]

use std::time::Duration;

use super::*;
use crate::clock::SystemClock;
use crate::rotation::Reading;

#[tokio::test]
async fn a_key_file_on_a_disk_that_hangs_holds_up_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.pem");
    std::fs::write(&file, include_bytes!("../../keys/tribe/signing.pub.pem")).unwrap();
    let sources = vec![Source::file(file.clone(), Reading::default())];
    let clock = Arc::new(SystemClock);
    let rotation = Rotation::open("bank", &Profile::tribe(), true, sources, clock, Duration::ZERO).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(rotation.run(async move { drop(ended.await) }));
    // Opened when somebody reads, who waits for what never comes.
    let held = tokio::task::spawn_blocking(move || std::fs::File::options().write(true).open(file).unwrap());
    let held = held.await.unwrap();
    drop(end);
    let over = tokio::time::timeout(Duration::from_secs(10), running).await;
    drop(held);
    over.expect("an end").unwrap();
}
