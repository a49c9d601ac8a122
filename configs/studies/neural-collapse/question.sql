-- Do NC1 to NC4 go on falling when every training row is right? At four looks, mean of the seeds; the first at which all but one in a
-- thousand are right is the second of them.
-- sqlite3 -box results/neural-collapse.db < configs/studies/neural-collapse/question.sql
WITH looks AS (SELECT p.run_id, p.epoch, max(value) FILTER (WHERE p.name = 'nc1') AS nc1, max(value) FILTER (WHERE p.name = 'nc2_norms') AS nc2_norms,
                      max(value) FILTER (WHERE p.name = 'nc2_angles') AS nc2_angles, max(value) FILTER (WHERE p.name = 'nc2_max_angle') AS nc2_max_angle,
                      max(value) FILTER (WHERE p.name = 'nc3') AS nc3, max(value) FILTER (WHERE p.name = 'nc4') AS nc4
               FROM probes AS p WHERE probe = 'collapse' GROUP BY p.run_id, p.epoch),
     right AS (SELECT l.run_id, min(l.epoch) AS epoch FROM looks AS l
               JOIN metrics AS m ON m.run_id = l.run_id AND m.epoch = l.epoch AND m.split = 'train' AND m.name = 'accuracy'
               WHERE m.value >= 0.999 GROUP BY l.run_id),
     named AS (SELECT l.*, CASE WHEN l.epoch = 0 THEN 1 WHEN l.epoch = f.epoch THEN 2
                                WHEN l.epoch = r.epochs_done THEN 4 WHEN l.epoch = r.epochs_done * 4 / 5 THEN 3 END AS place
               FROM looks AS l JOIN right AS f ON f.run_id = l.run_id JOIN runs AS r ON r.id = l.run_id)
SELECT CASE place WHEN 1 THEN 'before training' WHEN 2 THEN 'first time right' WHEN 3 THEN 'after 4/5' ELSE 'at the end' END AS look,
       round(avg(epoch), 0) AS epoch, count(*) AS runs, round(avg(nc1), 4) AS nc1, round(avg(nc2_norms), 3) AS nc2_norms, round(avg(nc2_angles), 3) AS nc2_angles,
       round(avg(nc2_max_angle), 3) AS nc2_max_angle, round(avg(nc3), 3) AS nc3, round(avg(nc4), 4) AS nc4
FROM named WHERE place IS NOT NULL GROUP BY place ORDER BY place;
