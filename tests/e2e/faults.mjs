// SPDX-License-Identifier: EUPL-1.2
// What breaks, while people sign in: Redis, the signer, the fetcher, the gateway itself, disk, descriptors and log; codes
// presented twice and a hundred times.   node faults.mjs PATH-OF-DIGIONE      (faults-long.mjs: the same at length)
import fs from 'node:fs';
import path from 'node:path';
import { descriptorsExhausted, diskFull, importKilled, killedUnderLoad, logBlocked, partsHang, redisKilled, redisRefuses } from './breakage.mjs';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { federation, signIn } from './local.mjs';

const { g, service } = await federation(process.argv[2], { name: 'faults' });
await g.start();
const child = (what) => g.processes().find((p) => (what === 'redis' ? /redis/.test(p.name) : p.name.includes(what)));
const authorize = (agent) => agent.get(service.authorizeUrl(), service.until());
const ready = () => until('ready again', async () => (await fetchLocal(g.port, '/health/ready')).status === 200);
const opens = async (agent) => {
  const { answer, page } = service.arrived(await authorize(agent));
  check(answer, `no answer: ${page?.status} ${page?.url}`);
  return service.finish(answer);
};

const { agent, answer } = await signIn(service, 'anna');
await test('somebody is signed in', async () => { check(answer, 'no answer'); await service.finish(answer); });

await test('Redis silent: 503 with Retry-After soon, nobody is signed out, and it goes on by itself', async () => {
  const redis = child('redis');
  process.kill(redis.pid, 'SIGSTOP');
  try {
    const began = process.hrtime.bigint();
    const res = await agent.get(service.authorizeUrl(), service.until());
    const took = Number(process.hrtime.bigint() - began) / 1e6;
    const where = res.next ?? '';
    check(res.status === 503 || where.includes('error=temporarily_unavailable'), `${res.status} ${where}`);
    if (res.status === 503) check(res.headers['retry-after'], 'no Retry-After');
    check(took < 5000, `after ${took} ms`);
    check(agent.cookieHeader(new URL(g.url)).includes('digione'), 'the session cookie was taken away');
    check((await fetchLocal(g.port, '/oidc/jwks')).status === 200, 'JWKS needs Redis');
    check((await fetchLocal(g.port, '/health/ready')).status === 503, 'it says that it is ready');
  } finally { process.kill(redis.pid, 'SIGCONT'); }
  await ready();
  await opens(agent);
});

for (const what of ['signer', 'fetcher', 'gateway', 'redis'])
  await test(`the ${what} killed: replaced, and people go on`, async () => {
    const victim = child(what);
    check(victim, `there is no process ${what}: ${JSON.stringify(g.processes())}`);
    // Redis writes its file every second: what was signed in before is on disk by then.
    if (what === 'redis') await new Promise((r) => setTimeout(r, 1500));
    process.kill(victim.pid, 'SIGKILL');
    await until('a new one', () => child(what) && child(what).pid !== victim.pid);
    await ready();
    await opens(agent);
  });

await test('a code is good once: of a hundred at the same time one succeeds, and the tokens of a code used twice end', async () => {
  const { answer: a } = service.arrived(await authorize(agent));
  const code = a.get('code');
  const all = await Promise.all(Array.from({ length: 100 }, () => service.redeem(code)));
  const good = all.filter((r) => r.status === 200);
  check(good.length === 1, `${good.length} of 100 succeeded`);
  check(all.filter((r) => r.status === 400).every((r) => JSON.parse(r.text).error === 'invalid_grant'), 'another error than invalid_grant');
  const token = JSON.parse(good[0].text).access_token;
  await until('the token has ended', async () => (await service.userinfo(token)).status === 401, 2000);
});

await test('one wrong thing about a code refuses it', async () => {
  const fresh = async () => service.arrived(await authorize(agent)).answer.get('code');
  for (const [what, extra] of [['verifier', { code_verifier: 'x'.repeat(43) }], ['redirect_uri', { redirect_uri: 'http://kanerva.localhost/other' }]]) {
    const code = await fresh();
    const bad = await service.redeem(code, extra);
    check(bad.status === 400 && JSON.parse(bad.text).error === 'invalid_grant', `${what}: ${bad.status} ${bad.text}`);
    check((await service.redeem(code)).status === 400, `${what}: the code was not spent`);
  }
  const wrong = await service.redeem(await fresh(), {}, { Authorization: 'Basic ' + Buffer.from(`${service.id}:guess`).toString('base64') });
  check(wrong.status === 401 && JSON.parse(wrong.text).error === 'invalid_client' && wrong.headers['www-authenticate'], `${wrong.status} ${wrong.text}`);
});

