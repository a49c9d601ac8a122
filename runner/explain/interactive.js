/* interactive.js - answers the reader: sliders, buttons and choices change the net of net.js,
 * and everything that is shown is drawn anew. The last script of the page; the tests read and
 * drive it through window.fell.
 */

const $ = (id) => document.getElementById(id);
const data = JSON.parse($('net-data').textContent);
const net = new Net(data);
const startRate = data.rate;
const beginning = net.save();

const state = {
    rate: startRate,
    learn: data.batch ? 'batch' : 'all', /* what a step learns from: all, batch, row */
    sample: data.sample,
    tensor: net.tensors.findIndex((p) => p.layer === data.weight.layer && p.name === data.weight.tensor),
    index: data.weight.index,
    range: [0, 1], /* of the weight's slider and its landscape */
    losses: [],    /* of the steps done */
};

const html = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[c]));
const all = Array.from({ length: data.training }, (v, i) => i);
const tensor = () => net.tensors[state.tensor];
const layerOf = (p) => net.layers[p.layer];
const inputsOf = (p) => (p.name === 'weight' ? p.w.length / layerOf(p).size : 1);
const toOf = () => Math.floor(state.index / inputsOf(tensor()));
const fromOf = () => state.index % inputsOf(tensor());

function weightName() {
    const p = tensor();
    return `${layerOf(p).name}.${p.name}[${p.name === 'weight' ? `${toOf()},${fromOf()}` : state.index}]`;
}

const inputName = (j) => (data.inputs ? data.inputs[j] : `x${j}`);
const className = (k) => (data.classes ? data.classes[k] : String(k));

/* ---- the rows that a step learns from ------------------------------------------------------- */

/* The rows of step T (from 0) as the run takes them: an epoch is shuffled, then cut. Behind the
 * epochs whose order the page has, they come round again. */
function batchAt(t) {
    const perEpoch = Math.ceil(data.training / data.batch), epoch = Math.floor(t / perEpoch);
    const order = data.orders ? data.orders[epoch % data.orders.length] : all;
    const begin = (t % perEpoch) * data.batch;
    return order.slice(begin, begin + data.batch);
}

function rows() {
    return state.learn === 'row' ? [state.sample] : state.learn === 'batch' ? batchAt(net.t) : all;
}

/* ---- the drawing: layers gathered into columns of neurons -------------------------------------- */

const PASSING = ['flatten', 'reshape', 'dropout', 'noise'];
const isElementwise = (layer) => layer.plugin in ACTIVATIONS;

/* [{first, last}...] layers of each column, -1 for the input's; columnOf: column of each layer. An
 * activation stands in its neurons' own column, layers that let everything through in none. */
const columnOf = new Map([[-1, 0]]);
const columns = [{ first: -1, last: -1 }];
net.layers.forEach((layer, i) => {
    const from = layer.from[0], c = columns[columnOf.get(from)];
    const uses = net.layers.filter((l) => l.from.includes(from)).length;
    const joins = layer.from.length === 1 && uses === 1 && c.last === from &&
        (PASSING.includes(layer.plugin) || (from >= 0 && layer.plugin in { ...ACTIVATIONS, ...ROWWISE }));
    if (joins) {
        c.last = i;
        columnOf.set(i, columnOf.get(from));
    } else {
        columnOf.set(i, columns.length);
        columns.push({ first: i, last: i });
    }
});

const imageShape = (() => {
    const n = data.input_size, side = Math.round(Math.sqrt(n)), shape = data.input_shape;
    if (shape.length === 3 && shape[0] === 1)
        return { width: shape[2], height: shape[1] };
    return n >= 49 && side * side === n && n <= 1024 ? { width: side, height: side } : null;
})();

