// SPDX-License-Identifier: EUPL-1.2
// Every page that is made from a template of a folder, straight from the template: in as many states as it takes for each
// branch of the page, and of each part that it includes, to stand in one of them.  Values are made up from their names, so a
// template that nobody has thought of here is looked at on the day that it comes.  What pages say truly is for the scripts
// that come to them in a gateway; here it is their shape alone.
//
// The language is the one of wire/html.h.  A state is a set of answers: each condition has one, wherever it stands.
import fs from 'node:fs';
import path from 'node:path';

const rowsOfList = 3;
export const longWord = 'Wolfeschlegelsteinhausenbergerdorffvoralternwarengewissenhaft';

/* --- templates as trees ----------------------------------------------------------------------------------- */

function parse(file, source, name) {
  const tokens = source.replace(/\{\{#[\s\S]*?#\}\}/g, '').split(/\{\{([^}]*)\}\}/);
  const root = { nodes: [] }, open = [root];
  let arms = 0;
  const into = () => open.at(-1).nodes;
  const bad = (what) => { throw new Error(`${file}: {{${what}}} is not understood here`); };
  tokens.forEach((token, i) => {
    if (i % 2 === 0) { if (token) into().push({ kind: 'markup', text: token }); return; }
    const [word, ...rest] = token.trim().split(/\s+/), said = rest.join(' ');
    const arm = (when) => { const one = { id: `${name}:${arms++}`, when, nodes: [], arm: true }; open.at(-1).arms.push(one); open.push(one); };
    if (word === 'view') root.view = rest[0];
    else if (word === 'include') into().push({ kind: 'include', name: rest[0] });
    else if (word === 'asset') into().push({ kind: 'asset', name: rest[0] });
    else if (word === 'each' && rest[1] === 'in') { const one = { kind: 'each', as: rest[0], list: rest[2], nodes: [] }; into().push(one); open.push(one); }
    else if (word === 'if') { const one = { kind: 'if', arms: [], nodes: [] }; into().push(one); open.push(one); arm(said); }
    else if (word === 'else') { if (!open.at(-1).arm) bad(token); open.pop(); arm(rest[0] === 'if' ? rest.slice(1).join(' ') : null); }
    else if (word === 'end') {
      if (open.length === 1) bad(token);
      const last = open.pop();
      if (last.arm) { const chain = open.at(-1); if (chain.arms.at(-1).when !== null) { arm(null); open.pop(); } open.pop(); }
    } else if (word.startsWith('t.')) into().push({ kind: 'text', key: word.slice(2), values: Object.fromEntries(rest.map((r) => r.split('='))) });
    else if (/^[a-z_][a-z_0-9.]*$/.test(word) && !rest.length) into().push({ kind: 'value', path: word });
    else bad(token);
  });
  if (open.length > 1) throw new Error(`${file}: something stays open`);
  return root;
}

function readTexts(file) {
  const texts = {}, piece = /"((?:[^"\\]|\\.)*)"/g;
  for (const [, key, rest] of fs.readFileSync(file, 'utf8').matchAll(/^TEXT\((\w+),([\s\S]*?)\)$/gm)) {
    const [fi, sv, en] = rest.split(/"\s*,\s*(?=")/).map((one) => [...(`${one.trim().startsWith('"') ? '' : '"'}${one}${one.trim().endsWith('"') ? '' : '"'}`).matchAll(piece)].map((m) => m[1]).join('').replace(/\\"/g, '"').replace(/\\n/g, '\n'));
    texts[key] = { fi, sv, en };
  }
  return texts;
}

/* --- one state --------------------------------------------------------------------------------------------- */

const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]);
const slug = (at) => at.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');

// What a value is, by its name: what people read.
const read = [[/(^|_)(n|count|total|waits|first|last|days|minutes|age|number|most|half|sum|status)(_|$)|^n_/, '128'], [/when|until|from|since|ends|date|_at$|time/, '30.11.2026 klo 10.15'],
  [/initials|letters/, 'AL'], [/code/, 'WQ5RPWRN'], [/oid/, '1.2.246.562.99.95640100004'], [/ur[il]|issuer|link|launch|entity|site/, 'https://tunnistus.kielonmaki.example/realms/koulut/protocol/openid-connect/auth'],
  [/mail/, 'helmi.opettavainen@kielonmaki.example'], [/hash|print|secret|token|seal/, 'q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c'], [/(^|_)id$/, 'kielonmaki-edu']];
