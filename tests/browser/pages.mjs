// SPDX-License-Identifier: EUPL-1.2
// Looks at every page in every state, in a real browser:   node pages.mjs BUILD-FOLDER [STATE or STATE.LANGUAGE ...]
//
// BUILD-FOLDER/render_pages writes the pages; a server on loopback gives them out with the policy that the gateway
// sends.  Each page: well-formed, small, no inline script or style, no console message; no sideways scrolling at three
// widths; targets of a size; text at 200 % and set wider.  What no language changes is looked at in Finnish: axe at both
// ends of the widths, light and dark (in the others, where a page has another shape than one before); every control
// reached by Tab in reading order with a focus that shows; the same words without JavaScript; forced colours and print.
// With PICTURES=1, pictures go to BUILD-FOLDER/pages/shots.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { isNew, picture } from './look.mjs';

const [build, ...only] = process.argv.slice(2);
const dir = path.join(build, 'pages');
const shots = path.join(dir, 'shots');
const widths = [320, 768, 1280];
const schemes = ['light', 'dark'];
const budgetB = 50 * 1024, portalB = 70 * 1024; // the vendor portal is for a desk, and has the console's sheet besides

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const types = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.webmanifest': 'application/manifest+json' };

let checks = 0;
const faults = [];
function check(page, what, ok, detail = '') {
  checks++;
  if (!ok) faults.push(`${page}: ${what}${detail ? ': ' + detail : ''}`);
}

/* --- the markup itself ------------------------------------------------------------------------------------ */

const empties = new Set(['meta', 'link', 'input', 'br', 'img', 'path', 'circle', 'ellipse', 'use', 'hr']);
const notInP = new Set(['p', 'div', 'ul', 'ol', 'dl', 'form', 'section', 'nav', 'h1', 'h2', 'h3', 'table', 'main']);

// Every tag closed in order, and nothing that a browser would have to mend.
function wellFormed(html) {
  const open = [];
  for (const [, close, name, rest] of html.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^>"]|"[^"]*")*)>/g)) {
    if (close) {
      if (open.pop() !== name) return `</${name}> closes something else`;
    } else if (!empties.has(name) && !rest.endsWith('/')) {
      if (open.includes('p') && notInP.has(name)) return `<${name}> inside <p>`;
      open.push(name);
    }
  }
  return open.length ? `<${open.pop()}> stays open` : '';
}

