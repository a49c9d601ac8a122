/* report.js - the page of `fell report`: what ties its parts together (pins, colours by setting), and the
 * parts beside the curves. The data is one JSON object, which report_page.c describes.
 */

class Report {
    constructor(data) {
        Object.assign(this, data);
        this.rows = data.trials.rows;
        this.byTrial = new Map(this.rows.map((row, i) => [row.trial, { row, rank: row.mean === null ? Infinity : i }]));
        this.runs = new Map(data.curves.runs.map(([run, trial, repeat, status]) => [run, { run, trial, repeat, status }]));
        this.pins = new Set();
        this.settings = this.findSettings();
    }
    /* {path, title, number, words, none, lo, hi, log, of(trial), points} of every swept setting; NUMBER: else it has
     * words; NONE: a trial has it, but without a value. */
    findSettings() {
        const paths = [...new Set(this.rows.flatMap((row) => Object.keys(row.params || {})))];
        const short = (path) => {
            const parts = path.split('.');
            for (let n = 1; n < parts.length; n++) {
                const end = parts.slice(-n).join('.');
                if (paths.filter((p) => p === end || p.endsWith(`.${end}`)).length === 1)
                    return end;
            }
            return path;
        };
        return paths.map((path) => {
            const of = (trial) => this.byTrial.get(trial)?.row.params?.[path];
            const points = this.points.settings.find((s) => s.setting === path)?.points || [];
            const known = [...this.rows.map((row) => row.params?.[path]), ...points.map((p) => p[0])], values = known.filter((v) => !isNothing(v));
            const number = values.length > 0 && values.every((v) => typeof v === 'number');
            const words = number ? [] : [...new Set(values.map(String))].sort();
            const lo = number ? values.reduce((a, b) => Math.min(a, b)) : 0, hi = number ? values.reduce((a, b) => Math.max(a, b)) : 0;
            return { path, title: short(path), number, words, none: known.some(isNone), lo, hi, log: number && lo > 0 && hi / lo >= 50, of, points };
        });
    }
    /* 0 is the best. */
    rankOf(trial) {
        return this.byTrial.get(trial)?.rank ?? Infinity;
    }
    describe(trial) {
        const row = this.byTrial.get(trial)?.row, all = Object.entries(row?.params || {});
        return all.slice(0, 8).map(([path, v]) => `${this.settings.find((s) => s.path === path).title} = ${cut(wordOf(v), 120)}`)
            .concat(all.length > 8 ? [`and ${all.length - 8} more settings`] : []);
    }
    partOf(setting, v) {
        const f = setting.log ? Math.log : (x) => x;
        return setting.hi > setting.lo ? (f(v) - f(setting.lo)) / (f(setting.hi) - f(setting.lo)) : 0.5;
    }
    colourOf(path, trial, c) {
        const setting = this.settings.find((s) => s.path === path), v = setting.of(trial);
        if (isNothing(v))
            return c.soft;
        return setting.number ? ramp(this.partOf(setting, v) * 0.9) : c.series[setting.words.indexOf(String(v)) % c.series.length];
    }
    legendOf(path, c) {
        const setting = this.settings.find((s) => s.path === path), none = setting.none ? [['none', c.soft]] : [], n = c.series.length;
        if (!setting.number)
            return [...setting.words.slice(0, n).map((word, i) => [word, c.series[i]]), ...none,
                    ...(setting.words.length > n ? [[`${setting.words.length - n} more words have the same colours again`, 'none']] : [])];
        return [[`${setting.title} ${say(setting.lo, 3)}`, ramp(0)], [say(setting.hi, 3), ramp(0.9)], ...none];
    }
    pin(trial, on = !this.pins.has(trial)) {
        this.pins[on ? 'add' : 'delete'](trial);
        document.getElementById('said').textContent = `trial ${trial} is ${on ? 'pinned' : 'no longer pinned'}`;
        this.showPins();
        for (const box of document.querySelectorAll(`input[data-trial="${trial}"]`))
            box.checked = on;
        redraw();
    }
    /* What the pinned trials have, a column for each; what differs first. */
    showPins() {
        const place = document.getElementById('pinned'), trials = [...this.pins].slice(0, 12);
        place.hidden = !trials.length;
        if (!trials.length)
            return;
        const row = (trial) => this.byTrial.get(trial)?.row, value = (name, of) => ({ name, of });
        const facts = [value(`${this.objective}, mean`, (t) => row(t)?.mean), value('sd', (t) => row(t)?.sd),
                       ...this.settings.map((s) => value(s.path, (t) => s.of(t))),
                       ...Object.keys(this.rows[0]?.metrics || {}).map((m) => value(m, (t) => row(t)?.metrics?.[m]))];
        const differs = (f) => new Set(trials.map((t) => String(f.of(t)))).size > 1;
        const rows = [...facts.filter(differs), ...facts.filter((f) => !differs(f))];
        place.replaceChildren(make('h2', {}, trials.length > 1 ? 'Pinned: what differs stands first' : 'Pinned'), tableOf({
            caption: 'Pinned trials', rows, note: this.pins.size > trials.length ? `Listed are the first ${trials.length} of ${this.pins.size} pinned trials.` : '', columns: [
                { title: 'value', of: (f) => f.name, fixed: true },
                ...trials.map((t) => ({ title: `trial ${t}`, of: (f) => f.of(t), fixed: true, long: true, always: true }))] }),
            make('button', { type: 'button', click: () => [...this.pins].forEach((t) => this.pin(t, false)) }, 'Unpin all'));
    }
}

