// SPDX-License-Identifier: EUPL-1.2
// Looks at every page in every state, in a real browser:   node pages.mjs BUILD-FOLDER [STATE, STATE.LANGUAGE or PREFIX- ...]
//
// BUILD-FOLDER/render_pages writes the pages, and every_view.mjs every branch of every template of the console and of the
// vendor portal, as view-FOLDER-NAME; a server on loopback gives them out with the policy that the gateway sends.  Each page:
// well-formed, small, no inline script or style, no console message; no sideways scrolling at three widths; targets of a size;
// text at 200 % and set wider.  What no language changes is looked at in Finnish: axe at both ends of the widths, light, and
// dark in what colours change (in the others, where a page has another shape than one before); every control reached by Tab
// in reading order with a focus that shows; the same words without JavaScript; forced colours and print.
// With PICTURES=1, pictures go to BUILD-FOLDER/pages/shots; with PAGES_TIMES=1, what took the time is said at the end.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { launch } from './chromium.mjs';
import { Views } from './every_view.mjs';
import { isNew, picture } from './look.mjs';

const [build, ...only] = process.argv.slice(2);
const dir = path.join(build, 'pages');
const shots = path.join(dir, 'shots');
const widths = [320, 768, 1280];
const budgetB = 50 * 1024, deskB = 70 * 1024; // console and vendor portal are for a desk, and have a sheet or two besides
const atOnce = 2; // pages, as many as there are cores where this runs

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
  const js = [...html.matchAll(/<script src="\/(static\/(?:filter|go|menu|local|on|wait|passkey)[^"]+)" defer><\/script>/g)].map((m) => m[1]);
  const size = (file) => fs.statSync(path.join(dir, file)).size;
  const total = [...css, ...js].reduce((sum, file) => sum + size(file), Buffer.byteLength(html));
  const fault = wellFormed(html);
  const bare = html.replace(/<script src="\/static\/[^"]+" defer><\/script>/g, '');
  check(name, 'well-formed', !fault, fault);
  check(name, 'HTML, CSS and scripts within the budget', name.match(/^(hostile|long)/) || total <= (/^(vendor|view)-/.test(name) ? deskB : budgetB), `${total} bytes`);
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
    res.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': csp, ...(/\/static\//.test(file) && { 'Cache-Control': 'max-age=3600, immutable' }) });
    // A page that posts its form by itself is to stay.
    res.end(/\/static\/(on|go)\./.test(file) ? '' : fs.readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

// Runs in the page: everything a person could operate that is on view, and what scrolls.
function controls() {
  return [...document.querySelectorAll('a[href],button,input:not([type=hidden]),summary,select,textarea,[tabindex="0"]')]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('details:not([open]) > :not(summary)'));
}

// Runs in the page: what is wrong with each stop of the focus, from here on, until it is asked for.
function watchFocus() {
  window.stops = [];
  addEventListener('focusin', (event) => {
    const e = event.target, s = getComputedStyle(e), box = e.getBoundingClientRect(), is = e.outerHTML.slice(0, 80);
    const cover = document.elementFromPoint(Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2)), Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2)));
    window.stops.push([e, s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2 ? `no focus to see on ${is}`
      : box.bottom <= 0 || box.top >= innerHeight ? `focus out of sight on ${is}`
        : cover && cover !== e && !e.contains(cover) && !cover.contains(e) ? `focus is covered on ${is} by ${cover.outerHTML.slice(0, 60)}` : '']);
  });
}

// Runs in the page: where Tab stops; of a group of radio buttons at the chosen one alone.
function stopsOfTab() {
  const chosen = (e) => { const group = window.controls().filter((x) => x.type === 'radio' && x.name === e.name && x.form === e.form); return group.find((x) => x.checked) ?? group[0]; };
  return window.controls().filter((e) => !e.disabled && !e.matches(':disabled') && (e.type !== 'radio' || chosen(e) === e));
}

const partsOfDate = 8; // stops within one: day, month, year, hours, minutes, its picker

