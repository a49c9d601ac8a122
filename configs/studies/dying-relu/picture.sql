-- draw title Units that are 0 for every row, after 30 epochs
-- draw x learning rate
-- draw y share of dead units
-- draw logx 1
-- draw ymin 0
-- draw ymax 1
SELECT '', i.value, l.value, avg(p.value)
FROM probes AS p JOIN runs AS r ON r.id = p.run_id JOIN run_params AS i ON i.run_id = r.id JOIN run_params AS l ON l.run_id = r.id
WHERE probe = 'activations' AND p.name = 'dead_units' AND layer LIKE 'relu%' AND epoch = r.epochs_done AND epoch > 0
  AND i.path = 'model.0.dense.init' AND l.path = 'optimizer.sgd.lr'
GROUP BY i.value, l.value ORDER BY i.value, l.value;
