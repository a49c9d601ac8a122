-- draw title The first layer's gradient over the last one's, first epoch
-- draw x hidden layers
-- draw y ratio of the gradients' norms
-- draw logy 1
WITH ends AS (SELECT run_id, min(position) AS first, max(position) AS last FROM parameters WHERE name = 'weight' GROUP BY run_id)
SELECT '', a.value || ', ' || i.value, d.value, exp(avg(ln(f.grad_norm_mean / l.grad_norm_mean)))
FROM ends AS e JOIN gradients AS f ON f.run_id = e.run_id AND f.epoch = 1 AND f.position = e.first
JOIN gradients AS l ON l.run_id = e.run_id AND l.epoch = 1 AND l.position = e.last
JOIN run_params AS a ON a.run_id = e.run_id AND a.path = 'vars.act'
JOIN run_params AS i ON i.run_id = e.run_id AND i.path = 'vars.init'
JOIN run_params AS d ON d.run_id = e.run_id AND d.path = 'vars.depth'
GROUP BY a.value, i.value, d.value ORDER BY a.value, i.value, d.value;
