-- How rough is the loss around the trained weights, by depth, with residuals and without?
-- sqlite3 -box results/landscapes.db < configs/studies/landscapes/question.sql
-- On a parabola the second differences between neighbours on the grid are positive; `concave` is the share that is not.
WITH grid AS (SELECT p.run_id, p.position % 25 AS i, p.position / 25 AS j, p.value AS loss
              FROM probes AS p JOIN runs AS r ON r.id = p.run_id
              WHERE probe = 'landscape' AND p.name = 'loss' AND epoch = r.epochs_done),
     bend AS (SELECT run_id, avg(bent < 0) AS concave FROM (
                  SELECT a.run_id, a.loss + b.loss - 2 * g.loss AS bent FROM grid AS g
                  JOIN grid AS a ON a.run_id = g.run_id AND a.j = g.j AND a.i = g.i - 1
                  JOIN grid AS b ON b.run_id = g.run_id AND b.j = g.j AND b.i = g.i + 1
                  UNION ALL
                  SELECT a.run_id, a.loss + b.loss - 2 * g.loss FROM grid AS g
                  JOIN grid AS a ON a.run_id = g.run_id AND a.i = g.i AND a.j = g.j - 1
                  JOIN grid AS b ON b.run_id = g.run_id AND b.i = g.i AND b.j = g.j + 1) GROUP BY run_id),
     last AS (SELECT r.id AS run_id, e.train_loss, m.value AS accuracy FROM runs AS r
              JOIN epochs AS e ON e.run_id = r.id AND e.epoch = r.epochs_done
              JOIN metrics AS m ON m.run_id = r.id AND m.epoch = e.epoch AND m.split = 'validation')
SELECT d.value AS depth, b.value AS block, round(avg(train_loss), 3) AS train_loss, round(avg(accuracy), 3) AS accuracy,
       round(avg(concave), 3) AS concave, round(max(concave), 3) AS most_concave, count(*) AS runs
FROM bend JOIN last USING (run_id) JOIN run_params AS d USING (run_id) JOIN run_params AS b USING (run_id)
WHERE d.path = 'vars.depth' AND b.path = 'vars.block' GROUP BY d.value, b.value ORDER BY d.value, b.value;