async function checkKeyboard(page, name) {
  const wanted = await page.evaluate(`window.stopsOfTab = ${stopsOfTab}; window.stopsOfTab().length + ${partsOfDate} * document.querySelectorAll('[type=date],[type=time],[type=datetime-local]').length`);
  // A page that says what went wrong begins there, once the browser has come to it.
  await page.waitForFunction(() => [null, document.activeElement].includes(document.querySelector('[autofocus]')));
  const first = await page.evaluate(`(${watchFocus})(); (() => {
    const from = document.querySelector('[autofocus]');
    return from ? window.stopsOfTab().findIndex((e) => from.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING) : 0;
  })()`);
  for (let i = first; i < wanted; i++) await page.keyboard.press('Tab');
  const fault = await page.evaluate((from) => {
    const all = window.stopsOfTab().slice(from);
    return all.map((e, i) => (window.stops[i]?.[0] !== e ? `Tab ${from + i + 1} reaches ${window.stops[i]?.[0].outerHTML.slice(0, 80)}` : window.stops[i][1])).find(Boolean) ?? '';
  }, first);
  check(name, 'the keyboard reaches everything', !fault, fault);
  checks += Math.max(0, wanted - first - 1);
}

function smallTargets() {
  return window.controls().filter((e) => !e.matches('.skip,[tabindex="0"]:not(a,button,summary)') && !(e.parentElement.matches('p,dd,small') && !e.classList.contains('b')))
    .map((e) => [e, (/^(checkbox|radio)$/.test(e.type) ? e.closest('label') ?? e : e).getBoundingClientRect()])
    .filter(([e, b]) => Math.round(b.height) < (e.matches('.b,.pick,.tile,.in-text,.brand,summary') ? 44 : 32) || b.width < 24)
    .map(([e, b]) => `${Math.round(b.width)}×${Math.round(b.height)} ${e.outerHTML.slice(0, 60)}`);
}

// Rules that a page of several states, one below the other, must break.
const ofOneState = Object.fromEntries(['landmark-unique', 'landmark-no-duplicate-banner', 'landmark-no-duplicate-contentinfo', 'landmark-no-duplicate-main', 'landmark-main-is-top-level',
  'landmark-banner-is-top-level', 'landmark-contentinfo-is-top-level', 'heading-order', 'region', 'skip-link'].map((rule) => [rule, { enabled: false }]));
// What changes where colours do, and nothing else.
const ofColours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

