-- Which runs failed, and why? With the values that were swept.
-- sqlite3 -box results/fell.db < results/queries/failed-runs.sql
SELECT r.id AS run, x.name AS experiment, r.status, r.epochs_done AS epochs, r.error,
       (SELECT json_group_object(path, value) FROM run_params WHERE run_id = r.id) AS params
FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id
WHERE r.status NOT IN ('finished', 'stopped', 'pruned', 'queued', 'running')
ORDER BY r.id;
