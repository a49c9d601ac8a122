-- How long does an epoch take? Mean time and samples per second of every experiment's runs.
-- sqlite3 -box results/fell.db < results/queries/time-per-epoch.sql
SELECT x.name AS experiment, count(DISTINCT r.id) AS runs, count(*) AS epochs,
       printf('%.3g', avg(e.seconds)) AS seconds_per_epoch,
       printf('%.3g', max(e.seconds)) AS slowest,
       printf('%.0f', sum(e.samples) / nullif(sum(e.seconds), 0)) AS samples_per_second, x.cpu, x.kernels
FROM epochs AS e JOIN runs AS r ON r.id = e.run_id JOIN experiments AS x ON x.id = r.experiment_id
GROUP BY x.id ORDER BY x.id;
