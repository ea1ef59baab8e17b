// SPDX-License-Identifier: EUPL-1.2
// What an operation costs: CPU of gateway, signer, fetcher and Redis per operation, from /proc, with a load generator
// that is not counted.   bench/run [--json FILE] [--seconds S] [--users N] [OPERATION ...]
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import crypto from 'node:crypto';
import { Agent } from '../tests/e2e/agent.mjs';
import { root, check, finish, fetchLocal } from '../tests/e2e/gateway.mjs';
import { federation, registryText, signIn } from '../tests/e2e/local.mjs';
import { Service } from '../tests/e2e/rp.mjs';
import { SamlCity } from './saml_city.mjs';

const args = process.argv.slice(2);
const option = (name, preset) => { const i = args.indexOf(name); return i < 0 ? preset : args.splice(i, 2)[1]; };
const seconds = Number(option('--seconds', 4)), users = Number(option('--users', 16)), jsonFile = option('--json', null);
const only = args;
const program = path.join(root, 'build/release/digione');

// Nanoseconds on a processor, of every thread of the processes.
function cpuOf(pids) {
  const out = {};
  for (const { pid, name } of pids) {
    let ns = 0;
    try { for (const t of fs.readdirSync(`/proc/${pid}/task`)) ns += Number(fs.readFileSync(`/proc/${pid}/task/${t}/schedstat`, 'utf8').split(' ')[0]); } catch { /* ended */ }
    out[name] = (out[name] ?? 0) + ns;
  }
  return out;
}
const memoryOf = (pids) => pids.reduce((sum, { pid }) => sum + Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0), 0);

const agent = new http.Agent({ keepAlive: true, maxSockets: users });
let gateway;
// One request over a kept connection; the caller gives cookies and form.
const ask = (method, pathname, { cookie, form, headers = {} } = {}) => new Promise((resolve, reject) => {
  const body = form && new URLSearchParams(form).toString();
  const req = http.request({ host: '127.0.0.1', port: gateway.port, method, path: pathname, agent,
    headers: { Host: `localhost:${gateway.port}`, ...(cookie ? { Cookie: cookie } : {}),
      ...(body ? { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) } : {}), ...headers } }, (res) => {
    const parts = [];
    res.on('data', (d) => parts.push(d)).on('end', () => resolve({ status: res.statusCode, headers: res.headers, text: () => Buffer.concat(parts).toString() })).on('error', reject);
  });
  req.on('error', reject);
  req.end(body);
});
const must = (res, status, what) => { if (res.status !== status) throw new Error(`${what}: ${res.status} ${res.headers.location ?? ''} ${res.text().slice(0, 300)}`); return res; };

async function measure(name, pids, once) {
  if (only.length && !only.some((o) => name.includes(o))) return null;
  for (let i = 0; i < 20; i++) await once(i); // warm
  const times = [];
  const before = cpuOf(pids), began = process.hrtime.bigint(), end = Date.now() + seconds * 1000;
  await Promise.all(Array.from({ length: users }, async (_, u) => {
    for (let i = 0; Date.now() < end; i++) {
      const t = process.hrtime.bigint();
      await once(u * 1000003 + i);
      times.push(Number(process.hrtime.bigint() - t) / 1e6);
    }
  }));
  const took = Number(process.hrtime.bigint() - began) / 1e9, after = cpuOf(pids);
  times.sort((a, b) => a - b);
  const us = Object.fromEntries(Object.keys(after).map((k) => [k, Math.round((after[k] - (before[k] ?? 0)) / 1000 / times.length)]));
  return { name, cpu_us: Object.values(us).reduce((a, b) => a + b, 0), by_process: us, per_s: Math.round(times.length / took), p50_ms: +times[times.length >> 1].toFixed(2), p99_ms: +times[Math.floor(times.length * 0.99)].toFixed(2), memory_MB: Math.round(memoryOf(pids) / 1024), operations: times.length };
}

const b64 = (b) => Buffer.from(b).toString('base64url');
const verifier = b64(crypto.randomBytes(32)), challenge = b64(crypto.createHash('sha256').update(verifier).digest());
const authorizePath = (s) => `/oidc/authorize?${new URLSearchParams({ client_id: s.id, redirect_uri: s.redirect, response_type: 'code', scope: s.scope, state: 'bench', nonce: 'bench', code_challenge: challenge, code_challenge_method: 'S256' })}`;

async function codeFlow(s, cookie) {
  const res = must(await ask('GET', authorizePath(s), { cookie }), 303, 'authorize');
  const code = new URL(res.headers.location).searchParams.get('code');
  if (!code) throw new Error(`no code: ${res.headers.location}`);
  return must(await ask('POST', '/oidc/token', { form: { grant_type: 'authorization_code', code, redirect_uri: s.redirect, code_verifier: verifier }, headers: s.basic() }), 200, 'token');
}

