-- From version 2, in which an index of the inbox found ids, to version 3. The table is written anew, as its own index cannot be
-- dropped; positions go on behind the last that was given.
DROP INDEX inbox_due;
DROP INDEX inbox_state;
DROP INDEX inbox_retention;
DROP INDEX inbox_alone;
ALTER TABLE inbox RENAME TO inbox_of_version_2;
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
INSERT INTO sqlite_sequence (name, seq) SELECT 'inbox', seq FROM sqlite_sequence WHERE name = 'inbox_of_version_2';
INSERT INTO inbox
    SELECT position, id, identity, fingerprint, endpoint, profile, action, type, subject, request_id,
        key_id, algorithm, covered, signed_at, received_at, content, problem, seal, state, reason, attempts, fence, due,
        retain_until, compared
    FROM inbox_of_version_2 ORDER BY position;
DROP TABLE inbox_of_version_2;
CREATE INDEX inbox_due ON inbox (endpoint, due) WHERE due IS NOT NULL;
CREATE INDEX inbox_state ON inbox (state);
CREATE INDEX inbox_retention ON inbox (retain_until) WHERE due IS NULL;
CREATE INDEX inbox_alone ON inbox (position) WHERE compared IS NULL;

CREATE TABLE place (
    id       BLOB PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE arrival (
    number INTEGER PRIMARY KEY,
    ids    BLOB NOT NULL
) STRICT;
INSERT INTO place SELECT unhex(id), position FROM inbox WHERE length(unhex(id)) = 16 ORDER BY id;