function columnTitle(c) {
    if (c.first < 0)
        return ['input', imageShape ? `${imageShape.width}×${imageShape.height}` : `${data.input_size} numbers`];
    const others = net.layers.slice(c.first + 1, c.last + 1).filter((l, k) => columnOf.get(c.first + 1 + k) === columns.indexOf(c))
        .map((l) => l.plugin).filter((name) => !PASSING.includes(name));
    const first = net.layers[c.first], words = first.plugin === 'dense' ? others : [first.plugin, ...others];
    return [first.name, `${first.size} × ${words.join(', ') || 'linear'}`];
}

const largest = (list) => list.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;

/* Numbers of each column for the row that is shown, and the blame of their weighted sums. */
function passOf(r) {
    const gradients = net.tensors.map((p) => p.g.slice());
    const y = net.forward(r), loss = net.lossOf(y.at(-1), r);
    net.clear();
    const dy = net.backward(r, y, loss.slope, loss.weight);
    const own = net.tensors.map((p) => p.g.slice());
    net.tensors.forEach((p, k) => p.g.set(gradients[k]));
    return { x: net.row(r), y, dy, own, loss: loss.sum / loss.weight };
}

function nodesOf(c, k, pass, backward) {
    const values = c.first < 0 ? pass.x : pass.y[c.last], blame = c.first < 0 ? null : pass.dy[c.first];
    const shown = backward && blame ? blame : values, top = largest(shown), p = tensor();
    const chosenColumn = columnOf.get(p.layer), sources = columnOf.get(layerOf(p).from[0]);
    return values.map((v, i) => ({
        index: i,
        text: sayShort(shown[i]),
        label: c.first < 0 ? (data.inputs || !imageShape ? inputName(i) : '')
            : k === columns.length - 1 && data.rows.label ? className(i) : '',
        title: `${c.first < 0 ? inputName(i) : `${net.layers[c.first].name}[${i}]`} = ${say(v)}` +
            (blame ? `, blame ${say(blame[i])}` : ''),
        shade: backward && !blame && !imageShape ? 0 : shown[i] / top,
        chosen: (k === chosenColumn && i === toOf()) || (k === sources && p.name === 'weight' && i === fromOf()),
    }));
}

/* The edges into a column: weights of a dense layer, else one line to each of a neuron's sources. */
function edgesInto(c, k, pass, backward, drawn) {
    if (c.first < 0)
        return [];
    const layer = net.layers[c.first], list = [];
    if (layer.plugin !== 'dense') {
        let offset = 0;
        for (const source of layer.from) {
            const n = source < 0 ? data.input_size : net.layers[source].size;
            for (let i = 0; i < n; i++)
                list.push({ from: [columnOf.get(source), i], to: [k, layer.plugin === 'concat' ? offset + i : i],
                            size: 0.1, sign: 0, chosen: false });
            offset += n;
        }
        return list;
    }
    const t = net.tensors.indexOf(layer.w), n = inputsOf(layer.w), source = columnOf.get(layer.from[0]);
    const numbers = backward ? pass.own[t] : layer.w.w, top = largest(numbers), image = source === 0 && imageShape;
    for (const i of drawn[k])
        for (const j of image ? Array.from({ length: n }, (v, pixel) => pixel) : drawn[source]) {
            const at = i * n + j, chosen = t === state.tensor && at === state.index;
            if (image && !(columnOf.get(tensor().layer) === k && i === toOf()))
                continue; /* an image has too many pixels: lines go to the chosen neuron only */
            list.push({ from: [source, j], to: [k, i], size: Math.abs(numbers[at]) / top, sign: Math.sign(numbers[at]),
                        chosen, weight: [t, at],
                        title: `${layer.name}.weight[${i},${j}] = ${say(layer.w.w[at])}, this row's ∂L/∂w = ${say(pass.own[t][at])}` });
        }
    return list;
}

