-- Which optimizer gets how far in fifteen epochs, each at its own rate? The rate is the one with the lowest training loss on the seeds
-- of repeats 0 and 1 (a rate at which a run diverged is out); what is told is of the other five, mean and deviation.
-- sqlite3 -box results/optimizers.db < configs/studies/optimizers/question.sql
WITH ends AS (SELECT o.value AS optimizer, l.value AS lr, r.repeat, e.train_loss AS loss, m.value AS accuracy
              FROM runs AS r JOIN run_params AS o ON o.run_id = r.id AND o.path = 'optimizer'
              JOIN run_params AS l ON l.run_id = r.id AND l.path LIKE 'optimizer.%.lr'
              LEFT JOIN epochs AS e ON e.run_id = r.id AND e.epoch = r.epochs_done AND r.status = 'finished'
              LEFT JOIN metrics AS m ON m.run_id = r.id AND m.epoch = e.epoch AND m.split = 'validation' AND m.name = 'accuracy'),
     tuned AS (SELECT optimizer, lr, row_number() OVER (PARTITION BY optimizer ORDER BY avg(loss)) AS place
               FROM ends WHERE repeat < 2 GROUP BY optimizer, lr HAVING count(loss) = count(*)),
     judged AS (SELECT optimizer, lr, avg(loss) AS loss, avg(loss * loss) AS loss2, avg(accuracy) AS accuracy, avg(accuracy * accuracy) AS accuracy2, count(loss) AS n
                FROM ends JOIN tuned USING (optimizer, lr) WHERE place = 1 AND repeat >= 2 GROUP BY optimizer)
SELECT optimizer, lr, n AS runs, round(loss, 4) AS train_loss, round(sqrt(max(loss2 - loss * loss, 0) * n / (n - 1)), 4) AS loss_sd,
       round(accuracy, 4) AS accuracy, round(sqrt(max(accuracy2 - accuracy * accuracy, 0) * n / (n - 1)), 4) AS accuracy_sd
FROM judged ORDER BY loss;
