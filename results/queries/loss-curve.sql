-- How did the loss fall? About 40 epochs of the newest run, with a bar for the training loss.
-- Another run: write its number for the SELECT of the first line.
-- sqlite3 -box results/fell.db < results/queries/loss-curve.sql
WITH chosen(run) AS (SELECT max(run) FROM curves),
     size(n, top) AS (SELECT max(epoch), max(train_loss) FROM curves JOIN chosen USING (run))
SELECT run, epoch, train_loss, validation_loss, test_loss,
       printf('%.*c', 1 + CAST(round(40 * train_loss / top) AS INTEGER), '#') AS train
FROM curves JOIN chosen USING (run) JOIN size
WHERE epoch = 1 OR epoch = n OR epoch % max(1, n / 40) = 0
ORDER BY epoch;
