/* net.js - a small net that computes itself in the page: forward, loss, backward, step.
 *
 * Formulas and the order of operations are those of the plugins of the same names; all in
 * double, where the program computes in float32. Knows nothing of the page: what it is made
 * from is the JSON that interactive.c writes (described there), what reads it is interactive.js.
 * Also loaded by itself in the tests.
 */

/* ---- activations: f(x, settings) and slope(x, y, settings) ---------------------------- */

const sigmoid = (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const SELU_SCALE = 1.0507009873554805, SELU_ALPHA = 1.6732632423543772;

/* The normal distribution function: its density times the series x + x^3/3 + x^5/(3 5) + ...,
 * whose terms all have the sign of x (Abramowitz and Stegun, 26.2.11). */
const normal = (x) => {
    if (Math.abs(x) > 9)
        return x > 0 ? 1 : 0;
    let term = x, sum = x;
    for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2)
        sum += term *= x * x / k;
    return 0.5 + sum * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
};

const geluTanh = (x) => Math.sqrt(8 / Math.PI) * (x + 0.044715 * x * x * x);

const ACTIVATIONS = {
    identity: { f: (x) => x, slope: () => 1 },
    relu: { f: (x) => (x > 0 ? x : 0), slope: (x) => (x > 0 ? 1 : 0) },
    relu6: { f: (x) => Math.min(Math.max(x, 0), 6), slope: (x) => (x > 0 && x < 6 ? 1 : 0) },
    leaky_relu: { f: (x, s) => (x > 0 ? x : s.negative_slope * x),
                  slope: (x, y, s) => (x > 0 ? 1 : s.negative_slope) },
    elu: { f: (x, s) => (x > 0 ? x : s.alpha * Math.expm1(x)),
           slope: (x, y, s) => (x > 0 ? 1 : s.alpha * Math.exp(x)) },
    celu: { f: (x, s) => (x > 0 ? x : s.alpha * Math.expm1(x / s.alpha)),
            slope: (x, y, s) => (x > 0 ? 1 : Math.exp(x / s.alpha)) },
    selu: { f: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
            slope: (x) => SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * Math.exp(x)) },
    gelu: { f: (x, s) => x * (s.approximate === 'tanh' ? sigmoid(geluTanh(x)) : normal(x)),
            slope: (x, y, s) => {
                if (s.approximate !== 'tanh')
                    return normal(x) + x * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
                const p = sigmoid(geluTanh(x));
                return p + x * p * (1 - p) * Math.sqrt(8 / Math.PI) * (1 + 3 * 0.044715 * x * x);
            } },
    silu: { f: (x) => x * sigmoid(x),
            slope: (x) => sigmoid(x) * (1 + x * sigmoid(-x)) },
    mish: { f: (x) => x * Math.tanh(softplus(x)),
            slope: (x) => {
                const t = Math.tanh(softplus(x));
                return t + x * (1 - t * t) * sigmoid(x);
            } },
    sigmoid: { f: sigmoid, slope: (x, y) => y * (1 - y) },
    log_sigmoid: { f: (x) => -softplus(-x), slope: (x) => sigmoid(-x) },
    hard_sigmoid: { f: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
                    slope: (x) => (x > -3 && x < 3 ? 1 / 6 : 0) },
    hard_swish: { f: (x) => x * Math.min(Math.max(x + 3, 0), 6) / 6,
                  slope: (x) => (x < -3 ? 0 : x > 3 ? 1 : x / 3 + 0.5) },
    tanh: { f: Math.tanh, slope: (x, y) => 1 - y * y },
    hard_tanh: { f: (x, s) => Math.min(Math.max(x, s.min), s.max),
                 slope: (x, y, s) => (x > s.min && x < s.max ? 1 : 0) },
    tanh_shrink: { f: (x) => x - Math.tanh(x), slope: (x) => Math.tanh(x) ** 2 },
    softplus: { f: (x, s) => (s.beta * x > s.threshold ? x : softplus(s.beta * x) / s.beta),
                slope: (x, y, s) => (s.beta * x > s.threshold ? 1 : sigmoid(s.beta * x)) },
    softsign: { f: (x) => x / (1 + Math.abs(x)), slope: (x) => (1 + Math.abs(x)) ** -2 },
    sine: { f: Math.sin, slope: Math.cos },
    hard_shrink: { f: (x, s) => (Math.abs(x) <= s.lambda ? 0 : x),
                   slope: (x, y, s) => (Math.abs(x) <= s.lambda ? 0 : 1) },
    soft_shrink: { f: (x, s) => (Math.abs(x) <= s.lambda ? 0 : x - Math.sign(x) * s.lambda),
                   slope: (x, y, s) => (Math.abs(x) <= s.lambda ? 0 : 1) },
};