function drawTheNet(pass) {
    const backward = document.querySelector('input[name=colour]:checked').value === 'backward';
    const p = tensor(), keepTo = columnOf.get(p.layer), keepFrom = p.name === 'weight' ? columnOf.get(layerOf(p).from[0]) : -1;
    const list = columns.map((c, k) => {
        const nodes = nodesOf(c, k, pass, backward), [title, subtitle] = columnTitle(c);
        const keep = [k === keepTo ? toOf() : -1, k === keepFrom ? fromOf() : -1,
                      k === columns.length - 1 && data.rows.label ? data.rows.label[state.sample] : -1];
        return { title, subtitle, nodes, keep, image: k === 0 ? imageShape : null };
    });
    const drawn = list.map((c) => (c.image ? [] : shownOf(c.nodes.length, c.keep).filter((i) => i >= 0)));
    drawNet($('drawing'), list, columns.flatMap((c, k) => edgesInto(c, k, pass, backward, drawn)), (weight, pixel) => {
        if (weight)
            choose(weight[0], weight[1]);
        else if (tensor().name === 'weight' && columnOf.get(layerOf(tensor()).from[0]) === 0)
            choose(state.tensor, toOf() * inputsOf(tensor()) + pixel);
    });
    $('key').innerHTML = backward
        ? '<b>Neurons</b>: their blame, ∂L/∂z of this row. <b>Lines</b>: ∂L/∂w of this row. ' +
          '<span class="plus-text">Blue</span> is positive: more of it makes the loss larger. <span class="minus-text">Orange</span> is negative.'
        : '<b>Neurons</b>: activations for this row. <b>Lines</b>: weights, the wider the larger. ' +
          '<span class="plus-text">Blue</span> is positive, <span class="minus-text">orange</span> negative.';
}

/* ---- the panels ------------------------------------------------------------------------------------ */

/* What the net answers for the row that is shown: [{name, share}] of classes, or values. */
function showAnswer(pass) {
    const out = pass.y.at(-1), r = state.sample, { label, target } = data.rows, name = data.loss.name;
    let text, shown;
    if (label) {
        const p = name === 'cross_entropy' ? softmax(out) : name === 'nll' ? out.map(Math.exp) : out;
        const top = p.indexOf(Math.max(...p));
        const first = p.map((v, k) => ({ v, k })).sort((a, b) => b.v - a.v).filter((c, i) => i < 5 || c.k === label[r]);
        shown = first.length;
        text = first.sort((a, b) => a.k - b.k).map(({ v, k }) =>
                `<div class="class${k === label[r] ? ' right-class' : ''}"><span>${html(className(k))}</span>` +
                `<span class="track"><span class="fill" style="display:block;width:${(100 * v).toFixed(1)}%"></span></span>` +
                `<span class="percent">${(100 * v).toFixed(1)} %</span></div>`).join('');
        text = `<p>The net says <b>${html(className(top))}</b>; the label is <b>${html(className(label[r]))}</b>.</p>` +
            `<div class="classes">${text}</div>` + (p.length > shown ? `<p class="label">${p.length - shown} other classes are not shown.</p>` : '');
    } else {
        text = out.map((v, j) => `<p>The net says <b>${say(name === 'bce_with_logits' ? sigmoid(v) : v)}</b>; ` +
            `the target is <b>${say(target[r * out.length + j])}</b>.</p>`).slice(0, 6).join('');
    }
    $('answer').innerHTML = `${text}<p class="label">Loss of this row: <b>${say(pass.loss)}</b></p>`;
}

