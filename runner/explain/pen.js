/* pen.js - what the report's pictures are drawn with: the same strokes go to a canvas on the screen and
 * into SVG for a file. Scales and axes. Knows nothing of runs.
 *
 * Why not a library: dygraphs 2.2.1 is 131,054 bytes and took 250 ms for 1,000 curves of 200 epochs in
 * Chromium, beside 97 ms for plain strokes on a canvas; its pictures cannot be saved as SVG, it has one
 * scale in memory for all curves at common epochs, and heatmaps and points would need a second way to draw.
 */

/* Points are [x, y, x, y ...]; a NaN ends a stroke. */
class CanvasPen {
    constructor(context) {
        this.c = context;
    }
    path(points) {
        let open = false;
        this.c.beginPath();
        for (let i = 0; i < points.length; i += 2) {
            if (!Number.isFinite(points[i + 1]) || !Number.isFinite(points[i]))
                open = false;
            else if (open)
                this.c.lineTo(points[i], points[i + 1]);
            else {
                open = true;
                this.c.moveTo(points[i], points[i + 1]);
                this.c.lineTo(points[i] + 0.01, points[i + 1]); /* one point alone is seen, too */
            }
        }
    }
    line(points, { stroke, width = 1, dash = [], alpha = 1 }) {
        this.c.globalAlpha = alpha;
        this.c.strokeStyle = stroke;
        this.c.lineWidth = width;
        this.c.lineJoin = 'round';
        this.c.setLineDash(dash);
        this.path(points);
        this.c.stroke();
        this.c.globalAlpha = 1;
        this.c.setLineDash([]);
    }
    area(points, { fill, alpha = 1 }) {
        this.c.globalAlpha = alpha;
        this.c.fillStyle = fill;
        this.path(points);
        this.c.fill();
        this.c.globalAlpha = 1;
    }
    rect(x, y, w, h, fill) {
        this.c.fillStyle = fill;
        this.c.fillRect(x, y, w, h);
    }
    dot(x, y, r, { fill, stroke = null, alpha = 1 }) {
        this.c.globalAlpha = alpha;
        this.c.beginPath();
        this.c.arc(x, y, r, 0, 2 * Math.PI);
        this.c.fillStyle = fill;
        this.c.fill();
        if (stroke) {
            this.c.strokeStyle = stroke;
            this.c.lineWidth = 1.5;
            this.c.stroke();
        }
        this.c.globalAlpha = 1;
    }
    text(x, y, words, { fill, align = 'left', size = 12, bold = false }) {
        this.c.font = `${bold ? '600 ' : ''}${size}px system-ui, "DejaVu Sans", sans-serif`;
        this.c.textAlign = align;
        this.c.fillStyle = fill;
        this.c.fillText(words, x, y);
    }
    clip(x, y, w, h, inside) {
        this.c.save();
        this.c.beginPath();
        this.c.rect(x, y, w, h);
        this.c.clip();
        inside();
        this.c.restore();
    }
}

class SvgPen {
    constructor(width, height) {
        this.root = svg('svg', { xmlns: SVG, viewBox: `0 0 ${width} ${height}`, width, height,
                                 'font-family': 'system-ui, "DejaVu Sans", sans-serif' });
        this.into = this.root;
        this.clips = 0;
    }
    path(points) {
        let open = false, d = '';
        for (let i = 0; i < points.length; i += 2) {
            if (!Number.isFinite(points[i + 1]) || !Number.isFinite(points[i])) {
                open = false;
            } else {
                d += `${open ? 'L' : 'M'}${+points[i].toFixed(2)} ${+points[i + 1].toFixed(2)}`;
                if (!open)
                    d += 'h.01';
                open = true;
            }
        }
        return d;
    }
    line(points, { stroke, width = 1, dash = [], alpha = 1 }) {
        this.into.append(svg('path', { d: this.path(points), fill: 'none', stroke, 'stroke-width': width, 'stroke-opacity': alpha,
                                       'stroke-linejoin': 'round', 'stroke-dasharray': dash.join(' ') || 'none' }));
    }
    area(points, { fill, alpha = 1 }) {
        if (points.length)
            this.into.append(svg('path', { d: `${this.path(points)}Z`, fill, 'fill-opacity': alpha }));
    }
    rect(x, y, width, height, fill) {
        this.into.append(svg('rect', { x, y, width, height, fill }));
    }
    dot(cx, cy, r, { fill, stroke = null, alpha = 1 }) {
        this.into.append(svg('circle', { cx, cy, r, fill, stroke: stroke || 'none', 'stroke-width': 1.5, opacity: alpha }));
    }
    text(x, y, words, { fill, align = 'left', size = 12, bold = false }) {
        this.into.append(svg('text', { x, y, fill, 'font-size': size, 'font-weight': bold ? 600 : 400,
                                       'text-anchor': { left: 'start', center: 'middle', right: 'end' }[align] }, words));
    }
    clip(x, y, width, height, inside) {
        const id = `clip${this.clips++}`, outer = this.into, g = svg('g', { 'clip-path': `url(#${id})` });
        outer.append(svg('clipPath', { id }, svg('rect', { x, y, width, height })), g);
        this.into = g;
        inside();
        this.into = outer;
    }
    source() {
        return new XMLSerializer().serializeToString(this.root);
    }
}

