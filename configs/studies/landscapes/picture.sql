-- draw title Loss around the trained weights, 20 layers, two random directions
-- draw x first direction
-- draw y second direction
-- draw kind map
-- draw v loss
-- draw logv 1
SELECT b.value, '', x.value, y.value, l.value
FROM probes AS l JOIN runs AS r ON r.id = l.run_id AND r.repeat = 0
JOIN probes AS x ON x.run_id = l.run_id AND x.epoch = l.epoch AND x.probe = l.probe AND x.name = 'x' AND x.position = l.position
JOIN probes AS y ON y.run_id = l.run_id AND y.epoch = l.epoch AND y.probe = l.probe AND y.name = 'y' AND y.position = l.position
JOIN run_params AS d ON d.run_id = r.id AND d.path = 'vars.depth'
JOIN run_params AS b ON b.run_id = r.id AND b.path = 'vars.block'
WHERE l.probe = 'landscape' AND l.name = 'loss' AND l.epoch = r.epochs_done AND d.value = 20
ORDER BY b.value, l.position;