/* Forward and back through the neuron that the weight belongs to, in this row's numbers. */
function showPath(pass) {
    const p = tensor(), layer = layerOf(p), i = toOf(), source = layer.from[0];
    const x = source < 0 ? pass.x : pass.y[source], n = x.length, here = columns[columnOf.get(p.layer)];
    const factor = (v) => (v < 0 ? `(${say(v, 3)})` : say(v, 3));
    const terms = Array.from({ length: n }, (v, j) => j).sort((a, b) => Math.abs(layer.w.w[i * n + b] * x[b]) - Math.abs(layer.w.w[i * n + a] * x[a]))
        .slice(0, 4).sort((a, b) => a - b).map((j) => {
            const product = `${factor(layer.w.w[i * n + j])}·${factor(x[j])}`;
            return p.name === 'weight' && j === fromOf() ? `<b class="name">${product}</b>` : product;
        });
    const z = pass.y[p.layer][i], a = pass.y[here.last][i], next = net.layers[p.layer + 1];
    const bent = here.last > p.layer && next && isElementwise(next);
    const blame = pass.dy[p.layer][i], own = pass.own[state.tensor][state.index];
    const lines = [
        `<b>Forward.</b> Weighted sum z = ${terms.join(' + ')}${n > 4 ? ` + … (${n} products)` : ''}` +
        `${layer.bias ? ` + bias ${factor(layer.bias.w[i])}` : ''} = <b>${say(z)}</b>`,
        here.last > p.layer ? `Activation a = <b>${say(a)}</b>` : '',
        `<b>Backward.</b> Blame of the sum: ∂L/∂z = ` + (bent
            ? `∂L/∂a · slope = ${factor(pass.dy[p.layer + 1][i])} · ${factor(ACTIVATIONS[next.plugin].slope(z, pass.y[p.layer + 1][i], next.settings))} = ` : '') +
        `<b>${say(blame)}</b>`,
        p.name === 'weight'
            ? `This row's ∂L/∂w = ∂L/∂z · input = ${factor(blame)} · ${factor(x[fromOf()])} = <b>${say(own)}</b>`
            : `This row's ∂L/∂b = ∂L/∂z = <b>${say(own)}</b>`,
    ];
    $('path').innerHTML = lines.filter((l) => l).map((l) => `<p>${l}</p>`).join('');
}

function showWeight(now) {
    const p = tensor(), w = p.w[state.index], g = p.g[state.index], after = now.after.w[state.tensor][state.index];
    const epsilon = 1e-4 * Math.max(1, Math.abs(w));
    const quotient = (net.lossWith(p, state.index, w + epsilon, now.rows) - net.lossWith(p, state.index, w - epsilon, now.rows)) / (2 * epsilon);
    const plain = data.optimizer.name === 'sgd' && !data.optimizer.settings.momentum;
    const lines = [
        ['Slope by backpropagation, ∂L/∂w', say(g)],
        ['Slope by trying, (L(w+ε) − L(w−ε)) / 2ε', say(quotient)],
        [p.trained ? `A step of ${html(data.optimizer.name)}${plain ? ', −η · ∂L/∂w' : ''}` : 'Frozen: no step moves it', say(after - w)],
        ['The weight, before → after it', `${say(w)} → ${say(after)}`],
        ['The loss, before → after, when all weights take it', `${say(now.loss)} → ${say(now.after.loss)}`],
    ];
    $('update').innerHTML = lines.map(([a, b]) => `<tr><td>${a.replace('∂L/∂w', '<span class="together">∂L/∂w</span>')}</td><td>${b}</td></tr>`).join('');
    $('weight-name').textContent = weightName();
    drawLandscape(now, w, g, after);
}

/* ---- charts ----------------------------------------------------------------------------------------- */

/* Points on a curve: fewer where each costs a pass over many rows. */
function landscapePoints(n) {
    const cost = n * net.tensors.reduce((sum, p) => sum + p.w.length, 0);
    return Math.max(21, Math.min(121, 2 * Math.floor(2e7 / cost) + 1));
}

