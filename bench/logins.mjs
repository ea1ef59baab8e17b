// SPDX-License-Identifier: EUPL-1.2
// A Monday at eight: SAML sign-ins that begin at a fixed rate, whether or not those before have ended, against a gateway
// with default settings, all from one address.  Prints what became of them, every ten seconds and at the end; exits 1
// if one of them failed.
//   bench/logins [--rate 300] [--seconds 125] [--addresses 1] [--program FILE] [--redis_memory_MB N] [--json FILE]
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../tests/e2e/gateway.mjs';
import { federation, registryText } from '../tests/e2e/local.mjs';
import { Line, Visitor, cpuOf, memoryOf } from './load.mjs';
import { SamlCity } from './saml_city.mjs';
import { authorizePath, verifier } from './stage.mjs';

const args = process.argv.slice(2);
const option = (name, preset) => { const i = args.indexOf(name); return i < 0 ? preset : args.splice(i, 2)[1]; };
const rate = Number(option('--rate', 300)), seconds = Number(option('--seconds', 125)), addresses = Number(option('--addresses', 1));
const program = path.resolve(option('--program', path.join(root, 'build/release/digione')));
const memory = option('--redis_memory_MB', null), jsonFile = option('--json', null);
if (args.length || !(rate > 0 && seconds > 0 && addresses > 0)) {
  console.error('usage: bench/logins [--rate 300] [--seconds 125] [--addresses 1] [--program FILE] [--redis_memory_MB N] [--json FILE]');
  process.exit(2);
}

// Addresses other than our own are believed from a proxy alone; with one address there is none, and all settings are the defaults.
const settings = { loops: null, redis_memory_MB: memory, ...(addresses > 1 ? { trusted_proxy: '127.0.0.1' } : {}) };
const secret = 'a-secret-of-the-bench-that-nobody-else-has';
const { g, service } = await federation(program, { name: 'logins', service: { secret }, settings });
const city = new SamlCity('plain');
g.registry = registryText(service.row()).replace('services:\n', `${city.row('oulu')}services:\n`);
await g.start();
await city.learn(g);

let turn = 0;
const from = addresses > 1 ? () => { const a = turn++ % addresses; return `10.${a >> 16 & 255}.${a >> 8 & 255}.${a & 255}`; } : null;
const line = new Line(g.port, 512, from);
const processes = [{ pid: g.child.pid, name: 'supervisor' }, ...g.processes().map(({ pid, name }) => ({ pid, name: /redis/.test(name) ? 'redis' : name.replace('digione-', '') }))];

// One person from the service to the city and back, to the service's token.
async function login() {
  const visitor = new Visitor(line), arrived = { until: (next) => next.startsWith(service.redirect) };
  const away = await visitor.get(g.url + authorizePath(service, city.kind), { until: (next) => !next.startsWith(g.url) });
  if (!away.next) throw new Error(`${away.status} before the city`);
  const back = await visitor.go('POST', city.acs, { form: city.answer(city.read(away.next)), ...arrived });
  if (!back.next) throw new Error(`${back.status} at the city's answer`);
  const code = new URL(back.next).searchParams.get('code');
  if (!code) throw new Error(`the service was told ${new URL(back.next).searchParams.get('error')}`);
  const token = await line.ask('POST', '/oidc/token', { headers: service.basic(),
    form: { grant_type: 'authorization_code', code, redirect_uri: service.redirect, code_verifier: verifier } });
  if (token.status !== 200) throw new Error(`${token.status} at the token endpoint`);
}

const began = process.hrtime.bigint(), cpu = cpuOf(processes);
const took = () => Number(process.hrtime.bigint() - began) / 1e9;
const times = [], failures = new Map();
let begun = 0, open = 0, openMost = 0, firstFailure_s = null, said = 0;

async function one() {
  const at = process.hrtime.bigint();
  openMost = Math.max(openMost, ++open);
  try {
    await login();
    times.push(Number(process.hrtime.bigint() - at) / 1e6);
  } catch (e) {
    firstFailure_s ??= took();
    failures.set(e.message, (failures.get(e.message) ?? 0) + 1);
  }
  open--;
}

const redis = processes.filter((p) => p.name === 'redis');
const failed = () => [...failures.values()].reduce((a, b) => a + b, 0);
const say = () => console.log(`${String(Math.round(took())).padStart(4)} s  ${begun} begun, ${times.length} signed in, ${failed()} failed, ${open} under way; Redis ${memoryOf(redis)} MB`);
const running = [];
while (took() < seconds) {
  for (const due = Math.min(took(), seconds) * rate; begun < due && open < 2000; begun++) running.push(one());
  if (took() >= said + 10) { said += 10; say(); }
  await new Promise((r) => setTimeout(r, 5));
}
const begunIn_s = took();
await Promise.race([Promise.all(running), new Promise((r) => setTimeout(r, 60000))]);
say();
times.sort((a, b) => a - b);
const now = cpuOf(processes), all = Object.values(now).reduce((a, b) => a + b) - Object.values(cpu).reduce((a, b) => a + b);
const result = { asked_per_s: rate, begun_per_s: begun / begunIn_s, seconds, addresses, begun, signed_in: times.length, failed: failed(), never_answered: open,
  first_failure_s: firstFailure_s, failures: Object.fromEntries(failures), p50_ms: times[times.length >> 1], p99_ms: times[Math.floor(times.length * 0.99)],
  under_way_most: openMost, cpu_us_per_login: all / 1000 / Math.max(1, times.length), redis_MB: memoryOf(redis) };
console.log(`asked for ${rate} a second, began ${result.begun_per_s.toFixed(0)} a second${result.begun_per_s < rate * 0.98 ? ' (this machine drives no more)' : ''}: ` +
  `${result.signed_in} signed in, ${result.failed} failed, ${open} never answered; p50 ${result.p50_ms?.toFixed(0)} ms, p99 ${result.p99_ms?.toFixed(0)} ms; ${result.cpu_us_per_login.toFixed(0)} µs of CPU each`);
if (failures.size) console.log(`the first failure after ${firstFailure_s.toFixed(0)} s: ${[...failures].map(([what, n]) => `${n} × ${what}`).join(', ')}`);
if (jsonFile) fs.writeFileSync(jsonFile, JSON.stringify(result, null, 2) + '\n');
line.close();
await g.stop();
process.exit(result.failed || open || result.begun_per_s < rate * 0.98 ? 1 : 0);
