/* fields.js - numbers by place and epoch (tensors, layers, bins of a histogram), as a heatmap or as lines.
 * What a field is: report_fields.c.
 */

const MOST_LINES = 40;

class Fields {
    /* FIELDS: at least one; WHAT: {name, label}. */
    constructor(into, fields, what) {
        this.fields = fields;
        this.what = what;
        this.read = new Map();
        this.choose(0);
        this.controls(into);
        this.note = make('p', { class: 'note' });
        into.append(this.note);
        this.picture = new Picture(into, {
            name: what.name, label: `${what.label}, by epoch`, sql: () => this.field.sql,
            height: () => (this.lines ? 360 : 94 + this.field.rows.length * this.rowHeight()),
            paint: (...a) => (this.lines ? this.paintLines(...a) : this.paintMap(...a)), find: (x, y) => this.find(x, y),
            zoom: null, span: (from, to) => this.span(from, to), move: (key, spot) => this.move(key, spot), mark: (...a) => this.mark(...a), table: () => this.table() });
        this.tell();
    }
    /* The field I; where its values are all above 0 and far apart, on a log scale. Few places are lines. */
    choose(i) {
        if (this.picture)
            this.picture.what.zoom = null;
        const f = this.fields[i];
        if (!this.read.has(f))
            this.read.set(f, decode(f.numbers));
        this.field = f;
        this.numbers = this.read.get(f);
        this.n = f.epochs.length;
        const known = this.numbers.filter(Number.isFinite);
        this.lo = known.reduce((a, b) => Math.min(a, b), Infinity);
        this.hi = known.reduce((a, b) => Math.max(a, b), -Infinity);
        this.least = known.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), Infinity);
        this.log = this.lo >= 0 && this.least < Infinity && this.hi / this.least > 10;
        this.lines = this.what.label.startsWith('Probe') && f.rows.length <= 12 && this.n > 1;
    }
    controls(into) {
        const remake = () => { this.tell(); this.picture.show(null); this.picture.draw(); };
        this.view = make('select', { change: (e) => { this.lines = e.target.value === 'lines'; remake(); } },
                         make('option', { value: 'map' }, 'heatmap'), make('option', { value: 'lines' }, 'lines'));
        this.scale = make('input', { type: 'checkbox', change: (e) => { this.log = e.target.checked; remake(); } });
        into.append(make('div', { class: 'controls' },
            make('label', {}, 'Show', make('select', { change: (e) => { this.choose(+e.target.value); remake(); } },
                ...this.fields.map((f, i) => make('option', { value: i }, cut(f.name, 60))))),
            make('label', {}, 'as', this.view), make('label', {}, this.scale, 'log')));
    }
    /* The controls say how it is; what shares a cell is said. */
    tell() {
        const { field: f } = this, words = [];
        this.view.value = this.lines ? 'lines' : 'map';
        this.scale.checked = this.log;
        this.scale.disabled = !(this.least < Infinity);
        if (f.epochs_per > 1)
            words.push(`${f.epochs_per} epochs share a cell, which has the value farthest from 0.`);
        if (f.rows_per > 1)
            words.push(`${f.rows_per} places share a row, which has the value farthest from 0, and the name of the first.`);
        if (this.lines && f.rows.length > MOST_LINES)
            words.push(`Drawn are ${MOST_LINES} of ${f.rows.length} lines, evenly chosen; the heatmap has all.`);
        this.note.textContent = words.join(' ');
        this.note.hidden = !words.length;
    }
    /* The first and the last column that are drawn. */
    columns() {
        return this.picture.what.zoom?.x || [0, this.n - 1];
    }
    /* The columns between two places of the picture; null: fewer than two, or all. */
    span(from, to) {
        const [first, last] = this.columns(), column = (px) => (this.lines ? nearestIndex(this.field.epochs, this.scales.x.of(px))
            : Math.floor((px - this.box.x) / this.box.cell) + first);
        const [a, b] = [column(from[0]), column(to[0])].sort((p, q) => p - q), x = [Math.max(a, this.lines ? 0 : first), Math.min(b, this.lines ? this.n - 1 : last)];
        return x[1] > x[0] && x[1] - x[0] < this.n - 1 ? { x, y: null, words: `epochs ${this.field.epochs[x[0]]} to ${this.field.epochs[x[1]]}` } : null;
    }
    at(i, k) {
        return this.numbers[i * this.n + k];
    }
    /* The places that are drawn as lines. */
    shown() {
        const n = this.field.rows.length, most = Math.min(n, MOST_LINES);
        return Array.from({ length: most }, (v, i) => Math.floor(i * n / most));
    }
    rowHeight() {
        return Math.max(4, Math.min(24, Math.floor(700 / this.field.rows.length)));
    }
    part(v) {
        const f = this.log ? Math.log : (x) => x, lo = this.log ? this.least : this.lo;
        return this.hi > lo ? (f(v) - f(lo)) / (f(this.hi) - f(lo)) : 0.5;
    }
    paintMap(pen, w, h, c) {
        const { field: g } = this, [first, last] = this.columns(), n = last - first + 1;
        const room = Math.min(170, w * 0.3), row = this.rowHeight(), cell = (w - room - 16) / n, every = Math.ceil(13 / row);
        this.box = { x: room - first * cell, y: 34, row, cell };
        g.rows.forEach((name, i) => {
            if (i % every === 0)
                pen.text(room - 6, 34 + i * row + Math.min(row, 13) - 1 + Math.max(0, (row - 13) / 2), cut(name, Math.floor(room / 6.8)), { fill: c.soft, align: 'right', size: 11 });
            for (let k = first; k <= last; k++) {
                const v = this.at(i, k);
                if (Number.isFinite(v))
                    pen.rect(this.box.x + k * cell, 34 + i * row, cell + 0.5, row + (row > 6 ? -0.5 : 0.5), v > 0 || !this.log ? ramp(this.part(v)) : c.line);
            }
        });
        const foot = 34 + g.rows.length * row, step = Math.ceil(n / Math.max(2, Math.floor((w - room) / 60)));
        for (let k = first; k <= last; k += step)
            pen.text(this.box.x + (k + 0.5) * cell, foot + 16, String(g.epochs[k]), { fill: c.soft, align: 'center', size: 11 });
        pen.text(room + n * cell / 2, foot + 33, 'epoch', { fill: c.soft, align: 'center' });
        const wide = Math.min(200, w * 0.3);
        for (let i = 0; i < 50; i++)
            pen.rect(room + i * wide / 50, 8, wide / 50 + 0.5, 10, ramp(i / 49));
        pen.text(room - 6, 18, say(this.log ? this.least : this.lo, 3), { fill: c.soft, align: 'right', size: 11 });
        pen.text(room + wide + 6, 18, `${say(this.hi, 3)}${this.log && this.lo <= 0 ? '   grey: 0' : ''}   blank: none`, { fill: c.soft, size: 11 });
    }
    paintLines(pen, w, h, c) {
        const { field: g } = this, shown = this.shown(), names = w > 700 ? 190 : 10, box = { x: 62, y: 34, w: w - 72 - names, h: h - 78 };
        const [first, last] = this.columns(), x = scaleOf(g.epochs[first], g.epochs[last], box.x, box.x + box.w, { n: w / 110 });
        const seen = this.numbers.filter((v, i) => Number.isFinite(v) && (!this.log || v > 0) && i % this.n >= first && i % this.n <= last);
        const y = scaleOf(seen.reduce((a, b) => Math.min(a, b), Infinity), seen.reduce((a, b) => Math.max(a, b), -Infinity), box.y + box.h, box.y, { log: this.log, margin: 0.04 });
        this.scales = { x, y, box };
        drawAxes(pen, box, c, { x, y, xTitle: 'epoch', yTitle: cut(g.name, 60) });
        shown.forEach((i, k) => {
            const stroke = shown.length > 8 ? ramp(k / (shown.length - 1) * 0.9) : c.series[k], room = Math.min(18, box.h / shown.length);
            pen.clip(box.x, box.y, box.w, box.h, () => pen.line(g.epochs.flatMap((e, j) => [x.at(e), y.at(this.at(i, j))]), { stroke, width: 1.8 }));
            if (names > 10 && (room > 11 || k % Math.ceil(12 / room) === 0)) {
                pen.line([w - names, box.y + (k + 0.5) * room, w - names + 16, box.y + (k + 0.5) * room], { stroke, width: 2.5 });
                pen.text(w - names + 22, box.y + (k + 0.5) * room + 4, cut(g.rows[i], 24), { fill: c.soft, size: 11 });
            }
        });
    }
    find(px, py) {
        const { field: g } = this, [first, last] = this.columns();
        if (!this.lines) {
            const { x, y, row, cell } = this.box, k = Math.floor((px - x) / cell), i = Math.floor((py - y) / row);
            return k >= first && k <= last && i >= 0 && i < g.rows.length ? this.spotOf(i, k) : null;
        }
        const { x, y } = this.scales, k = Math.min(Math.max(nearestIndex(g.epochs, x.of(px)), first), last);
        const near = this.shown().map((i) => ({ i, d: Math.abs(y.at(this.at(i, k)) - py) })).filter(({ d }) => d < 40).sort((a, b) => a.d - b.d);
        return near.length && Math.abs(x.at(g.epochs[k]) - px) < 60 ? this.spotOf(near[0].i, k) : null;
    }
    spotOf(i, k) {
        const { field: g } = this, v = this.at(i, k), last = k + 1 < this.n ? g.epochs[k + 1] - 1 : null;
        const epoch = `epoch ${g.epochs[k]}${g.epochs_per > 1 ? (last ? ` to ${last}` : ' and on') : ''}`;
        const place = this.lines ? { x: this.scales.x.at(g.epochs[k]), y: Number.isFinite(this.scales.y.at(v)) ? this.scales.y.at(v) : 40 }
            : { x: this.box.x + (k + 0.5) * this.box.cell, y: this.box.y + (i + 0.5) * this.box.row };
        return { i, k, ...place, lines: [g.rows[i], `${epoch}: ${g.name} ${Number.isFinite(v) ? say(v) : 'none'}`] };
    }
    move(key, spot) {
        const [first, last] = this.columns(), { i, k } = spot || { i: 0, k: first - 1 }, limit = (v, n) => Math.min(Math.max(v, 0), n - 1), list = this.lines ? this.shown() : null;
        const step = (key === 'ArrowDown') - (key === 'ArrowUp');
        const row = list ? list[limit(list.indexOf(i) + step, list.length)] : limit(i + step, this.field.rows.length);
        return this.spotOf(row, key === 'Home' ? first : key === 'End' ? last
            : Math.min(Math.max(k + (key === 'ArrowRight') - (key === 'ArrowLeft'), first), last));
    }
    mark(pen, spot, c) {
        if (this.lines) {
            const { x, y, box } = this.scales;
            pen.clip(box.x, box.y, box.w, box.h, () => pen.line(this.field.epochs.flatMap((e, j) => [x.at(e), y.at(this.at(spot.i, j))]), { stroke: c.mark, width: 3 }));
            pen.dot(spot.x, spot.y, 5, { fill: c.mark, stroke: c.card });
            return;
        }
        const { x, y, row, cell } = this.box, a = x + spot.k * cell, b = y + spot.i * row;
        pen.line([a, b, a + cell, b, a + cell, b + row, a, b + row, a, b], { stroke: c.mark, width: 2 });
    }
    /* At most twelve epochs. */
    table() {
        const { field: g, n } = this, most = Math.min(n, 12);
        const some = [...new Set(Array.from({ length: most }, (v, i) => Math.round(i * (n - 1) / Math.max(most - 1, 1))))];
        return { rows: g.rows.map((name, i) => ({ name, i })), columns: [{ title: 'place', of: (r) => r.name },
            ...some.map((k) => ({ title: `epoch ${g.epochs[k]}`, of: (r) => this.at(r.i, k) }))] };
    }
}
