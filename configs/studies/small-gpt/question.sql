-- How many bits a character costs on the text that is held out, by blocks of attention, and what the best epoch had?
-- sqlite3 -box results/small-gpt.db < configs/studies/small-gpt/question.sql
WITH runs_of AS (SELECT r.id AS run, CAST(p.value AS INTEGER) AS blocks FROM runs AS r JOIN run_params AS p ON p.run_id = r.id
                 WHERE p.path LIKE '%repeat.times'),
     last AS (SELECT run_id, max(epoch) AS epoch FROM epochs GROUP BY run_id)
SELECT blocks, round(avg(e.train_loss) / ln(2), 3) AS train_bits, round(avg(e.validation_loss) / ln(2), 3) AS held_out_bits,
       round(max(e.validation_loss) / ln(2) - min(e.validation_loss) / ln(2), 3) AS spread,
       round(avg(m.value), 3) AS accuracy, count(*) AS runs
FROM runs_of JOIN last ON last.run_id = run JOIN epochs AS e ON e.run_id = run AND e.epoch = last.epoch
JOIN metrics AS m ON m.run_id = run AND m.epoch = e.epoch AND m.split = 'validation' AND m.name = 'accuracy'
GROUP BY blocks ORDER BY blocks;
