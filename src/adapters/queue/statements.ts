/**
 * Our own SQL. Everything else uses pg-boss's API. `PUT_BACK`, `GIVE_UP` and `DEPTH` have no counterpart there
 * (12.35), and change only columns that pg-boss's own `restore`, `fail` and `fetch` write in the same way (its dist/plans.js).
 */

export const SCHEMA = 'perch'
export const QUEUE = 'jobs'

const JOBS = `${SCHEMA}.job`
/** An arbitrary number that identifies our advisory locks in a database that others may use too. */
const LOCK = 7_263_824

/**
 * No key runs twice at once. pg-boss counts a group's active jobs before it claims one, so two replicas that look at the same
 * moment both see none; then the index refuses the second. pg-boss's `singleton` policy has such an index too, but its fetch skips
 * the keys that were active at the last statistics pass, up to two minutes ago.
 */
export const ONE_ACTIVE = `
  BEGIN;
  SELECT pg_advisory_xact_lock(${LOCK}, 1);
  CREATE UNIQUE INDEX IF NOT EXISTS perch_one_active ON ${JOBS} (name, group_id) WHERE state = 'active';
  COMMIT`

/**
 * Like pg-boss's `restore`, which is not public, but for a later moment. Without `started_on`, the next claim does not count as a
 * retry.
 */
export const PUT_BACK = `
  UPDATE ${JOBS} SET state = 'created', start_after = $3::timestamptz, started_on = NULL, heartbeat_on = NULL
  WHERE name = '${QUEUE}' AND id = $1::uuid AND retry_count = $2::int AND state = 'active'`

/**
 * Ends a job that used up its retries. The job gets a new id, so that GitHub's redelivery of the same webhook is accepted. It is
 * kept for a week; pg-boss itself would delete it as early as a completed job.
 */
export const GIVE_UP = `
  UPDATE ${JOBS}
  SET state = 'failed', completed_on = now(), id = gen_random_uuid(), output = $3::text::jsonb, deletion_seconds = 604800
  WHERE name = '${QUEUE}' AND id = $1::uuid AND retry_count = $2::int AND state = 'active'`

export const DEPTH = `
  SELECT count(*) FILTER (WHERE state IN ('created', 'retry'))::int AS waiting,
         count(*) FILTER (WHERE state IN ('created', 'retry') AND start_after <= now())::int AS due,
         extract(epoch FROM min(greatest(created_on, start_after))
           FILTER (WHERE state IN ('created', 'retry') AND start_after <= now()))::float8 * 1000 AS since,
         count(*) FILTER (WHERE state = 'active')::int AS active,
         count(*) FILTER (WHERE state = 'failed')::int AS failed
  FROM ${JOBS} WHERE name = '${QUEUE}' AND state IN ('created', 'retry', 'active', 'failed')`

/**
 * `json`, not `jsonb`, because it accepts every text that JSON.stringify returns, including `\\u0000` and unpaired surrogates.
 */
export const CREATE_MEMO = `
  BEGIN;
  SELECT pg_advisory_xact_lock(${LOCK}, 2);
  CREATE TABLE IF NOT EXISTS ${SCHEMA}.memo (key text PRIMARY KEY, value json NOT NULL, set_on timestamptz NOT NULL);
  DELETE FROM ${SCHEMA}.memo WHERE set_on < now() - interval '30 days';
  COMMIT`

export const GET_MEMO = `SELECT value::text AS value FROM ${SCHEMA}.memo WHERE key = $1`

export const SET_MEMO = `
  INSERT INTO ${SCHEMA}.memo (key, value, set_on) VALUES ($1, $2::text::json, now())
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, set_on = excluded.set_on`

export const MEMO_ENTRIES = `SELECT key, value::text AS value FROM ${SCHEMA}.memo WHERE starts_with(key, $1)`

export const FORGET_MEMO = `DELETE FROM ${SCHEMA}.memo WHERE key = $1`