const attributes = { d: 'M260 20v80h8v-80z', viewBox: '0 0 29 29', colspan: '1', rowspan: '1', datetime: '2026-11-30', rows: '4', maxlength: '200' };
const typed = { number: '7', date: '2026-11-30', time: '08.00'.replace('.', ':'), 'datetime-local': '2026-11-30T08:00', email: 'a@b.example', url: 'https://a.example/' };

// What a name of a template stands for: a row of a list by its number.
const at = (name, scope) => { const [first, ...rest] = name.split('.'); return [scope[first] ?? first, ...rest].join('.'); };

class State {
  constructor(of, name, lang, long) { Object.assign(this, { of, name, lang, long, is: new Map(), not: new Map(), out: '' }); }

  truth(one, scope, wanted) { // of "a", "not a", "a is B"
    const [, no, name, , constant] = one.match(/^(not )?([a-z_0-9.]+)( is ([A-Z_0-9]+))?$/) ?? [];
    if (!name) throw new Error(`{{if ${one}}} is not understood`);
    const key = at(name, scope), want = no ? !wanted : wanted;
    let so;
    if (constant) {
      if ([undefined, true].includes(this.is.get(key)) && want && !this.not.get(key)?.has(constant)) this.is.set(key, constant);
      if (this.is.get(key) !== constant) this.not.set(key, (this.not.get(key) ?? new Set()).add(constant));
      so = this.is.get(key) === constant;
    } else {
      if (!this.is.has(key)) this.is.set(key, want);
      so = Boolean(this.is.get(key));
    }
    return no ? !so : so;
  }
  holds(when, scope, wanted) { return when.split(' or ').map((one) => this.truth(one, scope, wanted)).some(Boolean); }

  // Of a chain: the arm that is yet to be seen, as far as the answers given so far allow.
  chain(node, scope) {
    const want = node.arms.findIndex((arm) => this.of.needs(arm));
    const taken = node.arms.findIndex((arm, i) => arm.when === null || this.holds(arm.when, scope, want < 0 ? i === 0 : i === want));
    const arm = node.arms[taken];
    this.of.seen(arm.id);
    this.nodes(arm.nodes, scope);
  }

  put(text) { this.out += text; }
  context() { // in which attribute of which element the next thing stands
    const tag = this.out.slice(this.out.lastIndexOf('<') + 1);
    if (tag.includes('>')) return {};
    const attribute = tag.match(/([a-zA-Z-]+)="[^"]*$/)?.[1] ?? '';
    return { attribute, start: tag.endsWith('="'), type: tag.match(/type="([a-z-]+)"/)?.[1] };
  }
  value(of) {
    const { attribute, start, type } = this.context(), last = of.split('.').at(-1);
    const kind = read.findIndex(([name]) => name.test(last));
    const row = [...of.matchAll(/\[(\d)\]/g)].map((m) => ` ${Number(m[1]) + 1}`).join(''); // what rows are told apart by
    const said = kind === 0 ? String(128 + Number(row.replaceAll(' ', ''))) : [1, 2].includes(kind) ? read[kind][1] : `${this.long ? longWord : read[kind]?.[1] ?? 'Testi-Kielonmäen koulu ja lukio'}${row}`; // numbers, times and initials are of a length
    if (attribute === undefined) return said;
    if (attribute === 'src') return this.of.logo;
    if (/^(href|action|src)$/.test(attribute)) return start ? `/at/${slug(of)}` : slug(of);
    if (attribute === 'value' && typed[type]) return typed[type];
    if (/^aria-label$|^title$|^alt$|^placeholder$/.test(attribute)) return said;
    return attributes[attribute] ?? slug(of);
  }

  nodes(list, scope) {
    for (const node of list) {
      if (node.kind === 'markup') this.put(node.text);
      else if (node.kind === 'asset') this.put(this.of.asset(node.name));
      else if (node.kind === 'include') this.nodes(this.of.part(node.name).nodes, scope);
      else if (node.kind === 'if') this.chain(node, scope);
      else if (node.kind === 'value') this.put(escaped(this.value(at(node.path, scope))));
      else if (node.kind === 'text') {
        const text = (this.of.texts[node.key] ?? (() => { throw new Error(`there is no text ${node.key}`); })())[this.lang];
        this.put(escaped(text.replace(/\{(\w+)\}/g, (_, name) => (node.values[name] || node.values[`${name}_`] ? this.value(at(node.values[name] ?? node.values[`${name}_`], scope)) : name))));
      } else {
        const list = at(node.list, scope);
        if (!this.is.has(`${list}.n`)) this.is.set(`${list}.n`, true);
        if (this.is.get(`${list}.n`)) for (let i = 0; i < rowsOfList; i++) this.nodes(node.nodes, { ...scope, [node.as]: `${list}[${i}]` });
      }
    }
  }
}

