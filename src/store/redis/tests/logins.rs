//! As whom a receiver comes: a user of the server with few rights, and another one of the Sentinels.

use zeroize::Zeroizing;

use super::redis_server::Server;
use super::settings::until;
use super::{RedisOptions, RedisStore, accept, clock, connect};
use crate::store::conformance::{LEASE, answer, event};
use crate::store::redis::RedisAddress;
use crate::store::{Acceptance, Claim, Listing, Store, StoreError};

/// The user that README makes for a receiver, word for word but for the password.
fn user() -> Vec<String> {
    let readme = include_str!("../../../../README.md");
    let from = readme.find("ACL SETUSER receiver").expect("README says how to make a user");
    let words = readme[from..].split_whitespace().take_while(|word| *word != "```");
    words.map(|word| word.replace(">PASSWORD", ">canary")).collect()
}

pub(super) fn make_user(server: &Server) {
    let user = user();
    let words: Vec<_> = user.iter().map(String::as_str).collect();
    assert_eq!(server.cli(&words), "OK", "{user:?}");
}

/// All that a store does, as far as it may.
async fn use_all(server: &Server) -> Result<(), StoreError> {
    let url = format!("redis://receiver:canary@127.0.0.1:{}", server.port);
    let store = connect(&url, clock()).await.map_err(|error| StoreError::NotStored(error.to_string()))?;
    let (first, second) = (event("1").fence("signed"), event("2"));
    accept(&store, &first).await?;
    accept(&store, &first).await?;
    accept(&store, &first.clone().content("{}")).await?;
    let Claim::Granted(held) = store.claim(second.verified(), LEASE).await? else { panic!("expected a lease") };
    store.renew(held, LEASE).await?;
    store.complete(held, second.verified(), answer(200, "")).await?;
    let Claim::Granted(held) = store.claim(event("3").fence("signed too").verified(), LEASE).await? else {
        panic!("expected a lease")
    };
    store.release(held).await?;
    let one = store.lease([].into(), 1, LEASE).await?.pop().unwrap();
    store.acknowledge(vec![(one.id.clone(), one.fence)]).await?;
    assert_eq!(store.requeue(vec![one.id.clone()]).await?, 1);
    store.show(one.id).await?.unwrap();
    assert_eq!(store.stats().await?.ready, 1);
    store.prune().await?;
    assert_eq!(store.list(Listing::default()).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn the_user_that_readme_makes_may_do_all_that_a_store_does() {
    let server = Server::durable(&[]);
    make_user(&server);
    assert_eq!(use_all(&server).await, Ok(()));
    let refused = server.cli(&["ACL", "LOG"]);
    assert!(refused.is_empty(), "nothing was refused on the way: {refused}");
}

/// Each of its rights is used.
#[tokio::test]
async fn the_user_that_readme_makes_has_no_right_too_many() {
    let server = Server::durable(&[]);
    let all = user();
    let rights: Vec<_> = all.iter().filter(|word| word.starts_with('+')).collect();
    assert!(rights.len() > 10, "{rights:?}");
    // What waits for replicas is another test's.
    for right in rights.into_iter().filter(|right| !matches!(right.as_str(), "+wait" | "+incr")) {
        server.cli(&["FLUSHALL"]);
        make_user(&server);
        server.cli(&["ACL", "SETUSER", "receiver", &right.replacen('+', "-", 1)]);
        server.cli(&["ACL", "LOG", "RESET"]);
        // How far it came does not matter: a server may be asked for less than it has.
        let _ = use_all(&server).await;
        assert!(server.cli(&["ACL", "LOG"]).contains("command"), "nothing needs {right}");
        // Once it has the right, it has what it acknowledged and takes what it did not.
        make_user(&server);
        let store = connect(&server.url(), clock()).await.unwrap();
        accept(&store, &event("1").fence("signed")).await.unwrap();
        let listed = store.list(Listing::default()).await.unwrap();
        let is_kept = listed.iter().any(|(_, entry)| entry.id == event("1").event_id());
        assert!(is_kept, "without {right} an event is known that is nowhere");
        let leased = store.lease([].into(), 10, LEASE).await.unwrap();
        assert!(
            leased.iter().filter(|one| one.id == event("1").event_id()).count() < 2,
            "without {right} it comes twice"
        );
    }
}

#[tokio::test]
async fn the_user_that_readme_makes_waits_for_replicas_too() {
    let master = Server::durable(&["--repl-diskless-sync-delay", "0"]);
    let _replica = Server::durable(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    until(|| master.is_followed());
    make_user(&master);
    let address = format!("redis://receiver:canary@127.0.0.1:{}", master.port).parse().unwrap();
    let options = RedisOptions { wait_replicas: 1, ..RedisOptions::default() };
    let store = RedisStore::open(&address, clock(), options).await.unwrap();
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Accepted));
}

/// Less would not do, and more is not given: neither other keys nor other commands.
#[tokio::test]
async fn the_user_that_readme_makes_may_do_nothing_else() {
    let server = Server::durable(&[]);
    make_user(&server);
    server.cli(&["SET", "{other:0}:secret", "canary"]);
    let as_user = |words: &[&str]| {
        server.cli(&[&["--user", "receiver", "--pass", "canary", "--no-auth-warning"], words].concat())
    };
    for words in [
        &["GET", "{other:0}:secret"][..],
        &["KEYS", "*"],
        &["FLUSHALL"],
        &["CONFIG", "SET", "appendonly", "no"],
        &["SHUTDOWN"],
        &["REPLICAOF", "NO", "ONE"],
        &["EVAL", "return 1", "0"],
        &["ACL", "LIST"],
    ] {
        let answer = as_user(words);
        assert!(answer.contains("NOPERM"), "{words:?}: {answer}");
    }
}

#[tokio::test]
async fn a_user_that_lacks_a_right_is_told_so_and_nothing_is_acknowledged() {
    let server = Server::durable(&[]);
    make_user(&server);
    let store = connect(&format!("redis://receiver:canary@127.0.0.1:{}", server.port), clock()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    server.cli(&["ACL", "SETUSER", "receiver", "-evalsha"]);
    let refused = accept(&store, &event("2")).await;
    assert!(matches!(&refused, Err(StoreError::NotStored(why)) if why.contains("permission")), "{refused:?}");
    make_user(&server);
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Accepted));
}

