-- draw title Neural collapse goes on after every row is right
-- draw x epoch
-- draw y mean of the seeds
-- draw logy 1
SELECT '', name, epoch, avg(value) FROM probes WHERE probe = 'collapse' AND name <> 'nc4' AND epoch > 0
GROUP BY name, epoch ORDER BY name, epoch;
