/* curves.js - the curves of the report: a loss or a metric by trial over epochs, the mean of the repeats
 * with a band of a standard deviation.
 */

function decode(text) {
    const bytes = atob(text), buffer = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++)
        buffer[i] = bytes.charCodeAt(i);
    return new Float32Array(buffer.buffer);
}

/* What report_curves.c wrote, as [{run, x, y}...]. */
function seriesOf(part) {
    const numbers = decode(part.numbers), epochs = new Map();
    let at = 0;
    return part.series.map(([run, n, first, step]) => {
        const y = numbers.subarray(at, at + n), key = `${n} ${first} ${step}`;
        let x;
        at += n;
        if (step) {
            if (!epochs.has(key))
                epochs.set(key, Float32Array.from(y, (v, i) => first + i * step));
            x = epochs.get(key); /* the same object for all that share it */
        } else {
            x = numbers.subarray(at, at + n);
            at += n;
        }
        return { run, x, y };
    });
}

/* Mean and deviation over the runs of one trial, where they have common epochs; null where not. The longest
 * gives the epochs; where a run has ended, the others count. */
function meanOf(runs) {
    const longest = runs.reduce((a, b) => (b.x.length > a.x.length ? b : a));
    if (runs.some((r) => r.x.some((epoch, i) => epoch !== longest.x[i])))
        return null;
    const n = longest.x.length, y = new Float32Array(n), low = new Float32Array(n), high = new Float32Array(n);
    for (let i = 0; i < n; i++) {
        let sum = 0, squares = 0, count = 0;
        for (const r of runs)
            if (i < r.y.length && Number.isFinite(r.y[i])) {
                sum += r.y[i];
                count++;
            }
        for (const r of runs)
            if (i < r.y.length && Number.isFinite(r.y[i]))
                squares += (r.y[i] - sum / count) ** 2;
        const sd = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
        y[i] = count ? sum / count : NaN;
        low[i] = y[i] - sd;
        high[i] = y[i] + sd;
    }
    return { x: longest.x, y, low, high };
}

/* The mean of what came before, by weights that fall by the factor S; free of where it began. */
function smooth(y, s) {
    let mean = 0, weight = 0;
    return s ? y.map((v) => {
        if (!Number.isFinite(v))
            return v;
        mean = s * mean + (1 - s) * v;
        weight = s * weight + 1 - s;
        return mean / weight;
    }) : y;
}

const DASHES = { train: [], validation: [7, 4], test: [2, 3] };

