// SPDX-License-Identifier: EUPL-1.2
// Memory over many requests, good and hostile, against a gateway of its own (S-42): what each process holds at each tenth,
// and how it grew from the first half to the end.  Redis holds codes and tokens of the last ten minutes, so it grows until
// as many expire as are made.   node soak.mjs PATH-OF-DIGIONE [COUNT, default 100000]
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Agent } from '../tests/e2e/agent.mjs';
import { check, fetchLocal } from '../tests/e2e/gateway.mjs';
import { federation, signIn } from '../tests/e2e/local.mjs';
import { hostile } from '../tests/http/hostile.mjs';

const WORKERS = 24, TENTHS = 10;
const count = Number(process.argv[3] ?? 100000);
const { g, service } = await federation(path.resolve(process.argv[2]), { name: 'soak', settings: { redis_memory_MB: 1024 } });
await g.start();

// ── what is asked ──

const GONE = ['', 'G', 'GET / HTTP/1.1\r\nHost: a\r\n', 'GET /sign-in HTTP/1.1\r\nHost: a\r\n\r\n', 'POST /oidc/token HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\na=b',
  'GET /oidc/authorize?client_id=nobody HTTP/1.1\r\nHost: a\r\n\r\n'];
const raw = hostile.filter((h) => !h.then && h.want !== 'ok').map((h) => Buffer.from(h.bytes.replaceAll('HOST', `localhost:${g.port}`), 'utf8'));

// Sends bytes and goes: at once, or when the gateway has said something or closed.
const send = (bytes, { stay }) => new Promise((resolve) => {
  const s = net.connect(g.port, '127.0.0.1');
  const done = () => { s.resetAndDestroy(); resolve(); };
  s.setTimeout(2000, done).on('error', () => {}).on('close', resolve).on('data', stay ? done : () => {});
  s.on('connect', () => s.write(bytes, () => { if (!stay) done(); }));
});

const post = (pathname, body) => fetchLocal(g.port, pathname, { method: 'POST', body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
const one = (list, i) => list[i % list.length];

// A person who stays signed in for a while, opens the service again and again, and signs out.
class Person {
  constructor() { this.opened = 0; }

  async open() {
    const own = Object.assign(Object.create(Object.getPrototypeOf(service)), service);
    if (!this.agent || this.opened++ % 200 === 199) {
      if (this.agent) await this.agent.submit(await this.agent.get(g.url + '/'), {}, (f) => /sign-out/.test(f.action ?? ''));
      const { agent, answer } = await signIn(own, 'anna');
      this.agent = agent;
      return (await own.finish(answer)) && 8;
    }
    const { answer } = own.arrived(await this.agent.get(own.authorizeUrl(), own.until()));
    await own.finish(answer);
    return 5; // authorize, token, JWKS, userinfo, and the redirect between
  }
}

const kinds = [
  ['a service opened with a session', 2, (i, person) => person.open()],
  ['discovery, keys, pages', 4, async (i) => { await fetchLocal(g.port, one(['/.well-known/openid-configuration', '/oidc/jwks', '/sign-in', '/saml/metadata', '/'], i)); return 1; }],
  ['a stranger begins to sign in', 2, async () => { await new Agent().get(Object.assign(Object.create(Object.getPrototypeOf(service)), service).authorizeUrl(), service.until()); return 2; }],
  ['nonsense in good form', 3, async (i) => {
    await (i % 2 ? post(one(['/oidc/token', '/oidc/userinfo', '/upstream/saml/acs', '/sign-in/idp', '/sign-out'], i), `code=${i}&grant_type=authorization_code&SAMLResponse=PHg${i}&idp=x${i}`)
      : fetchLocal(g.port, one([`/oidc/authorize?client_id=x${i}`, `/open/none${i}`, `/nothing${i}`, `/upstream/oidc/none?code=${i}&state=${i}`, `/oidc/authorize?client_id=kanerva&redirect_uri=https://evil${i}.example`], i), { headers: { Cookie: `__Host-digione=${i}; digione=${i}; login-${i}=x` } }));
    return 1;
  }],
  ['a hostile request', 6, async (i) => { await send(one(raw, i), { stay: true }); return 1; }],
  ['somebody who goes', 3, async (i) => { await send(one(GONE, i), { stay: false }); return 1; }],
];
const dice = kinds.flatMap(([, weight], k) => Array(weight).fill(k));

// ── what is held ──

const held = () => Object.fromEntries(g.processes().concat({ pid: g.child.pid, name: 'supervisor' }).map((p) => [p.name.replace('redis-server', 'redis'),
  { pid: p.pid, kB: Number(/^Rss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${p.pid}/smaps_rollup`, 'utf8'))[1]) }]));
const rows = [];
const note = (asked) => { const now = held(); rows.push([asked, now]); console.log(`${String(asked).padStart(9)}  ${Object.entries(now).map(([n, p]) => `${n} ${p.kB} kB`).join('  ')}`); };

let asked = 0, turn = 0, next = count / TENTHS, failed = 0;
const errors = new Map();
await Promise.all(Array.from({ length: WORKERS }, async () => {
  const person = new Person();
  while (asked < count) {
    const i = turn++, [name, , ask] = kinds[one(dice, i)];
    try {
      const n = await ask(Math.floor(i / dice.length), person);
      asked += n;
    } catch (e) {
      asked++; failed++; person.agent = null;
      const what = `${name}: ${e.message.split('\n')[0].slice(0, 120)}`;
      errors.set(what, (errors.get(what) ?? 0) + 1);
    }
    if (asked >= next) { next += count / TENTHS; note(asked); }
  }
}));
note(asked);

// ── the end ──

const metrics = (await fetchLocal(g.port, '/metrics')).text;
const answers = [...metrics.matchAll(/^digione_answers_total\{[^}]*\} (\d+)/gm), ...metrics.matchAll(/^digione_refused_\w+_total (\d+)/gm)];
console.log(`answers and refusals by the gateway's own count: ${answers.reduce((n, m) => n + Number(m[1]), 0)}`);
console.log(`failed: ${failed}`, [...errors].sort((a, b) => b[1] - a[1]).slice(0, 5).map(([e, n]) => `${n} x ${e}`).join(' | '));
console.log(`open connections at the end: ${/^digione_connections (\d+)/m.exec(metrics)[1]}`);
const [, from] = rows[Math.floor(rows.length / 2) - 1], [, to] = rows.at(-1);
for (const [name, p] of Object.entries(to)) console.log(`${name}: ${from[name].kB} kB at half, ${p.kB} kB at the end, ${((p.kB / from[name].kB - 1) * 100).toFixed(2)} %${from[name].pid === p.pid ? '' : ' (another process!)'}`);
check(Object.entries(to).every(([n, p]) => from[n].pid === p.pid), 'a process was replaced');
await g.stop();
process.exit(0);
