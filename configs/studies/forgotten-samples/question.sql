-- Of how many rows can a net do without, dropping those never forgotten first, or any?
-- sqlite3 -box results/forgotten-samples.db < configs/studies/forgotten-samples/question.sql
WITH last AS (SELECT p.value AS dropped, m.value AS accuracy FROM runs AS r
              JOIN run_params AS p ON p.run_id = r.id AND p.path = 'data.source.sqlite.query'
              JOIN metrics AS m ON m.run_id = r.id AND m.epoch = r.epochs_done AND m.split = 'validation')
SELECT dropped, count(*) AS runs, round(avg(accuracy), 4) AS accuracy, round(min(accuracy), 4) AS least, round(max(accuracy), 4) AS most
FROM last GROUP BY dropped ORDER BY dropped;
