/* picture.js - a picture of the report with what stands around it: canvas, what the pointer or the keys
 * show, saving as SVG and PNG, the numbers as a table, the SQL. And tables, which can be sorted. All texts are
 * set as text.
 */

/* An element with attributes (functions are listeners) and children. */
function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
        if (typeof value === 'function')
            element.addEventListener(name, value);
        else if (value !== null && value !== false)
            element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.filter((c) => c !== null));
    return element;
}

const pictures = [];

function redraw() {
    for (const p of pictures)
        p.draw();
}

function download(name, blob) {
    const url = URL.createObjectURL(blob), a = make('a', { href: url, download: name });
    document.body.append(a);
    a.click();
    a.remove();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
}

class Picture {
    /* WHAT: name (of the files), label, sql, height(width), paint(pen, width, height, colours), table() with
     * {columns, rows}, and where it answers the pointer: find(x, y), move(key), mark(pen, spot, colours), pick(spot), drag(from, to);
     * a spot is {x, y, lines: [text...]}. Where a part of it can be looked at alone: zoom, {x: [from, to], y: [from, to] or null} or null,
     * and span(from, to, both), which makes one of two places. */
    constructor(into, what) {
        this.what = what;
        this.spot = null;
        this.canvas = make('canvas', { role: 'img', 'aria-label': what.label, tabindex: what.find ? 0 : null });
        this.tip = make('div', { class: 'tip', hidden: true });
        this.frame = make('div', { class: 'canvas' }, this.canvas, this.tip);
        this.whole = what.span ? make('button', { type: 'button', hidden: true, click: () => this.zoomTo(null) }, 'Show all') : null;
        this.figure = make('figure', {}, this.frame, this.under());
        into.append(this.figure);
        if (what.find)
            this.listen();
        pictures.push(this);
        new ResizeObserver(() => this.draw()).observe(this.frame);
    }
    under() {
        const { what } = this, numbers = make('details', {}, make('summary', {}, 'Numbers'));
        numbers.addEventListener('toggle', () => {
            while (numbers.children.length > 1)
                numbers.lastChild.remove();
            if (numbers.open)
                numbers.append(tableOf({ ...what.table(), caption: what.label }));
        });
        const query = make('pre', { tabindex: 0 }, what.sql());
        const copy = make('button', { type: 'button', click: () => copyText(query.textContent) }, 'Copy');
        this.query = query;
        return make('div', { class: 'under' },
                    make('button', { type: 'button', click: () => this.saveSvg() }, 'Save SVG'),
                    make('button', { type: 'button', click: () => this.savePng() }, 'Save PNG'),
                    this.whole,
                    numbers, make('details', { class: 'sql' }, make('summary', {}, 'SQL'), query, copy));
    }
    listen() {
        const { canvas, what } = this, place = (e) => {
            const box = canvas.getBoundingClientRect();
            return [e.clientX - box.left, e.clientY - box.top];
        };
        canvas.addEventListener('pointermove', (e) => (this.from ? this.drag(place(e)) : this.show(what.find(...place(e)))));
        if (what.drag || what.span) {
            canvas.style.touchAction = what.drag ? 'pan-x' : 'pan-y';
            canvas.addEventListener('pointerdown', (e) => { this.from = place(e); this.dragged = false; canvas.setPointerCapture(e.pointerId); });
            canvas.addEventListener('pointerup', (e) => { this.drag(place(e)); this.drop(place(e)); });
            canvas.addEventListener('pointercancel', () => { this.from = this.rubber = null; this.overlay(); });
            canvas.addEventListener('dblclick', () => this.zoomTo(null));
        }
        canvas.addEventListener('pointerleave', () => this.show(null));
        canvas.addEventListener('click', (e) => {
            if (this.dragged) /* what ends a drag chooses nothing */
                return;
            const spot = what.find(...place(e));
            if (spot && what.pick)
                what.pick(spot);
        });
        canvas.addEventListener('blur', () => this.show(null));
        canvas.addEventListener('keydown', (e) => {
            if (e.key === 'Escape')
                this.show(null);
            else if (what.span && '+-0'.includes(e.key))
                this.zoomBy(e.key);
            else if ((e.key === 'Enter' || e.key === ' ') && this.spot && what.pick)
                what.pick(this.spot);
            else if (/^Arrow|^Home$|^End$/.test(e.key))
                this.show(what.move(e.key, this.spot), true);
            else
                return;
            e.preventDefault();
        });
    }
    drag(to) {
        this.dragged = this.dragged || Math.hypot(this.from[0] - to[0], this.from[1] - to[1]) > 4;
        if (!this.dragged)
            return;
        if (this.what.drag) {
            this.what.drag(this.from, to);
            return;
        }
        this.rubber = to;
        this.show(null);
    }
    /* A drag along the picture chooses of its width, a slanting one of both. */
    both(to) {
        return Math.abs(to[1] - this.from[1]) > 24;
    }
    drop(to) {
        const { from, rubber } = this, chosen = rubber && Math.abs(to[0] - from[0]) > 8 ? this.what.span(from, to, this.both(to)) : null;
        this.rubber = null;
        if (chosen)
            this.zoomTo(chosen);
        this.from = null;
        this.overlay();
    }
    zoomTo(zoom) {
        if (!this.what.span)
            return;
        this.what.zoom = zoom;
        this.show(null);
        this.draw();
    }
    /* With keys: half as much or twice as much around what is shown; 0 is all. */
    zoomBy(key) {
        const { width, height, spot } = this, at = spot ? spot.x : width / 2, half = key === '+' ? width / 4 : width;
        const zoom = key === '0' || (key === '-' && !this.what.zoom) ? null : this.what.span([at - half, height / 2], [at + half, height / 2], false);
        if (key !== '+' || zoom)
            this.zoomTo(zoom);
        document.getElementById('said').textContent = this.what.zoom ? this.what.zoom.words : 'all is shown';
    }
    /* SPOT as words beside it; SPOKEN: also to a screen reader. */
    show(spot, spoken = false) {
        this.spot = spot;
        this.tip.hidden = !spot;
        if (spot) {
            const [first, ...rest] = spot.lines;
            this.tip.replaceChildren(make('b', {}, first), ...rest.map((line) => make('span', {}, line)));
            const left = spot.x > this.width / 2 ? spot.x - this.tip.offsetWidth - 14 : spot.x + 14;
            const top = Math.min(spot.y + 10, this.height - this.tip.offsetHeight - 4);
            this.tip.style.transform = `translate(${Math.max(0, Math.min(left, this.width - this.tip.offsetWidth))}px, ${Math.max(0, top)}px)`;
        }
        if (spot && spoken)
            document.getElementById('said').textContent = spot.lines.join(', ');
        this.overlay();
    }
    /* All anew; what is chosen is drawn over a copy of it. */
    draw() {
        const width = Math.floor(this.frame.clientWidth), scale = window.devicePixelRatio || 1;
        if (!width)
            return;
        this.width = width;
        this.height = this.what.height(width);
        this.canvas.width = width * scale;
        this.canvas.height = this.height * scale;
        this.canvas.style.height = `${this.height}px`;
        this.colours = colours();
        this.paint(this.canvas, scale);
        this.copy = document.createElement('canvas');
        this.copy.width = this.canvas.width;
        this.copy.height = this.canvas.height;
        this.copy.getContext('2d').drawImage(this.canvas, 0, 0);
        this.query.textContent = this.what.sql();
        if (this.whole)
            this.whole.hidden = !this.what.zoom;
    }
    paint(canvas, scale) {
        const context = canvas.getContext('2d');
        context.setTransform(scale, 0, 0, scale, 0, 0);
        this.paintWith(new CanvasPen(context));
    }
    paintWith(pen) {
        pen.rect(0, 0, this.width, this.height, this.colours.card);
        this.what.paint(pen, this.width, this.height, this.colours);
    }
    overlay() {
        if (!this.copy)
            return;
        const context = this.canvas.getContext('2d'), scale = window.devicePixelRatio || 1;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.drawImage(this.copy, 0, 0);
        context.setTransform(scale, 0, 0, scale, 0, 0);
        const pen = new CanvasPen(context);
        if (this.spot && this.what.mark)
            this.what.mark(pen, this.spot, this.colours);
        if (this.rubber) {
            const [a, b] = this.from, [x, y] = this.rubber, both = this.both(this.rubber);
            const [low, high] = both ? [b, y] : [0, this.height];
            pen.area([a, low, x, low, x, high, a, high], { fill: this.colours.mark, alpha: 0.2 });
        }
    }
    saveSvg() {
        const pen = new SvgPen(this.width, this.height);
        this.paintWith(pen);
        download(`${this.what.name}.svg`, new Blob([pen.source()], { type: 'image/svg+xml' }));
    }
    savePng() {
        const canvas = document.createElement('canvas'), scale = 2;
        canvas.width = this.width * scale;
        canvas.height = this.height * scale;
        this.paint(canvas, scale);
        canvas.toBlob((blob) => download(`${this.what.name}.png`, blob));
    }
}