/* ---- settings --------------------------------------------------------------------------- */

const MOST_PLOTS = 24;

/* A setting that a trial has without a value; one that it has not is undefined. */
const isNone = (v) => v !== undefined && isNothing(v);
const wordOf = (v) => (isNone(v) ? 'none' : typeof v === 'number' ? say(v) : String(v));

/* The objective against each setting, plot beside plot. */
class Against {
    constructor(report, into) {
        this.report = report;
        this.shown = report.settings.filter((s) => s.points.length).slice(0, MOST_PLOTS);
        if (!this.shown.length) {
            into.append(make('p', { class: 'note' }, report.settings.length ? 'No trial has a value yet.' : 'Nothing was varied.'));
            return;
        }
        const left = report.settings.length - this.shown.length, thin = report.points.settings.find((s) => s.points.length < s.all);
        into.append(make('h3', {}, `${report.objective} against each setting`));
        if (left > 0)
            into.append(make('p', { class: 'note' }, `Drawn are the first ${MOST_PLOTS} settings; ${left} more are in the lists below.`));
        if (thin)
            into.append(make('p', { class: 'note' }, `Of ${thin.all} trials there are, for each setting, the lowest and the highest of 400 columns.`));
        this.picture = new Picture(into, {
            name: `${report.experiment}-settings`, label: `${report.objective} of the trials against each setting`, sql: () => report.points.sql,
            height: (w) => Math.ceil(this.shown.length / this.across(w)) * 236, paint: (...a) => this.paint(...a), find: (x, y) => this.find(x, y),
            move: (key, spot) => this.move(key, spot), mark: (pen, s, c) => pen.dot(s.x, s.y, 6, { fill: c.mark, stroke: c.card }),
            pick: (spot) => report.pin(spot.trial), table: () => ({ sortable: true, rows: this.dots, columns: [
                { title: 'setting', of: (d) => d.setting.path }, { title: 'value', of: (d) => d.value }, { title: report.objective, of: (d) => d.mean },
                { title: 'trial', of: (d) => d.trial }] }) });
    }
    across(w) {
        return Math.max(1, Math.min(this.shown.length, Math.floor(w / 300)));
    }
    paint(pen, w, h, c) {
        const n = this.across(w), { report } = this, means = this.shown.flatMap((s) => s.points.map((p) => p[1]));
        const lo = means.reduce((a, b) => Math.min(a, b)), hi = means.reduce((a, b) => Math.max(a, b)), log = lo > 0 && hi / lo > 100;
        this.dots = [];
        this.shown.forEach((setting, k) => {
            const box = { x: (k % n) * (w / n) + 58, y: Math.floor(k / n) * 236 + 26, w: w / n - 76, h: 160 };
            const y = scaleOf(lo, hi, box.y + box.h, box.y, { log, n: 4, margin: 0.05 });
            const places = setting.words.length + (setting.none && !setting.number), step = box.w / Math.max(places, 1); /* of words */
            const none = setting.number ? box.x + box.w - 18 : box.x + box.w - step / 2, right = box.x + box.w - (setting.none ? 40 : 0);
            const x = setting.number ? scaleOf(setting.lo, setting.hi, box.x, right, { log: setting.log, n: 4, margin: 0.05 }) : null;
            drawAxes(pen, box, c, { x, y, xTitle: cut(setting.title, Math.floor(box.w / 7)), yTitle: k % n ? '' : cut(report.objective, 40) });
            const every = Math.ceil(places / Math.max(1, Math.floor(box.w / 50)));
            if (!x)
                setting.words.forEach((word, i) => i % every || pen.text(box.x + (i + 0.5) * step, box.y + box.h + 16,
                    cut(word, Math.max(3, Math.floor(every * step / 6.5))), { fill: c.soft, align: 'center', size: 11 }));
            if (setting.none)
                pen.text(none, box.y + box.h + (x ? 17 : 16), 'none', { fill: c.soft, align: 'center', size: 11 });
            for (const [value, mean, trial] of setting.points) {
                const off = ((trial * 0.618) % 1 - 0.5) * Math.min(x ? 30 : step * 0.5, 30); /* so that words' points do not hide each other */
                const at = isNone(value) ? none + off : x ? x.at(value) : box.x + (setting.words.indexOf(String(value)) + 0.5) * step + off;
                this.dots.push({ setting, value, mean, trial, k, x: at, y: y.at(mean) });
            }
        });
        const small = this.dots.length / this.shown.length > 300;
        for (const d of [...this.dots].sort((a, b) => report.rankOf(b.trial) - report.rankOf(a.trial)))
            pen.dot(d.x, d.y, small ? 2.5 : 4, { fill: report.pins.has(d.trial) ? c.mark : report.rankOf(d.trial) === 0 ? c.minus : c.plus,
                                                 alpha: report.rankOf(d.trial) === 0 || report.pins.has(d.trial) ? 1 : small ? 0.4 : 0.65 });
    }
    find(px, py) {
        let best = null, least = 20 * 20;
        for (const d of this.dots || []) {
            const distance = (d.x - px) ** 2 + (d.y - py) ** 2;
            if (distance < least)
                [best, least] = [d, distance];
        }
        return best && this.spotOf(best);
    }
    spotOf(d) {
        const { report } = this, value = cut(wordOf(d.value), 120);
        return { ...d, lines: [`trial ${d.trial}: ${report.objective} ${say(d.mean)}`, `${d.setting.title} = ${value}`,
                               ...report.describe(d.trial).filter((line) => !line.startsWith(`${d.setting.title} = `))] };
    }
    /* Left and right along a plot's points, up and down to the next plot. */
    move(key, spot) {
        const k = Math.min(Math.max((spot ? spot.k : 0) + (key === 'ArrowDown') - (key === 'ArrowUp'), 0), this.shown.length - 1);
        const list = this.dots.filter((d) => d.k === k).sort((a, b) => a.x - b.x || a.y - b.y);
        const at = spot ? list.findIndex((d) => d.trial === spot.trial) : 0;
        const next = key === 'Home' ? 0 : key === 'End' ? list.length - 1 : at + (key === 'ArrowRight') - (key === 'ArrowLeft');
        return this.spotOf(list[Math.min(Math.max(next, 0), list.length - 1)]);
    }
}