const logSumExp = (x) => {
    const top = Math.max(...x);
    return top + Math.log(x.reduce((sum, v) => sum + Math.exp(v - top), 0));
};
const softmax = (x) => {
    const all = logSumExp(x);
    return x.map((v) => Math.exp(v - all));
};
const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);

/* Activations of whole rows: forward(x), and backward(y, dy) to dx. */
const ROWWISE = {
    softmax: { forward: softmax,
               backward: (y, dy) => {
                   const sum = dot(y, dy);
                   return y.map((v, j) => v * (dy[j] - sum));
               } },
    log_softmax: { forward: (x) => {
                       const all = logSumExp(x);
                       return x.map((v) => v - all);
                   },
                   backward: (y, dy) => {
                       const sum = dy.reduce((a, b) => a + b, 0);
                       return y.map((v, j) => dy[j] - Math.exp(v) * sum);
                   } },
};

/* ---- losses ------------------------------------------------------------------------------ */

/* [loss, slope] of output p, the jth of its row, with the target t. */
const ELEMENT_LOSSES = {
    mse: (p, t) => [(p - t) ** 2, 2 * (p - t)],
    mae: (p, t) => [Math.abs(p - t), Math.sign(p - t)],
    huber: (p, t, s) => (Math.abs(p - t) <= s.delta
        ? [0.5 * (p - t) ** 2, p - t]
        : [s.delta * (Math.abs(p - t) - 0.5 * s.delta), s.delta * Math.sign(p - t)]),
    smooth_l1: (p, t, s) => (Math.abs(p - t) < s.beta
        ? [0.5 * (p - t) ** 2 / s.beta, (p - t) / s.beta]
        : [Math.abs(p - t) - 0.5 * s.beta, Math.sign(p - t)]),
    log_cosh: (p, t) => {
        const a = Math.abs(p - t);
        return [a < 1 ? Math.log1p(2 * Math.sinh(a / 2) ** 2) : a + Math.log1p(Math.exp(-2 * a)) - Math.LN2,
                Math.tanh(p - t)];
    },
    bce: (p, t) => [-(t * Math.max(Math.log(p), -100) + (1 - t) * Math.max(Math.log1p(-p), -100)),
                    (p - t) / Math.max(p * (1 - p), 1e-12)],
    bce_with_logits: (x, t, s, j) => {
        const weight = s.pos_weight[s.pos_weight.length > 1 ? j : 0];
        return [weight * t * softplus(-x) + (1 - t) * softplus(x),
                (1 - t) * sigmoid(x) - weight * t * sigmoid(-x)];
    },
    hinge: (p, t) => {
        const side = t === 0 ? -1 : t, short = 1 - side * p;
        return short > 0 ? [short, -side] : [0, 0];
    },
    squared_hinge: (p, t) => {
        const side = t === 0 ? -1 : t, short = Math.max(0, 1 - side * p);
        return [short * short, -2 * side * short];
    },
};

/* Those whose sum is divided by the factors of `weight`; the others' by the number of outputs. */
const BY_WEIGHT = ['mse', 'mae', 'log_cosh'];

const classWeight = (s, k) => (s.class_weights.length ? s.class_weights[k] : 1);