#[tokio::test]
async fn sentinels_have_a_login_of_their_own_and_never_hear_that_of_the_server() {
    let master = Server::durable(&["--requirepass", "canary-of-the-server"]);
    let monitor = format!(
        "sentinel monitor mymaster 127.0.0.1 {} 1\nsentinel auth-pass mymaster canary-of-the-server\n",
        master.port
    );
    let sentry = "user sentry on >canary-of-the-sentinel -@all +sentinel|get-master-addr-by-name\n";
    let by_password = Server::sentinel(&format!("{monitor}requirepass canary-of-the-sentinel\n"));
    let by_user = Server::sentinel(&format!("{monitor}{sentry}user default off\n"));
    for (sentinel, user) in [(&by_password, None), (&by_user, Some("sentry"))] {
        let url = format!("redis+sentinel://:canary-of-the-server@127.0.0.1:{}/mymaster", sentinel.port);
        let address: RedisAddress = url.parse().unwrap();
        let with = |password: &str| address.clone().with_sentinel_login(user, Zeroizing::new(password.to_owned()));
        let open =
            |address: RedisAddress| async move { RedisStore::open(&address, clock(), RedisOptions::default()).await };
        let store = open(with("canary-of-the-sentinel")).await.unwrap();
        accept(&store, &event("1")).await.unwrap();
        for wrong in [address.clone(), with("canary-of-the-server"), with("canary-of-nobody")] {
            let error = open(wrong).await.expect_err("a login").to_string();
            assert!(error.contains("another user or password, at the Sentinel"), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_user_without_a_password_is_not_let_in_as_the_user_who_may_do_everything() {
    let server = Server::durable(&[]);
    let refused = connect(&format!("redis://receiver@127.0.0.1:{}", server.port), clock()).await.unwrap_err();
    assert!(refused.to_string().contains("expected a password for the user"), "{refused}");
}