function checkMarkup(name, html) {
  const css = [...html.matchAll(/<link rel="stylesheet" href="\/(static\/[^"]+)"/g)].map((m) => m[1]);
  const js = [...html.matchAll(/<script src="\/(static\/(?:filter|go|menu|local|on|wait)[^"]+)" defer><\/script>/g)].map((m) => m[1]);
  const size = (file) => fs.statSync(path.join(dir, file)).size;
  const total = [...css, ...js].reduce((sum, file) => sum + size(file), Buffer.byteLength(html));
  const fault = wellFormed(html);
  const bare = html.replace(/<script src="\/static\/[^"]+" defer><\/script>/g, '');
  check(name, 'well-formed', !fault, fault);
  check(name, 'HTML, CSS and scripts within the budget', name.match(/^(hostile|long)/) || total <= (name.startsWith('vendor-') ? portalB : budgetB), `${total} bytes`);
  check(name, 'no inline script or style', !/<script|<style|\sstyle="|\son[a-z]+="/.test(bare.replace(/"[^"]*"/g, '""').replace(/>[^<]*</g, '><')));
  check(name, 'scripts are small', js.every((file) => size(file) <= 2560));
  const foreign = [...html.matchAll(/<(?:link|script|img|source|iframe)[^>]*(?:href|src)="([^"]+)"/g)].filter(([, url]) => !/^\/(?!\/)/.test(url));
  check(name, 'asks nobody else for anything', foreign.length === 0, foreign[0]?.[0]);
}

/* --- in the browser --------------------------------------------------------------------------------------- */

function serve(csp) {
  const server = http.createServer((req, res) => {
    const file = path.join(dir, path.normalize(new URL(req.url, 'http://x').pathname));
    if (!file.startsWith(dir) || !fs.existsSync(file) || fs.statSync(file).isDirectory()) {
      res.writeHead(req.url === '/favicon.ico' ? 204 : 404).end();
      return;
    }
    const type = file.startsWith(path.join(dir, 'logo')) ? 'image/png' : types[path.extname(file)];
    res.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': csp });
    res.end(fs.readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

// Runs in the page: everything a person could operate that is on view.
function controls() {
  return [...document.querySelectorAll('a[href],button,input:not([type=hidden]),summary,select,textarea')]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('details:not([open]) > :not(summary)'));
}

async function checkKeyboard(page, name) {
  const count = await page.evaluate(() => window.controls().length);
  // A page that says what went wrong begins there, once the browser has come to it.
  await page.waitForFunction(() => [null, document.activeElement].includes(document.querySelector('[autofocus]')));
  const first = await page.evaluate(() => {
    const from = document.querySelector('[autofocus]');
    return from ? window.controls().findIndex((e) => from.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING) : 0;
  });
  for (let i = first; i < count; i++) {
    await page.keyboard.press('Tab');
    const fault = await page.evaluate((at) => {
      const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
      if (e !== window.controls()[at]) return `Tab ${at + 1} reaches ${e.outerHTML.slice(0, 80)}`;
      if (s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2) return `no focus to see on ${e.outerHTML.slice(0, 80)}`;
      if (box.bottom <= 0 || box.top >= innerHeight) return `focus out of sight on ${e.outerHTML.slice(0, 80)}`;
      const cover = document.elementFromPoint(Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2)), Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2)));
      if (cover && cover !== e && !e.contains(cover) && !cover.contains(e)) return `focus is covered on ${e.outerHTML.slice(0, 80)}`;
      return '';
    }, i);
    check(name, 'the keyboard reaches everything', !fault, fault);
    if (fault) return;
  }
}

function smallTargets() {
  return window.controls().filter((e) => !e.classList.contains('skip') && !(e.parentElement.matches('p,dd,small') && !e.classList.contains('b')))
    .map((e) => [e, (e.type === 'checkbox' ? e.closest('label') : e).getBoundingClientRect()])
    .filter(([e, b]) => b.height < (e.matches('.b,.pick,.tile,.in-text,.brand,summary') ? 44 : 32) || b.width < 24)
    .map(([e, b]) => `${Math.round(b.width)}×${Math.round(b.height)} ${e.outerHTML.slice(0, 60)}`);
}

async function checkAxe(page, name) {
  if (!(await isNew(page))) return;
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const v of found.violations)
    check(name, `axe ${v.id}`, false, v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary?.split('\n')[1] ?? ''}`).join(' | '));
  checks++;
}

async function checkShape(page, name) {
  const shape = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - innerWidth,
    cut: [...document.querySelectorAll('main *, header *')].filter((e) => e.checkVisibility() && !e.closest('.vh,.skip,svg,.view,.spot'))
      .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 60))[0] ?? '',
  }));
  check(name, 'no sideways scrolling', shape.wide <= 0, `${shape.wide} px`);
  check(name, 'nothing sticks out', !shape.cut, shape.cut);
}

async function checkMeaning(page, name, lang) {
  const said = await page.evaluate(() => ({
    lang: document.documentElement.lang, title: document.title, h1: document.querySelectorAll('h1').length,
    images: [...document.images].filter((i) => !/^\/logo\/[a-z0-9-]+\.[0-9a-f]{16}$/.test(i.getAttribute('src')) || i.alt !== '').length,
    scripts: [...document.scripts].filter((s) => !/\/static\/(filter|go|menu|local|on|wait)\./.test(s.src)).length,
    odd: [...document.links].map((a) => a.getAttribute('href')).filter((h) => !/^(https?:\/\/|mailto:[^?]+$|\/(?![\/\\])|#)/.test(h))[0] ?? '',
    handlers: [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on'))).length,
  }));
  check(name, 'says its language', said.lang === lang);
  check(name, 'has a title and one heading', said.title.length > 5 && said.h1 === 1, `${said.h1} × h1, "${said.title}"`);
  check(name, 'foreign text stays text', said.images + said.scripts + said.handlers === 0 && !said.odd, JSON.stringify(said));
}

// Leaves motion reduced: else axe measures colours on their way from light to dark.
// Forced colours: the picture goes, choices keep an outline.  Print: controls go, the support code stays.
async function checkMedia(page, name) {
  await page.emulateMedia({ forcedColors: 'active' });
  check(name, 'forced colours: no picture', await page.evaluate(() => [...document.querySelectorAll('.view,.spot')].every((e) => !e.checkVisibility())));
  await page.emulateMedia({ forcedColors: 'none', media: 'print' });
  const print = await page.evaluate(() => ({
    controls: [...document.querySelectorAll('.b,.in-text,.langs,.me')].filter((e) => e.checkVisibility()).map((e) => e.className)[0] ?? '',
    code: [...document.querySelectorAll('.codebox,h1')].every((e) => e.checkVisibility()),
  }));
  check(name, 'print: controls go, facts stay', !print.controls && print.code, print.controls);
  await page.emulateMedia({ media: 'screen', reducedMotion: 'reduce' });
  check(name, 'reduced motion: nothing moves', await page.evaluate(() => [...document.querySelectorAll('.b,.pick,.tile')].every((e) => getComputedStyle(e).transitionDuration === '0s')));
}

// Text at 200 % [WCAG 1.4.4], and set wider by its reader [1.4.12]: nothing is pushed out or cut off.
async function checkText(page, name) {
  const settings = { 'text at 200 %': ':root{font-size:212.5%!important}',
    'text set wider': '*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-bottom:2em!important}' };
  for (const [what, css] of Object.entries(settings)) {
    await page.setViewportSize({ width: what.includes('200') ? 1280 : 320, height: 900 });
    await page.evaluate((text) => { const s = new CSSStyleSheet(); s.replaceSync(text); document.adoptedStyleSheets = [s]; }, css);
    await checkShape(page, `${name} ${what}`);
    const cut = await page.evaluate(() => [...document.querySelectorAll('h1,h2,p,b,small,button,a,label,dd,li')]
      .filter((e) => e.checkVisibility() && !e.closest('.vh,.skip') && getComputedStyle(e).overflow === 'hidden' && e.scrollHeight > e.clientHeight + 1).map((e) => e.outerHTML.slice(0, 60))[0] ?? '');
    check(name, `${what}: nothing is cut off`, !cut, cut);
  }
  await page.evaluate(() => { document.adoptedStyleSheets = []; });
}

async function words(context, url) {
  const page = await context.newPage();
  await page.goto(url);
  // A button that only a script could make work is offered by it alone.
  await page.locator('#show').evaluateAll((all) => all.forEach((e) => e.remove()));
  const text = await page.locator('body').innerText();
  await page.close();
  return text;
}

async function look(page, at, file) {
  const [state, lang] = file.split('.');
  const plain = !/^(hostile|long)-/.test(state);
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light', media: 'screen', forcedColors: 'none', reducedMotion: lang === 'fi' ? 'no-preference' : 'reduce' });
  await page.goto(`${at}/${file}`);
  await page.evaluate(`window.controls = ${controls}; 0`);
  await checkMeaning(page, file, lang);
  if (lang === 'fi') {
    await checkKeyboard(page, file);
    await checkMedia(page, file);
  }
  if (plain) await checkText(page, file);
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    await page.evaluate(() => document.activeElement.blur());
    await checkShape(page, `${file} ${width}`);
    if (width === 320) {
      const small = await page.evaluate(smallTargets);
      check(file, 'targets are large enough', small.length === 0, small.slice(0, 3).join(' | '));
      if (plain && await page.locator('.me').count()) {
        await page.locator('.me summary').click();
        await checkShape(page, `${file} ${width} menu`);
        await page.locator('.me summary').click();
      }
    }
    for (const scheme of plain ? schemes : ['light']) {
      await page.emulateMedia({ colorScheme: scheme });
      if (lang === 'fi' && plain ? width !== 768 : width === 320 && scheme === 'light') await checkAxe(page, `${file} ${width} ${scheme}`);
      if (lang === 'fi' || (width === 320 && scheme === 'light')) await picture(page, { path: path.join(shots, `${state}-${lang}-${width}-${scheme}.png`), fullPage: true });
    }
  }
}

/* --- all of it -------------------------------------------------------------------------------------------- */

fs.rmSync(dir, { recursive: true, force: true });
execFileSync(path.join(build, 'render_pages'), [dir]);
fs.mkdirSync(shots);
const csp = fs.readFileSync(path.join(dir, 'csp.txt'), 'utf8');
const server = await serve(csp);
const at = `http://127.0.0.1:${server.address().port}`;
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!fs.existsSync(executablePath)) {
  console.log(`pages: skipped: no ${executablePath}`);
  process.exit(77);
}
const browser = await chromium.launch({
  executablePath, headless: true,
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-dev-shm-usage'],
});
const context = await browser.newContext();
const still = await browser.newContext({ javaScriptEnabled: false });
// A page that posts its form by itself is to stay.
await context.route('**/static/on.*', (r) => r.fulfill({ contentType: 'text/javascript', body: '' }));
await context.route('**/static/go.*', (r) => r.fulfill({ contentType: 'text/javascript', body: '' }));
const page = await context.newPage();
let now = '';
page.on('dialog', (d) => { check(now, 'a script of foreign text ran', false, d.message()); d.dismiss(); });
page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') check(now, 'console', false, m.text().slice(0, 160)); });
page.on('pageerror', (e) => check(now, 'page error', false, String(e)));

// Those of the vendor portal by name alone, until they stand text at 200 %: node pages.mjs build/release vendor-home
const files = fs.readdirSync(dir).filter((f) => f.endsWith('.html') && (only.length > 0 || !/^(hostile-|long-)?vendor-/.test(f)) && (only.length === 0 || only.some((o) => f === o + '.html' || f.split('.')[0] === o))).sort();
for (const file of files) {
  now = file;
  checkMarkup(file, fs.readFileSync(path.join(dir, file), 'utf8'));
  await look(page, at, file);
  if (file.endsWith('.fi.html')) check(file, 'reads the same without JavaScript', await words(context, `${at}/${file}`) === await words(still, `${at}/${file}`));
}
await browser.close();
server.close();
for (const f of faults) console.log(f);
console.log(`pages: ${files.length} pages, ${checks - faults.length} passed, ${faults.length} failed`);
process.exit(faults.length ? 1 : 0);
