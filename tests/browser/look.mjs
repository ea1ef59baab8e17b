// SPDX-License-Identifier: EUPL-1.2
// What every script that comes to a page does there.  Pictures are kept for people alone, who ask for them: PICTURES=1.
//
// axe over a page, once for each shape of page at a width and in a colour scheme: what axe looks at (elements, classes, roles,
// names, states) does not change with the words of another city or language, and rows of one kind are one.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { check } from '../e2e/gateway.mjs';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const judged = new Set();

// Runs in the page.
function shape() {
  const free = new Set(['href', 'src', 'value', 'action', 'id', 'for', 'datetime', 'content', 'nonce', 'd', 'style', 'lang', 'hreflang', 'title', 'alt', 'placeholder']);
  const of = (e) => {
    const attributes = [...e.attributes].filter((a) => !a.name.startsWith('data-'))
      .map((a) => (free.has(a.name) || /^aria-(label|labelledby|describedby|controls)$/.test(a.name) ? `${a.name}=${a.value !== ''}` : `${a.name}=${a.value.replace(/\d+/g, '0')}`)).sort();
    const inner = [];
    for (const child of e.childNodes) {
      const one = child.nodeType === 1 ? of(child) : child.nodeType === 3 && child.data.trim() ? '…' : '';
      if (one && inner.at(-1) !== one) inner.push(one);
    }
    return `<${e.localName} ${attributes.join(' ')}>${inner.join('')}</>`;
  };
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  return JSON.stringify([innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, ids.length - new Set(ids).size, of(document.documentElement)]);
}

// True once for each shape.
export async function isNew(page) {
  const seen = await page.evaluate(shape);
  if (judged.has(seen)) return false;
  judged.add(seen);
  return true;
}

export async function judge(page, name, options = {}) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((o) => window.axe.run(document, o), { runOnly: rules, resultTypes: ['violations'], ...options });
  check(violations.length === 0, `${name}: axe: ${violations.map((v) => `${v.id} ${v.nodes[0].html}`).join('; ')}`);
}

export async function axeFindsNothing(page, name) {
  if (await isNew(page)) await judge(page, name);
}

export const picture = async (page, options) => (process.env.PICTURES ? page.screenshot(options) : null);
