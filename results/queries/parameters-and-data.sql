-- What was a run made from? Its tensors, its data files and its plugins, for the newest run.
-- Another run: write its number for the SELECT of the first line.
-- sqlite3 -box results/fell.db < results/queries/parameters-and-data.sql
WITH chosen(run) AS (SELECT max(id) FROM runs)
SELECT run, 'tensor' AS what, layer || '.' || name AS name, shape AS size, count AS numbers, NULL AS sha256
FROM parameters JOIN chosen ON run_id = run
UNION ALL
SELECT run, 'data', d.role, d.path, d.rows, d.sha256
FROM data_files AS d JOIN runs AS r ON r.experiment_id = d.experiment_id JOIN chosen ON r.id = run
UNION ALL
SELECT run, 'plugin', kind || ' ' || name, coalesce(version, ''), NULL, sha256
FROM plugins JOIN chosen ON run_id = run;
