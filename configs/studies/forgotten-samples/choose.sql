-- The rows of the second part, as views of a database of their own:
-- sqlite3 -bail results/forgotten-rows.db < configs/studies/forgotten-samples/choose.sql
-- Reads results/forgotten-samples.db, which look.yaml has made, and configs/data/digits.csv.
.mode csv
.import configs/data/digits.csv digits
ATTACH 'results/forgotten-samples.db' AS results;

-- How often each training row was forgotten, the mean over the seeds, and its place among all when rows that never
-- were come first (of equals those with the largest margin first). A number from its own digits stands in for chance.
CREATE TABLE forgotten AS
SELECT position AS row, forgotten, margin,
       (row_number() OVER (ORDER BY forgotten, margin DESC, position) - 0.5) / count(*) OVER () AS place,
       (row_number() OVER (ORDER BY (position * 48271 + 11) % 65537, position) - 0.5) / count(*) OVER () AS drawn
FROM (SELECT position, avg(value) FILTER (WHERE p.name = 'forgotten') AS forgotten,
             avg(value) FILTER (WHERE p.name = 'margin') AS margin
      FROM results.probes AS p JOIN results.runs AS r ON r.id = p.run_id
      WHERE probe = 'samples' AND p.name IN ('forgotten', 'margin') AND epoch = r.epochs_done AND p.layer = ''
      GROUP BY position);

CREATE VIEW held_out AS SELECT * FROM digits WHERE rowid - 1 NOT IN (SELECT row FROM forgotten) ORDER BY rowid;
CREATE VIEW kept_all AS SELECT * FROM digits WHERE rowid - 1 IN (SELECT row FROM forgotten) ORDER BY rowid;
CREATE VIEW unforgettable_20 AS SELECT * FROM digits WHERE rowid - 1 IN (SELECT row FROM forgotten WHERE place > 0.2) ORDER BY rowid;
CREATE VIEW unforgettable_40 AS SELECT * FROM digits WHERE rowid - 1 IN (SELECT row FROM forgotten WHERE place > 0.4) ORDER BY rowid;
CREATE VIEW unforgettable_60 AS SELECT * FROM digits WHERE rowid - 1 IN (SELECT row FROM forgotten WHERE place > 0.6) ORDER BY rowid;
CREATE VIEW unforgettable_80 AS SELECT * FROM digits WHERE rowid - 1 IN (SELECT row FROM forgotten WHERE place > 0.8) ORDER BY rowid;
CREATE VIEW any_20 AS SELECT * FROM digits WHERE rowid - 1 IN (SELECT row FROM forgotten WHERE drawn > 0.2) ORDER BY rowid;
CREATE VIEW any_40 AS SELECT * FROM digits WHERE rowid - 1 IN (SELECT row FROM forgotten WHERE drawn > 0.4) ORDER BY rowid;
CREATE VIEW any_60 AS SELECT * FROM digits WHERE rowid - 1 IN (SELECT row FROM forgotten WHERE drawn > 0.6) ORDER BY rowid;
CREATE VIEW any_80 AS SELECT * FROM digits WHERE rowid - 1 IN (SELECT row FROM forgotten WHERE drawn > 0.8) ORDER BY rowid;
