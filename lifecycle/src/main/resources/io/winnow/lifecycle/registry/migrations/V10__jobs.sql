-- Orders for work, and what became of each. Times are epoch milliseconds of the wall clock.
CREATE TABLE job_runs (
  id VARCHAR(64) PRIMARY KEY,
  kind VARCHAR(16) NOT NULL,
  job_key VARCHAR(200) NOT NULL,
  reason VARCHAR(4000) NOT NULL,
  actor VARCHAR(200) NOT NULL,
  options VARCHAR(4000) NOT NULL,
  requested_ms BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  attempts INT NOT NULL,
  attempts_max INT NOT NULL,
  server VARCHAR(200) NOT NULL,
  started_ms BIGINT NOT NULL,
  ended_ms BIGINT NOT NULL,
  not_before_ms BIGINT NOT NULL,
  cancel BOOLEAN NOT NULL,
  -- Counted up by the server that works on it, for as long as it does.
  beats BIGINT NOT NULL,
  outcome VARCHAR(4000) NOT NULL,
  advice VARCHAR(4000) NOT NULL,
  results VARCHAR(4000) NOT NULL,
  CONSTRAINT job_runs_key UNIQUE (kind, job_key)
);

CREATE INDEX job_runs_state ON job_runs (kind, state, requested_ms);
CREATE INDEX job_runs_requested ON job_runs (requested_ms);

CREATE TABLE job_log (
  run_id VARCHAR(64) NOT NULL REFERENCES job_runs (id),
  line INT NOT NULL,
  at_ms BIGINT NOT NULL,
  text VARCHAR(1000) NOT NULL,
  PRIMARY KEY (run_id, line)
);
