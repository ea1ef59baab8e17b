// SPDX-License-Identifier: EUPL-1.2
// One program with a nation in its registry and a history behind it, and every page of the console as every kind of admin: 300
// providers with 2,500 schools, 5,000 services, 1,000 policies and as many substitutes' passes of the city whose people ask, 10,000
// changes, 500 drafts that wait, 5,000 requests of one city, and an audit log of 300,000 lines.  A page that screens.def has and PAGES lacks fails.
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Gateway, freePort, root } from '../tests/e2e/gateway.mjs';
import { Agent } from '../tests/e2e/agent.mjs';
import { Line } from './load.mjs';
import { must } from './stage.mjs';

export const PROVIDERS = 300, SCHOOLS = 2500, SERVICES = 5000, POLICIES = 1000, PASSES = 1000, CHANGES = 10000, DRAFTS = 500, PLEAS = 5000, LINES = 300000;
const BAR_US = 2000, DRAFT = 20001, CHANGE = 9000, own = 'c0';
const many = (n, make) => Array.from({ length: n }, (_, i) => make(i)).join('');
const schoolOid = (i) => `1.2.246.562.99.8${String(i).padStart(6, '0')}`;

/* --- what each path is asked with: of routes.def's steps ----------------------------------------------------------------- */

// A function finds the address of a page that others lead to; null: nothing is measured, and why.
const PAGES = {
  admin_enter: ['/admin/enter'],
  admin_home: ['/admin'],
  admin_areas: ['/admin/area', '/admin/area?q=kaupunki+29'],
  admin_rights: ['/admin/rights', '/admin/rights?q=palvelu+49', '/admin/rights?show=cond', '/admin/rights?from=4960'],
  admin_cell: ['/admin/rights/s1?col=3'],
  admin_policy: ['/admin/policy/new?service=s1&col=3', '/admin/policy/p1', '/admin/policy/p1?as=text', `/admin/policy/p1?draft=${DRAFT}`],
  admin_drafts: ['/admin/drafts'],
  admin_draft: [`/admin/drafts/${DRAFT}`],
  admin_why: ['/admin/why', '/admin/why?role=teacher&service=s1', '/admin/why?code=AAAA0001'],
  admin_log: ['/admin/log', '/admin/log?event=console', '/admin/log?code=AAAA0001'],
  admin_idps: ['/admin/idps', '/admin/idps?q=kaupunki'],
  admin_shadow: [`/admin/shadow/${DRAFT}`],
  admin_alarms: ['/admin/alarms'],
  admin_alarm: [function alarm(stage, who) { return stage.link(who, '/admin/alarms'); }],
  admin_tryout: [`/admin/tryout/${own}-edu`], admin_dry: [`/admin/dry/${own}-edu`], admin_city_schools: [`/admin/city-schools/${own}`],
  admin_releases: ['/admin/release'],
  admin_release: ['/admin/release/s1'],
  admin_services: ['/admin/services', '/admin/services?q=s9'],
  admin_take: ['/admin/services/s1'],
  admin_chain: ['/admin/log/chain'],
  admin_requests: ['/admin/requests'],
  admin_request: [function request(stage, who) { return stage.link(who, '/admin/requests'); }],
  admin_exams: ['/admin/exams'],
  admin_notices: ['/admin/notices'],
  admin_calendar: ['/admin/calendar'],
  admin_networks: ['/admin/networks'], admin_registrars: ['/admin/registrars'], admin_vendors: ['/admin/vendors'], admin_incidents: ['/admin/incidents'], admin_join: ['/admin/join/new'], admin_cities: ['/admin/cities', '/admin/cities?q=kaupunki+29', '/admin/cities?open=1'], admin_tokens: ['/admin/tokens'], admin_moves: ['/admin/moves'], admin_own: [], admin_metadata: ['/admin/metadata'], admin_metadata_one: [],
  admin_idp: [`/admin/idps/${own}-own`],
  admin_people: ['/admin/people'],
  admin_person: [function person(stage, who) { return stage.person(who); }],
  admin_disclosures: [null], // a file, made on request for one person
  admin_sessions: ['/admin/sessions'],
  admin_passes: ['/admin/passes'],
  admin_history: ['/admin/history', `/admin/history?upto=${CHANGE}`],
  admin_change: [`/admin/history/${CHANGE}`],
  admin_school: ['/admin/school', '/admin/school?q=palvelu+49'],
  admin_school_one: ['/admin/school/s1'],
  admin_admins: ['/admin/admins', '/admin/admins?q=riikka'],
  admin_admin: ['/admin/admins/tiina'],
  admin_give: ['/admin/give'],
};
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
function paths() {
  const screens = new Set([...read('gateway/console/screens.def').matchAll(/^ {4}X\((\w+),/gm)].map((m) => m[1]).concat('admin_enter'));
  const gets = [...read('gateway/routes.def').matchAll(/X\(GET, +"(\/admin[^"]*)",.*?(\w+)\) *\\?$/gm)].map((m) => m[2]).filter((s) => screens.has(s));
  const lacks = gets.filter((s) => !PAGES[s]), more = Object.keys(PAGES).filter((s) => !gets.includes(s));
  if (lacks.length || more.length || !gets.length) throw new Error(`bench/console.mjs: the tables have ${lacks.join(', ') || 'nothing'} more, and lack ${more.join(', ') || 'nothing'}`);
  return gets.flatMap((s) => PAGES[s].filter(Boolean));
}

/* --- the registry --------------------------------------------------------------------------------------------------------- */

const password = 'salasana-salasana';
const people = [['riikka', 'operators', 'operator', ''], ['tiina', `${own}-own`, 'admin', own], ['hannu', `${own}-own`, 'approver', own], ['lauri', `${own}-own`, 'auditor', own],
  ['toini', `${own}-own`, 'principal', `${own}/${schoolOid(0)}`], ['silja', `${own}-own`, 'secretary', `${own}/${schoolOid(0)}`]];
const kinds = ['learning', 'maths', 'books', 'class', 'assessment', 'everyday', 'messages', 'work', 'other'];

// A third of the policies says more than a role: hours, classes or groups, or that the schools decide.
function policyText(i) {
  const of = `principal in Provider::"${own}"`, s = i < 100 ? i : i * 5 % SERVICES;
  if (i % 3 === 1) return `permit (${of}, action == Action::"open", resource == Service::"s${s}") when { principal has role && principal.role == Role::"learner" && principal has classLevel && principal.classLevel >= ${1 + i % 6} };`;
  if (i % 30 === 2) return `permit (${of}, action == Action::"leaveToSchools", resource == Service::"s${s}");`;
  return `permit (${of}, action == Action::"open", resource == Service::"s${s}") when { principal has role && principal.role == Role::"${['teacher', 'staff', 'learner'][i % 3]}" };`;
}
function registry() {
  const schools = (p) => Array.from({ length: Math.ceil((SCHOOLS - p) / PROVIDERS) }, (_, k) => p + k * PROVIDERS);
  const right = (id, idp, role, at) => `  - { id: ${id}, idp: ${idp}, subject: ${id}, role: ${role}${at ? `, provider: ${at.split('/')[0]}` : ''}${at.includes('/') ? `, school: "${at.split('/')[1]}"` : ''}, why: valittu }\n`;
  const account = (id, idp, more = '') => `  - { id: ${id}, idp: ${idp}, username: ${id}, password: { argon2id: "HASH" }, given_names: Testi, family_name: Henkilö${more} }\n`;
  return `format: 1\nproviders:\n${many(PROVIDERS, (p) => `  - id: c${p}\n    oid: "1.2.246.562.99.7${String(p).padStart(6, '0')}"\n    name: { fi: "Kaupunki ${p}", sv: "Stad ${p}" }\n    schools:\n${schools(p).map((s) => `      - { oid: "${schoolOid(s)}", code: "${10000 + s}", name: { fi: "Kaupungin ${p} koulu ${s}" } }\n`).join('')}`)}`
    + `idps:\n${many(PROVIDERS, (p) => `  - { id: c${p}-own, kind: local, provider: c${p}, name: { fi: "Kaupunki ${p}, omat" } }\n  - { id: c${p}-edu, kind: oidc, provider: c${p}, name: { fi: "Kaupunki ${p}" }, map: native, issuer: "https://c${p}.example/", client_id: digione, auth_method: private_key_jwt, scope: openid }\n`)}  - { id: operators, kind: local, name: { fi: Ylläpito } }\n`
    + `services:\n${many(SERVICES, (i) => `  - { id: s${i}, protocol: link, vendor: v${i % 100}, category: ${kinds[i % kinds.length]}, name: { fi: "Palvelu ${i}", sv: "Tjänst ${i}" }, line: { fi: "Yksi rivi palvelusta ${i}" }, launch_uri: "https://s${i}.example/", asks: [sub] }\n`)}`
    + `policies:\n${many(POLICIES, (i) => `  - { id: p${i}, provider: ${own}, why: sovittu, text: '${policyText(i)}' }\n`)}`
    + `admins:\n${people.map(([id, idp, role, at]) => right(id, idp, role, at)).join('')}${many(PROVIDERS, (p) => right(`admin-${p}`, `c${p}-own`, 'admin', `c${p}`))}`
    + `accounts:\n${people.map(([id, idp]) => account(id, idp)).join('')}${many(PASSES, (i) => account(`pass-${i}`, `${own}-own`, `, age: adult, school: "${schoolOid(0)}", affiliations: [{ provider: ${own}, school: "${schoolOid(0)}", role: substitute, from: 2026-01-01T06:00:00Z, to: 2036-0${1 + i % 9}-01T16:00:00Z }]`))}`;
}

/* --- what has been ------------------------------------------------------------------------------------------------------- */

// Through the file, since that many changes would take a day: copies of what one change and one draft look like.
function fillHistory(g) {
  const at = Math.floor(Date.now() / 1000), series = (n) => `WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ${n})`;
  // "id :4\noulu\n…" (registry/change_rows.c): what is not said is preset.
  const cell = (name, value) => `'${name} :' || length(CAST(${value} AS BLOB)) || char(10) || ${value} || char(10)`;
  const text = (n) => [cell('id', `('p' || (${n} % ${POLICIES}))`), cell('layer', "'municipality'"), cell('provider', `'${own}'`), cell('why', `('sovittu ' || ${n})`), cell('text', `(SELECT text FROM policy WHERE id = 'p' || (${n} % ${POLICIES}))`)].join(' || ');
  const sql = `BEGIN;
${series(CHANGES)} INSERT INTO change (number, at_s, who, acting_as, area, maker, why, undoes, added, changed, removed, told, draft, guarded) SELECT 100 + n, ${at} - 60 * (${CHANGES} - n), (CASE n % 3 WHEN 0 THEN 'root' ELSE printf('%064x', n % 40) END), 'admin', 'c' || (n % 30), 'console', 'sovittu kokouksessa ' || n, 0, 1, 1, 0, 1, 0, 0 FROM i;
${series(CHANGES)} INSERT INTO change_row (change, position, sign, kind, row_key, before, after, provider) SELECT 100 + n, 0, '+', 'policy', 'policy p' || (n % ${POLICIES}), NULL, ${text('n')}, 'c' || (n % 30) FROM i;
${series(CHANGES)} INSERT INTO change_row (change, position, sign, kind, row_key, before, after, provider) SELECT 100 + n, 1, '~', 'policy', 'policy p' || ((n + 1) % ${POLICIES}), ${text('n + 1')}, ${text('n + 2')}, 'c' || (n % 30) FROM i;
UPDATE number SET value = 20000 WHERE name = 'version';
${series(DRAFTS)} INSERT INTO draft (number, state, provider, school, owner, acting_as, why, edition, created_s, updated_s, hands, decided_by, decided_why, seen, change) SELECT 20000 + n, 'proposed', '${own}', NULL, printf('%064x', n % 40), 'admin', 'ehdotus ' || n, 2, ${at}, ${at}, printf('%064x', n % 40), '', '', '', 0 FROM i;
UPDATE number SET value = ${20000 + DRAFTS} WHERE name = 'draft';
COMMIT;`;
  const done = spawnSync('sqlite3', ['-bail', path.join(g.state, 'registry/registry.sqlite')], { input: sql, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`sqlite3 (Debian: sqlite3): ${done.error ?? done.stderr}`);
  return text;
}

// What a whole city asks for: all that is kept of one.
function fillPleas(g) {
  const at = Math.floor(Date.now() / 1000);
  const sql = `BEGIN; WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ${PLEAS}) INSERT INTO pleas (number, provider, school, service, role) SELECT n, '${own}', (CASE n % 2 WHEN 0 THEN '${schoolOid(0)}' ELSE '${schoolOid(PROVIDERS)}' END), 's' || (n % ${SERVICES}), (CASE n % 3 WHEN 0 THEN 'learner' ELSE 'teacher' END) FROM i;
WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ${4 * PLEAS}) INSERT INTO askers (plea, person, at_s, level, words, name) SELECT 1 + n % ${PLEAS}, printf('%064x', n), ${at}, (CASE (1 + n % ${PLEAS}) % 3 WHEN 0 THEN 1 + n % 9 ELSE 0 END), (CASE n % 5 WHEN 0 THEN 'Kokeisiin' END), NULL FROM i; COMMIT;`;
  const done = spawnSync('sqlite3', ['-bail', path.join(g.state, 'registry/pleas.sqlite')], { input: sql, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`sqlite3: ${done.stderr}`);
}

// A row of a draft is as one of history.
function fillDrafts(g, shape) {
  const sql = `WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ${DRAFTS}) INSERT INTO draft_row (draft, position, kind, row_key, version, before, after) SELECT 20000 + n, 0, 'policy', 'policy p' || n, 20000, ${shape('n')}, ${shape('n + 1')} FROM i;`;
  const done = spawnSync('sqlite3', ['-bail', path.join(g.state, 'registry/registry.sqlite')], { input: sql, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`sqlite3: ${done.stderr}`);
}

// As a day at eight: sign-ins and openings of all cities, now and then an act in the console.
function fillLog(g) {
  const dir = path.join(g.state, 'audit'), now = Date.now();
  fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dir);
  let prev = '0'.repeat(64), out = [], size = 0, segment = 1;
  const flush = () => { fs.writeFileSync(path.join(dir, `audit-${String(segment++).padStart(6, '0')}.jsonl`), out.join('')); out = []; size = 0; };
  for (let i = 0; i < LINES; i++) {
    const city = i * 7919 % PROVIDERS, person = crypto.createHash('sha256').update(`p${i % 50000}`).digest('hex'), code = `AAAA${String(i % 10000).padStart(4, '0')}`;
    const says = i % 100 === 99 ? `"event":"console","person":"${person}","idp":"c${city}-own","reason":"policy","sid":"s${i}","support_code":"${code}","acting_as":"admin","area":"c${city}"`
      : `"event":"${['login', 'open', 'release'][i % 3]}","person":"${person}","service":"s${i % SERVICES}","idp":"c${city}-edu","rule":"p${i % POLICIES}","claims":"sub given_name roles","sid":"s${i}","support_code":"${code}"`;
    const line = `{"n":${i + 1},"at":"${new Date(now - (LINES - i) * 20).toISOString()}",${says},"prev":"${prev}"}`;
    prev = crypto.createHash('sha256').update(line).digest('hex');
    out.push(line + '\n');
    size += line.length + 1;
    if (size > 60 << 20) flush();
  }
  flush();
}

/* --- the stage ------------------------------------------------------------------------------------------------------------- */

export class Console {
  async start(program, users) {
    const g = new Gateway(path.resolve(program), { name: 'console', port: await freePort(), settings: { loops: null, redis_memory_MB: null, trusted_proxy: '127.0.0.1' } });
    // A thousand passwords need not be hashed.
    const first = new Gateway(path.resolve(program), { name: 'hash', port: await freePort() });
    first.import(`format: 1\nidps:\n  - { id: operators, kind: local, name: { fi: Ylläpito } }\naccounts:\n  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Testi, family_name: Testi }\n`);
    const hash = spawnSync('sqlite3', [path.join(first.state, 'registry/registry.sqlite'), 'SELECT password_hash FROM account'], { encoding: 'utf8' }).stdout.trim();
    const text = registry().replaceAll('HASH', () => hash);
    const began = Date.now();
    g.import(text);
    this.import_s = (Date.now() - began) / 1000;
    fillDrafts(g, fillHistory(g));
    await g.start(); // makes the keys, which a log demands
    await g.stop();
    fillLog(g);
    g.chown();
    const starts = Date.now();
    await g.start();
    this.ready_s = (Date.now() - starts) / 1000;
    this.gateway = g;
    this.line = new Line(g.port, users);
    this.processes = [{ pid: g.child.pid, name: 'supervisor' }, ...g.processes().map(({ pid, name }) => ({ pid, name: /redis/.test(name) ? 'redis' : name.replace('digione-', '') }))];
    this.cookies = {};
    for (const [id, idp] of people) this.cookies[id] = await this.come(id, idp);
    await this.line.ask('GET', '/admin/requests', { cookie: this.cookies.tiina }); // makes the file
    fillPleas(g);
    for (let p = 1; p < PROVIDERS; p++) await this.fail(`c${p}-own`);
    await this.seeWho();
    return this;
  }

  async come(who, idp) {
    const agent = new Agent(), { url } = this.gateway;
    let page = await agent.get(`${url}/admin`);
    page = await agent.get(`${url}/sign-in/local?${new URLSearchParams({ login: new URL(page.url).searchParams.get('login'), idp })}`);
    await agent.submit(page, { username: who, password }, (f) => f.method === 'post' && 'password' in f.fields);
    const cookie = agent.cookieHeader(new URL(`${url}/admin`));
    if (!/admin=/.test(cookie)) throw new Error(`${who} did not come in:\n${agent.trace.join('\n')}`);
    return cookie;
  }

  // In each city somebody has mistyped a password, so that each has something to be counted.
  async fail(idp) {
    const agent = new Agent(), { url } = this.gateway;
    let page = await agent.get(`${url}/`);
    page = await agent.get(`${url}/sign-in/local?${new URLSearchParams({ login: new URL(page.url).searchParams.get('login'), idp })}`);
    await agent.submit(page, { username: 'nobody', password: 'wrong' }, (f) => f.method === 'post' && 'password' in f.fields);
  }

  // Whoever looks at a person carries the look in the address of the page.
  async person(who) {
    const cookie = this.cookies[who], form = await this.line.ask('GET', '/admin/people', { cookie });
    if (form.status !== 200) return null;
    const csrf = /action="\/admin\/people".*?name="csrf" value="([^"]+)"/.exec(form.text)[1];
    const found = must(await this.line.ask('POST', '/admin/people', { cookie, form: { csrf, q: 'pass-1', reason: 'support', why: 'Kokeillaan' } }), 303, `people as ${who}`);
    return found.headers.location;
  }

  // The first of a list; null: there is none.
  async link(who, list) { return new RegExp(`href="(${list}/[^"?]+)"`).exec((await this.line.ask('GET', list, { cookie: this.cookies[who] })).text)?.[1]; }

  // What is not somebody's, they do not see: a page is measured for those who have it, and each is somebody's.
  async seeWho() {
    this.rows = [];
    this.none = []; // of which there was nothing to look at
    for (const path of paths()) {
      let seen = 0;
      for (const [who, , role] of people) {
        const at = typeof path === 'function' ? await path(this, who) : path;
        if (!at) continue;
        const res = await this.line.ask('GET', at, { cookie: this.cookies[who] });
        if (res.status !== 200 && res.status !== 404) throw new Error(`${at} as ${role}: ${res.status} ${res.text.slice(0, 300)}`);
        seen += res.status === 200;
        if (res.status === 200) this.rows.push([`console: ${role} ${path.name ?? path}`, who, at]);
      }
      if (!seen && typeof path === 'string') throw new Error(`${path} is nobody's`);
      if (!seen) this.none.push(path.name);
    }
  }

  notes() { return `the console: ${PROVIDERS} providers, ${SCHOOLS} schools, ${SERVICES} services, ${POLICIES} policies and ${PASSES} passes of one of them: import ${this.import_s.toFixed(1)} s, ready ${this.ready_s.toFixed(1)} s after its start${this.none.map((n) => `; no ${n} was there`).join('')}`; }

  async stop() {
    this.line.close();
    await this.gateway.stop();
  }

  operations() {
    if (!this.rows) // the tables are compared before anything is started, and other rows do not wait for it
      try { paths(); } catch (e) { return { 'console: every page': [BAR_US, () => { throw e; }] }; }
    const rows = this.rows ?? people.flatMap(([who, , role]) => paths().map((at) => [`console: ${role} ${at.name ?? at}`, who, at]));
    return Object.fromEntries(rows.map(([name, who, at]) => [name, [BAR_US, async () => must(await this.line.ask('GET', at, { cookie: this.cookies[who] }), 200, at)]]));
  }
}
