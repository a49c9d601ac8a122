-- draw title Addition modulo 31: known pairs and new ones, three tenths held out
-- draw x epoch
-- draw y accuracy
-- draw logx 1
-- draw ymin 0
-- draw ymax 1
SELECT x.name || ', weight decay ' || d.value, m.split, m.epoch, avg(m.value)
FROM metrics AS m JOIN runs AS r ON r.id = m.run_id JOIN experiments AS x ON x.id = r.experiment_id
JOIN run_params AS d ON d.run_id = r.id AND d.path LIKE '%.weight_decay'
JOIN run_params AS v ON v.run_id = r.id AND v.path = 'data.validation'
WHERE v.value = (SELECT max(value) FROM run_params WHERE path = 'data.validation' AND value <= 0.3) AND m.name = 'accuracy' AND m.epoch % 20 = 0 AND d.value <> 1
GROUP BY x.name, d.value, m.split, m.epoch ORDER BY x.name, d.value, m.split, m.epoch;
