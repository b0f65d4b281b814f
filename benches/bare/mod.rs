//! What the stores stand on, without us: the same bytes written by a loop that checks nothing, asks nothing and answers
//! nobody. The rule: as durable as the store beside it, and as good a client as we could write.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::redis_server::Server;

/// What is kept beside the content: identity, fingerprint, seal, names and times.
const AROUND: usize = 300;
/// The same as text, which a record in Redis has around its content.
const AROUND_IN_TEXT: usize = 549;
/// Rows of one transaction, as many as the store's writer puts into one.
const ROWS: usize = 256;
/// Records of one pipeline, as many as the store puts into one call.
const RECORDS: usize = 64;

/// Sixty-four hexadecimal digits that come in no order, as those of a digest.
fn id(number: usize) -> String {
    let mut state = number as u64;
    let mut word = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    format!("{:016x}{:016x}{:016x}{:016x}", word(), word(), word(), word())
}

/// One connection that inserts rows with a unique id, in large transactions.
pub struct File {
    connection: Connection,
    count: usize,
}

impl File {
    pub fn open(path: &Path) -> Self {
        let connection = Connection::open(path).expect("a file");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000;
                 PRAGMA cache_size = -16384;
                 CREATE TABLE kept (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, around BLOB, content BLOB);",
            )
            .expect("a table");
        Self { connection, count: 0 }
    }

    pub fn keep(&mut self, content: &[u8], events: usize) -> Duration {
        let ids: Vec<_> = (self.count..self.count + events).map(id).collect();
        self.count += events;
        let started = Instant::now();
        for ids in ids.chunks(ROWS) {
            let transaction = self.connection.transaction().expect("a transaction");
            {
                let mut insert = transaction
                    .prepare_cached("INSERT INTO kept (id, around, content) VALUES (?, ?, ?)")
                    .expect("a statement");
                for id in ids {
                    insert.execute(params![id, &[7u8; AROUND][..], content]).expect("a row");
                }
            }
            transaction.commit().expect("a commit");
        }
        started.elapsed()
    }
}

/// Two connections with pipelines of values and one entry of a Stream for each of them.
pub async fn keep(server: &Server, content: &[u8], from: usize, events: usize) -> Duration {
    let client = redis::Client::open(server.url()).expect("an address");
    let ids: Vec<_> = (from..from + events).map(id).collect();
    let halves: Vec<Vec<_>> = ids.chunks(events.div_ceil(2)).map(<[_]>::to_vec).collect();
    let mut connections = Vec::new();
    for ids in halves {
        connections.push((client.get_multiplexed_async_connection().await.expect("a connection"), ids));
    }
    let started = Instant::now();
    let work: Vec<_> = connections
        .into_iter()
        .map(|(mut connection, ids)| {
            let record = [&[b'7'; AROUND_IN_TEXT][..], content].concat();
            tokio::spawn(async move {
                for ids in ids.chunks(RECORDS) {
                    let mut pipe = redis::pipe();
                    let mut entry = redis::cmd("XADD");
                    entry.arg("order").arg("*");
                    for id in ids {
                        pipe.cmd("SET").arg(id).arg(&record).ignore();
                        entry.arg("i").arg(id);
                    }
                    pipe.add_command(entry).ignore();
                    pipe.query_async::<()>(&mut connection).await.expect("an answer");
                }
            })
        })
        .collect();
    for task in work {
        task.await.expect("a task that ends");
    }
    started.elapsed()
}
