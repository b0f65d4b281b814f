//! The tables, and how a connection to them is set up. The rule: a file is changed only once it is known to be ours and
//! of a version that this program knows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::error::OpenError;
use crate::store::Seal;

/// Version of the tables, kept in `user_version`.
const VERSION: i64 = 3;

/// "csgn", kept in `application_id`.
const APPLICATION: i64 = 0x6373_676e;

/// The first release of SQLite without the write-ahead-log reset race.
const OLDEST_LIBRARY: i32 = 3_051_003;

const TABLES: &str = include_str!("schema.sql");

/// What brings the tables of each version forward by one, the first version first.
const STEPS: [&str; 2] = [include_str!("schema_from_1.sql"), include_str!("schema_from_2.sql")];

/// How long a connection waits for another one, such as `inbox retry` beside a running receiver.
const PATIENCE: Duration = Duration::from_secs(5);

/// Size of a page of a new file: several records on one, so that a commit writes few.
const PAGE: &str = "PRAGMA page_size = 16384";

/// Settings of the one connection that writes all the time.
const WRITER: &str = "PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
    PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;";

/// Bytes of the log before they are brought to the file: few enough that nobody waits long for it.
const LOG: i64 = 4 << 20;

/// Opens a connection that writes, and makes the tables if the file is empty.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let wrong = |error| OpenError::database(path, error);
    let found = look(&connection, path)?;
    connection.execute_batch(PAGE).map_err(wrong)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(wrong)?;
    if mode != "wal" {
        return Err(OpenError::NoLog { path: path.into(), found: mode });
    }
    connection.execute_batch(WRITER).and_then(|()| flushed(&connection)).map_err(wrong)?;
    match found {
        Found::Nothing => create(&mut connection, path)?,
        Found::Version(version) => bring_forward(&mut connection, path, version)?,
    }
    Ok(connection)
}

/// What a start would make of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// An inbox: there is none yet.
    Makes,
    /// It goes on with the one that is there.
    GoesOn,
    /// It brings the tables of an earlier release forward.
    BringsForward {
        /// Their version.
        from: i64,
        /// The version that this program knows.
        to: i64,
    },
}

/// Looks at a file that is there, and finds what a start would find.
pub(super) fn examine(path: &Path) -> Result<Start, OpenError> {
    // The log lies beside the file itself, whatever name leads there.
    let path = &path.canonicalize().map_err(|error| OpenError::file(path, &error))?;
    let connection = match is_at_rest(path) {
        // Whoever reads makes a log beside the file otherwise, which stays there.
        true => open(&untouched(path)?, path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)?,
        false => connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
    };
    Ok(match look(&connection, path)? {
        Found::Nothing => Start::Makes,
        Found::Version(VERSION) => seal(&connection, path).map(|_| Start::GoesOn)?,
        Found::Version(from) => Start::BringsForward { from, to: VERSION },
    })
}

/// Whether nobody has the file open, and nobody ended in the middle of it: its log is gone then.
fn is_at_rest(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    !Path::new(&log).exists()
}

/// The file by a name that has it read as one that nobody changes.
fn untouched(path: &Path) -> Result<PathBuf, OpenError> {
    let letter = |byte: &u8| match byte {
        b'/' | b'-' | b'.' | b'_' => char::from(*byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let name: String = path.as_os_str().as_encoded_bytes().iter().map(letter).collect();
    Ok(format!("file:{name}?immutable=1").into())
}

/// Opens a connection that reads only.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    expect_ours(&connection, path)?;
    Ok(connection)
}

/// Opens a connection for a small write beside a running receiver.
pub(super) fn visitor(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    expect_ours(&connection, path)?;
    let set = connection.execute_batch(WRITER).and_then(|()| flushed(&connection));
    set.map_err(|error| OpenError::database(path, error))?;
    Ok(connection)
}

/// Commits are flushed from now on, before anybody is answered, and the log is brought to the file by the commit that makes
/// it long.
pub(super) fn flushed(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG.checked_div(page).unwrap_or(LOG))
}

/// The next commit is not flushed, and leaves the log where it is: a flush that fails behind it would be noticed by nobody.
pub(super) fn unflushed(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0")
}

/// The seals of this file.
pub(super) fn seal(connection: &Connection, path: &Path) -> Result<Seal, OpenError> {
    let key: Zeroizing<Vec<u8>> = connection
        .query_row("SELECT value FROM meta WHERE name = 'seal'", [], |row| row.get(0).map(Zeroizing::new))
        .map_err(|error| OpenError::database(path, error))?;
    Seal::new(&key).map_err(|_| OpenError::Foreign(path.into()))
}

/// Takes back what a process that has ended held: the leases of its records are over, and so are its claims.
pub(super) fn recover(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let statements = "BEGIN IMMEDIATE;
        UPDATE inbox SET due = 1 WHERE state = 'leased';
        UPDATE claim SET lease_until = 0 WHERE state = 'in_flight';
        COMMIT;";
    connection.execute_batch(statements).map_err(|error| OpenError::database(path, error))
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    open(path, path, access)
}

/// Opens a connection to the file that is called so.
fn open(name: &Path, path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    if rusqlite::version_number() < OLDEST_LIBRARY {
        return Err(OpenError::OldLibrary(rusqlite::version()));
    }
    let wrong = |error| OpenError::database(path, error);
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(name, flags).map_err(wrong)?;
    connection.busy_timeout(PATIENCE).map_err(wrong)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;").map_err(wrong)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn expect_ours(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    match look(connection, path)? {
        Found::Version(VERSION) => Ok(()),
        Found::Version(found) => Err(OpenError::Older { path: path.into(), found, known: VERSION }),
        Found::Nothing => Err(OpenError::Foreign(path.into())),
    }
}

/// What is in a file.
enum Found {
    Nothing,
    /// Tables of ours, of this version or an older one.
    Version(i64),
}

fn look(connection: &Connection, path: &Path) -> Result<Found, OpenError> {
    let number = |sql: &str| -> Result<i64, OpenError> {
        connection.query_row(sql, [], |row| row.get(0)).map_err(|error| OpenError::database(path, error))
    };
    let version = number("PRAGMA user_version")?;
    match number("PRAGMA application_id")? {
        APPLICATION if version > VERSION => Err(OpenError::Newer { path: path.into(), found: version, known: VERSION }),
        APPLICATION if version > 0 => Ok(Found::Version(version)),
        0 if version == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0 => Ok(Found::Nothing),
        _ => Err(OpenError::Foreign(path.into())),
    }
}

/// Brings older tables forward, all steps or none.
fn bring_forward(connection: &mut Connection, path: &Path, version: i64) -> Result<(), OpenError> {
    let done = usize::try_from(version).map_or(STEPS.len(), |version| version.saturating_sub(1));
    let steps = STEPS.get(done..).unwrap_or_default();
    if steps.is_empty() {
        return Ok(());
    }
    tracing::info!(path = %path.display(), from = version, to = VERSION, "the store's tables are brought forward");
    let step = |connection: &mut Connection| {
        let transaction = connection.transaction()?;
        for step in steps {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()
    };
    step(connection).map_err(|error| OpenError::database(path, error))
}

fn create(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let key = Zeroizing::new(Seal::generate().map_err(|error| OpenError::file(path, &error))?);
    let make = |connection: &mut Connection| {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.execute("INSERT INTO meta (name, value) VALUES ('fence', 0), ('seal', ?1)", [key.as_slice()])?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()
    };
    make(connection).map_err(|error| OpenError::database(path, error))
}
