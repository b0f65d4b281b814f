-- From version 1, in which every record had a row in `claim` as well, to version 2.
ALTER TABLE inbox ADD COLUMN compared BLOB;
UPDATE inbox SET compared = (SELECT fingerprint FROM claim WHERE claim.identity = inbox.identity
    AND claim.position = inbox.position AND claim.state = 'kept' AND claim.owner IS NULL);
CREATE INDEX inbox_alone ON inbox (position) WHERE compared IS NULL;

CREATE TABLE fence (
    name         BLOB PRIMARY KEY,
    identity     BLOB NOT NULL,
    retain_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX fence_identity ON fence (identity);
CREATE INDEX fence_retention ON fence (retain_until);
INSERT INTO fence SELECT identity, owner, retain_until FROM claim WHERE owner IS NOT NULL;

DROP INDEX claim_retention;
DROP INDEX claim_fence;
DROP INDEX claim_in_flight;
ALTER TABLE claim RENAME TO claim_of_version_1;
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
INSERT INTO claim
    SELECT identity, fingerprint, state, fence, lease_until, status, content_type, answer, position, retain_until
    FROM claim_of_version_1 WHERE owner IS NULL AND state <> 'kept';
DROP TABLE claim_of_version_1;
