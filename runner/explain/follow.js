/* follow.js - a page that `--follow` writes anew while runs go on looks for the next one: it loads itself
 * again, and what the reader has chosen stays. While something is pointed at, typed or read out it waits.
 */

class Follow {
    constructor(report) {
        this.report = report;
        this.key = `fell ${location.pathname}`;
        this.restore();
        if (!report.follow)
            return;
        this.on = make('input', { type: 'checkbox', checked: true });
        document.querySelector('header').append(make('div', { class: 'controls', id: 'follow' }, make('label', {}, this.on, 'follow'),
            make('span', { class: 'note' }, `Runs go on; written at ${report.written}. The page looks for a newer one every ${report.follow} s.`)));
        for (const event of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'scroll'])
            addEventListener(event, () => { this.touched = performance.now(); }, { passive: true });
        setInterval(() => this.look(), report.follow * 1000);
    }
    look() {
        if (!this.on.checked || document.hidden || performance.now() - (this.touched ?? -Infinity) < 3000 || pictures.some((p) => p.spot))
            return;
        this.keep();
        location.reload();
    }
    controls() {
        return [...document.querySelectorAll('main .controls select, main .controls input')];
    }
    valueOf(control) {
        return control.type === 'checkbox' ? control.checked : control.value;
    }
    keep() {
        const { report } = this;
        try {
            sessionStorage.setItem(this.key, JSON.stringify({ pins: [...report.pins], y: scrollY, controls: this.controls().map((c) => this.valueOf(c)),
                zooms: pictures.map((p) => p.what.zoom || null), open: [...document.querySelectorAll('details')].map((d) => d.open) }));
        } catch {
            /* where a file may keep nothing, it begins anew */
        }
    }
    /* Once: a page that the reader loads anew is as it was written. */
    restore() {
        let old = null;
        try {
            old = JSON.parse(sessionStorage.getItem(this.key));
            sessionStorage.removeItem(this.key);
        } catch {
            return;
        }
        if (!old)
            return;
        this.controls().forEach((c, i) => {
            if (old.controls[i] === undefined || this.valueOf(c) === old.controls[i])
                return;
            c[c.type === 'checkbox' ? 'checked' : 'value'] = old.controls[i];
            c.dispatchEvent(new Event(c.type === 'range' ? 'input' : 'change'));
        });
        pictures.forEach((p, i) => { if (old.zooms[i]) p.what.zoom = old.zooms[i]; });
        old.pins.filter((trial) => this.report.byTrial.has(trial)).forEach((trial) => this.report.pin(trial, true));
        [...document.querySelectorAll('details')].forEach((d, i) => { d.open = old.open[i] || false; });
        requestAnimationFrame(() => scrollTo(0, old.y));
    }
}
