-- Why were runs pruned? What the pruner said of each, with the epoch and the values that were swept.
-- sqlite3 -box results/fell.db < results/queries/pruned-why.sql
SELECT x.name AS experiment, r.id AS run, r.trial, r.epochs_done AS epochs, e.detail AS why,
       (SELECT json_group_object(path, value) FROM run_params WHERE run_id = r.id) AS params
FROM events AS e JOIN runs AS r ON r.id = e.run_id JOIN experiments AS x ON x.id = r.experiment_id
WHERE e.kind = 'pruned'
ORDER BY x.id, r.id, e.id;
