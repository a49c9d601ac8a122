// documents.js - reads Markdown documents as GitHub does: `node documents.js [--math] FILE.md...`.
// Every Mermaid block goes through mermaid's own parser, every equation through KaTeX, every link
// within the page must have its target; with --math no diagrams. FELL_NODE names the node_modules
// folder (./bootstrap --tests).
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const packages = process.env.FELL_NODE;
const katex = require(path.join(packages, 'katex'));

let failures = 0;

function complain(file, what, source) {
    failures++;
    console.error(`${file}: ${what}\n${source.replace(/^/gm, '    ')}`);
}

/* GitHub's names of headings. */
function slug(heading) {
    return heading.trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replace(/ /g, '-');
}

function checkMath(file, source, displayMode) {
    try {
        katex.renderToString(source, { displayMode, throwOnError: true, strict: 'error' });
    } catch (e) {
        complain(file, `KaTeX: ${e.message}`, source);
    }
}

async function checkDiagram(file, mermaid, source) {
    try {
        await mermaid.parse(source);
    } catch (e) {
        complain(file, `mermaid: ${e.message}`, source);
    }
}

function checkLinks(file, prose) {
    const targets = new Set([...prose.matchAll(/<a id="([^"]+)">/g)].map((m) => m[1]));

    for (const m of prose.matchAll(/^#+ (.*)$/gm))
        targets.add(slug(m[1]));
    for (const m of prose.matchAll(/\]\(#([^)]*)\)/g))
        if (!targets.has(m[1]))
            complain(file, 'a link that leads nowhere', m[0]);
}

async function read(file, mermaid) {
    const text = fs.readFileSync(file, 'utf8'), count = { mermaid: 0, math: 0, inline: 0 };
    const fence = /^```(\w*)\n([^]*?)^```$/gm;

    for (const [, language, source] of text.matchAll(fence)) {
        count[language]++;
        if (language === 'mermaid')
            await (mermaid && checkDiagram(file, mermaid, source));
        else if (language === 'math')
            checkMath(file, source, true);
        else
            complain(file, `a block of '${language}'`, source);
    }
    const prose = text.replace(fence, '');
    const plain = prose.replace(/`[^`\n]*`/g, '');
    for (const [, source] of plain.matchAll(/\$([^$\n]+)\$/g)) {
        count.inline++;
        checkMath(file, source, false);
    }
    if (plain.replace(/\$[^$\n]+\$/g, '').includes('$'))
        complain(file, 'a dollar sign that closes no formula', '');
    checkLinks(file, prose);
    console.log(`${path.basename(file)}: ${count.mermaid} diagrams, ${count.math} equations, ${count.inline} formulas`);
    if (count.mermaid < 7 || count.math < 5)
        complain(file, 'fewer diagrams or equations than the ten parts have', '');
}

/* Neither parser lets everything through. */
async function refuses(mermaid) {
    const bad = await mermaid.parse('flowchart LR\n  a --> ').then(() => true, () => false);
    let passed = true;

    try {
        katex.renderToString('\\frac{1}{', { throwOnError: true, strict: 'error' });
    } catch {
        passed = false;
    }
    if (bad || passed)
        complain('documents.js', 'a parser accepts what is wrong', '');
}

async function loadMermaid() {
    const { JSDOM } = require(path.join(packages, 'jsdom'));
    const { window } = new JSDOM('');

    for (const name of ['document', 'Element', 'HTMLElement', 'Node', 'DOMParser', 'NodeFilter'])
        global[name] = window[name]; // mermaid expects a browser's
    global.window = window;
    const { default: mermaid } =
        await import(pathToFileURL(path.join(packages, 'mermaid/dist/mermaid.core.mjs')).href);
    await refuses(mermaid);
    return mermaid;
}

async function main() {
    const files = process.argv.slice(2), math = files[0] === '--math';
    const mermaid = math ? null : await loadMermaid();

    for (const file of files.slice(math))
        await read(file, mermaid);
    process.exit(failures ? 1 : 0);
}

main();
