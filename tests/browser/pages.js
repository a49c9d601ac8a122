// pages.js - opens HTML pages in Chromium and looks for what a reader would stumble over.
//
//     node pages.js document FILE...            pages of fell explain --html
//     node pages.js interactive FILE RECORD     the page of --interactive of xor, and the same run's
//                                               steps, [{loss}...]: everything in it is used
//     node pages.js steps FILE RECORD           such a page of another net: steps and sliders
'use strict';
const assert = require('assert');
const fs = require('fs');
const { launch, open } = require('./browser.js');

const near = (a, b) => Math.abs(a - b) <= 1e-4 * Math.max(Math.abs(b), 0.01);
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

/* Links that lead nowhere, names that are there twice, pictures and formulas of no size. */
async function checkDocument(browser, file) {
    for (const look of [{ width: 1280 }, { width: 390, dark: true }]) {
        const page = await open(browser, file, look);
        const found = await page.evaluate(() => {
            const all = (selector) => [...document.querySelectorAll(selector)];
            const ids = all('[id]').map((e) => e.id);
            return {
                dead: all('a[href^="#"]').map((a) => decodeURIComponent(a.getAttribute('href').slice(1)))
                    .filter((id) => !document.getElementById(id)),
                twice: ids.filter((id, i) => ids.indexOf(id) !== i),
                empty: all('svg, math').filter((e) => !(e.getBoundingClientRect().height > 5)).length,
                pictures: all('svg').length, formulas: all('math').length, parts: all('h2').length,
                unnamed: all('svg[role=img]:not([aria-label]), math:not([alttext])').length,
                tiny: all('svg.diagram').filter((e) => e.getBoundingClientRect().width < 0.69 * e.viewBox.baseVal.width).length,
                broken: /\bNaN\b|undefined|\[object/.test(document.body.innerText) || /NaN|undefined/.test(all('svg').map((s) => s.outerHTML).join('')),
                background: getComputedStyle(document.body).backgroundColor,
            };
        });
        assert.deepStrictEqual([found.dead, found.twice, found.empty, found.unnamed, found.tiny, found.broken],
                               [[], [], 0, 0, 0, false], file);
        assert(found.pictures >= 5 && found.formulas >= 10 && found.parts >= 10, `${file}: ${JSON.stringify(found)}`);
        assert(await overflow(page) <= 0, `${file} is wider than a window of ${look.width}`);
        assert.deepStrictEqual(page.complaints, [], file);
        await page.context().close();
    }
}

const lossOf = (page) => page.evaluate(() => fell.now.loss);
const shown = (page, id) => page.locator(`#${id}`).textContent();

async function checkInteractive(browser, file, recordFile) {
    const record = JSON.parse(fs.readFileSync(recordFile, 'utf8')), page = await open(browser, file);
    const press = async (id, key, times = 1) => {
        await page.locator(`#${id}`).focus();
        for (let i = 0; i < times; i++)
            await page.keyboard.press(key);
    };
    const agrees = async (step) => {
        const loss = await lossOf(page), wanted = record[step].loss;
        assert(near(loss, wanted), `after ${step} steps the loss is ${loss} in the page, ${wanted} in the program`);
        assert.strictEqual(await shown(page, 'loss'), String(+wanted.toPrecision(4)));
        assert.strictEqual(await shown(page, 'steps'), String(step));
    };

    /* Steps, by mouse and by keyboard, are the program's. */
    await agrees(0);
    await page.click('#step');
    await agrees(1);
    await press('step', 'Enter');
    await agrees(2);
    await page.click('#steps10');
    await agrees(12);
    assert.strictEqual(await page.locator('#history .curve').count(), 1);
    await page.click('#reset');
    await agrees(0);

    /* The slider of a weight: it moves the weight, the curve's point and the loss. */
    const before = await page.evaluate(() => ({ w: fell.net.tensors[fell.state.tensor].w[fell.state.index], loss: fell.now.loss,
        range: fell.state.range }));
    await press('value', 'ArrowRight', 3);
    const moved = await page.evaluate(() => ({ w: fell.net.tensors[fell.state.tensor].w[fell.state.index], loss: fell.now.loss }));
    assert(Math.abs(moved.w - before.w - 3 * (before.range[1] - before.range[0]) / 1000) < 0.002, `${before.w} to ${moved.w}`);
    assert(moved.loss !== before.loss);
    await page.fill('#value-number', '0.25');
    await press('value-number', 'Enter');
    assert.strictEqual(await page.evaluate(() => fell.net.tensors[fell.state.tensor].w[fell.state.index]), 0.25);
    await page.click('#reset');
    await agrees(0);

    /* The slider of the learning rate: twice the rate, twice the step of plain sgd. */
    const stepOf = () => page.evaluate(() => fell.now.after.w[fell.state.tensor][fell.state.index] -
        fell.net.tensors[fell.state.tensor].w[fell.state.index]);
    const one = await stepOf(), rate = await page.evaluate(() => fell.state.rate);
    await press('rate', 'ArrowRight', 5);
    const faster = await page.evaluate(() => fell.state.rate);
    assert(faster > rate && near(await stepOf(), one * faster / rate), 'the step does not follow the rate');
    await page.click('#reset');

    /* A click on a line chooses its weight; so does the keyboard. */
    const name = await shown(page, 'weight-name');
    await page.locator('g.pickable[data-weight="2 1"] path').first().dispatchEvent('click');
    const clicked = await shown(page, 'weight-name');
    assert(clicked !== name && /\[0,1\]$/.test(clicked), clicked);
    await page.selectOption('#tensor', '0');
    await page.selectOption('#to', '2');
    await page.selectOption('#from', '1');
    assert(/\[2,1\]$/.test(await shown(page, 'weight-name')));

    /* Backpropagation and trying agree in the table. */
    const [slope, quotient] = await page.locator('#update td:last-child').allTextContents();
    assert.strictEqual(slope.slice(0, 5), quotient.slice(0, 5));

    /* Blame as the second colouring; another row; another thing to learn from. */
    const picture = await page.locator('#drawing').innerHTML();
    await page.locator('input[value=backward]').focus();
    await page.keyboard.press('Space');
    assert(await page.locator('#drawing').innerHTML() !== picture);
    await page.selectOption('#sample', '2');
    await page.selectOption('#learn', 'row');
    assert.strictEqual(await page.evaluate(() => fell.rows().join()), '2');

    /* Every control has a name. */
    assert.deepStrictEqual(await page.evaluate(() => [...document.querySelectorAll('input, select')]
        .filter((e) => !(e.labels.length || e.getAttribute('aria-label'))).map((e) => e.id)), []);
    assert.deepStrictEqual(page.complaints, []);
    await page.context().close();
}

/* On a wide light and a narrow dark screen: steps are those of RECORD, the sliders move what they
 * are to move, nothing is wider than the window. */
async function checkSteps(browser, file, recordFile) {
    const record = JSON.parse(fs.readFileSync(recordFile, 'utf8'));
    for (const look of [{ width: 1280 }, { width: 390, dark: true }]) {
        const page = await open(browser, file, look);
        const agrees = async (step) => {
            const loss = await lossOf(page), wanted = record[step].loss;
            assert(near(loss, wanted), `${file}: after ${step} steps the loss is ${loss}, ${wanted} in the program`);
        };
        await agrees(0);
        await page.click('#step');
        await agrees(1);
        await page.click('#steps10');
        await agrees(11);
        for (const slider of ['value', 'rate']) {
            const before = await page.evaluate(() => [fell.now.loss, fell.now.after.loss]);
            await page.locator(`#${slider}`).focus();
            for (let i = 0; i < 20; i++)
                await page.keyboard.press('ArrowLeft');
            const after = await page.evaluate(() => [fell.now.loss, fell.now.after.loss]);
            assert(after[1] !== before[1] && (after[0] !== before[0]) === (slider === 'value'), `${file}: the slider ${slider}`);
        }
        assert(await overflow(page) <= 0, `${file} is wider than a window of ${look.width}`);
        const covered = await page.evaluate(() => {
            const box = (e) => e.getBoundingClientRect(), circles = [...document.querySelectorAll('#drawing circle')].map(box);
            return [...document.querySelectorAll('#drawing text.halo')].filter((t) => {
                const b = box(t);
                return circles.some((c) => b.right > c.left && b.left < c.right && b.bottom > c.top + 2 && b.top < c.bottom - 2);
            }).map((t) => t.textContent);
        });
        assert.deepStrictEqual(covered, [], `${file}: names on neurons`);
        const text = await page.evaluate(() => document.body.innerText + document.querySelector('main').outerHTML);
        assert(!/NaN|undefined|\[object/.test(text), file);
        assert.deepStrictEqual(page.complaints, [], file);
        await page.context().close();
    }
}

(async () => {
    const [what, ...files] = process.argv.slice(2), browser = await launch();
    try {
        if (what === 'interactive')
            await checkInteractive(browser, files[0], files[1]);
        for (const file of what === 'document' ? files : [])
            await checkDocument(browser, file);
        if (what === 'steps')
            await checkSteps(browser, files[0], files[1]);
    } finally {
        await browser.close();
    }
})().catch((e) => {
    console.error(e.stack);
    process.exit(1);
});