/* Losses over classes: {sum, weight, slope} of one row of outputs. */
const CLASS_LOSSES = {
    cross_entropy: (x, y, s) => {
        const all = logSumExp(x), spread = s.label_smoothing / x.length;
        const hit = (1 - s.label_smoothing) * classWeight(s, y);
        const total = hit + spread * x.reduce((sum, v, j) => sum + classWeight(s, j), 0);
        const slope = x.map((v, j) => total * Math.exp(v - all) - spread * classWeight(s, j));
        slope[y] -= hit;
        return { sum: hit * (all - x[y]) + spread * x.reduce((sum, v, j) => sum + classWeight(s, j) * (all - v), 0),
                 weight: classWeight(s, y), slope };
    },
    nll: (x, y, s) => ({ sum: -classWeight(s, y) * x[y], weight: classWeight(s, y),
                         slope: x.map((v, j) => (j === y ? -classWeight(s, y) : 0)) }),
};

/* ---- optimizers: move a tensor's weights by its gradient -------------------------------------- */

/* step(tensor, rate, t, settings): t from 1; a tensor's slots begin as zeros. */
const OPTIMIZERS = {
    sgd: { slots: ['momentum'], step: (p, rate, t, s) => {
        const sign = s.maximize ? -1 : 1, b = p.slot.momentum;
        for (let i = 0; i < p.w.length; i++) {
            const d = sign * p.g[i] + s.weight_decay * p.w[i];
            if (s.momentum > 0)
                b[i] = t === 1 ? d : s.momentum * b[i] + (1 - s.dampening) * d;
            p.w[i] -= rate * (s.momentum <= 0 ? d : s.nesterov ? d + s.momentum * b[i] : b[i]);
        }
    } },
    adam: { slots: ['m', 'v', 'v_max'], step: (p, rate, t, s) => adamStep(p, rate, t, s, false) },
    adamw: { slots: ['m', 'v', 'v_max'], step: (p, rate, t, s) => adamStep(p, rate, t, s, true) },
};

function adamStep(p, rate, t, s, decoupled) {
    const sign = s.maximize ? -1 : 1, { m, v, v_max: top } = p.slot;
    const scale1 = 1 - s.beta1 ** t, scale2 = 1 - s.beta2 ** t;
    for (let i = 0; i < p.w.length; i++) {
        const d = sign * p.g[i] + (decoupled ? 0 : s.weight_decay * p.w[i]);
        const off = decoupled ? rate * s.weight_decay * p.w[i] : 0;
        m[i] = s.beta1 * m[i] + (1 - s.beta1) * d;
        v[i] = s.beta2 * v[i] + (1 - s.beta2) * d * d;
        top[i] = Math.max(top[i], v[i]);
        p.w[i] -= off + rate * (m[i] / scale1) / (Math.sqrt((s.amsgrad ? top : v)[i] / scale2) + s.epsilon);
    }
}

/* ---- layers: forward(layer, inputs) to y; backward(layer, inputs, dy) to the inputs' dx --------- */

function denseForward(layer, [x]) {
    const { w, bias } = layer, n = layer.size, y = new Array(n);
    for (let i = 0; i < n; i++) {
        let sum = bias ? bias.w[i] : 0;
        for (let j = 0, at = i * x.length; j < x.length; j++, at++)
            sum += w.w[at] * x[j];
        y[i] = sum;
    }
    return y;
}

function denseBackward(layer, [x], dy) {
    const { w, bias } = layer, dx = new Array(x.length).fill(0);
    for (let i = 0; i < dy.length; i++) {
        if (bias)
            bias.g[i] += dy[i];
        for (let j = 0, at = i * x.length; j < x.length; j++, at++) {
            w.g[at] += dy[i] * x[j];
            dx[j] += w.w[at] * dy[i];
        }
    }
    return [dx];
}

