// report.js - the page of fell report in Chromium: `node report.js FILE DB LIMIT [PAGE...]`. Nothing on its console,
// no request, nothing wider than the window; hover, pin, sort, save, keys, dark and paper do what they should; and
// the SQL under a picture, run by sqlite3 on DB, gives the numbers of the page. LIMIT: milliseconds until it answers.
// Then what tests/cli/report_html.sh made: run.html, evil.html, one.html, none.html, long.html, many.html.
'use strict';
const assert = require('assert');
const fs = require('fs');
const { execFileSync } = require('child_process');
const { launch, open } = require('./browser.js');

const [file, db, limit, ...others] = process.argv.slice(2);
let asked = db; /* run.html has a database of its own */
const ask = (sql) => JSON.parse(execFileSync('sqlite3', ['-json', '-readonly', asked, sql], { maxBuffer: 1 << 28 }).toString() || '[]');
const near = (a, b, tolerance = 1e-6) => (a === null || Number.isNaN(a) ? b === null || Number.isNaN(b) : Math.abs(a - b) <= tolerance * Math.max(Math.abs(b), 1e-30));
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
const middle = '#curves canvas';

/* Of gradients and probes, of which nothing is thinned. */
function checkFields(fields) {
    assert(fields.length >= 4);
    for (const f of fields) {
        const rows = new Map(ask(f.sql).map((r) => [`${r.place} ${r.epoch}`, r.value])), n = f.epochs.length;
        assert(rows.size === f.numbers.length && rows.size > 0, f.sql);
        f.numbers.forEach((v, i) => assert(near(v, rows.get(`${f.rows[Math.floor(i / n)]} ${f.epochs[i % n]}`)), f.sql));
    }
}

/* The numbers of the page's curves, settings, trials and gradients are those of the SQL beside them. */
async function checkSql(page) {
    const told = await page.evaluate(() => ({
        curves: report.curves.measures.map((m) => ({ sql: m.sql, thinned: report.curves.thinned, points: seriesOf(m).flatMap((s) =>
            [...s.y].map((v, i) => [s.run, s.x[i], Number.isFinite(v) ? v : null])) })),
        kind: report.kind, points: report.points, trials: report.trials,
        fields: [...(report.gradients?.fields || []), ...(report.probes || []).flatMap((p) => p.fields)].map((f) => ({
            ...f, numbers: [...decode(f.numbers)].map((v) => (Number.isFinite(v) ? v : null)) })),
    }));
    for (const m of told.curves) {
        const rows = new Map(ask(m.sql).map((r) => [`${r.run} ${r.epoch}`, r.value]));
        assert(m.points.length > 0 && (m.thinned || rows.size === m.points.length), m.sql);
        for (const [run, epoch, value] of m.points)
            assert(near(value, rows.get(`${run} ${epoch}`)), `${m.sql}: run ${run}, epoch ${epoch}: ${value}, not ${rows.get(`${run} ${epoch}`)}`);
    }
    checkFields(told.fields);
    if (told.kind === 'run')
        return;
    const settings = ask(told.points.sql), drawn = told.points.settings.flatMap((s) => s.points.map((p) => [s.setting, ...p]));
    assert.strictEqual(drawn.length, settings.length);
    settings.forEach((s, i) => assert(drawn[i][0] === s.setting && drawn[i][1] === s.value && near(drawn[i][2], s.mean, 1e-12) &&
        drawn[i][3] === s.trial, `${drawn[i]}, not ${JSON.stringify(s)}`));
    const trials = ask(told.trials.sql);
    assert.strictEqual(trials.length, told.trials.rows.length);
    trials.forEach((t, i) => assert(t.trial === told.trials.rows[i].trial && near(told.trials.rows[i].mean, t.mean, 1e-12) &&
        near(told.trials.rows[i].sd, t.sd, 1e-12) && told.trials.rows[i].n === t.n &&
        JSON.stringify(told.trials.rows[i].params) === JSON.stringify(JSON.parse(t.params)), `trial ${t.trial}`));
}

