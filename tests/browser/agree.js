// agree.js - does the net in an interactive page compute what the program computed?
//
//     node agree.js PAGE RECORD WEIGHTS
//
// RECORD: JSON of a run's steps, [{loss, norm, lr, norms: [of each tensor]}...]; WEIGHTS: what `fell
// export` wrote after the last of them. The page's own script computes, without a page around it.
'use strict';
const fs = require('fs');
const [, , pageFile, recordFile, weightsFile] = process.argv;
const page = fs.readFileSync(pageFile, 'utf8');
const data = JSON.parse(page.match(/<script type="application\/json" id="net-data">(.*?)<\/script>/s)[1]);
const script = page.slice(page.lastIndexOf('<script>') + 8, page.lastIndexOf('</script>'));
const { Net } = (() => {
    const module = {};
    new Function('module', script.slice(0, script.indexOf('/* draw.js')))(module);
    return module.exports;
})();

/* The safetensors format: the size of a JSON header, the header, the values. */
function readWeights(file) {
    const bytes = fs.readFileSync(file), size = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.subarray(8, 8 + size).toString()), weights = {};
    for (const [name, t] of Object.entries(header)) {
        if (name === '__metadata__')
            continue;
        const part = bytes.subarray(8 + size + t.data_offsets[0], 8 + size + t.data_offsets[1]);
        weights[name] = Array.from({ length: part.length / 4 }, (v, i) => part.readFloatLE(4 * i));
    }
    return weights;
}

const TOLERANCE = 1e-4;
let worst = 0, compared = 0;
function compare(what, got, wanted) {
    const error = Math.abs(got - wanted) / Math.max(Math.abs(wanted), 0.01);
    compared++;
    worst = Math.max(worst, error);
    if (!(error <= TOLERANCE)) {
        console.error(`${pageFile}: ${what} is ${got} in the page, ${wanted} in the program`);
        process.exit(1);
    }
}

const net = new Net(data), record = JSON.parse(fs.readFileSync(recordFile, 'utf8'));
const perEpoch = data.batch ? Math.ceil(data.training / data.batch) : 1;
record.forEach((s, t) => {
    const epoch = Math.floor(t / perEpoch), at = (t % perEpoch) * data.batch;
    const order = data.orders ? data.orders[epoch] : Array.from({ length: data.training }, (v, i) => i);
    const rows = data.batch ? order.slice(at, at + data.batch) : order;
    const loss = net.gradient(rows);
    compare(`step ${t + 1}, loss`, loss, s.loss);
    compare(`step ${t + 1}, gradient norm`, net.gradientNorm(), s.norm);
    s.norms.forEach((norm, k) => {
        if (net.tensors[k].trained) /* a frozen tensor has no gradient in the program */
            compare(`step ${t + 1}, gradient norm of tensor ${k}`, Math.hypot(...net.tensors[k].g), norm);
    });
    net.step(rows, s.lr);
});
const weights = readWeights(weightsFile);
for (const p of net.tensors) {
    const name = `${net.layers[p.layer].name}.${p.name}`;
    p.w.forEach((w, i) => compare(`${name}[${i}] after ${record.length} steps`, w, weights[name][i]));
}
console.log(`${record.length} steps, ${compared} numbers, largest difference ${worst.toExponential(1)}`);
