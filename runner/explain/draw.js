/* draw.js - SVG drawings of the interactive page: the net, and charts of curves. Computes no
 * net: interactive.js says what there is to draw, in numbers that are ready.
 */

const SVG = 'http://www.w3.org/2000/svg';

/* An SVG element with attributes and children; a text child is its content. */
function svg(tag, attributes, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes || {}))
        element.setAttribute(name, typeof value === 'number' ? +value.toFixed(2) : value);
    element.append(...children);
    return element;
}

/* Four significant digits and a real minus sign. */
function say(v, digits = 4) {
    if (!Number.isFinite(v))
        return Number.isNaN(v) ? 'not a number' : v > 0 ? '∞' : '−∞';
    const a = Math.abs(v);
    if (a !== 0 && (a < 1e-4 || a >= 1e6)) {
        const [m, e] = v.toExponential(digits - 1).split('e');
        const power = String(+e).replace(/[-0-9]/g, (c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[c]));
        return `${(+m + '').replace('-', '−')}×10${power}`;
    }
    return String(+v.toPrecision(digits)).replace('-', '−');
}

/* In at most five characters, for the inside of a neuron. */
function sayShort(v) {
    const a = Math.abs(v);
    if (!Number.isFinite(v))
        return '∞';
    if (a === 0)
        return '0';
    return (a < 0.005 ? v.toExponential(0) : a < 10 ? v.toFixed(2) : a < 100 ? v.toFixed(1) : a < 1e4 ? v.toFixed(0) : v.toExponential(0))
        .replace(/-/g, '−');
}

const cut = (text, n) => (text.length > n ? text.slice(0, n - 1) + '…' : text);

/* ---- the net ---------------------------------------------------------------------------- */

const ROW = 46, RADIUS = 18, MOST_NODES = 10;

/* Which of N neurons are shown: all, or the first ones, an ellipsis (-1) and the last, with
 * KEEP (indices) among them. */
function shownOf(n, keep) {
    if (n <= MOST_NODES)
        return Array.from({ length: n }, (v, i) => i);
    const shown = new Set([n - 1, ...keep.filter((i) => i >= 0 && i < n)]);
    for (let i = 0; shown.size < MOST_NODES - 1; i++)
        shown.add(i);
    const list = [...shown].sort((a, b) => a - b);
    return list.flatMap((i, k) => (k && i - list[k - 1] > 1 ? [-1, i] : [i]));
}

/* Places of a column's neurons, one every ROW pixels: {x, y} by index. */
function placeColumn(column, x, middle, row) {
    const place = new Map();
    if (column.image) {
        const { width, height } = column.image, size = Math.max(5, Math.min(14, 150 / Math.max(width, height)));
        for (let i = 0; i < width * height; i++)
            place.set(i, { x: x + (i % width - (width - 1) / 2) * size,
                           y: middle + (Math.floor(i / width) - (height - 1) / 2) * size, size });
        return place;
    }
    column.shown.forEach((i, k) => {
        const y = middle + (k - (column.shown.length - 1) / 2) * row;
        if (i >= 0)
            place.set(i, { x, y, size: 2 * RADIUS });
        else
            column.gaps.push(y);
    });
    return place;
}

const shadeStyle = (shade) => {
    const colour = shade < 0 ? 'var(--minus)' : 'var(--plus)';
    return `fill: color-mix(in srgb, ${colour} ${(Math.min(1, Math.abs(shade)) * 75).toFixed(1)}%, var(--card))`;
};

/* THICK: width of the largest. */
function drawEdge(from, to, e, thick, pick) {
    const x1 = from.x + Math.min(from.size / 2, RADIUS), x2 = to.x - RADIUS, bend = (x2 - x1) * 0.4;
    const path = `M${x1.toFixed(1)} ${from.y.toFixed(1)}C${(x1 + bend).toFixed(1)} ${from.y.toFixed(1)} ` +
        `${(x2 - bend).toFixed(1)} ${to.y.toFixed(1)} ${x2.toFixed(1)} ${to.y.toFixed(1)}`;
    const colour = e.chosen ? 'chosen' : e.sign > 0 ? 'plus' : e.sign < 0 ? 'minus' : '';
    const g = svg('g', { class: e.weight ? 'pickable' : '' },
                  svg('path', { class: `edge ${colour}`, d: path, 'stroke-width': 0.6 + thick * e.size + (e.chosen ? 1.5 : 0),
                                'stroke-opacity': e.chosen ? 1 : 0.2 + 0.65 * e.size ** 1.5 }));
    if (e.weight) {
        g.append(svg('path', { d: path, fill: 'none', stroke: 'transparent', 'stroke-width': 9 }),
                 svg('title', {}, e.title));
        g.addEventListener('click', () => pick(e.weight));
        g.dataset.weight = e.weight.join(' ');
    }
    return g;
}