/* Pointer and keys in the picture of SELECTOR: words beside it, and for a screen reader. */
async function checkPicture(page, selector, pins) {
    const canvas = page.locator(selector), tip = canvas.locator('xpath=following-sibling::*[1]');
    await canvas.scrollIntoViewIfNeeded();
    const at = await page.evaluate((s) => {
        const p = pictures.find((one) => one.canvas === document.querySelector(s));
        const spot = p.what.move('End', p.what.move('ArrowRight', null));
        return { x: spot.x, y: spot.y };
    }, selector);
    assert(await tip.isHidden());
    await canvas.hover({ position: at });
    assert(await tip.isVisible() && (await tip.innerText()).length > 10, `${selector}: nothing is shown`);
    await page.mouse.move(0, 0);
    assert(await tip.isHidden());
    await canvas.focus();
    await page.keyboard.press('ArrowRight');
    const first = await page.textContent('#said');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    assert(first.length > 5 && await tip.isVisible() && await page.textContent('#said') !== first, `${selector}: keys`);
    if (pins) {
        assert(await page.locator('#pinned').isHidden());
        await page.keyboard.press('Enter');
        assert(await page.locator('#pinned').isVisible() && await page.locator('#trials input:checked').count() === 1);
        await page.click('#pinned > button');
        await canvas.click({ position: at });
        assert.strictEqual(await page.evaluate(() => report.pins.size), 1);
        await page.click('#pinned > button');
        assert(await page.locator('#pinned').isHidden());
    }
    await canvas.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Escape');
    assert(await tip.isHidden());
}

async function saved(page, button) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator(button).first().click()]);
    return { name: download.suggestedFilename(), bytes: fs.readFileSync(await download.path()) };
}

async function checkSaved(page) {
    for (const part of ['curves', 'settings', 'gradients']) {
        const drawn = await saved(page, `#${part} button:text("Save SVG")`), png = await saved(page, `#${part} button:text("Save PNG")`);
        const problem = await page.evaluate((text) => {
            const doc = new DOMParser().parseFromString(text, 'image/svg+xml');
            return doc.querySelector('parsererror')?.textContent || (doc.querySelectorAll('path, rect').length > 10 ? '' : 'empty');
        }, drawn.bytes.toString());
        assert(drawn.name.endsWith('.svg') && problem === '' && !/NaN/.test(drawn.bytes), `${drawn.name}: ${problem}`);
        assert(png.name.endsWith('.png') && png.bytes.subarray(1, 4).toString() === 'PNG' && png.bytes.length > 2000);
    }
}

async function checkTables(page) {
    const column = (n) => page.locator(`#trials tbody tr td:nth-child(${n})`).allTextContents();
    const before = await column(2), heads = page.locator('#trials th button');
    await heads.first().focus();
    await page.keyboard.press('Enter');
    assert.strictEqual(await page.locator('#trials th[aria-sort=ascending]').count(), 1);
    const after = (await column(2)).map(Number);
    assert(after.length === before.length && after.every((v, i) => !i || v >= after[i - 1]), 'not sorted');
    await heads.first().click();
    assert((await column(2)).map(Number).every((v, i, all) => !i || v <= all[i - 1]), 'not sorted backwards');
    await page.locator('#trials td input').nth(0).check();
    await page.locator('#trials td input').nth(5).check();
    assert((await page.locator('#pinned thead').innerText()).match(/trial/g).length === 2);
    await page.locator('#pinned > button').click();
    assert.strictEqual(await page.locator('#trials input:checked').count(), 0);
    for (const part of ['curves', 'settings', 'gradients']) { /* the numbers of each picture, as a table */
        await page.locator(`#${part} summary:text("Numbers")`).first().click();
        await page.locator(`#${part} figure tbody tr`).nth(1).waitFor({ timeout: 5000 });
    }
}