class Curves {
    /* REPORT: what report.js knows of all trials. */
    constructor(report, into) {
        const names = [...new Set(report.curves.measures.map((m) => m.name))];
        this.report = report;
        this.parts = new Map();
        this.state = { name: names[0], hidden: new Set(), log: false, logX: false, better: false, smooth: 0, colour: '' };
        this.state.log = this.spansDecades(names[0]);
        this.controls(into, names);
        if (this.note())
            into.append(make('p', { class: 'note', id: 'thinned' }, this.note()));
        this.picture = new Picture(into, {
            name: `${report.experiment}-curves`, label: 'Curves of the trials over epochs', sql: () => this.sql(),
            height: (w) => Math.round(Math.min(Math.max(w * 0.42, 320), 620)),
            paint: (...a) => this.paint(...a), find: (x, y) => this.find(x, y), move: (key, spot) => this.move(key, spot),
            mark: (...a) => this.mark(...a), pick: (spot) => report.pin(spot.line.trial), zoom: null,
            span: (from, to, both) => this.span(from, to, both), table: () => this.table() });
        this.remake();
    }
    /* Whether a log scale shows more: all values are positive, and the median is far below the highest. */
    spansDecades(name) {
        const all = Float32Array.from(this.report.curves.measures.filter((m) => m.name === name).flatMap((m) => this.seriesOf(m).runs)
            .flatMap((r) => [r.y[0], r.y[r.y.length >> 1], r.y[r.y.length - 1]]).filter(Number.isFinite)).sort();
        return all.length > 0 && all[0] > 0 && all[all.length - 1] / all[all.length >> 1] > 20;
    }
    /* What is not drawn as it was recorded. */
    note() {
        const { runs, all, thinned, epochs } = this.report.curves, words = [];
        if (all > runs.length)
            words.push(`Drawn are ${runs.length} of ${all} runs, those of the best trials; the grey band goes from the lowest to the highest ` +
                'value of all runs.');
        if (thinned)
            words.push(`Series are thinned: of ${epochs} epochs a run has ${thinned} columns, each with its lowest and its highest value.`);
        return words.join(' ');
    }
    controls(into, names) {
        const { state } = this, change = (f) => (e) => { f(e.target); this.remake(); };
        const select = (label, options, f) => make('label', {}, label, make('select', { change: change(f) },
            ...options.map(([value, words]) => make('option', { value }, cut(words, 60)))));
        const check = (label, checked, f) => make('label', {}, make('input', { type: 'checkbox', checked, change: change((t) => f(t.checked)) }), label);
        const splits = ['train', 'validation', 'test'].filter((s) => this.report.curves.measures.some((m) => m.split === s));
        const one = this.report.kind === 'run';
        into.append(make('div', { class: 'controls' },
            select('Show', names.map((n) => [n, n]), (t) => { state.name = t.value; }),
            ...splits.map((s) => check(s, true, (on) => state.hidden[on ? 'delete' : 'add'](s))),
            one ? null : select('Colour by', [['', 'rank'], ...this.report.settings.map((s) => [s.path, s.title])], (t) => { state.colour = t.value; }),
            check('log', state.log, (on) => { state.log = on; }), check('log epochs', false, (on) => { state.logX = on; }),
            one ? null : check('better half', false, (on) => { state.better = on; }),
            make('label', {}, 'Smoothing', make('input', { type: 'range', min: 0, max: 0.98, step: 0.02, value: 0,
                                                           input: change((t) => { state.smooth = +t.value; }) }))));
    }
    measures() {
        return this.report.curves.measures.filter((m) => m.name === this.state.name && !this.state.hidden.has(m.split));
    }
    sql() {
        return this.measures().flatMap((m) => [m.sql, ...(m.range ? [m.range.sql] : [])].map((sql) => `-- ${m.split}\n${sql};`)).join('\n\n');
    }
    /* The series of a measure, read when it is first looked at. */
    seriesOf(m) {
        if (!this.parts.has(m))
            this.parts.set(m, { runs: seriesOf(m), range: m.range ? seriesOf(m.range) : null });
        return this.parts.get(m);
    }
    remake() {
        const { report, state } = this, means = [];
        this.lines = [];
        this.ranges = [];
        for (const m of this.measures()) {
            const trials = new Map(), { runs, range } = this.seriesOf(m);
            for (const r of runs)
                if (report.runs.has(r.run)) {
                    const { trial } = report.runs.get(r.run);
                    trials.set(trial, [...(trials.get(trial) || []), r]);
                }
            for (const [trial, list] of trials) {
                const mean = list.length > 1 && !report.curves.thinned ? meanOf(list) : null;
                means.push(list.length > 1 && !mean);
                for (const r of mean ? [{ ...mean, run: null, runs: list.map((l) => l.run) }] : list)
                    this.lines.push({ ...r, trial, split: m.split, y: smooth(r.y, state.smooth), low: r.low ? smooth(r.low, state.smooth) : null,
                                      high: r.high ? smooth(r.high, state.smooth) : null });
            }
            if (range && range.length > 1)
                this.ranges.push({ split: m.split, low: range[0], high: range[1] });
        }
        this.lines.sort((a, b) => report.rankOf(b.trial) - report.rankOf(a.trial)); /* the best on top */
        this.apart = means.some(Boolean);
        if (this.picture) {
            if (this.picture.what.zoom)
                this.picture.what.zoom.y = null; /* of other values */
            this.picture.show(null);
            this.picture.draw();
        }
    }
    colourOf(trial, c) {
        const { report, state } = this;
        return state.colour ? report.colourOf(state.colour, trial, c)
            : report.pins.has(trial) ? c.mark : report.rankOf(trial) === 0 ? c.minus : c.plus;
    }
    /* The epochs, and where BOTH the values, between two places of the picture; null: there is nothing between them. */
    span(from, to, both) {
        const { x, y } = this.scales, [a, b] = [x.of(from[0]), x.of(to[0])].sort((p, q) => p - q), first = Math.max(a, this.all.first), last = Math.min(b, this.all.last);
        return last - first > 1e-9 && (first > this.all.first || last < this.all.last || both)
            ? { x: [first, last], y: both ? [y.of(from[1]), y.of(to[1])].sort((p, q) => p - q) : null, words: `epochs ${say(first, 4)} to ${say(last, 4)}` } : null;
    }
    /* Of all that is drawn, or of the trials that are better than the median; with a part chosen, of its epochs. */
    limits() {
        const { report } = this, better = (l) => report.rankOf(l.trial) < report.rows.length / 2;
        const all = [...this.lines, ...this.ranges.flatMap((r) => [r.low, r.high])], some = this.state.better ? this.lines.filter(better) : all;
        let lo = Infinity, hi = -Infinity, first = Infinity, last = 1;
        const { zoom } = this.picture ? this.picture.what : {}, [from, until] = zoom ? zoom.x : [-Infinity, Infinity];
        (some.length ? some : all).forEach(({ x, y }) => {
            for (let i = 0; i < y.length; i++)
                if (Number.isFinite(y[i]) && (!this.state.log || y[i] > 0) && x[i] >= from && x[i] <= until) {
                    lo = Math.min(lo, y[i]);
                    hi = Math.max(hi, y[i]);
                }
        });
        for (const l of all) {
            if (l.x.length) {
                first = Math.min(first, l.x[0]);
                last = Math.max(last, l.x[l.x.length - 1]);
            }
        }
        this.all = { first: Math.min(first, last), last };
        return zoom ? { lo: zoom.y ? zoom.y[0] : lo, hi: zoom.y ? zoom.y[1] : hi, first: zoom.x[0], last: zoom.x[1] } : { lo, hi, ...this.all };
    }
    paint(pen, w, h, c) {
        const { state, report } = this, box = { x: 62, y: 44, w: w - 80, h: h - 88 }, { lo, hi, first, last } = this.limits();
        const x = scaleOf(first, last, box.x, box.x + box.w, { log: state.logX, n: w / 110 });
        const y = scaleOf(lo, hi, box.y + box.h, box.y, { log: state.log, margin: this.picture?.what.zoom?.y ? 0 : 0.03 });
        this.scales = { x, y, box };
        drawAxes(pen, box, c, { x, y, xTitle: 'epoch', yTitle: state.name });
        this.legend(pen, w, c);
        const many = this.lines.length > 40, alpha = many ? Math.max(0.15, 0.7 - this.lines.length / 2000) : 0.9;
        pen.clip(box.x, box.y, box.w, box.h, () => {
            for (const r of this.ranges)
                pen.area(this.bandOf(r.low.x, r.low.y, r.high.y, r.high.x), { fill: c.soft, alpha: 0.15 });
            for (const l of this.lines) {
                const best = report.rankOf(l.trial) === 0 || report.pins.has(l.trial), stroke = this.colourOf(l.trial, c);
                if (l.low && (!many || best))
                    pen.area(this.bandOf(l.x, l.low, l.high), { fill: stroke, alpha: 0.12 });
                pen.line(this.pathOf(l), { stroke, width: best ? 2.2 : many ? 1 : 1.5, alpha: best ? 1 : alpha, dash: DASHES[l.split] || [] });
            }
        });
        if (!this.lines.length)
            pen.text(box.x + box.w / 2, box.y + box.h / 2, 'no epoch is recorded', { fill: c.soft, align: 'center', size: 14 });
    }
    pathOf(l) {
        const { x, y } = this.scales, points = new Float32Array(2 * l.x.length);
        for (let i = 0; i < l.x.length; i++) {
            points[2 * i] = x.at(l.x[i]);
            points[2 * i + 1] = y.at(l.y[i]);
        }
        return points;
    }
    /* There along HIGH, and back along LOW; what a log scale cannot show is at its foot. */
    bandOf(xs, low, high, highXs = xs) {
        const { x, y, box } = this.scales, points = [];
        const put = (at, v) => Number.isFinite(v) && points.push(x.at(at), Number.isFinite(y.at(v)) ? y.at(v) : box.y + box.h);
        for (let i = 0; i < highXs.length; i++)
            put(highXs[i], high[i]);
        for (let i = xs.length - 1; i >= 0; i--)
            put(xs[i], low[i]);
        return points;
    }
    legend(pen, w, c) {
        const { report, state } = this, y = 16;
        let at = 14, full = false;
        const word = (text, line) => {
            const room = text.length * 6.4 + 42;
            full = full || at + room - 12 > w;
            if (full)
                return;
            if (line)
                pen.line([at, y - 4, at + 24, y - 4], { width: 2, ...line });
            pen.text(at + (line ? 30 : 0), y, text, { fill: c.soft });
            at += room - (line ? 0 : 30);
        };
        for (const m of this.measures())
            word(m.split, { stroke: c.text, dash: DASHES[m.split] || [] });
        if (!state.colour && report.kind !== 'run') {
            word('best trial', { stroke: c.minus });
            word('others', { stroke: c.plus });
        }
        for (const [text, stroke] of state.colour ? report.legendOf(state.colour, c) : [])
            word(cut(text, 24), { stroke });
        if (this.lines.some((l) => l.low))
            word('mean, band: ± sd of the repeats', null);
        else if (this.apart)
            word('each run by itself', null);
    }
    /* The line nearest to the pointer, at the nearest of its epochs. */
    find(px, py) {
        const { x, y, box } = this.scales;
        let best = null, least = 40 * 40;
        if (px < box.x - 8 || px > box.x + box.w + 8)
            return null;
        for (const line of this.lines) {
            const i = nearestIndex(line.x, x.of(px));
            for (const k of [i - 1, i, i + 1]) {
                const d = (x.at(line.x[k]) - px) ** 2 / 4 + (y.at(line.y[k]) - py) ** 2;
                if (d < least) {
                    least = d;
                    best = { line, i: k };
                }
            }
        }
        return best && this.spotOf(best.line, best.i);
    }
    spotOf(line, i) {
        const { x, y } = this.scales, { report, state } = this, run = line.run === null ? `runs ${line.runs.join(', ')}` : `run ${line.run}`;
        const sd = line.low ? ` ± ${say(line.y[i] - line.low[i], 2)}` : '';
        return { line, i, x: x.at(line.x[i]), y: y.at(line.y[i]),
                 lines: [`trial ${line.trial}, ${run}`, `${line.split} ${state.name} ${say(line.y[i])}${sd} at epoch ${line.x[i]}`,
                         ...report.describe(line.trial), report.pins.has(line.trial) ? 'click: unpin' : 'click: pin'] };
    }
    /* Left and right along a line, up and down to the next above or below. */
    move(key, spot) {
        const { lines } = this;
        if (!lines.length)
            return null;
        if (!spot)
            return this.spotOf(lines[lines.length - 1], lines[lines.length - 1].x.length - 1);
        const { line, i } = spot, n = line.x.length;
        if (key === 'ArrowLeft' || key === 'ArrowRight')
            return this.spotOf(line, Math.min(Math.max(i + (key === 'ArrowRight' ? 1 : -1), 0), n - 1));
        if (key === 'Home' || key === 'End')
            return this.spotOf(line, key === 'Home' ? 0 : n - 1);
        const there = lines.map((l) => ({ l, k: nearestIndex(l.x, line.x[i]) })).filter(({ l, k }) => Number.isFinite(l.y[k]))
            .sort((a, b) => a.l.y[a.k] - b.l.y[b.k]);
        const next = there[there.findIndex(({ l }) => l === line) + (key === 'ArrowUp' ? 1 : -1)];
        return next ? this.spotOf(next.l, next.k) : spot;
    }
    mark(pen, spot, c) {
        const { box } = this.scales;
        pen.line([spot.x, box.y, spot.x, box.y + box.h], { stroke: c.soft, dash: [3, 3] });
        pen.clip(box.x, box.y, box.w, box.h, () => {
            if (spot.line.low)
                pen.area(this.bandOf(spot.line.x, spot.line.low, spot.line.high), { fill: c.mark, alpha: 0.18 });
            pen.line(this.pathOf(spot.line), { stroke: c.mark, width: 3, dash: DASHES[spot.line.split] || [] });
        });
        pen.dot(spot.x, spot.y, 5, { fill: c.mark, stroke: c.card });
    }
    table() {
        const rows = [...this.lines].reverse(), last = (l) => l.y.length - 1, finite = (l) => l.y.filter(Number.isFinite);
        const lowest = (l) => finite(l).reduce((a, b) => Math.min(a, b), Infinity), highest = (l) => finite(l).reduce((a, b) => Math.max(a, b), -Infinity);
        return { rows, sortable: true, columns: [
            { title: 'trial', of: (l) => l.trial }, { title: 'run', of: (l) => l.run }, { title: 'split', of: (l) => l.split },
            { title: 'first', of: (l) => l.y[0] }, { title: 'lowest', of: lowest }, { title: 'highest', of: highest },
            { title: 'last', of: (l) => l.y[last(l)] }, { title: 'last epoch', of: (l) => l.x[last(l)] }] };
    }
}

/* Of the ascending LIST the index of what is nearest to V. */
function nearestIndex(list, v) {
    let low = 0, high = list.length - 1;
    while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (list[middle] <= v)
            low = middle;
        else
            high = middle;
    }
    return Math.abs(list[high] - v) < Math.abs(list[low] - v) ? high : low;
}