const LAYERS = {
    dense: { forward: denseForward, backward: denseBackward },
    flatten: { forward: (l, [x]) => x.slice(), backward: (l, x, dy) => [dy] },
    reshape: { forward: (l, [x]) => x.slice(), backward: (l, x, dy) => [dy] },
    /* As in evaluation: nothing is drawn at random in the page. */
    dropout: { forward: (l, [x]) => x.slice(), backward: (l, x, dy) => [dy] },
    noise: { forward: (l, [x]) => x.slice(), backward: (l, x, dy) => [dy] },
    add: { forward: (l, inputs) => inputs[0].map((v, i) => inputs.reduce((sum, x) => sum + x[i], 0)),
           backward: (l, inputs, dy) => inputs.map(() => dy) },
    multiply: { forward: (l, inputs) => inputs[0].map((v, i) => inputs.reduce((p, x) => p * x[i], 1)),
                backward: (l, inputs, dy) => inputs.map((x, k) => dy.map(
                    (d, i) => inputs.reduce((p, other, o) => (o === k ? p : p * other[i]), d))) },
    concat: { forward: (l, inputs) => [].concat(...inputs),
              backward: (l, inputs, dy) => {
                  let at = 0;
                  return inputs.map((x) => dy.slice(at, at += x.length));
              } },
};

function layerForward(layer, inputs) {
    if (ACTIVATIONS[layer.plugin])
        return inputs[0].map((x) => ACTIVATIONS[layer.plugin].f(x, layer.settings));
    if (ROWWISE[layer.plugin])
        return ROWWISE[layer.plugin].forward(inputs[0]);
    return LAYERS[layer.plugin].forward(layer, inputs);
}

function layerBackward(layer, inputs, y, dy) {
    const activation = ACTIVATIONS[layer.plugin];
    if (activation)
        return [dy.map((d, i) => d * activation.slope(inputs[0][i], y[i], layer.settings))];
    if (ROWWISE[layer.plugin])
        return [ROWWISE[layer.plugin].backward(y, dy)];
    return LAYERS[layer.plugin].backward(layer, inputs, dy);
}

/* ---- the net ---------------------------------------------------------------------------------------- */

class Net {
    constructor(data) {
        this.data = data;
        this.tensors = [];
        this.t = 0; /* steps done */
        this.layers = data.layers.map((layer) => ({ ...layer }));
        this.layers.forEach((layer, i) => {
            layer.w = this.addTensor(layer, i, 'weight');
            layer.bias = this.addTensor(layer, i, 'bias');
        });
    }

    addTensor(layer, index, name) {
        if (!layer[name])
            return null;
        const n = layer[name].length;
        const tensor = { layer: index, name, w: Float64Array.from(layer[name]), g: new Float64Array(n),
                         lr_factor: layer.lr_factor, trained: layer.trainable, slot: {} };
        for (const slot of OPTIMIZERS[this.data.optimizer.name].slots)
            tensor.slot[slot] = new Float64Array(n);
        this.tensors.push(tensor);
        return tensor;
    }

    row(r) {
        const n = this.data.input_size;
        return this.data.rows.x.slice(r * n, (r + 1) * n);
    }

    /* All layers' outputs for one row of the data. */
    forward(r) {
        const x = this.row(r), y = [];
        for (const layer of this.layers)
            y.push(layerForward(layer, layer.from.map((k) => (k < 0 ? x : y[k]))));
        return y;
    }

    /* {sum, weight, slope} of one row with the outputs OUT: weight as the loss counts rows. */
    lossOf(out, r) {
        const { name, settings } = this.data.loss, { label, target } = this.data.rows;
        if (CLASS_LOSSES[name])
            return CLASS_LOSSES[name](out, label[r], settings);
        const factor = settings.weight && settings.weight.length ? settings.weight : out.map(() => 1);
        const each = out.map((p, j) => ELEMENT_LOSSES[name](p, target[r * out.length + j], settings, j)
            .map((v) => factor[j] * v));
        return { sum: each.reduce((sum, e) => sum + e[0], 0), slope: each.map((e) => e[1]),
                 weight: BY_WEIGHT.includes(name) ? factor.reduce((sum, f) => sum + f, 0) : out.length };
    }