/* A range on an axis of the settings, by keys and by pointer, keeps the trials inside it. */
async function checkBrush(page) {
    const canvas = page.locator('canvas[aria-label="Trials across the settings"]'), kept = () => page.evaluate(() => report.parallel.kept().length);
    const all = await kept();
    await canvas.scrollIntoViewIfNeeded();
    await canvas.focus();
    for (const key of ['End', 'ArrowUp', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown'])
        await page.keyboard.press(key);
    const low = await page.evaluate(() => report.parallel.rows.filter((row) => report.parallel.axes.at(-1).part(row) <= report.parallel.brush.values().next().value[1]).length);
    assert(low > 0 && low < all && await kept() === low && (await page.textContent('#said')).includes(`${low} of ${all} trials`));
    await page.keyboard.press('Enter');
    assert.strictEqual(await kept(), all);
    const box = await canvas.boundingBox();
    await page.mouse.move(box.x + 60, box.y + 52);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 160, { steps: 3 });
    await page.mouse.up();
    assert(await kept() < all && await page.evaluate(() => report.pins.size) === 0);
    await page.locator('button:text("All trials")').click();
    assert.strictEqual(await kept(), all);
}

/* A part of the epochs by pointer and by keys: what is drawn is of these epochs, and the whole comes back. */
async function checkZoom(page, part) {
    const canvas = page.locator(`#${part} canvas`).first(), all = page.locator(`#${part} button:text("Show all")`).first();
    const look = () => canvas.evaluate((c) => c.toDataURL()), epochs = () => page.evaluate((s) => pictures.find((p) =>
        p.canvas === document.querySelector(`#${s} canvas`)).what.zoom?.words, part);
    await canvas.scrollIntoViewIfNeeded();
    await page.mouse.move(0, 0);
    const before = await look(), box = await canvas.boundingBox(), pins = await page.evaluate(() => report.pins.size);
    assert(await all.isHidden());
    const drag = async (dy) => {
        await page.mouse.move(box.x + box.width * 0.4, box.y + 80);
        await page.mouse.down();
        await page.mouse.move(box.x + box.width * 0.8, box.y + 80 + dy, { steps: 3 });
        await page.mouse.up();
        await page.mouse.move(0, 0);
    };
    await drag(5);
    const [low, high] = (await epochs()).match(/[\d.]+/g).map(Number), zoomed = await look();
    assert(low > 1 && high < 12 && high > low && zoomed !== before, `${part}: epochs ${low} to ${high}`);
    if (part === 'curves') {
        await drag(120);
        assert.strictEqual((await page.evaluate(() => report.curvesPart.picture.what.zoom.y)).length, 2);
    }
    await canvas.hover({ position: { x: box.width * 0.6, y: 80 } });
    await all.click();
    assert(await look() === before && await all.isHidden() && await page.evaluate(() => report.pins.size) === pins, `${part}: the whole`);
    await canvas.focus();
    for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', '+'])
        await page.keyboard.press(key);
    assert(/epochs/.test(await page.textContent('#said')) && await epochs());
    await page.keyboard.press('0');
    assert(!await epochs() && /all/.test(await page.textContent('#said')));
    await page.keyboard.press('Escape');
    await canvas.blur();
}

/* The page that is written anew: it loads itself again, what was chosen stays, and the last one rests. */
async function checkFollow(browser) {
    const text = fs.readFileSync(file, 'utf8'), data = '<script type="application/json" id="data">{';
    fs.writeFileSync('followed.html', text.replace(data, `${data}"follow":0.2,"written":"then",`));
    const page = await open(browser, 'followed.html');
    await page.locator('#trials td input').nth(2).check();
    await page.locator('#curves select').first().selectOption('accuracy');
    await page.mouse.move(0, 0);
    fs.writeFileSync('followed.html', text.replace(data, `${data}"follow":0.2,"written":"now",`));
    await page.waitForFunction(() => window.report?.written === 'now' || document.getElementById('follow')?.textContent.includes('now'));
    assert.deepStrictEqual(await page.evaluate(() => [report.pins.size, report.curvesPart.state.name, document.querySelectorAll('#trials input:checked').length]),
                           [1, 'accuracy', 1]);
    fs.writeFileSync('followed.html', text);
    await page.waitForFunction(() => !document.getElementById('follow'));
    assert.strictEqual(await page.evaluate(() => report.pins.size), 1);
    assert.deepStrictEqual(page.complaints, []);
    await page.context().close();
}

/* The controls of the curves change what is drawn; so do the colours of the night and of paper. */
async function checkControls(page) {
    const look = () => page.evaluate((s) => document.querySelector(s).toDataURL().length + report.curvesPart.lines.length * 1e9, middle);
    let last = await look();
    const differs = async (what) => {
        await page.waitForTimeout(30);
        const now = await look();
        assert(now !== last, `${what} changes nothing`);
        last = now;
    };
    const box = (words) => page.locator('#curves label', { hasText: words }).first().locator('input, select');
    await box(/^log$/).click();
    await differs('log');
    await box(/^log epochs$/).click();
    await differs('log epochs');
    await box(/^better half$/).click();
    await differs('the better half');
    await box(/^validation$/).click();
    await differs('validation');
    await box('Smoothing').focus();
    for (let i = 0; i < 30; i++)
        await page.keyboard.press('ArrowRight');
    await differs('smoothing');
    await box('Colour by').selectOption({ index: 1 });
    await differs('colour');
    await box('Show').selectOption('accuracy');
    await differs('the measure');
    await page.emulateMedia({ colorScheme: 'dark' });
    await differs('dark');
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await differs('paper');
    assert.strictEqual(await page.evaluate(() => colours().card), '#fff');
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
}

/* What each of the other pages must have; all must be whole. */
const mustHave = {
    'evil.html': async (page) => {
        assert.strictEqual(await page.locator('img, main script, b:text("x")').count(), 0);
        const text = await page.evaluate(() => document.body.innerText);
        assert(text.includes('</script><img src=x onerror=alert(1)>"&\ufffdxxxx') && text.includes('</script><b>\ufffd') &&
            text.includes('<b>\ufffd\ufffdxxx') && !/[\u202e\u0007]/.test(text), 'a name is not shown as text');
        const { dots, cells, all, places, axis } = await page.evaluate(() => ({ places: report.gradients.fields[0].rows,
            dots: report.against.dots.map((d) => ({ k: d.k, x: d.x, none: d.value === null || d.value === '' })), all: report.pair.rows.length,
            cells: report.pair.cells.reduce((s, c) => s + c.n, 0), axis: report.parallel.axes.flatMap((a) => report.parallel.rows.map(a.part)) }));
        assert.deepStrictEqual(places, ['hidden.weight', 'position 1', 'output.weight', 'output.bias']);
        assert(dots.some((d) => d.none) && dots.every((d) => !d.none || dots.every((o) => o.k !== d.k || o.none || o.x < d.x - 5)), 'a setting without a value');
        assert(cells === all && axis.every(Number.isFinite), `${cells} of ${all} trials`);
    },
    'one.html': async (page) => assert(/Nothing was varied/.test(await page.innerText('#settings'))),
    'none.html': async (page) => assert(/No run has recorded gradients/.test(await page.innerText('#gradients'))),
    'long.html': async (page) => {
        const { n, spikes, note } = await page.evaluate(() => ({ n: report.curvesPart.lines[0].y.length, note: document.getElementById('thinned').textContent,
            spikes: [...report.curvesPart.lines[0].y].filter((v) => v >= 1000).length }));
        assert(n < 3000 && spikes === 6 && /of 50000 epochs/.test(note), `${n} points, ${spikes} spikes: ${note}`);
    },
    'run.html': async (page) => {
        await checkSql(page);
        const seen = await page.evaluate(() => report.curves.measures.flatMap((m) => seriesOf(m).map((s) => `${m.split}.${m.name} ${m.split === 'train' ? s.x.length
            : [...s.y].map((v, i) => s.x[i] * (Number.isFinite(v) ? 1 : -1))}`)));
        assert.deepStrictEqual(seen, ['train.loss 12', 'validation.loss 5,-10,12', 'train.accuracy 12', 'validation.accuracy 5,10,12']);
        await checkPicture(page, '#probes figure:first-of-type canvas', false);
        const look = () => page.evaluate(() => document.querySelector('#probes canvas').toDataURL());
        let last = await look();
        for (const [n, choice] of [[1, { label: 'heatmap' }], [0, { index: 1 }], [1, { label: 'heatmap' }]]) {
            await page.locator('#probes select').nth(n).selectOption(choice);
            const now = await look();
            assert(now !== last, `another picture of ${JSON.stringify(choice)}`);
            last = now;
        }
        assert(/started/.test(await page.innerText('#lists')) && /run 1/.test(await page.title()));
    },
    'many.html': async (page) => {
        const [n, lowest, highest] = await page.evaluate(() => [report.curvesPart.lines.length, report.curvesPart.ranges[0].low.y[1], report.curvesPart.ranges[0].high.y[0]]);
        assert(n === 1200 && lowest < 350 && highest === 998 && /1200 of 1301 runs/.test(await page.textContent('#thinned')), `${n} ${lowest} ${highest}`);
        assert.strictEqual(await page.evaluate(() => report.gradients.fields[0].rows.length), 3);
        assert(/Listed are 200 of 250 kinds/.test(await page.innerText('#ends')));
        await page.evaluate(() => {
            for (let trial = 1; trial < 15; trial++)
                report.pin(trial);
            const shares = Array.from({ length: 40 }, (v, i) => ({ setting: `s${i}`, share: 0.1 })), into = document.getElementById('settings');
            showImportance(Object.assign(Object.create(report), { settings: [{}], importance: { shares, r2: 1, trials: 50, method: 'none' } }), into);
        });
        assert(/first 12 of 14 pinned/.test(await page.innerText('#pinned')) && /30 largest of 40/.test(await page.innerText('#settings')));
    },
};

async function checkOther(browser, other) {
    const page = await open(browser, other, { width: 390, dark: true });
    asked = other === 'run.html' ? 'run.db' : db;
    await mustHave[other](page);
    assert(await overflow(page) <= 0, `${other} is wider than the window`);
    assert.deepStrictEqual(page.complaints, [], other);
    assert(!/\bNaN\b|undefined|\[object/.test(await page.evaluate(() => document.body.innerText)), other);
    await page.context().close();
}

(async () => {
    const browser = await launch();
    try {
        const page = await open(browser, file);
        const ready = await page.evaluate(() => fellReady);
        assert(ready < Number(limit), `the page answers after ${ready} ms`);
        await checkSql(page);
        await checkPicture(page, middle, true);
        await checkPicture(page, '#settings figure:first-of-type canvas', true);
        await checkPicture(page, '#gradients canvas', false);
        await checkBrush(page);
        await checkZoom(page, 'curves');
        await checkZoom(page, 'gradients');
        await checkPicture(page, '#settings canvas[aria-label*="two settings"]', false);
        const cells = await page.evaluate(() => report.pair.cells.map(({ i, k, n, mean }) => [n, mean, report.pair.rows.filter((row) =>
            report.pair.across[i].has(row.params[report.pair.x.path]) && report.pair.up[k].has(row.params[report.pair.y.path])).reduce((s, row) => s + row.mean / n, 0)]));
        assert(cells.reduce((s, [n]) => s + n, 0) === await page.evaluate(() => report.pair.rows.length) && cells.every(([n, mean, sum]) => n === 0 || near(mean, sum, 1e-9)));
        await checkSaved(page);
        await checkTables(page);
        await checkControls(page);
        assert.deepStrictEqual(await page.evaluate(() => [...document.querySelectorAll('input, select, button, canvas')].filter((e) =>
            !(e.labels?.length || e.getAttribute('aria-label') || e.textContent)).map((e) => e.outerHTML)), [], 'a control without a name');
        for (const width of [390, 768, 1920]) {
            await page.setViewportSize({ width, height: 900 });
            await page.waitForTimeout(50);
            assert(await overflow(page) <= 0, `wider than a window of ${width}`);
        }
        const text = await page.evaluate(() => document.body.innerText);
        assert(!/\bNaN\b|undefined|\[object/.test(text), text.match(/.*(NaN|undefined|\[object).*/)?.[0]);
        assert.deepStrictEqual(page.complaints, []);
        await checkFollow(browser);
        for (const other of others)
            await checkOther(browser, other);
    } finally {
        await browser.close();
    }
})().catch((e) => {
    console.error(e.stack);
    process.exit(1);
});
