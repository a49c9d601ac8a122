"""scikit-learn's MLP, one thread: fit() is the training loop."""
import time
import warnings

import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor

from common import RATE, SIZES, arguments, report

warnings.filterwarnings("ignore")
workload, optimizer, batch, epochs, x, y = arguments()
words = dict(hidden_layer_sizes=SIZES[workload][1:-1], solver=optimizer, batch_size=min(batch, len(x)),
             learning_rate_init=1e-3 if optimizer == "adam" else RATE[workload], max_iter=epochs, alpha=0.0,
             momentum=0.0, nesterovs_momentum=False, tol=0.0, n_iter_no_change=epochs + 1, random_state=1)
if workload == "xor":
    net, y = MLPRegressor(activation="tanh", **words), y[:, 0]
else:
    net = MLPClassifier(activation="relu", **words)
start = time.perf_counter()
net.fit(x, y)
report(train_seconds=time.perf_counter() - start, loss=float(net.loss_), version=sklearn.__version__)