async function checkAxe(page, name, { scheme, together }) {
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.evaluate(axe);
  const found = await page.evaluate((o) => window.axe.run(document, o), { resultTypes: ['violations'], ...(scheme === 'dark' ? { runOnly: ofColours } : together ? { rules: ofOneState } : {}) });
  for (const v of found.violations)
    check(name, `axe ${v.id}`, false, v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary?.split('\n')[1] ?? ''}`).join(' | '));
  checks++;
}

async function checkShape(page, name) {
  const shape = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - innerWidth,
    cut: [...document.querySelectorAll('main *, header *, nav *, footer *')].filter((e) => e.checkVisibility() && !e.closest('.vh,.skip,svg,.view,.spot,.scroll *,.code *,pre *'))
      .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 60))[0] ?? '',
  }));
  check(name, 'no sideways scrolling', shape.wide <= 0, `${shape.wide} px`);
  check(name, 'nothing sticks out', !shape.cut, shape.cut);
}

async function checkMeaning(page, name, lang) {
  const said = await page.evaluate(() => ({
    lang: document.documentElement.lang, title: document.title, h1: document.querySelectorAll('h1').length,
    images: [...document.images].filter((i) => !/^\/logo\/[a-z0-9-]+\.[0-9a-f]{16}$/.test(i.getAttribute('src')) || (i.alt !== '' && i.id !== 'logo-now')).length,
    scripts: [...document.scripts].filter((s) => !/\/static\/(filter|go|menu|local|on|wait|passkey)\./.test(s.src)).length,
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

// What a page says, without what only a script could make work.
const words = (page) => page.evaluate(() => {
  const byScript = [...document.querySelectorAll('#show,form[data-ceremony]')].map((e) => [e, e.style.display]);
  byScript.forEach(([e]) => { e.style.display = 'none'; });
  const said = document.body.innerText;
  byScript.forEach(([e, was]) => { e.style.display = was; });
  return said;
});

// Runs in the page: below what is there comes what other states have besides, with names of their own, and all of it unfolded.
function addStates(states) {
  const kept = new Set(), html = new DOMParser();
  const parts = (of) => [...of.body.children, ...of.querySelector('main').children].filter((e) => !e.matches('main,script,.skip'));
  parts(document).forEach((e) => kept.add(e.outerHTML));
  states.forEach((state, i) => parts(html.parseFromString(state, 'text/html')).forEach((e) => {
    if (kept.has(e.outerHTML)) return;
    kept.add(e.outerHTML);
    const to = e.parentElement.localName, mine = document.importNode(e, true);
    [mine, ...mine.querySelectorAll('*')].forEach((x) => ['id', 'for', 'form', 'aria-labelledby', 'aria-describedby', 'aria-controls', 'name'].forEach((a) => {
      if (x.hasAttribute(a) && !(a === 'name' && x.type !== 'radio')) x.setAttribute(a, x.getAttribute(a).split(' ').map((w) => `${w}-s${i}`).join(' '));
    }));
    mine.lang = state.match(/<html lang="(..)"/)[1];
    document.querySelector(to).append(mine);
  }));
  document.querySelectorAll('details:not(.me)').forEach((e) => { e.open = true; });
}

const spent = {};
async function timed(what, work) {
  const from = performance.now(), made = await work();
  spent[what] = (spent[what] ?? 0) + performance.now() - from;
  return made;
}

// Shape, targets and axe at every width; TOGETHER: of several states at once.
async function lookAtWidths(page, file, lang, plain, together) {
  const state = file.split('.')[0];
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    await page.evaluate(() => document.activeElement.blur());
    await timed('shape', () => checkShape(page, `${file} ${width}`));
    if (width === 320) {
      const small = await page.evaluate(smallTargets);
      check(file, 'targets are large enough', small.length === 0, small.slice(0, 3).join(' | '));
      if (plain && !together && await page.evaluate(() => { const menu = document.querySelector('details.me'); if (menu) menu.open = true; return Boolean(menu); })) {
        await checkShape(page, `${file} ${width} menu`);
        await page.evaluate(() => { document.querySelector('details.me').open = false; });
      }
    }
    const all = lang === 'fi' && plain, ends = all && !together ? width !== 768 : width === 320;
    if ((!ends || !(await timed('shape', () => isNew(page)))) && !process.env.PICTURES) continue;
    for (const scheme of all && (together || width === 1280 || process.env.PICTURES) ? ['light', 'dark'] : ['light']) {
      if (all) await page.emulateMedia({ colorScheme: scheme });
      if (ends) await timed('axe', () => checkAxe(page, `${file} ${width} ${scheme}`, { scheme, together }));
      if (!together && (lang === 'fi' || (width === 320 && scheme === 'light'))) await picture(page, { path: path.join(shots, `${state}-${lang}-${width}-${scheme}.png`), fullPage: true });
    }
    if (all) await page.emulateMedia({ colorScheme: 'light' });
  }
}

async function look({ page, still }, at, file, more) {
  const [state, lang] = file.split('.');
  const plain = !/^(hostile|long)-/.test(state);
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light', media: 'screen', forcedColors: 'none', reducedMotion: lang === 'fi' ? 'no-preference' : 'reduce' });
  await timed('goto', () => page.goto(`${at}/${file}`));
  await checkMeaning(page, file, lang);
  if (lang === 'fi') {
    if (await page.evaluate(() => document.scripts.length > 0)) {
      await timed('without JavaScript', () => still.goto(`${at}/${file}`));
      check(file, 'reads the same without JavaScript', await words(page) === await words(still));
    }
    await timed('keyboard', () => checkKeyboard(page, file));
    await timed('media', () => checkMedia(page, file));
  }
  if (plain) await timed('text', () => checkText(page, file));
  await lookAtWidths(page, file, lang, plain, false);
  if (!more) return;
  await page.evaluate(addStates, more);
  await timed('text', () => checkText(page, `${file} every state`));
  await lookAtWidths(page, file.replace('.fi.', '.every state.fi.'), 'fi', true, true);
}

/* --- all of it -------------------------------------------------------------------------------------------- */

// The templates that nobody may forget: written as pages; what their further states are, by the page.
function writeViews() {
  const root = path.resolve(import.meta.dirname, '../..'), further = {};
  const assets = Object.fromEntries(fs.readdirSync(path.join(dir, 'static')).map((f) => [f.replace(/\.[0-9a-f]+(\.[a-z]+)$/, '$1'), `/static/${f}`]));
  const logo = `/logo/${fs.readdirSync(path.join(dir, 'logo'))[0]}`;
  for (const folder of ['console', 'portal']) {
    const views = new Views([`${root}/${folder}/views`, `${root}/frame/views`], [`${root}/${folder}/texts.def`, `${root}/frame/texts.def`], assets, logo);
    for (const name of views.pages) {
      const file = `view-${folder}-${name}.fi.html`, [first, ...others] = views.states(name, 'fi');
      fs.writeFileSync(path.join(dir, file), first);
      further[file] = [...others, views.full(name, 'sv', false), views.full(name, 'en', false), views.full(name, 'fi', true)];
    }
    const forgotten = [...views.own].filter((name) => !views.used.has(name));
    check(`${folder}/views`, 'every template stands on a page', forgotten.length === 0, forgotten.join(' '));
    check(`${folder}/views`, 'every branch that can stand on a page stands on one', views.left().length === 0, views.left().join(' '));
  }
  return further;
}

fs.rmSync(dir, { recursive: true, force: true });
execFileSync(path.join(build, 'render_pages'), [dir]);
fs.mkdirSync(shots);
const further = writeViews();
const csp = fs.readFileSync(path.join(dir, 'csp.txt'), 'utf8');
const server = await serve(csp);
const at = `http://127.0.0.1:${server.address().port}`;
const browser = await launch();
// Of the vendor portal other languages and long words stand in the pages of its templates.
const twice = /^vendor-.*\.(sv|en)\.|^long-vendor-/;
const files = fs.readdirSync(dir).filter((f) => f.endsWith('.html') && (only.length === 0 ? !twice.test(f) : only.some((o) => f === o + '.html' || f.split('.')[0] === o || (o.endsWith('-') && f.startsWith(o))))).sort();
const queue = [...files];

async function workThrough() {
  const context = await browser.newContext(), silent = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage(), still = await silent.newPage();
  let now = '';
  await context.addInitScript(`window.controls = ${controls};`);
  await still.setViewportSize({ width: 1280, height: 900 });
  page.on('dialog', (d) => { check(now, 'a script of foreign text ran', false, d.message()); d.dismiss(); });
  page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') check(now, 'console', false, m.text().slice(0, 160)); });
  page.on('pageerror', (e) => check(now, 'page error', false, String(e)));
  for (now = queue.shift(); now; now = queue.shift()) {
    checkMarkup(now, fs.readFileSync(path.join(dir, now), 'utf8'));
    await look({ page, still }, at, now, further[now]);
  }
}
await Promise.all(Array.from({ length: atOnce }, workThrough));
await browser.close();
server.close();
for (const f of faults) console.log(f);
if (process.env.PAGES_TIMES) console.log(Object.entries(spent).map(([what, ms]) => `${what} ${Math.round(ms / 1000)} s`).join(', '));
console.log(`pages: ${files.length} pages, ${checks - faults.length} passed, ${faults.length} failed`);
process.exit(faults.length ? 1 : 0);
