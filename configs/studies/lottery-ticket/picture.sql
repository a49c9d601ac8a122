-- draw title What is left of a net learns, if it begins where the whole net began
-- draw x weights that are left, percent
-- draw y validation accuracy after 40 epochs
-- draw logx 1
-- draw ymax 1
WITH kept AS (SELECT p.run_id, 100.0 * sum((1 - p.value) * t.count) / sum(t.count) AS percent
              FROM probes AS p JOIN parameters AS t ON t.run_id = p.run_id AND t.layer || '.' || t.name = p.layer
              WHERE probe = 'weights' AND p.name = 'zero_share' AND epoch = 0 AND t.name = 'weight' GROUP BY p.run_id)
SELECT '', replace(p.value, 'drawn_anew', 'drawn anew'), round(percent, 2), avg(m.value)
FROM kept JOIN runs AS r ON r.id = kept.run_id JOIN run_params AS p ON p.run_id = r.id
     JOIN metrics AS m ON m.run_id = r.id AND split = 'validation' AND m.name = 'accuracy' AND m.epoch = r.epochs_done
WHERE p.path = 'train.initial_weights'
GROUP BY p.value, round(percent, 2) ORDER BY p.value DESC, percent;