function drawLandscape(now, w, g, after) {
    const [low, high] = state.range, n = landscapePoints(now.rows.length), p = tensor();
    const xs = Array.from({ length: n }, (v, i) => low + (high - low) * i / (n - 1)).concat(w).sort((a, b) => a - b);
    const curve = xs.map((x) => [x, x === w ? now.loss : net.lossWith(p, state.index, x, now.rows)]);
    const alone = net.lossWith(p, state.index, after, now.rows);
    const finite = curve.map((c) => c[1]).filter(Number.isFinite).concat(Number.isFinite(alone) ? alone : []);
    const bottom = Math.min(...finite), top = Math.max(...finite), margin = (top - bottom || Math.abs(top) || 1) * 0.12;
    const reach = (high - low) * 0.22;
    drawChart($('landscape'), {
        title: `Loss against ${weightName()}: now ${say(now.loss)} at ${say(w)}, slope ${say(g)}`,
        xLabel: `w = ${weightName()}`, yLabel: 'loss L', xRange: [low, high], yRange: [bottom - margin, top + margin],
        lines: [{ class: 'curve', points: curve },
                { class: 'tangent', points: [[w - reach, now.loss - reach * g], [w + reach, now.loss + reach * g]] },
                { class: 'move', points: [[w, now.loss], [after, alone]], arrow: true }],
        dots: [{ class: 'dot2', x: after, y: alone, label: Math.abs(after - w) > 0.04 * (high - low) ? 'step' : '', below: true },
               { class: 'dot', x: w, y: now.loss, label: 'now' }],
    });
}

function drawHistory(now) {
    const points = state.losses.map((loss, i) => [i, loss]).concat([[net.t, now.loss]]);
    const finite = points.map((p) => p[1]).filter(Number.isFinite), top = Math.max(...finite, 1e-9);
    drawChart($('history'), {
        title: `Loss over ${net.t} steps, now ${say(now.loss)}`, xLabel: 'step', yLabel: 'loss L',
        xRange: [0, Math.max(10, net.t)], yRange: [Math.min(0, ...finite), top * 1.08], whole: true,
        lines: [{ class: 'curve', points }], dots: [{ class: 'dot', x: net.t, y: now.loss, label: '' }],
    });
}

/* ---- everything anew ---------------------------------------------------------------------------------- */

/* A range for the slider around W, wide enough to see a valley. */
function rangeAround(w) {
    const half = Math.max(1.5, 1.5 * Math.abs(w));
    state.range = [+(w - half).toPrecision(3), +(w + half).toPrecision(3)];
}

function showControls() {
    const w = tensor().w[state.index], [low, high] = state.range, slider = $('value');
    if (!(w >= low && w <= high))
        rangeAround(w);
    [slider.min, slider.max] = state.range;
    slider.step = (state.range[1] - state.range[0]) / 1000;
    slider.value = w;
    slider.setAttribute('aria-valuetext', say(w));
    if (document.activeElement !== $('value-number'))
        $('value-number').value = +w.toPrecision(5);
    $('rate').value = state.rate > 0 ? Math.log10(state.rate) : -5;
    $('rate').setAttribute('aria-valuetext', say(state.rate));
    if (document.activeElement !== $('rate-number'))
        $('rate-number').value = +state.rate.toPrecision(4);
    $('tensor').value = state.tensor;
    fillNeurons();
}

function show() {
    showControls();
    const now = { rows: rows() };
    now.loss = net.gradient(now.rows);
    now.after = net.preview(now.rows, state.rate);
    const pass = passOf(state.sample);
    $('loss').textContent = say(now.loss);
    $('loss-of').textContent = state.learn === 'row' ? 'Loss of this row'
        : `Loss over ${now.rows.length} rows${state.learn === 'batch' ? ', the next batch' : ''}`;
    $('steps').textContent = net.t;
    drawTheNet(pass);
    showAnswer(pass);
    showWeight(now);
    drawHistory(now);
    showPath(pass);
    window.fell.now = now;
}

/* ---- what the reader does --------------------------------------------------------------------------------- */

function step(n) {
    for (let k = 0; k < n; k++)
        state.losses.push(net.step(rows(), state.rate));
    show();
}

function choose(t, index) {
    state.tensor = t;
    state.index = index;
    rangeAround(tensor().w[index]);
    show();
}

function setWeight(v) {
    if (!Number.isFinite(v))
        return;
    tensor().w[state.index] = v;
    show();
}

