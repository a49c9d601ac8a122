-- draw title Fourteen optimizers over their rates
-- draw x learning rate
-- draw y training loss, mean of 7 seeds
-- draw logx 1
-- draw logy 1
-- draw ymax 10
SELECT '', o.value, l.value, avg(e.train_loss)
FROM runs AS r JOIN run_params AS o ON o.run_id = r.id AND o.path = 'optimizer'
JOIN run_params AS l ON l.run_id = r.id AND l.path LIKE 'optimizer.%.lr'
JOIN epochs AS e ON e.run_id = r.id AND e.epoch = r.epochs_done
WHERE r.status = 'finished' GROUP BY o.value, l.value ORDER BY o.value, l.value;
