CREATE TABLE inbox (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
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