function setRate(v) {
    if (!(v >= 0 && Number.isFinite(v)))
        return;
    state.rate = v;
    show();
}

function reset() {
    net.restore(beginning);
    state.rate = startRate;
    state.losses = [];
    rangeAround(tensor().w[state.index]);
    show();
}

const options = (list) => list.map(([value, text]) => `<option value="${value}">${html(text)}</option>`).join('');

/* The choices of one neuron to, and one from. */
function fillNeurons() {
    const p = tensor(), layer = layerOf(p), source = layer.from[0], key = state.tensor;
    if ($('to').dataset.of !== String(key)) {
        $('to').innerHTML = options(Array.from({ length: layer.size }, (v, i) => [i, String(i)]));
        $('from').innerHTML = options(Array.from({ length: inputsOf(p) }, (v, j) => [j, source < 0 ? inputName(j) : String(j)]));
        $('to').dataset.of = key;
    }
    $('from-label').hidden = p.name !== 'weight';
    $('to').value = toOf();
    $('from').value = fromOf();
}

function begin() {
    const { name, settings } = data.optimizer, extras = Object.entries(settings)
        .filter(([key, v]) => ['momentum', 'weight_decay'].includes(key) && v).map(([key, v]) => `${key} ${v}`);
    $('lead').textContent = `${net.tensors.reduce((sum, p) => sum + p.w.length, 0)} parameters, ` +
        `${data.training} training rows, loss ${data.loss.name}, ${[name, ...extras].join(', ')}; ` +
        `${data.epoch ? `weights after epoch ${data.epoch}${data.run ? ` of run ${data.run}` : ''}` : 'weights as they are initialised'}. ` +
        'Move a weight or the learning rate, press Step, and watch the loss, the blame and the landscape.' +
        (data.about ? ` The data: ${data.about}` : '');
    $('notes').innerHTML = data.notes.map((text) => `<li>${html(text)}</li>`).join('');
    $('notes').hidden = !data.notes.length;
    $('tensor').innerHTML = options(net.tensors.map((p, k) => [k, `${layerOf(p).name}.${p.name}`]));
    $('learn').innerHTML = options([
        ...(data.batch ? [['batch', `the run's next batch, ${data.batch} rows`]] : []),
        ['all', `all ${data.training} rows`], ['row', 'the row that is shown, alone']]);
    $('learn').value = state.learn;
    $('sample').innerHTML = options(data.rows.names.map((text, r) => [r, text + (data.rows.label
        ? ` · ${className(data.rows.label[r])}` : data.input_size <= 4 ? ` · (${net.row(r).map((v) => say(v, 3)).join(', ')})` : '')]));
    $('sample').value = state.sample;

    $('step').addEventListener('click', () => step(1));
    $('steps10').addEventListener('click', () => step(10));
    $('reset').addEventListener('click', reset);
    $('rate').addEventListener('input', (e) => setRate(+(10 ** +e.target.value).toPrecision(3)));
    $('rate-number').addEventListener('change', (e) => setRate(+e.target.value));
    $('value').addEventListener('input', (e) => setWeight(+e.target.value));
    $('value-number').addEventListener('change', (e) => setWeight(+e.target.value));
    $('learn').addEventListener('change', (e) => { state.learn = e.target.value; show(); });
    $('sample').addEventListener('change', (e) => { state.sample = +e.target.value; show(); });
    $('tensor').addEventListener('change', (e) => choose(+e.target.value, 0));
    for (const id of ['to', 'from'])
        $(id).addEventListener('change', () => choose(state.tensor, +$('to').value * inputsOf(tensor()) + +$('from').value));
    $('colour').addEventListener('change', show);
    let width = window.innerWidth;
    window.addEventListener('resize', () => {
        if (window.innerWidth !== width)
            show();
        width = window.innerWidth;
    });
    window.fell = { net, state, data, step, choose, setWeight, setRate, reset, rows };
    rangeAround(tensor().w[state.index]);
    show();
}

begin();