function copyText(text) {
    const area = make('textarea', { class: 'hidden' });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy'); /* the newer way is not for pages that are files */
    area.remove();
    document.getElementById('said').textContent = 'copied';
}

/* ---- tables --------------------------------------------------------------------------- */

const isNothing = (v) => v === null || v === undefined || v === '';

function cellOf(column, row) {
    const v = column.of(row);
    if (v instanceof Node)
        return make('td', {}, v);
    const number = typeof v === 'number', words = isNothing(v) ? '' : number ? say(v) : String(v);
    if (column.long)
        return make('td', { class: 'long' }, make('div', {}, words));
    return make('td', { class: column.right ? 'right' : null, title: number ? String(v) : words.length > 30 ? words.slice(0, 2000) : null },
                words.length > 300 ? `${words.slice(0, 300)}…` : words);
}

/* Numbers before texts, nothing at the end whichever way. */
function compare(a, b, sign) {
    if (isNothing(a) || isNothing(b))
        return isNothing(a) - isNothing(b);
    if (typeof a !== typeof b)
        return sign * (typeof a === 'number' ? -1 : 1);
    return sign * (a < b ? -1 : a > b ? 1 : 0);
}

/* COLUMNS: [{title, of(row), long, key(row): what it is sorted by}]; a hundred ROWS at a time. */
function tableOf({ columns, rows, caption, sortable = false, note = '' }) {
    const used = columns.filter((c) => c.always || rows.some((r) => !isNothing(c.of(r))));
    for (const c of used) /* of numbers alone */
        c.right = rows.some((r) => typeof c.of(r) === 'number') && rows.every((r) => isNothing(c.of(r)) || typeof c.of(r) === 'number');
    const body = make('tbody'), more = make('button', { type: 'button' }), left = make('p', { class: 'note' });
    let list = rows, shown = 0, sorted = null, sign = 1;
    const add = () => {
        const until = Math.min(shown + 100, list.length);
        for (; shown < until; shown++)
            body.append(make('tr', {}, ...used.map((c) => cellOf(c, list[shown]))));
        more.hidden = shown >= list.length;
        more.textContent = `Show more: ${list.length - shown} rows are left`;
    };
    const heads = used.map((c) => {
        const head = make('th', { scope: 'col', class: c.pin ? 'pin' : c.right ? 'right' : null, title: c.title.length > 20 ? c.title.slice(0, 2000) : null });
        const words = c.title.length > 100 ? `${c.title.slice(0, 100)}…` : c.title;
        if (!sortable || c.fixed) {
            head.append(words);
            return head;
        }
        head.append(make('button', { type: 'button', click: () => {
            sign = sorted === c ? -sign : 1;
            sorted = c;
            for (const h of heads)
                h.removeAttribute('aria-sort');
            head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
            list = [...rows].sort((a, b) => compare(c.of(a), c.of(b), sign));
            body.replaceChildren();
            shown = 0;
            add();
        } }, words));
        return head;
    });
    more.addEventListener('click', add);
    add();
    left.textContent = note;
    return make('div', {}, make('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': caption },
                                make('table', {}, make('caption', { class: 'hidden' }, caption),
                                     make('thead', {}, make('tr', {}, ...heads)), body)), more, note ? left : null);
}
