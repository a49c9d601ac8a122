/* schema.c - the tables of the results database, and what older files lack. See schema.h;
 * the views are in schema_views.c.
 *
 * The comments are part of the SQL, so that `.schema` in sqlite3 shows them.
 * Series are WITHOUT ROWID tables keyed by what they are asked for: the rows of
 * one run lie together, in order. The recorder (recorder.c) is the only writer.
 */
#include "record/schema.h"

/* Of `experiments`; the temporary table of an older file has them too. */
#define EXPERIMENTS                                                                                          \
    "experiments ( -- one spec with its trials\n"                                                            \
    "  id            INTEGER PRIMARY KEY,\n"                                                                 \
    "  uid           TEXT NOT NULL UNIQUE,     -- hash of name, resolved spec, data files and plugins\n"     \
    "  identity      TEXT NOT NULL,            -- the same as last extended; equals uid without --extend\n"  \
    "  name          TEXT NOT NULL,\n"                                                                       \
    "  spec          TEXT NOT NULL,            -- as written, with extends and overrides resolved\n"         \
    "  spec_sha256   TEXT NOT NULL,            -- of the resolved spec, a drawn seed left out\n"             \
    "  objective     TEXT NOT NULL,            -- what ranks the trials: validation.loss, test.accuracy\n"   \
    "  goal          TEXT NOT NULL CHECK (goal IN ('minimize', 'maximize')),\n"                              \
    "  objective_at  TEXT NOT NULL CHECK (objective_at IN ('best', 'last')), -- the epoch that counts\n"     \
    "  strategy      TEXT NOT NULL,            -- of the sweep, JSON: {\"grid\":{}}\n"                       \
    "  created_at    TEXT NOT NULL,            -- times are UTC, ISO 8601\n"                                 \
    "  command       TEXT,                     -- as typed\n"                                                \
    "  version       TEXT,                     -- of fell\n"                                                 \
    "  runner_sha256 TEXT,                     -- of the program file\n"                                     \
    "  git_commit    TEXT,                     -- of the work tree that holds the spec; NULL outside one\n"  \
    "  git_dirty     INTEGER,                  -- 1: the tree had changes that are not in the commit\n"      \
    "  host          TEXT,\n"                                                                                \
    "  cpu           TEXT,\n"                                                                                \
    "  kernels       TEXT                      -- SIMD level in use: avx512, avx2, portable\n"               \
    ") STRICT;\n"