const NONE = 1.08; /* above an axis: where what has no value stands */

/* A line for each trial across an axis for each setting and for the objective. A range that is drawn on an axis
 * keeps the trials inside it; with keys, left and right choose the axis, up and down move the range, Enter ends it. */
class Parallel {
    constructor(report, into) {
        this.report = report;
        this.rows = report.rows.filter((row) => row.mean !== null);
        const settings = report.settings.slice(0, 9), means = this.rows.map((row) => row.mean);
        if (settings.length < 2 || this.rows.length < 2)
            return;
        const lo = means.reduce((a, b) => Math.min(a, b)), hi = means.reduce((a, b) => Math.max(a, b)), log = lo > 0 && hi / lo > 100;
        const goal = { title: report.objective, number: true, lo, hi, log, words: [] };
        const partOf = (s, v) => (isNone(v) ? NONE : v === undefined ? NaN : s.number ? report.partOf(s, v) : (s.words.indexOf(String(v)) + 0.5) / s.words.length);
        this.axes = [...settings.map((s) => ({ s, part: (row) => partOf(s, row.params?.[s.path]) })), { s: goal, part: (row) => partOf(goal, row.mean) }];
        this.brush = new Map();
        into.append(make('h3', {}, 'Trials across the settings'));
        if (report.settings.length > 9 || report.trials.all > report.rows.length)
            into.append(make('p', { class: 'note' }, `Drawn are ${settings.length} of ${report.settings.length} settings and the best ${this.rows.length} of ${report.trials.all} trials.`));
        this.picture = new Picture(into, {
            name: `${report.experiment}-parallel`, label: 'Trials across the settings', sql: () => report.trials.sql, height: () => 340,
            paint: (...a) => this.paint(...a), find: (x, y) => this.find(x, y), move: (key, spot) => this.move(key, spot), mark: (...a) => this.mark(...a),
            pick: (spot) => (spot.row ? report.pin(spot.row.trial) : this.range(spot.axis, null)), drag: (from, to) => this.drag(from, to),
            table: () => ({ sortable: true, rows: this.kept(), columns: [{ title: 'trial', of: (row) => row.trial },
                ...settings.map((s) => ({ title: s.title, of: (row) => row.params?.[s.path] })), { title: report.objective, of: (row) => row.mean }] }) });
        into.append(make('div', { class: 'controls' }, make('button', { type: 'button', click: () => { this.brush.clear(); this.picture.draw(); } }, 'All trials'),
                         make('span', { class: 'note' }, 'Drag along an axis to keep the trials of a range.')));
    }
    kept() {
        return this.rows.filter((row) => [...this.brush].every(([k, [low, high]]) => {
            const part = this.axes[k].part(row);
            return part >= low && part <= high;
        }));
    }
    range(k, range) {
        this.brush[range ? 'set' : 'delete'](k, range);
        this.picture.draw();
    }
    y(part) {
        return 290 - part * 240;
    }
    x(k) {
        return 60 + k * (this.width - 130) / (this.axes.length - 1);
    }
    nearest(px) {
        return Math.min(Math.max(Math.round((px - 60) / (this.width - 130) * (this.axes.length - 1)), 0), this.axes.length - 1);
    }
    /* What stands at PART of the axis of S. */
    valueAt(s, part) {
        if (!s.number)
            return s.words[Math.min(Math.max(Math.floor(part * s.words.length), 0), s.words.length - 1)];
        return say(s.log ? s.lo * (s.hi / s.lo) ** part : s.lo + (s.hi - s.lo) * part, 3);
    }
    points(row) {
        return this.axes.flatMap((a, k) => [this.x(k), this.y(a.part(row))]);
    }
    paint(pen, w, h, c) {
        const { report } = this, kept = new Set(this.kept()), room = Math.max(4, Math.floor((w - 130) / (this.axes.length - 1) / 7));
        this.width = w;
        for (const row of [...this.rows].reverse()) {
            const on = kept.has(row), best = report.rankOf(row.trial) === 0, pinned = report.pins.has(row.trial);
            pen.line(this.points(row), { stroke: pinned ? c.mark : !on ? c.line : best ? c.minus : c.plus, width: best || pinned ? 2.2 : 1,
                                         alpha: best || pinned ? 1 : !on ? 0.5 : this.rows.length > 100 ? 0.3 : 0.65 });
        }
        this.axes.forEach(({ s }, k) => {
            const x = this.x(k), ticks = s.number ? [0, 0.5, 1].map((part) => [part, this.valueAt(s, part)])
                : s.words.filter((word, i) => s.words.length < 13 || i % Math.ceil(s.words.length / 12) === 0).map((word) => [(s.words.indexOf(word) + 0.5) / s.words.length, word]);
            pen.line([x, 50, x, 290], { stroke: c.soft });
            if (this.brush.has(k)) {
                const [low, high] = this.brush.get(k).map((part) => this.y(part));
                pen.line([x, low, x, high], { stroke: c.mark, width: 9, alpha: 0.4 });
            }
            for (const [part, word] of s.none ? [...ticks, [NONE, 'none']] : ticks)
                pen.text(x + 6, this.y(part) + 4, cut(String(word), room), { fill: c.text, size: 11 });
            pen.text(x, room < 16 && k % 2 ? 332 : 316, cut(s.title, room < 16 ? 2 * room : room + 2), { fill: c.soft, align: k ? k === this.axes.length - 1 ? 'right' : 'center' : 'left' });
        });
        pen.text(14, 18, `${kept.size} of ${this.rows.length} trials`, { fill: c.soft });
    }
    drag(from, to) {
        if (!from || Math.abs(from[1] - to[1]) < 4)
            return;
        const parts = [from[1], to[1]].map((y) => Math.min(Math.max((290 - y) / 240, 0), 1)).sort((a, b) => a - b);
        this.range(this.nearest(from[0]), parts);
    }
    find(px, py) {
        const k = this.nearest(px), { part } = this.axes[k], near = this.kept().map((row) => ({ row, d: Math.abs(this.y(part(row)) - py) }))
            .filter(({ d }) => d < 12).sort((a, b) => a.d - b.d)[0];
        return near ? { row: near.row, x: this.x(k), y: this.y(part(near.row)), lines: [`trial ${near.row.trial}: ${this.report.objective} ${say(near.row.mean)}`,
                                                                                         ...this.report.describe(near.row.trial)] } : null;
    }
    move(key, spot) {
        const step = { ArrowLeft: -1, ArrowRight: 1, Home: -99, End: 99 }[key] || 0, last = this.axes.length - 1;
        const axis = Math.min(Math.max((spot && spot.axis !== undefined ? spot.axis : 0) + step, 0), last), { s } = this.axes[axis];
        if (key === 'ArrowUp' || key === 'ArrowDown') {
            const low = this.brush.has(axis) ? Math.min(Math.max(this.brush.get(axis)[0] + (key === 'ArrowUp' ? 0.1 : -0.1), 0), 0.8) : 0.4;
            this.range(axis, [low, low + 0.2]);
        }
        const range = this.brush.get(axis), words = range ? `${this.valueAt(s, range[0])} to ${this.valueAt(s, range[1])}` : 'all values';
        return { axis, x: this.x(axis), y: range ? this.y(range[0]) : 170, lines: [s.title, words, `${this.kept().length} of ${this.rows.length} trials`] };
    }
    mark(pen, spot, c) {
        if (spot.row)
            pen.line(this.points(spot.row), { stroke: c.mark, width: 3 });
        else
            pen.line([spot.x, 50, spot.x, 290], { stroke: c.mark, width: 3 });
    }
}

