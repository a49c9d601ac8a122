-- draw title Sharpness rises to 2 / lr (broken lines) and stays there
-- draw x epoch (a step of full-batch gradient descent)
-- draw y largest eigenvalue of the Hessian
-- draw dashed 2 / 0.16|2 / 0.13|2 / 0.1
-- draw ymin 0
SELECT '', 'lr ' || v.value, epoch, p.value FROM probes AS p JOIN run_params AS v USING (run_id)
WHERE probe = 'sharpness' AND p.name = 'eigenvalue' AND (epoch % 100 = 0 OR epoch < 800) AND v.path = 'optimizer.sgd.lr'
UNION ALL
SELECT '', '2 / ' || v.value, epoch, 2 / v.value FROM epochs JOIN run_params AS v USING (run_id)
WHERE v.path = 'optimizer.sgd.lr' AND epoch IN (1, (SELECT max(epoch) FROM epochs));