const secret = 'a-secret-of-the-bench-that-nobody-else-has';
const tile = (i) => `  - id: tile${i}\n    protocol: link\n    vendor: tile-oy\n    category: ${['learning', 'everyday', 'assessment', 'wellbeing'][i % 4]}\n    name: { fi: "Palvelu ${i}" }\n    line: { fi: "Yksi rivi palvelusta ${i}" }\n    test: true\n    launch_uri: "http://tile${i}.localhost/"\n    asks: [sub]\n`;
const { g, service } = await federation(program, { name: 'bench', service: { secret } });
gateway = g;
const rs256 = new Service(g, { id: 'lampi', secret, alg: 'RS256', scope: 'openid profile edu.role' });
const plain = new SamlCity('plain'), encrypted = new SamlCity('encrypted');
let yaml = registryText(Array.from({ length: 38 }, (_, i) => tile(i)).join('') + service.row() + rs256.row());
yaml = yaml.replace('services:\n', plain.row('oulu') + encrypted.row('oulu') + 'services:\n');
g.registry = yaml;
await g.start();
plain.gateway = encrypted.gateway = g;
await encrypted.learn();

const { agent: anna } = await signIn(service, 'anna');
const cookie = anna.cookieHeader(new URL(g.url));
const token = JSON.parse((await codeFlow(service, cookie)).text()).access_token;
const stranger = new Agent();
const signInUrl = new URL((await stranger.get(g.url + '/')).url);
const strangerCookie = stranger.cookieHeader(signInUrl);
const pids = [{ pid: g.child.pid, name: 'supervisor' }, ...g.processes().map((p) => ({ pid: p.pid, name: /redis/.test(p.name) ? 'redis' : p.name }))];

const samlIn = async (city) => {
  const person = new Agent();
  const started = await city.start(person, service, authorizePath(service));
  const code = await city.answer(person, started, service);
  must(await ask('POST', '/oidc/token', { form: { grant_type: 'authorization_code', code, redirect_uri: service.redirect, code_verifier: verifier }, headers: service.basic() }), 200, 'token');
};

const results = [];
for (const [name, once] of [
  ['discovery', async () => must(await ask('GET', '/.well-known/openid-configuration'), 200, 'discovery')],
  ['JWKS', async () => must(await ask('GET', '/oidc/jwks'), 200, 'jwks')],
  ['sign-in page', async () => must(await ask('GET', signInUrl.pathname + signInUrl.search, { cookie: strangerCookie }), 200, 'sign-in')],
  ['launcher, 40 tiles', async () => must(await ask('GET', '/', { cookie }), 200, 'launcher')],
  ['authorize-code-token ES256', () => codeFlow(service, cookie)],
  ['authorize-code-token RS256', () => codeFlow(rs256, cookie)],
  ['userinfo', async () => must(await ask('GET', '/oidc/userinfo', { headers: { Authorization: `Bearer ${token}` } }), 200, 'userinfo')],
  ['SAML signed in, OIDC out', () => samlIn(plain)],
  ['SAML encrypted in, OIDC out', () => samlIn(encrypted)],
]) {
  try { const r = await measure(name, pids, once); if (r) results.push(r); } catch (e) { results.push({ name, failed: String(e.message ?? e).slice(0, 400) }); }
}
const launcher = await fetchLocal(g.port, '/', { headers: { Cookie: cookie } });
check(launcher.text.length > 0, 'the launcher is empty');
const machine = { cpu: os.cpus()[0].model, cores: os.cpus().length, kernel: os.release(), node: process.version, users, seconds, connections: 'kept open; closed after a POST' };
if (jsonFile) fs.writeFileSync(jsonFile, JSON.stringify({ machine, results }, null, 2) + '\n');
console.log(`${machine.cpu}, ${machine.cores} cores, ${users} users, ${seconds} s each; connections ${machine.connections}`);
console.log('operation                       CPU µs/op   gateway  signer   redis    op/s   p50 ms   p99 ms   MB');
for (const r of results) {
  if (r.failed) { console.log(`${r.name.padEnd(30)}  failed: ${r.failed}`); continue; }
  const of = (n) => String(Object.entries(r.by_process).filter(([k]) => k.includes(n)).reduce((a, [, v]) => a + v, 0)).padStart(7);
  console.log(`${r.name.padEnd(30)} ${String(r.cpu_us).padStart(9)} ${of('gateway')} ${of('signer')} ${of('redis')} ${String(r.per_s).padStart(8)} ${String(r.p50_ms).padStart(8)} ${String(r.p99_ms).padStart(8)} ${String(r.memory_MB).padStart(4)}`);
}
agent.destroy();
await g.stop();
process.exit(results.some((r) => r.failed) ? 1 : 0);