/* The mean of the objective over the trials that have a pair of values of two settings. */
class Pair {
    constructor(report, into) {
        this.report = report;
        this.rows = report.rows.filter((row) => row.mean !== null);
        if (report.settings.length < 2 || this.rows.length < 2)
            return;
        const alone = report.importance.shares.filter((s) => !s.with).map((s) => report.settings.find((t) => t.path === s.setting)).filter(Boolean);
        [this.x, this.y] = [...alone, ...report.settings.filter((s) => !alone.includes(s))];
        const select = (words, key) => make('label', {}, words, make('select', { change: (e) => {
            this[key] = report.settings[e.target.value];
            this.picture.show(null);
            this.picture.draw();
        } }, ...report.settings.map((s, i) => make('option', { value: i, selected: s === this[key] }, cut(s.title, 60)))));
        into.append(make('h3', {}, 'Two settings together'), make('div', { class: 'controls' }, select('Across', 'x'), select('Down', 'y')));
        this.picture = new Picture(into, {
            name: `${report.experiment}-pair`, label: `Mean of ${report.objective} by two settings`, sql: () => report.points.sql,
            height: () => 80 + 28 * this.binsOf(this.y).length, paint: (...a) => this.paint(...a), find: (x, y) => this.find(x, y),
            move: (key, spot) => this.move(key, spot), mark: (...a) => this.mark(...a),
            table: () => ({ sortable: true, rows: this.cells, columns: [{ title: this.x.title, of: (c) => this.across[c.i].name },
                { title: this.y.title, of: (c) => this.up[c.k].name }, { title: 'mean', of: (c) => c.mean }, { title: 'trials', of: (c) => c.n }] }) });
    }
    /* Words and few numbers are themselves; many numbers are eight ranges: {name, has(value)}. */
    binsOf(s) {
        const known = this.rows.map((row) => row.params?.[s.path]).filter((v) => !isNothing(v));
        const values = [...new Set(known)].sort((a, b) => compare(a, b, 1)), none = s.none ? [{ name: 'none', has: isNone }] : [];
        if (!s.number || values.length <= 12)
            return Object.assign([...values.slice(0, 40).map((v) => ({ name: s.number ? say(v, 3) : String(v), has: (w) => w === v })), ...none],
                                 { left: values.length - Math.min(values.length, 40) });
        const end = (i) => (s.log ? s.lo * (s.hi / s.lo) ** (i / 8) : s.lo + (s.hi - s.lo) * i / 8);
        return [...Array.from({ length: 8 }, (v, i) => ({ name: `${say(end(i), 2)} to ${say(end(i + 1), 2)}`,
            has: (w) => !isNothing(w) && Math.min(Math.floor(this.report.partOf(s, w) * 8), 7) === i })), ...none];
    }
    paint(pen, w, h, c) {
        const { x, y } = this, across = this.binsOf(x), up = this.binsOf(y), room = Math.min(170, w * 0.3), cell = (w - room - 16) / across.length;
        Object.assign(this, { across, up, box: { x: room, y: 34, cell } });
        this.cells = across.flatMap((a, i) => up.map((b, k) => {
            const means = this.rows.filter((row) => a.has(row.params?.[x.path]) && b.has(row.params?.[y.path])).map((row) => row.mean);
            return { i, k, n: means.length, mean: means.length ? means.reduce((s, m) => s + m, 0) / means.length : null };
        }));
        const means = this.cells.map((one) => one.mean).filter((m) => m !== null), lo = Math.min(...means), hi = Math.max(...means), log = lo > 0 && hi / lo > 20;
        const part = (m) => (hi > lo ? (log ? Math.log(m / lo) / Math.log(hi / lo) : (m - lo) / (hi - lo)) : 0.5);
        for (const { i, k, mean } of this.cells)
            if (mean !== null) {
                pen.rect(room + i * cell, 34 + k * 28, cell - 1, 27, ramp(part(mean)));
                if (cell > 52)
                    pen.text(room + (i + 0.5) * cell, 52 + k * 28, say(mean, 3), { fill: part(mean) > 0.55 ? '#000' : '#fff', align: 'center', size: 11 });
            }
        up.forEach((b, k) => pen.text(room - 6, 52 + k * 28, cut(b.name, Math.floor(room / 7.2)), { fill: c.text, align: 'right', size: 11 }));
        across.forEach((a, i) => pen.text(room + (i + 0.5) * cell, 52 + up.length * 28, cut(a.name, Math.max(2, Math.floor(cell / 6.8))), { fill: c.text, align: 'center', size: 11 }));
        pen.text(room + (w - room) / 2, 72 + up.length * 28, cut(x.title, 60), { fill: c.soft, align: 'center' });
        const left = Math.max(across.left || 0, up.left || 0) ? '; of many words the first 40' : '';
        pen.text(14, 18, `${cut(this.report.objective, 40)}, mean of the trials; down: ${cut(y.title, 40)}${left}`, { fill: c.soft });
    }
    find(px, py) {
        const { x, y, cell } = this.box, i = Math.floor((px - x) / cell), k = Math.floor((py - y) / 28);
        return i >= 0 && i < this.across.length && k >= 0 && k < this.up.length ? this.spotOf(i, k) : null;
    }
    spotOf(i, k) {
        const { x, y, cell } = this.box, { n, mean } = this.cells.find((c) => c.i === i && c.k === k);
        return { i, k, x: x + (i + 0.5) * cell, y: y + k * 28 + 14, lines: [n ? `${this.report.objective} ${say(mean)}, mean of ${n} trials` : 'no trial',
            `${cut(this.x.title, 60)} = ${cut(this.across[i].name, 120)}`, `${cut(this.y.title, 60)} = ${cut(this.up[k].name, 120)}`] };
    }
    move(key, spot) {
        const { i, k } = spot || { i: -1, k: 0 }, limit = (v, n) => Math.min(Math.max(v, 0), n - 1);
        return this.spotOf(key === 'Home' ? 0 : key === 'End' ? this.across.length - 1 : limit(i + (key === 'ArrowRight') - (key === 'ArrowLeft'), this.across.length),
                           limit(k + (key === 'ArrowDown') - (key === 'ArrowUp'), this.up.length));
    }
    mark(pen, { i, k }, c) {
        const { x, y, cell } = this.box, a = x + i * cell, b = y + k * 28;
        pen.line([a, b, a + cell, b, a + cell, b + 28, a, b + 28, a, b], { stroke: c.mark, width: 2.5 });
    }
}

