-- When are the training pairs right, and when the others? Epochs at which accuracy first is 0.99 and 0.95.
-- sqlite3 -box results/grokking.db < configs/studies/grokking/question.sql
WITH reached AS (
    SELECT x.name AS net, m.run_id,
           min(m.epoch) FILTER (WHERE split = 'train' AND value >= 0.99) AS trained,
           min(m.epoch) FILTER (WHERE split = 'validation' AND value >= 0.95) AS grokked,
           max(value) FILTER (WHERE split = 'validation' AND m.epoch = r.epochs_done) AS accuracy
    FROM metrics AS m JOIN runs AS r ON r.id = m.run_id JOIN experiments AS x ON x.id = r.experiment_id
    WHERE m.name = 'accuracy' GROUP BY m.run_id)
SELECT net, d.value AS weight_decay, v.value AS held_out, round(avg(trained)) AS trained, round(avg(grokked)) AS grokked,
       round(avg(grokked) / avg(trained), 1) AS times_later, round(avg(accuracy), 3) AS accuracy, count(*) AS runs
FROM reached JOIN run_params AS d USING (run_id) JOIN run_params AS v USING (run_id)
WHERE d.path LIKE '%.weight_decay' AND v.path = 'data.validation'
GROUP BY net, d.value, v.value ORDER BY net, d.value, v.value;
