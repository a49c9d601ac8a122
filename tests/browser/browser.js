// browser.js - headless Chromium for the tests and pictures of HTML pages.
//
// FELL_NODE names the node_modules folder with playwright-core (./bootstrap --tests). Everything
// that a page says on its console, and every request but for itself, is kept as a complaint.
'use strict';
const path = require('path');
const { pathToFileURL } = require('url');
const { chromium } = require(path.join(process.env.FELL_NODE, 'playwright-core'));

const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'];

async function launch() {
    return chromium.launch({ executablePath: process.env.FELL_CHROMIUM || '/usr/bin/chromium', args: ARGUMENTS });
}

/* A tab with FILE in it; page.complaints grows. */
async function open(browser, file, { width = 1280, height = 900, dark = false, scale = 1 } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light',
                                               deviceScaleFactor: scale, reducedMotion: 'reduce' });
    const page = await context.newPage(), url = pathToFileURL(path.resolve(file)).href;
    page.complaints = [];
    page.on('console', (m) => page.complaints.push(`console: ${m.text()}`));
    page.on('pageerror', (e) => page.complaints.push(`error: ${e.message}`));
    page.on('request', (r) => {
        if (r.url().split('#')[0] !== url)
            page.complaints.push(`request: ${r.url()}`);
    });
    await page.goto(url);
    return page;
}

module.exports = { launch, open };