    /* The mean loss of rows, as it stands. */
    loss(rows) {
        let sum = 0, weight = 0;
        for (const r of rows) {
            const l = this.lossOf(this.forward(r).at(-1), r);
            sum += l.sum;
            weight += l.weight;
        }
        return sum / weight;
    }

    /* Blame of every output of row R for loss / WEIGHT, added to the tensors' gradients. */
    backward(r, y, slope, weight) {
        const x = this.row(r), dy = y.map((v) => new Array(v.length).fill(0));
        dy[y.length - 1] = slope.map((d) => d / weight);
        for (let i = this.layers.length; i-- > 0;) {
            const { from } = this.layers[i], inputs = from.map((k) => (k < 0 ? x : y[k]));
            layerBackward(this.layers[i], inputs, y[i], dy[i]).forEach((dx, k) => {
                if (from[k] >= 0)
                    dy[from[k]] = dy[from[k]].map((d, j) => d + dx[j]);
            });
        }
        return dy;
    }

    clear() {
        for (const tensor of this.tensors)
            tensor.g.fill(0);
    }

    /* The gradient of the mean loss of rows, in the tensors' g; returns that loss. */
    gradient(rows) {
        const passes = rows.map((r) => {
            const y = this.forward(r);
            return { r, y, loss: this.lossOf(y.at(-1), r) };
        });
        const weight = passes.reduce((sum, p) => sum + p.loss.weight, 0);
        this.clear();
        for (const p of passes)
            this.backward(p.r, p.y, p.loss.slope, weight);
        return passes.reduce((sum, p) => sum + p.loss.sum, 0) / weight;
    }

    gradientNorm() {
        const moved = this.tensors.filter((p) => p.trained);
        return Math.sqrt(moved.reduce((sum, p) => sum + dot(Array.from(p.g), p.g), 0));
    }

    /* One step of the optimizer on rows; returns the loss before it. */
    step(rows, rate) {
        const loss = this.gradient(rows), most = this.data.clip_norm;
        const factor = most > 0 ? Math.min(1, most / (this.gradientNorm() + 1e-6)) : 1;
        this.t++;
        for (const p of this.tensors) {
            if (!p.trained)
                continue;
            p.g.forEach((g, i) => { p.g[i] = g * factor; });
            OPTIMIZERS[this.data.optimizer.name].step(p, rate * p.lr_factor, this.t, this.data.optimizer.settings);
        }
        return loss;
    }

    /* Weights, gradients, slots and step as they are; restore() goes back to them. */
    save() {
        return { t: this.t, tensors: this.tensors.map((p) => ({
            w: p.w.slice(), g: p.g.slice(),
            slot: Object.fromEntries(Object.entries(p.slot).map(([name, v]) => [name, v.slice()])) })) };
    }

    restore(saved) {
        this.t = saved.t;
        saved.tensors.forEach((s, i) => {
            const p = this.tensors[i];
            p.w.set(s.w);
            p.g.set(s.g);
            for (const name of Object.keys(p.slot))
                p.slot[name].set(s.slot[name]);
        });
    }

    /* What one step would do: each tensor's weights after it, and the loss of rows then. */
    preview(rows, rate) {
        const saved = this.save();
        this.step(rows, rate);
        const after = { w: this.tensors.map((p) => p.w.slice()), loss: this.loss(rows) };
        this.restore(saved);
        return after;
    }

    /* The mean loss of rows with one weight of TENSOR set to VALUE, the others held. */
    lossWith(tensor, index, value, rows) {
        const old = tensor.w[index];
        tensor.w[index] = value;
        const loss = this.loss(rows);
        tensor.w[index] = old;
        return loss;
    }
}

if (typeof module !== 'undefined')
    module.exports = { Net, ACTIVATIONS, ROWWISE, ELEMENT_LOSSES, CLASS_LOSSES, OPTIMIZERS, LAYERS };
