-- At which rates does the net learn, without and with batch normalisation?
-- sqlite3 -box results/batch-norm.db < configs/studies/batch-norm/question.sql
WITH runs_at AS (SELECT x.name AS net, v.value AS lr, r.status,
                        (SELECT m.value FROM metrics AS m WHERE m.run_id = r.id AND m.split = 'validation'
                         AND m.name = 'accuracy' AND m.epoch = r.epochs_done AND r.status = 'finished') AS accuracy
                 FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id
                 JOIN run_params AS v ON v.run_id = r.id AND v.path = 'optimizer.sgd.lr')
SELECT lr, round(avg(accuracy) FILTER (WHERE net = 'plain'), 3) AS plain,
       round(avg(accuracy) FILTER (WHERE net = 'normed'), 3) AS normed,
       count(*) FILTER (WHERE net = 'plain' AND status = 'diverged') AS plain_diverged,
       count(*) FILTER (WHERE net = 'normed' AND status = 'diverged') AS normed_diverged
FROM runs_at GROUP BY lr ORDER BY lr;