await test('signed out means signed out: tokens too', async () => {
  const { agent: other, answer: a } = await signIn(service, 'otso');
  const { tokens } = await service.finish(a);
  const launcher = await other.get(g.url + '/');
  const page = await other.submit(launcher, {}, (f) => /sign-out/.test(f.action ?? ''));
  check(page.status === 200, `${page.status}`);
  check((await service.userinfo(tokens.access_token)).status === 401, 'the access token still works');
  const { answer: none } = service.arrived(await other.get(service.authorizeUrl({ prompt: 'none' }), service.until()));
  check(none?.get('error') === 'login_required', `prompt=none says ${none}`);
});

await test('the audit chain holds after all this', async () => {
  await g.stop();
  const out = g.cli('audit', 'verify', path.join(g.state, 'audit'));
  check(out.status === 0, out.stdout + out.stderr);
  // A changed line is found.
  const dir = path.join(g.dir, 'copy');
  fs.cpSync(path.join(g.state, 'audit'), dir, { recursive: true });
  const file = path.join(dir, fs.readdirSync(dir).filter((f) => f.startsWith('audit-')).sort()[0]);
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('kanerva', 'kanervb'));
  check(g.cli('audit', 'verify', dir).status !== 0, 'a changed line was not found');
  // So is the last one, when it is gone: the stop signs the head.
  const said = (...args) => JSON.parse(g.cli('audit', 'verify', ...args).stdout);
  const whole = said('-c', g.config);
  check(whole.ok && whole.heads > 0, JSON.stringify(whole));
  const text = fs.readFileSync(path.join(g.state, 'audit', path.basename(file)), 'utf8');
  const lines = text.split('\n').slice(0, -1);
  for (const [what, left, error] of [['the last record', lines.slice(0, -1), 'truncated'], ['the first', lines.slice(1), 'missing'], ['one in the middle', lines.toSpliced(4, 1), 'missing'], ['two change places', [...lines.slice(0, 4), lines[5], lines[4], ...lines.slice(6)], 'order'],
    ['the newest ten', lines.slice(0, -10), 'truncated'], ['all', [], 'truncated']]) {
    fs.writeFileSync(file, left.map((l) => l + '\n').join(''));
    const got = said(dir);
    check(!got.ok && got.error === error && /record/.test(got.where), `${what}: ${JSON.stringify(got)}`);
  }
  fs.rmSync(file);
  check(said(dir).error === 'truncated', 'the whole segment is gone');
});
await test('no secret and no name is in the log', async () => {
  const log = g.logText();
  for (const canary of ['salasana-anna', 'a-secret-of-the-test', 'Testi-Åberg', 'Čáppa', agent.cookieHeader(new URL(g.url)).split('=')[1]])
    check(!log.includes(canary), `the log holds ${canary}`);
});

// ── each with a node of its own ──
const program = path.resolve(process.argv[2]);
await test('the disk full, with Redis on it: sign-ins are refused clearly, and come back with the space', () => diskFull(program, { withReserve: true }));
await test('the disk full, and no reserve for the audit log: nobody comes in unrecorded', () => diskFull(program, { withReserve: false }));
await test('descriptors used up: who is silent makes room, is told so, and people go on', () => descriptorsExhausted(program));
await test('nobody reads the log: lines are dropped and counted, people go on', () => logBlocked(program));
await test('Redis full, forbidding or a replica: the node says so by itself, once, and comes back', () => redisRefuses(program));
await test('signer or fetcher hang: the node says so by itself, and comes back', () => partsHang(program));
await test('Redis killed with 30,000 sign-ins in it: people are told to come again, and nobody is signed out', async () => { await redisKilled(program, { signIns: 30000 }); });
await test('processes killed under load: clear refusals, and the audit chain holds', async () => { await killedUnderLoad(program, { rounds: 4 }); });
await test('imports killed: the registry is the old or the new one', async () => { await importKilled(program, { kills: 10 }); });
await finish();