/* The page's colours of now. */
function colours() {
    const style = getComputedStyle(document.documentElement), of = (name) => style.getPropertyValue(`--${name}`).trim();
    return { card: of('card'), text: of('text'), soft: of('soft'), line: of('line'), mark: of('mark'), plus: of('plus'), minus: of('minus'),
             good: of('good'), series: [0, 1, 2, 3, 4, 5, 6, 7].map((i) => of(`s${i}`)) };
}

/* Dark blue over green to yellow, even in lightness: T from 0 to 1. */
const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
function ramp(t) {
    const at = Math.min(Math.max(t, 0), 1) * (RAMP.length - 1), i = Math.min(Math.floor(at), RAMP.length - 2);
    return `rgb(${RAMP[i].map((a, k) => Math.round(a + (RAMP[i + 1][k] - a) * (at - i))).join(',')})`;
}

/* Round places from LO to HI, about N of them. */
function ticksOf(lo, hi, n, log) {
    if (log) {
        const ticks = [], from = Math.floor(Math.log10(lo)), to = Math.ceil(Math.log10(hi));
        const every = Math.max(1, Math.ceil((to - from) / n)), within = to - from <= 1 ? [1, 2, 3, 5, 7] : to - from <= 3 ? [1, 2, 5] : [1];
        for (let e = from; e <= to; e += every)
            ticks.push(...within.map((m) => m * 10 ** e));
        return ticks.filter((v) => v >= lo * 0.999 && v <= hi * 1.001);
    }
    const rough = (hi - lo) / Math.max(n, 1), ten = 10 ** Math.floor(Math.log10(rough));
    const step = ten * ([1, 2, 5, 10].find((m) => m * ten >= rough) || 10), ticks = [];
    for (let i = Math.ceil(lo / step); i * step <= hi + step * 1e-9; i++)
        ticks.push(+(i * step).toPrecision(12));
    return ticks;
}

/* A scale from the values LO to HI to the pixels FROM to TO. */
function scaleOf(lo, hi, from, to, { log = false, n = 6, margin = 0 } = {}) {
    if (!(lo <= hi))
        [lo, hi] = log ? [0.1, 1] : [0, 1];
    if (lo === hi)
        [lo, hi] = log ? [lo / 2, hi * 2] : [lo - Math.abs(lo || 1) / 10, hi + Math.abs(hi || 1) / 10];
    const f = log ? Math.log10 : (v) => v, a = f(lo), b = f(hi), pad = (b - a) * margin, k = (to - from) / (b - a + 2 * pad);
    return { at: (v) => (log && !(v > 0) ? NaN : from + (f(v) - a + pad) * k),
             of: (p) => { const v = (p - from) / k + a - pad; return log ? 10 ** v : v; },
             ticks: ticksOf(lo, hi, n, log), lo, hi };
}

/* Lines, numbers and titles of a plot in BOX {x, y, w, h}. X null: its values are no numbers. */
const tick = (v) => say(v, 3).replace(/^1×/, '');
function drawAxes(pen, box, c, { x, y, xTitle = '', yTitle = '' }) {
    for (const v of y.ticks) {
        pen.line([box.x, y.at(v), box.x + box.w, y.at(v)], { stroke: c.line });
        pen.text(box.x - 6, y.at(v) + 4, tick(v), { fill: c.soft, align: 'right', size: 11 });
    }
    for (const v of x ? x.ticks : []) {
        pen.line([x.at(v), box.y + box.h, x.at(v), box.y + box.h + 4], { stroke: c.soft });
        pen.text(x.at(v), box.y + box.h + 17, tick(v), { fill: c.soft, align: 'center', size: 11 });
    }
    pen.line([box.x, box.y, box.x, box.y + box.h, box.x + box.w, box.y + box.h], { stroke: c.soft });
    pen.text(box.x + box.w / 2, box.y + box.h + 33, xTitle, { fill: c.soft, align: 'center' });
    pen.text(box.x, box.y - 8, yTitle, { fill: c.soft });
}
