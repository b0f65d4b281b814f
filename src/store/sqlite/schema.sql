-- What the store itself needs: the key of the seals, the last number given to an owner, and how often a copy or a
-- conflict was answered.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Identities that a handler has taken, and the answers of handlers.
CREATE TABLE claim (
    identity     BLOB PRIMARY KEY,
    compared     BLOB NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('in_flight', 'done')),
    fence        INTEGER NOT NULL,
    lease_until  INTEGER,
    status       INTEGER,
    content_type TEXT,
    answer       BLOB,
    position     INTEGER,
    retain_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_retention ON claim (retain_until);
CREATE INDEX claim_in_flight ON claim (lease_until) WHERE state = 'in_flight';

-- Second names of identities.
CREATE TABLE fence (
    name         BLOB PRIMARY KEY,
    identity     BLOB NOT NULL,
    retain_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX fence_identity ON fence (identity);
CREATE INDEX fence_retention ON fence (retain_until);

-- Records in the order of acceptance. `due` says when a worker may take one: 0 is at once and never tried, later is after a
-- try, when it was put off, or when the lease of its worker ends, and null is never. A record with `compared` is what has taken its identity, whose
-- copies are compared by that.
CREATE TABLE inbox (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL,
    identity     BLOB NOT NULL,
    fingerprint  BLOB NOT NULL,
    endpoint     TEXT NOT NULL,
    profile      TEXT NOT NULL,
    action       TEXT NOT NULL,
    type         TEXT NOT NULL,
    subject      TEXT,
    request_id   TEXT,
    key_id       TEXT NOT NULL,
    algorithm    TEXT,
    covered      TEXT NOT NULL,
    signed_at    INTEGER,
    received_at  INTEGER NOT NULL,
    content      BLOB NOT NULL,
    problem      TEXT,
    seal         BLOB NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('ready', 'leased', 'delivered', 'parked', 'quarantined')),
    reason       TEXT,
    attempts     INTEGER NOT NULL DEFAULT 0,
    fence        INTEGER NOT NULL DEFAULT 0,
    due          INTEGER,
    retain_until INTEGER NOT NULL,
    compared     BLOB
) STRICT;
CREATE INDEX inbox_due ON inbox (endpoint, due) WHERE due IS NOT NULL;
CREATE INDEX inbox_state ON inbox (state);
CREATE INDEX inbox_retention ON inbox (retain_until) WHERE due IS NULL;
CREATE INDEX inbox_alone ON inbox (position) WHERE compared IS NULL;

-- Where the record of an id lies: the first 16 bytes of the digest that the id is.
CREATE TABLE place (
    id       BLOB PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is not in `place` yet or came there a moment ago, a row a commit: for each record its id in 16 bytes and its position
-- in 8. `number` is the last of these positions.
CREATE TABLE arrival (
    number INTEGER PRIMARY KEY,
    ids    BLOB NOT NULL
) STRICT;
