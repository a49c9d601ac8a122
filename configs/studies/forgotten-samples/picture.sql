-- draw title Accuracy on new rows when training rows are dropped
-- draw x share of the rows that is dropped, %
-- draw y accuracy after the last epoch
WITH last AS (SELECT p.value AS dropped, m.value AS accuracy FROM runs AS r
              JOIN run_params AS p ON p.run_id = r.id AND p.path = 'data.source.sqlite.query'
              JOIN metrics AS m ON m.run_id = r.id AND m.epoch = r.epochs_done AND m.split = 'validation'),
     named AS (SELECT substr(dropped, 1, instr(dropped, ' ') - 1) AS which, CAST(substr(dropped, instr(dropped, ' ')) AS INTEGER) AS share, accuracy
               FROM last WHERE dropped <> 'none'
               UNION ALL SELECT 'any', 0, accuracy FROM last WHERE dropped = 'none'
               UNION ALL SELECT 'unforgettable', 0, accuracy FROM last WHERE dropped = 'none')
SELECT '', which, share, avg(accuracy), (max(accuracy) - min(accuracy)) / 2 FROM named GROUP BY which, share ORDER BY which, share;