function showImportance(report, into) {
    const { shares, why_not: whyNot, r2, trials, method } = report.importance;
    if (!report.settings.length)
        return;
    into.append(make('h3', {}, 'Importance'));
    if (whyNot) {
        into.append(make('p', { class: 'note' }, `None: ${whyNot}.`));
        return;
    }
    const shown = shares.slice(0, 30), title = (path) => report.settings.find((s) => s.path === path)?.title || path;
    const name = (s) => (s.with ? `${title(s.setting)} with ${title(s.with)}` : title(s.setting));
    const doubt = r2 > 0 ? `its R2 on trials that it has not seen: ${say(r2)}` : 'these shares mean little: it does not foretell trials it has not seen';
    new Picture(into, {
        name: `${report.experiment}-importance`, label: 'Importance of the settings', height: () => shown.length * 26 + 16,
        sql: () => `-- ${method} of the means below, by the settings\n${report.points.sql}`,
        paint: (pen, w, h, c) => shown.forEach((s, i) => {
            const room = Math.min(260, w * 0.42), y = 8 + i * 26;
            pen.text(room - 8, y + 17, cut(name(s), Math.floor(room / 7.2)), { fill: c.text, align: 'right' });
            pen.rect(room, y + 4, Math.max(1, (w - room - 70) * Math.min(s.share, 1)), 18, c.plus);
            pen.text(room + (w - room - 70) * Math.min(s.share, 1) + 6, y + 17, say(s.share, 3), { fill: c.soft });
        }),
        table: () => ({ rows: shares, sortable: true, columns: [{ title: 'setting', of: (s) => s.setting }, { title: 'with', of: (s) => s.with },
                                                                { title: 'share', of: (s) => s.share }] }) });
    into.append(make('p', { class: 'note' }, `The share of the variance of ${report.objective} that a setting explains, by ${method}, fitted to ` +
        `${trials} trials; ${doubt}.${shares.length > shown.length ? ` Drawn are the ${shown.length} largest of ${shares.length} shares; the table has all.` : ''}`));
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* Columns of rows as the program's own tables have them: groups (params, metrics) flattened. */
function columnsOf(rows, titles = {}) {
    const keys = new Map();
    for (const row of rows)
        for (const [key, v] of Object.entries(row))
            if (v !== null && typeof v === 'object')
                Object.keys(v).forEach((k) => keys.set(`${key} ${k}`, { title: titles[k] || k, of: (r) => r[key]?.[k] }));
            else if (!keys.has(key))
                keys.set(key, { title: titles[key] || key.replace(/_/g, ' '), of: (r) => r[key], long: ['error', 'why', 'again'].includes(key) });
    return [...keys.values()];
}

function listPart(into, heading, rows, options = {}) {
    if (!rows.length)
        return;
    if (heading)
        into.append(make('h3', {}, heading));
    into.append(tableOf({ columns: options.columns || columnsOf(rows), rows, caption: heading || 'Trials', sortable: true, ...options }));
}

/* A note where the database has more than the list of KEY; ROWS: of what. */
function leftOut(report, key, rows) {
    const n = report[key].length, all = report.all[key];
    return { note: all > n ? `Listed are ${n} of ${all} ${rows}; fell report --limit 0 lists all.` : '' };
}

function showTrials(report, into) {
    const titles = Object.fromEntries(report.settings.map((s) => [s.path, s.title]));
    const pin = { title: 'pin', pin: true, fixed: true, always: true, of: (row) => make('input', {
        type: 'checkbox', 'data-trial': row.trial, 'aria-label': `pin trial ${row.trial}`, checked: report.pins.has(row.trial),
        change: (e) => report.pin(row.trial, e.target.checked) }) };
    const left = report.trials.all - report.rows.length;
    listPart(into, '', report.rows, { columns: [pin, ...columnsOf(report.rows, titles)],
                                      note: left > 0 ? `Listed are the best ${report.rows.length} of ${report.trials.all} trials.` : '' });
    into.append(make('details', { class: 'sql' }, make('summary', {}, 'SQL'), make('pre', { tabindex: 0 }, report.trials.sql)));
    listPart(into, 'Mean and deviation over the folds', report.folds, leftOut(report, 'folds', 'settings, the best'));
}

function showEnds(report, into) {
    listPart(into, 'Runs that failed, those with the same words together', report.failures, leftOut(report, 'failures', 'kinds, the most frequent'));
    listPart(into, 'Pruned runs, those for the same reason together', report.pruned, leftOut(report, 'pruned', 'reasons, the most frequent'));
    if (!report.failures.length && !report.pruned.length)
        into.append(make('p', { class: 'note' }, 'No run failed, and none was pruned.'));
}

/* ---- the page -------------------------------------------------------------------------------------- */

function showExperiment(report, part) {
    report.against = new Against(report, part('settings'));
    report.parallel = new Parallel(report, part('settings'));
    report.pair = new Pair(report, part('settings'));
    showImportance(report, part('settings'));
    listPart(part('settings'), 'Best per value', report.values.map((v) => ({ ...v, value: isNone(v.value) ? 'none' : v.value })), leftOut(report, 'values', 'values, of each setting the best'));
    showTrials(report, part('trials'));
    showEnds(report, part('ends'));
}

function showRun(report, part) {
    for (const p of report.probes) {
        part('probes').append(make('h3', {}, p.probe));
        new Fields(part('probes'), p.fields, { name: `${report.experiment}-run${report.run}-${p.probe}`, label: `Probe ${p.probe}` });
    }
    if (report.probes_left)
        part('probes').append(make('p', { class: 'note' }, `${report.probes_left} more numbers are in the database: fell show ${report.run} --json`));
    if (!report.probes.length)
        part('probes').append(make('p', { class: 'note' }, 'No probe looked at this run.'));
    for (const [key, heading] of [['events', 'Events'], ['checkpoints', 'Checkpoints'], ['data_files', 'Data files'], ['plugins', 'Plugins']])
        listPart(part('lists'), heading, report[key]);
}

const report = new Report(JSON.parse(document.getElementById('data').textContent));
{
    const part = (id) => document.getElementById(id), { gradients } = report;
    report.curvesPart = new Curves(report, part('curves'));
    (report.kind === 'run' ? showRun : showExperiment)(report, part);
    if (gradients) {
        part('gradients').append(make('p', { class: 'note' }, `Of run ${gradients.run}${report.kind === 'run' ? '' : ', the best that recorded them'}: ` +
            'by tensor, the norm of its gradient (the mean over the steps of an epoch), of its weights after the epoch, and of what the epoch changed. ' +
            'Blank: none, as of the gradient of a frozen tensor, or not finite.'));
        report.fieldsPart = new Fields(part('gradients'), gradients.fields, { name: `${report.experiment}-run${gradients.run}-gradients`, label: `Run ${gradients.run}` });
    } else {
        part('gradients').append(make('p', { class: 'note' }, 'No run has recorded gradients.'));
    }
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
    const paper = (on) => () => { document.documentElement.classList.toggle('paper', on); redraw(); };
    addEventListener('beforeprint', paper(true));
    addEventListener('afterprint', paper(false));
    report.followed = new Follow(report);
    redraw();
    window.fellReady = performance.now();
}