function drawNeuron(p, node) {
    const g = svg('g', {}, svg('title', {}, node.title));
    g.append(svg('circle', { cx: p.x, cy: p.y, r: RADIUS, style: shadeStyle(node.shade),
                             class: node.chosen ? 'chosen' : 'axis', 'stroke-width': node.chosen ? 3 : 1 }),
             svg('text', { x: p.x, y: p.y + 4, 'text-anchor': 'middle',
                           'font-size': node.text.length > 5 ? 9.5 : 11.5 }, node.text));
    return g;
}

function drawPixel(p, node, pick) {
    const r = svg('rect', { x: p.x - p.size / 2, y: p.y - p.size / 2, width: p.size, height: p.size,
                            style: shadeStyle(node.shade), class: node.chosen ? 'chosen' : 'grid',
                            'stroke-width': node.chosen ? 2.5 : 0.5 });
    const g = svg('g', { class: 'pickable' }, svg('title', {}, node.title), r);
    g.addEventListener('click', () => pick(null, node.index));
    return g;
}

/* Draw columns of neurons with edges between them into PLACE.
 *     columns  [{title, subtitle, nodes: [{index, text, label, title, shade, chosen}], keep: [index],
 *              image: {width, height} or null}]
 *     edges    [{from: [column, index], to: [column, index], size 0..1, sign, chosen, title, weight}]
 *     pick(weight, pixel)  when an edge, or a pixel of an image, is clicked */
function drawNet(place, columns, edges, pick) {
    const width = Math.max(300, place.clientWidth), wide = width > 560;
    const left = columns[0].image ? 90 : wide && columns[0].nodes[0].label ? 120 : 26;
    const right = wide && columns.at(-1).nodes[0].label ? 110 : 26, top = 44;
    for (const c of columns) {
        c.gaps = [];
        c.shown = c.image ? [] : shownOf(c.nodes.length, c.keep);
    }
    const rows = Math.max(...columns.map((c) => (c.image ? 4 : c.shown.length)));
    const row = wide ? ROW : ROW + 8; /* there names stand below their neurons */
    const height = top + rows * row + (wide ? 8 : 16);
    const at = columns.map((c, k) => placeColumn(
        c, left + (columns.length > 1 ? k * (width - left - right) / (columns.length - 1) : 0), top + rows * row / 2, row));
    const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img',
                                 'aria-label': `A net of ${columns.length} columns: ` +
                                               columns.map((c) => `${c.title} ${c.subtitle}`).join(', ') });
    const order = edges.slice().sort((a, b) => (a.chosen - b.chosen) || a.size - b.size);
    const thick = edges.length > 70 ? 3 : 5.5;
    for (const e of order) {
        const from = at[e.from[0]].get(e.from[1]), to = at[e.to[0]].get(e.to[1]);
        if (from && to)
            picture.append(drawEdge(from, to, e, thick, pick));
    }
    columns.forEach((c, k) => {
        const anchor = k === 0 && left < 60 ? 'start' : k === columns.length - 1 && right < 60 ? 'end' : 'middle';
        const middle = [...at[k].values()][0].x, x = c.image ? left
            : anchor === 'start' ? 6 : anchor === 'end' ? width - 6 : middle;
        picture.append(svg('text', { x, y: 14, 'text-anchor': anchor, 'font-weight': 600 }, cut(c.title, wide ? 22 : 11)),
                       svg('text', { x, y: 30, 'text-anchor': anchor, class: 'soft' }, cut(c.subtitle, wide ? 26 : 14)));
        for (const y of c.gaps)
            picture.append(svg('text', { x: middle, y: y + 5, 'text-anchor': 'middle', 'font-size': 18, class: 'soft' }, '⋮'));
        for (const [i, p] of at[k]) {
            const node = c.nodes[i], last = k === columns.length - 1;
            picture.append(c.image ? drawPixel(p, node, pick) : drawNeuron(p, node));
            if (!node.label || c.image)
                continue;
            if (wide && (k === 0 || last))
                picture.append(svg('text', { x: last ? p.x + RADIUS + 7 : p.x - RADIUS - 7, y: p.y + 4,
                                             'text-anchor': last ? 'start' : 'end', class: 'halo' }, cut(node.label, 15)));
            else if (k === 0 || last)
                picture.append(svg('text', { x: last ? p.x + RADIUS : p.x - RADIUS, y: p.y + RADIUS + 10, 'font-size': 10,
                                             'text-anchor': last ? 'end' : 'start', class: 'soft halo' }, cut(node.label, 14)));
        }
    });
    place.replaceChildren(picture);
}

/* ---- charts -------------------------------------------------------------------------------- */