/* --- all of a folder --------------------------------------------------------------------------------------- */

export class Views {
  // FOLDERS: that of the pages, then those of parts.  ASSETS: name to address.  LOGO: address of a picture.
  constructor(folders, texts, assets, logo) {
    this.logo = logo;
    this.trees = new Map();
    this.sources = new Map();
    this.own = new Set();
    this.branches = new Set();
    this.used = new Set();
    this.assets = assets;
    this.texts = Object.assign({}, ...texts.map(readTexts));
    folders.forEach((folder, i) => fs.readdirSync(folder).filter((f) => f.endsWith('.html')).forEach((f) => {
      const name = f.slice(0, -5);
      if (this.trees.has(name)) return;
      this.sources.set(name, fs.readFileSync(path.join(folder, f), 'utf8'));
      this.trees.set(name, parse(path.join(folder, f), this.sources.get(name), name));
      if (i === 0) this.own.add(name);
    }));
    this.pages = [...this.own].filter((name) => this.trees.get(name).view);
    this.plain = new Set(this.pages.filter((name) => !/{{include (con|v)_top}}/.test(this.sources.get(name))));
    const walk = (nodes, own) => nodes.forEach((n) => { (n.arms ?? []).forEach((arm) => { if (own) this.branches.add(arm.id); walk(arm.nodes, own); }); if (n.nodes) walk(n.nodes, own); });
    for (const name of this.own) walk(this.trees.get(name).nodes, true);
  }
  part(name) { const tree = this.trees.get(name); if (!tree) throw new Error(`there is no part ${name}`); this.used.add(name); return tree; }
  asset(name) { const at = this.assets[name]; if (!at) throw new Error(`there is no ${name}`); return at; }
  seen(id) { this.branches.delete(id); }
  needs(arm) { return this.branches.has(arm.id) || this.inner(arm.nodes); }
  inner(nodes) {
    return nodes.some((n) => (n.kind === 'if' ? n.arms.some((arm) => this.needs(arm)) : n.kind === 'include' ? this.inner(this.part(n.name).nodes) : n.nodes ? this.inner(n.nodes) : false));
  }

  // The first branch that is yet to be seen, as the answers that lead to it: [[condition, wanted, scope] ...].
  way(nodes, scope, answers) {
    for (const n of nodes) {
      if (n.kind === 'include' || n.kind === 'each') {
        const inside = n.kind === 'each' ? { ...scope, [n.as]: `${at(n.list, scope)}[0]` } : scope;
        const found = this.way(n.kind === 'each' ? n.nodes : this.part(n.name).nodes, inside, n.kind === 'each' ? [...answers, [`${n.list}.n`, true, scope]] : answers);
        if (found) return found;
      } else if (n.kind === 'if') {
        for (const [i, arm] of n.arms.entries()) {
          const to = [...answers, ...n.arms.slice(0, i).map((a) => [a.when, false, scope]), ...(arm.when === null ? [] : [[arm.when, true, scope]])];
          if (this.branches.has(arm.id) && !this.tried.has(arm.id)) { this.tried.add(arm.id); return to; }
          const found = this.way(arm.nodes, scope, to);
          if (found) return found;
        }
      }
    }
    return null;
  }

  // The states of one page, the fullest first: until each branch that can stand on it has stood on one.
  states(name, lang) {
    const { nodes } = this.part(name), made = [];
    this.tried = new Set();
    for (let answers = []; answers; answers = this.way(nodes, {}, [])) {
      const state = new State(this, name, lang, false), before = this.branches.size;
      state.is.set('page.me.name', !this.plain.has(name));
      state.is.set('page.test_person', false);
      for (const [when, wanted, scope] of answers) state.holds(when, scope, wanted);
      state.nodes(nodes, {});
      if (this.branches.size < before || made.length === 0) made.push(state.out);
    }
    return made;
  }
  left() { return [...this.branches]; }
  // All as it is where there is most to see, in another language or with one long word for every text.
  full(name, lang, long) {
    const state = new State(this, name, lang, long);
    state.is.set('page.me.name', !this.plain.has(name));
    state.is.set('page.test_person', false);
    state.nodes(this.part(name).nodes, {});
    return state.out;
  }
}
