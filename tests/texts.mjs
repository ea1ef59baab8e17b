// SPDX-License-Identifier: EUPL-1.2
// Every text that a person reads, with its place, in three languages, as a document for a proof-reader:
//   node tests/texts.mjs > texts.md          (Markdown; --tsv: a line a text, for a spreadsheet)
// The order is that of the pages, and on a page that of reading.  A text that stands on several is listed where it stands
// first, with the others named; one that stands nowhere is an error.
//   node tests/texts.mjs --missing=se        (or easy: what launcher/texts_se.def has not, of people's pages, in its order)
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const folders = ['frame', 'launcher', 'console', 'portal', 'policy'].filter((d) => fs.existsSync(path.join(root, d, 'texts.def')));
const source = folders.map((d) => fs.readFileSync(path.join(root, d, 'texts.def'), 'utf8')).join('\n');

const texts = new Map();
const string = '"((?:[^"\\\\]|\\\\.)*)"';
for (const [, key, fi, sv, en] of source.matchAll(new RegExp(`TEXT\\(\\s*(\\w+),\\s*${string},\\s*${string},\\s*${string}\\s*\\)`, 'g')))
  texts.set(key, { key, in: [fi, sv, en].map((t) => t.replaceAll('\\"', '"')), at: [] });
const written = [...source.matchAll(/^TEXT\(/gm)].length;
if (written !== texts.size) throw new Error(`${written} texts, ${texts.size} were read`);

// Languages that have some of them (AGAIN): each is of a text that is there, which templates say, and is told the same.
const again = Object.fromEntries(['easy', 'se'].map((v) => [v, new Map()]));
for (const [v, has] of Object.entries(again)) {
  const def = fs.readFileSync(path.join(root, `launcher/texts_${v}.def`), 'utf8'), rows = [...def.matchAll(new RegExp(`^AGAIN\\(\\s*(\\w+),\\s*${string}\\s*\\)`, 'gm'))];
  const wrong = (why) => { console.error(`texts_${v}.def: ${why}`); process.exitCode = 1; };
  if (rows.length !== [...def.matchAll(/^AGAIN\(/gm)].length || rows.length === 0) wrong('a row cannot be read');
  const names = (t) => [...new Set(t.match(/\{\w+\}/g))].sort().join();
  for (const [, key, text] of rows) {
    if (has.has(key)) wrong(`${key} stands twice`);
    if (!texts.has(key)) wrong(`there is no text ${key}`);
    else if (names(text) !== names(texts.get(key).in[0])) wrong(`${key}: ${names(text)} and ${names(texts.get(key).in[0])}`);
    else if (text === texts.get(key).in[0]) wrong(`${key} is what it is without it`);
    has.set(key, text);
  }
}

// A page is a view; what it includes is read where it is included.
const views = folders.filter((d) => fs.existsSync(path.join(root, d, 'views'))).flatMap((d) => fs.readdirSync(path.join(root, d, 'views')).map((f) => [f.replace('.html', ''), path.join(root, d, 'views', f)]));
const where = new Map(views);
const file = (name) => fs.readFileSync(where.get(name), 'utf8');
function read(name, note, depth = 0) {
  if (depth > 8) throw new Error(`${name} includes itself`);
  for (const [, key, included] of file(name).matchAll(/\{\{(?:t\.(\w+)[^}]*|include (\w+))\}\}/g)) {
    if (included) read(included, note, depth + 1);
    else note(key);
  }
}
// In the order in which a person meets them; what is not named here comes after.
const met = ['sign_in', 'no_school', 'local', 'launcher', 'pupil', 'favourites', 'still', 'idle', 'sign_out', 'signed_out', 'next', 'denied', 'error', 'expired', 'about'];
const pages = [...where.keys()].filter((n) => file(n).startsWith('{{view '))
  .sort((a, b) => (met.indexOf(a) + 1 || 99) - (met.indexOf(b) + 1 || 99) || (a < b ? -1 : 1));
const order = []; // of reading
for (const page of pages)
  read(page, (key) => {
    if (!texts.has(key)) throw new Error(`${page}: no text ${key}`);
    if (!texts.get(key).at.includes(page)) texts.get(key).at.push(page);
    if (!order.includes(key)) order.push(key);
  });

// What a person's page says: templates of launcher/ and what they include.
const own = new Set(), ownPages = pages.filter((p) => where.get(p).startsWith(path.join(root, 'launcher')));
for (const page of ownPages) read(page, (key) => own.add(key));
for (const [v, has] of Object.entries(again))
  for (const key of has.keys()) if (!own.has(key)) { console.error(`texts_${v}.def: no page of people says ${key}`); process.exitCode = 1; }
const missing = process.argv.find((x) => x.startsWith('--missing='))?.slice('--missing='.length);
if (missing) {
  if (!again[missing]) throw new Error(`--missing=${Object.keys(again).join(' or ')}`);
  const lacks = order.filter((key) => own.has(key) && !again[missing].has(key));
  for (const key of lacks) console.log(`${key}\t${texts.get(key).in[0]}`);
  console.error(`${missing}: ${again[missing].size} of ${own.size} texts of people's pages; ${lacks.length} are missing`);
  process.exit();
}

// The rest is put in by code.
const code = [...folders, 'gateway'].flatMap((dir) => fs.readdirSync(path.join(root, dir), { recursive: true }).filter((f) => /\.c$/.test(f) || (dir !== 'gateway' && f.endsWith('.def') && f !== 'texts.def')).map((f) => path.join(dir, f)));
for (const name of code) {
  const body = fs.readFileSync(path.join(root, name), 'utf8');
  const pasted = [...body.matchAll(/\b[TFCV]_(\w+_)##/g)].map((m) => m[1]); // T_claim_##claim
  for (const t of texts.values())
    if (pasted.some((prefix) => t.key.startsWith(prefix))) t.at.push(name);
    else if (!t.at.includes(name) && new RegExp(`\\b[TFCV]_${t.key}\\b${name.endsWith('.def') ? `|\\b${t.key}\\b` : ''}`).test(body)) t.at.push(name);
}
// Texts that code chooses by number: T_day_1 + n.
for (const t of texts.values()) {
  const first = t.key.match(/^(.*_)\d+$/)?.[1];
  if (first && t.at.length === 0 && texts.get(`${first}1`)?.at.length) t.at = texts.get(`${first}1`).at;
}
const nowhere = [...texts.values()].filter((t) => t.at.length === 0);
if (nowhere.length) { console.error(`texts that stand nowhere: ${nowhere.map((t) => t.key).join(', ')}`); process.exitCode = 1; }

// Pages that say different things have different titles, in each language.
for (const lang of [0, 1, 2]) {
  const titles = [...texts.values()].filter((t) => t.key.endsWith('_title') && !t.key.startsWith('about_')).map((t) => [t.in[lang], t.key]);
  for (const [title, key] of titles)
    for (const [, other] of titles.filter(([same, k]) => same === title && k > key)) { console.error(`${key} and ${other} have one title: ${title}`); process.exitCode = 1; }
}

if (process.argv.includes('--tsv')) {
  console.log(['key', 'suomi', 'svenska', 'English', 'place'].join('\t'));
  for (const t of texts.values()) console.log([t.key, ...t.in, t.at.join(', ')].join('\t'));
} else {
  console.log(`# Texts\n\n${texts.size} texts. {names} in braces are filled in. A place with a dot in it is code, and the text its part of other pages.\n`);
  const done = new Set();
  for (const place of [...pages, ...code]) {
    const here = [...order, ...texts.keys()].map((key) => texts.get(key)).filter((t, i, all) => t.at.includes(place) && !done.has(t.key) && all.indexOf(t) === i);
    if (!here.length) continue;
    console.log(`## ${place}\n`);
    for (const t of here) {
      done.add(t.key);
      console.log(`**${t.key}**${t.at.length > 8 ? ' (on every page)' : t.at.length > 1 ? ` (also: ${t.at.filter((p) => p !== place).join(', ')})` : ''}\n`);
      console.log(`- fi: ${t.in[0]}\n- sv: ${t.in[1]}\n- en: ${t.in[2]}\n`);
    }
  }
}