/* About N round numbers from LOW to HIGH. */
function ticks(low, high, n) {
    const raw = (high - low) / n, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].find((m) => m * power >= raw) * power, list = [];
    for (let v = Math.ceil(low / step) * step; v <= high + 1e-9 * step; v += step)
        list.push(Math.abs(v) < 1e-9 * step ? 0 : +v.toPrecision(12));
    return list;
}

/* A number of an axis in as many digits as tell it from its neighbours. */
function sayTick(v, list) {
    const step = list.length > 1 ? Math.abs(list[1] - list[0]) : Math.abs(v) || 1;
    const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return places > 6 || Math.abs(v) >= 1e6 ? say(v, 3) : v.toFixed(places).replace('-', '−');
}

/* Draw a chart into PLACE.
 *     title, xLabel, yLabel, xRange, yRange: [low, high]
 *     lines   [{class, points: [[x, y]...], arrow}]   points that are not finite break the line
 *     dots    [{class, x, y, label, below}] */
function drawChart(place, { title, xLabel, yLabel, xRange, yRange, lines, dots, whole }) {
    const width = Math.max(280, place.clientWidth), height = Math.round(Math.min(300, Math.max(210, width * 0.55)));
    const box = { left: 66, right: width - 12, top: 12, bottom: height - 40 };
    const [x0, x1] = xRange, [y0, y1] = yRange;
    const X = (x) => box.left + (x - x0) / (x1 - x0) * (box.right - box.left);
    const Y = (y) => box.bottom - (y - y0) / (y1 - y0) * (box.bottom - box.top);
    const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': title });
    const id = `${place.id}-clip`;

    picture.append(svg('defs', {}, svg('clipPath', { id }, svg('rect', {
        x: box.left, y: box.top - 4, width: box.right - box.left, height: box.bottom - box.top + 8 })),
        svg('marker', { id: `${place.id}-tip`, viewBox: '0 0 10 10', refX: 8, refY: 5, markerWidth: 7, markerHeight: 7,
                        orient: 'auto-start-reverse', markerUnits: 'userSpaceOnUse' },
            svg('path', { d: 'M0 0L10 5L0 10z', style: 'fill: var(--good)' }))));
    const yTicks = ticks(y0, y1, 4), xTicks = ticks(x0, x1, width > 420 ? 6 : 4).filter((v) => !whole || Number.isInteger(v));
    for (const y of yTicks)
        picture.append(svg('path', { class: 'grid', d: `M${box.left} ${Y(y).toFixed(1)}H${box.right}` }),
                       svg('text', { class: 'soft', x: box.left - 7, y: Y(y) + 4, 'text-anchor': 'end' }, sayTick(y, yTicks)));
    for (const x of xTicks)
        picture.append(svg('path', { class: 'axis', d: `M${X(x).toFixed(1)} ${box.bottom}v4` }),
                       svg('text', { class: 'soft', x: X(x), y: box.bottom + 17, 'text-anchor': 'middle' }, sayTick(x, xTicks)));
    picture.append(svg('path', { class: 'axis', d: `M${box.left} ${box.top}V${box.bottom}H${box.right}` }),
                   svg('text', { class: 'soft', x: (box.left + box.right) / 2, y: height - 6, 'text-anchor': 'middle' }, xLabel),
                   svg('text', { class: 'soft', transform: `translate(13 ${(box.top + box.bottom) / 2}) rotate(-90)`,
                                 'text-anchor': 'middle' }, yLabel));
    const inside = svg('g', { 'clip-path': `url(#${id})` });
    for (const line of lines) {
        let pen = 'M', d = '';
        for (const [x, y] of line.points) {
            d += Number.isFinite(y) ? `${pen}${X(x).toFixed(1)} ${Y(Math.max(y0 - (y1 - y0), Math.min(y1 + (y1 - y0), y))).toFixed(1)}` : '';
            pen = Number.isFinite(y) ? 'L' : 'M';
        }
        inside.append(svg('path', { class: line.class, d: d || 'M0 0',
                                    ...(line.arrow ? { 'marker-end': `url(#${place.id}-tip)` } : {}) }));
    }
    picture.append(inside);
    for (const dot of dots) {
        if (!(Number.isFinite(dot.y) && dot.x >= x0 && dot.x <= x1 && dot.y >= y0 && dot.y <= y1))
            continue;
        const end = X(dot.x) > box.right - 90, low = dot.below && Y(dot.y) < box.bottom - 24;
        picture.append(svg('circle', { class: dot.class, cx: X(dot.x), cy: Y(dot.y), r: 5 }),
                       svg('text', { class: 'halo', x: X(dot.x) + (end ? -8 : 8), y: Y(dot.y) + (low ? 18 : -8),
                                     'text-anchor': end ? 'end' : 'start' }, dot.label || ''));
    }
    place.replaceChildren(picture);
}
