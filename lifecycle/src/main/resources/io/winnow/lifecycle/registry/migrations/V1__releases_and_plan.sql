-- What the registry holds. H2 (in its PostgreSQL mode) and PostgreSQL both run this file as it stands.
-- Times are epoch milliseconds; all but servers.seen_ms are by the clock of requests.

CREATE TABLE releases (
  version VARCHAR(64) PRIMARY KEY,
  registered_ms BIGINT NOT NULL,
  deleted_ms BIGINT NOT NULL DEFAULT 0,
  manifest TEXT NOT NULL
);

CREATE TABLE release_tags (
  version VARCHAR(64) NOT NULL REFERENCES releases (version),
  name VARCHAR(64) NOT NULL,
  tag_value VARCHAR(1000) NOT NULL,
  PRIMARY KEY (version, name)
);

-- what was measured after publication; the manifest holds what was measured before
CREATE TABLE release_metrics (
  version VARCHAR(64) NOT NULL REFERENCES releases (version),
  name VARCHAR(200) NOT NULL,
  metric_value DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (version, name)
);

-- one row: whoever changes what serves locks it first, so all changes happen one after another
CREATE TABLE serving_plan (
  id SMALLINT PRIMARY KEY,
  revision BIGINT NOT NULL,
  champion VARCHAR(64),
  previous VARCHAR(64),
  challenger VARCHAR(64),
  canary_salt VARCHAR(200) NOT NULL,
  canary_share DOUBLE PRECISION NOT NULL,
  shadow VARCHAR(64),
  shadow_share DOUBLE PRECISION NOT NULL,
  application VARCHAR(64) NOT NULL,
  last_entry BIGINT NOT NULL,
  last_entry_ms BIGINT NOT NULL,
  last_rollout BIGINT NOT NULL
);

INSERT INTO serving_plan VALUES (1, 0, NULL, NULL, NULL, '', 0, NULL, 0, '', 0, 0, 0);

CREATE TABLE ledger (
  entry BIGINT PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  action VARCHAR(64) NOT NULL,
  revision BIGINT NOT NULL,
  champion VARCHAR(64),
  previous VARCHAR(64),
  challenger VARCHAR(64),
  canary_salt VARCHAR(200) NOT NULL,
  canary_share DOUBLE PRECISION NOT NULL,
  shadow VARCHAR(64),
  shadow_share DOUBLE PRECISION NOT NULL,
  application VARCHAR(64) NOT NULL,
  actor VARCHAR(200) NOT NULL,
  reason TEXT NOT NULL,
  numbers TEXT NOT NULL
);

CREATE INDEX ledger_at_ms ON ledger (at_ms);

CREATE TABLE rollouts (
  number BIGINT PRIMARY KEY,
  id VARCHAR(200) NOT NULL UNIQUE,
  candidate VARCHAR(64) NOT NULL,
  champion VARCHAR(64) NOT NULL,
  stage VARCHAR(16) NOT NULL,
  is_open BOOLEAN NOT NULL,
  started_ms BIGINT NOT NULL,
  stage_since_ms BIGINT NOT NULL,
  step INT NOT NULL,
  from_offset BIGINT NOT NULL
);

CREATE TABLE rollout_decisions (
  rollout BIGINT NOT NULL REFERENCES rollouts (number),
  number INT NOT NULL,
  at_ms BIGINT NOT NULL,
  from_stage VARCHAR(16) NOT NULL,
  to_stage VARCHAR(16) NOT NULL,
  actor VARCHAR(200) NOT NULL,
  reason TEXT NOT NULL,
  numbers TEXT NOT NULL,
  PRIMARY KEY (rollout, number)
);

CREATE TABLE rollout_observations (
  rollout BIGINT NOT NULL REFERENCES rollouts (number),
  server VARCHAR(200) NOT NULL,
  observations TEXT NOT NULL,
  PRIMARY KEY (rollout, server)
);

CREATE TABLE servers (
  server VARCHAR(200) PRIMARY KEY,
  address VARCHAR(500) NOT NULL,
  revision BIGINT NOT NULL,
  champion VARCHAR(64) NOT NULL,
  problem TEXT,
  seen_ms BIGINT NOT NULL
);
