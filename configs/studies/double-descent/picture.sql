-- draw title Double descent over the width of a net
-- draw x units of the hidden layer
-- draw y loss after the last epoch
-- draw logx 1
-- draw ymin 0
WITH last AS (SELECT p.value AS width, e.train_loss, e.validation_loss
              FROM runs AS r JOIN run_params AS p ON p.run_id = r.id AND p.path = 'vars.width'
              JOIN epochs AS e ON e.run_id = r.id AND e.epoch = r.epochs_done)
SELECT '', 'held-out rows', width, avg(validation_loss) FROM last GROUP BY width
UNION ALL SELECT '', 'training rows', width, avg(train_loss) FROM last GROUP BY width;
