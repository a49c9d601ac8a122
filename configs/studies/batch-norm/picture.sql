-- draw title With batch normalisation larger rates train
-- draw x learning rate
-- draw y validation accuracy, mean of 3 seeds
-- draw logx 1
-- draw ymin 0
-- draw ymax 1
SELECT '', x.name, v.value, avg(coalesce(m.value, 0.1))
FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id
JOIN run_params AS v ON v.run_id = r.id AND v.path = 'optimizer.sgd.lr'
LEFT JOIN metrics AS m ON m.run_id = r.id AND m.split = 'validation' AND m.name = 'accuracy' AND m.epoch = r.epochs_done
    AND r.status = 'finished'
GROUP BY x.name, v.value ORDER BY x.name DESC, v.value;
