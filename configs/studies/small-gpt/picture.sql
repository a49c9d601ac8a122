-- draw title A character's cost on held-out text, by blocks of attention
-- draw x steps
-- draw y bits a character
-- draw ymin 1.5
-- draw ymax 4
SELECT '', CASE p.value WHEN '0' THEN 'no block' WHEN '1' THEN '1 block' ELSE p.value || ' blocks' END, e.epoch * 100, avg(e.validation_loss) / ln(2)
FROM epochs AS e JOIN run_params AS p ON p.run_id = e.run_id WHERE p.path LIKE '%repeat.times' GROUP BY p.value, e.epoch ORDER BY p.value, e.epoch;
