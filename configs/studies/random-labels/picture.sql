-- draw title Noise is learnt as well
-- draw x share of the training labels that are wrong
-- draw y accuracy after the last epoch
-- draw ymin 0
-- draw ymax 1
SELECT '', CASE m.split WHEN 'train' THEN 'training rows, as labelled' ELSE 'held-out rows, true labels' END, p.value, avg(m.value)
FROM runs AS r JOIN run_params AS p ON p.run_id = r.id AND p.path = 'data.label_noise'
JOIN metrics AS m ON m.run_id = r.id AND m.epoch = r.epochs_done AND m.name = 'accuracy'
GROUP BY m.split, p.value ORDER BY m.split, p.value;
