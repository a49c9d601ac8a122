// pictures.js - the pictures of docs/images: `node pictures.js PAGES FOLDER`, called by
// docs/images/make.sh. One and a half times as fine as the screen, for sharp text.
'use strict';
const path = require('path');
const { launch, open } = require('./browser.js');

/* Which page, in a window of which size, from which heading on, after which clicks or choice. */
const pictures = [
    { name: 'explain', page: 'document', width: 1180, height: 800, from: '#5-backpropagation' },
    { name: 'explain-dark', page: 'document', width: 1180, height: 800, from: '#3-forward-pass', dark: true },
    { name: 'landscape', page: 'landscape', width: 1180, height: 1340, from: '#8-the-landscape' },
    { name: 'interactive', page: 'interactive', width: 1280, height: 1340, clicks: ['#steps10', '#steps10'] },
    { name: 'report', page: 'report', width: 1180, height: 920, from: '#curves',
      choose: { control: '#curves label:has-text("Colour by") select', option: 'optimizer.sgd.lr' } },
    { name: 'terminal', page: 'terminal', width: 1060, height: 450 },
];

(async () => {
    const [pages, folder] = process.argv.slice(2), browser = await launch();
    try {
        for (const p of pictures) {
            const page = await open(browser, path.join(pages, `${p.page}.html`), { ...p, scale: 1.5 });
            for (const button of p.clicks || [])
                await page.click(button);
            if (p.choose)
                await page.selectOption(p.choose.control, p.choose.option);
            if (p.from) {
                await page.evaluate((id) => document.getElementById(id).scrollIntoView(), p.from.slice(1));
                await page.evaluate(() => window.scrollBy(0, -10));
            }
            await page.mouse.move(0, 0);
            await page.evaluate(() => document.activeElement.blur());
            if (page.complaints.length)
                throw new Error(page.complaints.join('\n'));
            await page.screenshot({ path: path.join(folder, `${p.name}.png`) });
            await page.context().close();
        }
    } finally {
        await browser.close();
    }
})().catch((e) => {
    console.error(e.stack);
    process.exit(1);
});