const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS " EXPERIMENTS
    "CREATE INDEX IF NOT EXISTS experiments_by_name ON experiments (name);\n"

    "CREATE TABLE IF NOT EXISTS data_files ( -- one file that an experiment reads\n"
    "  experiment_id INTEGER NOT NULL REFERENCES experiments,\n"
    "  role          TEXT NOT NULL,            -- the setting that names it: source.path\n"
    "  path          TEXT NOT NULL,\n"
    "  sha256        TEXT NOT NULL,\n"
    "  rows          INTEGER,\n"
    "  PRIMARY KEY (experiment_id, role, path)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "CREATE TABLE IF NOT EXISTS runs ( -- one training run: a trial and a repeat\n"
    "  id            INTEGER PRIMARY KEY,\n"
    "  uid           TEXT NOT NULL UNIQUE,     -- hash of the experiment's uid, the resolved trial and the "
    "seed\n"
    "  experiment_id INTEGER NOT NULL REFERENCES experiments,\n"
    "  trial         INTEGER NOT NULL,         -- from 0\n"
    "  repeat        INTEGER NOT NULL,         -- from 0; its seed is the experiment's plus this\n"
    "  seed          INTEGER NOT NULL,\n"
    "  status        TEXT NOT NULL CHECK (status IN ('queued', 'running', 'finished', 'stopped', 'pruned',\n"
    "                  'diverged', 'failed', 'crashed', 'timed_out', 'out_of_memory', 'interrupted')),\n"
    "  started_at    TEXT,\n"
    "  finished_at   TEXT,\n"
    "  seconds       REAL,                     -- of training\n"
    "  epochs_done   INTEGER NOT NULL DEFAULT 0,\n"
    "  resolved      TEXT NOT NULL,            -- the whole spec of the trial with every default, JSON\n"
    "  error         TEXT,\n"
    "  signal        INTEGER,                  -- that ended the process of a crashed run\n"
    "  worker        INTEGER,                  -- which worker process, from 0\n"
    "  UNIQUE (experiment_id, trial, repeat)\n"
    ") STRICT;\n"

    "CREATE TABLE IF NOT EXISTS run_params ( -- one swept value of one run\n"
    "  run_id        INTEGER NOT NULL REFERENCES runs,\n"
    "  path          TEXT NOT NULL,            -- optimizer.adam.lr\n"
    "  value         ANY,                      -- INTEGER, REAL or TEXT, as it is\n"
    "  PRIMARY KEY (run_id, path)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "CREATE TABLE IF NOT EXISTS parameters ( -- one parameter tensor of one run\n"
    "  run_id        INTEGER NOT NULL REFERENCES runs,\n"
    "  position      INTEGER NOT NULL,         -- of the trained tensors, from 0, in the model's order\n"
    "  layer         TEXT NOT NULL,\n"
    "  plugin        TEXT NOT NULL,\n"
    "  name          TEXT NOT NULL,            -- weight, bias\n"
    "  shape         TEXT NOT NULL,            -- JSON\n"
    "  count         INTEGER NOT NULL,         -- numbers in it\n"
    "  PRIMARY KEY (run_id, position)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "-- A value that is not finite is NULL in all the series below.\n"
    "CREATE TABLE IF NOT EXISTS epochs ( -- one epoch of one run\n"
    "  run_id          INTEGER NOT NULL REFERENCES runs,\n"
    "  epoch           INTEGER NOT NULL,       -- from 1\n"
    "  train_loss      REAL,                   -- mean over the samples, each before its batch's update\n"
    "  validation_loss REAL,                   -- after the epoch; NULL without that split\n"
    "  test_loss       REAL,\n"
    "  grad_norm_mean  REAL,                   -- over the steps, L2 of all gradients before clipping\n"
    "  grad_norm_max   REAL,\n"
    "  lr              REAL,                   -- of the last step\n"
    "  samples         INTEGER,\n"
    "  seconds         REAL,\n"
    "  PRIMARY KEY (run_id, epoch)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "CREATE TABLE IF NOT EXISTS gradients ( -- one parameter tensor in one epoch\n"
    "  run_id         INTEGER NOT NULL REFERENCES runs,\n"
    "  epoch          INTEGER NOT NULL,\n"
    "  position       INTEGER NOT NULL,        -- see parameters\n"
    "  grad_norm_mean REAL,                    -- over the steps, L2 before clipping\n"
    "  grad_norm_max  REAL,\n"
    "  weight_norm    REAL,                    -- L2 after the epoch\n"
    "  update_norm    REAL,                    -- L2 of what the epoch changed\n"
    "  nonfinite      INTEGER,                 -- gradient values that were not finite\n"
    "  PRIMARY KEY (run_id, epoch, position)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "CREATE TABLE IF NOT EXISTS metrics ( -- one metric on one split in one epoch\n"
    "  run_id INTEGER NOT NULL REFERENCES runs,\n"
    "  epoch  INTEGER NOT NULL,\n"
    "  split  TEXT NOT NULL,                   -- train, validation, test\n"
    "  name   TEXT NOT NULL,                   -- accuracy\n"
    "  value  REAL,\n"
    "  PRIMARY KEY (run_id, epoch, split, name)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "CREATE TABLE IF NOT EXISTS steps ( -- one step, when record.gradients asks for it\n"
    "  run_id    INTEGER NOT NULL REFERENCES runs,\n"
    "  step      INTEGER NOT NULL,             -- from 1\n"
    "  loss      REAL,\n"
    "  lr        REAL,\n"
    "  grad_norm REAL,\n"
    "  PRIMARY KEY (run_id, step)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "CREATE TABLE IF NOT EXISTS step_gradients ( -- one parameter tensor in one step\n"
    "  run_id    INTEGER NOT NULL REFERENCES runs,\n"
    "  step      INTEGER NOT NULL,\n"
    "  position  INTEGER NOT NULL,\n"
    "  grad_norm REAL,\n"
    "  PRIMARY KEY (run_id, step, position)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "CREATE TABLE IF NOT EXISTS plugins ( -- one plugin used by one run\n"
    "  run_id  INTEGER NOT NULL REFERENCES runs,\n"
    "  kind    TEXT NOT NULL,                  -- layer, activation, loss ...\n"
    "  name    TEXT NOT NULL,\n"
    "  version TEXT,\n"
    "  path    TEXT,\n"
    "  sha256  TEXT,\n"
    "  verdict TEXT NOT NULL CHECK (verdict IN ('passed', 'failed', 'unchecked')), -- of fell plugin check\n"
    "  PRIMARY KEY (run_id, kind, name)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "CREATE TABLE IF NOT EXISTS checkpoints ( -- one saved state\n"
    "  run_id  INTEGER NOT NULL REFERENCES runs,\n"
    "  epoch   INTEGER NOT NULL,\n"
    "  path    TEXT NOT NULL,\n"
    "  sha256  TEXT NOT NULL,\n"
    "  is_best INTEGER NOT NULL,\n"
    "  PRIMARY KEY (run_id, epoch, path)\n"
    ") STRICT, WITHOUT ROWID;\n"

    "CREATE TABLE IF NOT EXISTS events ( -- what happened: started, diverged, killed, warning ...\n"
    "  id     INTEGER PRIMARY KEY,\n"
    "  run_id INTEGER NOT NULL REFERENCES runs,\n"
    "  at     TEXT NOT NULL,\n"
    "  kind   TEXT NOT NULL,\n"
    "  detail TEXT\n"
    ") STRICT;\n"
    "CREATE INDEX IF NOT EXISTS events_by_run ON events (run_id);\n";

const char *const schema_run_tables[] = {"run_params", "parameters",     "epochs",  "gradients",   "metrics",
                                         "steps",      "step_gradients", "plugins", "checkpoints", "events",
                                         NULL};

/* ---- older files ----------------------------------------------------------------- */

/* The rows of version 1, which had the columns of provenance alone: every sweep was a grid, and the
 * objective was validation.loss, or train.loss without a validation split. */
#define EXPERIMENTS_OF_1(table)                                                                              \
    "SELECT id, uid, uid, name, spec, spec_sha256,\n"                                                        \
    "  iif(EXISTS (SELECT 1 FROM runs WHERE experiment_id = x.id AND json_valid(resolved)\n"                 \
    "              AND coalesce(json_extract(resolved, '$.data.validation'), 0) <> 0 LIMIT 1)\n"             \
    "      OR EXISTS (SELECT 1 FROM runs AS r JOIN epochs AS e ON e.run_id = r.id AND e.epoch = 1\n"         \
    "                 WHERE r.experiment_id = x.id AND e.validation_loss IS NOT NULL),\n"                    \
    "      'validation.loss', 'train.loss'),\n"                                                              \
    "  'minimize', 'best', '{\"grid\":{}}', created_at, command, version, runner_sha256, git_commit,\n"      \
    "  git_dirty, host, cpu, kernels FROM " table " AS x"

const char schema_upgrade_begin[] = "DROP VIEW IF EXISTS leaderboard; DROP VIEW IF EXISTS trials;"
                                    "DROP VIEW IF EXISTS sweep;"
                                    "CREATE TABLE experiments_1 AS SELECT * FROM experiments;"
                                    "DROP TABLE experiments;";
const char schema_upgrade_end[] =
    "INSERT INTO experiments " EXPERIMENTS_OF_1("experiments_1") ";DROP TABLE experiments_1;";

const char schema_read_old[] =
    "CREATE TEMP TABLE " EXPERIMENTS "INSERT INTO temp.experiments " EXPERIMENTS_OF_1("main.experiments");
