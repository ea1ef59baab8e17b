// SPDX-License-Identifier: EUPL-1.2
// Faults from outside the gateway: its disk, its descriptors, its log, its processes under load.  Each starts a node of its
// own, breaks something while people sign in, and looks whether the rest refuses clearly, loses nothing and recovers by
// itself.  faults.mjs runs them short, faults-long.mjs long.
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { check, fetchLocal, folder, until } from './gateway.mjs';
import { federation, registryText, signIn } from './local.mjs';
import { Redis, manySignIns } from './resp.mjs';

const ready = (g) => until('ready', async () => (await fetchLocal(g.port, '/health/ready')).status === 200);
const child = (g, what) => g.processes().find((p) => (what === 'redis' ? /redis/.test(p.name) : p.name.includes(what)));
const ms = async (f) => { const at = process.hrtime.bigint(); await f(); return Number(process.hrtime.bigint() - at) / 1e6; };

// A sign-in from an empty cookie jar: true, or why not.  A refusal must be one that a person can read.
async function attempt(service, who = 'anna') {
  try {
    const { answer, page } = await signIn(service, who);
    if (answer?.get('code')) return (await service.finish(answer)) && true;
    return `${answer?.get('error') ?? page?.status}`;
  } catch (e) {
    return e.message.split('\n')[0];
  }
}
const refusedClearly = (why) => why === '503' || why === 'temporarily_unavailable' || /(page|endpoint): 503/.test(why);

function auditHolds(g) {
  const out = g.cli('audit', 'verify', '--unsigned', path.join(g.state, 'audit'));
  check(out.status === 0, `the audit chain: ${out.stdout}${out.stderr}`);
}

function endsWell(g, service) {
  return until('somebody signs in again', async () => {
    const said = await attempt(service);
    if (said !== true) throw new Error(said);
    return true;
  });
}

// ── the disk ──

// A folder on a small disk of its own; null where nobody may mount one.
function smallDisk(name, size) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `digione-${name}-`));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', dir]).status === 0;
  process.on('exit', () => { if (mounted) spawnSync('umount', ['-l', dir]); fs.rmdirSync(dir); });
  return mounted ? dir : null;
}

function fill(dir, leave_B = 0) {
  const file = path.join(dir, 'filler'), fd = fs.openSync(file, 'a');
  const { bavail, bsize } = fs.statfsSync(dir);
  try {
    for (let left = bavail * bsize - leave_B; left > 0; left -= 4096) fs.writeSync(fd, Buffer.alloc(4096));
  } catch (e) { check(e.code === 'ENOSPC', e.message); }
  fs.closeSync(fd);
}

async function ownRedis(dir) {
  const socket = path.join(dir, 'redis.sock');
  fs.chmodSync(dir, 0o755);
  const redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--unixsocketperm', '777', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
  process.on('exit', () => redis.kill('SIGKILL'));
  await until('redis', () => fs.existsSync(socket));
  return socket;
}

// withReserve: the audit log has its reserve, and Redis lies on the same disk; else neither.
export async function diskFull(program, { withReserve }) {
  const disk = smallDisk('disk', '48m');
  if (!disk) return 'skipped: nobody may mount a small disk here';
  const settings = { state_dir: path.join(disk, 'state') };
  if (!withReserve) { settings.redis = `unix:${await ownRedis(folder('disk-redis'))}`; fill(disk, 6 << 20); }
  const { g, service } = await federation(program, { name: 'disk-full', settings });
  await g.start();
  check(await attempt(service) === true, 'nobody can sign in before');
  fill(disk);
  let said;
  await until('the first refusal', async () => (said = await attempt(service)) !== true, 60000);
  check(refusedClearly(said), `not refused clearly: ${said}`);
  check((await fetchLocal(g.port, '/oidc/jwks')).status === 200, 'the keys need the disk');
  if (withReserve) await until('the log says so', () => /"event":"kv.refuses"[^\n]*"why":"disk"/.test(g.logText()));
  else await until('health says so', async () => (await fetchLocal(g.port, '/health/ready')).status === 503);
  fs.rmSync(path.join(disk, 'filler'));
  await endsWell(g, service);
  await ready(g);
  check(!/"event":"process.ended"/.test(g.logText()), 'a process ended');
  await g.stop();
  auditHolds(g);
}

// ── descriptors ──

export async function descriptorsExhausted(program) {
  const { g, service } = await federation(program, { name: 'descriptors' });
  g.import(g.registry);
  g.registry = null;
  g.child = spawn('sh', ['-c', 'ulimit -n 64; exec "$0" serve -c "$1"', g.program, g.config], { stdio: ['ignore', 'ignore', fs.openSync(g.log, 'a')] });
  process.on('exit', () => g.child.kill('SIGTERM'));
  await ready(g);
  const gateway = child(g, 'gateway'), silent = [];
  let told = 0;
  const knock = () => new Promise((resolve) => {
    const s = net.connect(g.port, '127.0.0.1', () => resolve(s)).on('error', resolve);
    s.on('data', (d) => { told += /^HTTP\/1\.1 503 [\s\S]*Retry-After/.test(d.toString()); });
    silent.push(s);
  });
  for (let i = 0; i < 100; i++) { // every other one in the middle of a request
    await knock();
    if (i % 2) silent[i].write('GET / HTTP/1.1\r\n');
  }
  await until('who was in the middle of a request is told to come again', () => told > 0);
  await endsWell(g, service);
  check(child(g, 'gateway')?.pid === gateway.pid, 'it died of it');
  for (const s of silent) s.destroy();
  await endsWell(g, service);
  await until('the log tells of it', () => /"rule":"(crowded|shed)"/.test(g.logText()));
  await g.stop();
  auditHolds(g);
}

// ── the log ──

// Whoever reads the log stops reading: the pipe fills, lines are dropped and counted, people go on.
export async function logBlocked(program) {
  const { g, service } = await federation(program, { name: 'log-blocked' });
  g.import(g.registry);
  g.registry = null;
  // A shell holds the reading end and never reads.
  g.child = spawn('sh', ['-c', `mkfifo "${g.dir}/pipe"; exec 3<>"${g.dir}/pipe"; exec "$0" serve -c "$1" 2>&3`, g.program, g.config], { stdio: 'ignore' });
  process.on('exit', () => g.child.kill('SIGTERM'));
  await ready(g);
  const dropped = async () => Number(/^digione_log_lines_dropped_total (\d+)$/m.exec((await fetchLocal(g.port, '/metrics')).text)[1]);
  await until('lines are dropped', async () => {
    await Promise.all(Array.from({ length: 20 }, () => fetchLocal(g.port, '/oidc/authorize?client_id=nobody')));
    return (await dropped()) > 0;
  });
  check(await attempt(service) === true, 'nobody can sign in');
  await g.stop();
  auditHolds(g);
}

// ── processes under load ──

// `people` sign in all the time; the victims are killed in turn, `rounds` times.
export async function killedUnderLoad(program, { rounds, people = 6, victims = ['gateway', 'signer', 'fetcher', 'redis'] }) {
  const { g, service } = await federation(program, { name: 'under-load' });
  await g.start();
  let over = false, good = 0;
  const strange = [];
  const load = Array.from({ length: people }, async (_, i) => {
    while (!over) {
      // Each has a client of its own: a Service keeps the state of one login.
      const own = Object.assign(Object.create(Object.getPrototypeOf(service)), service);
      const said = await attempt(own, i % 2 === 0 ? 'anna' : 'otso');
      if (said === true) good++;
      else if (!refusedClearly(said) && !/ECONNRESET|ECONNREFUSED|socket hang up|EPIPE/.test(said)) strange.push(said);
    }
  });
  const known = new Set(g.processes().map((p) => p.pid));
  for (let i = 0; i < rounds; i++) {
    const what = victims[i % victims.length], before = good;
    await until('people sign in', () => good > before + 2);
    const victim = child(g, what);
    process.kill(victim.pid, 'SIGKILL');
    await until(`another ${what}`, () => child(g, what) && child(g, what).pid !== victim.pid);
    await ready(g);
    for (const p of g.processes()) known.add(p.pid);
  }
  over = true;
  await Promise.all(load);
  await endsWell(g, service);
  await g.stop();
  check([...known].every((pid) => !fs.existsSync(`/proc/${pid}`)), 'a process stayed');
  auditHolds(g);
  // What Redis forgot of its last second, or a dead gateway never heard of, is a code or a token that is gone: the person
  // begins again.  Attempts that nobody finished count as wrong passwords, so somebody is asked to wait (429).
  const unexplained = strange.filter((s) => !/token endpoint: (400|503)|userinfo: (401|503)|password page: (400|503)|^(400|429)$/.test(s));
  check(unexplained.length === 0, `${unexplained.length} of ${good}: ${[...new Set(unexplained)].slice(0, 5).join(' | ')}`);
  return { signed_in: good, began_again: strange.length };
}

// ── kill -9 while the registry is written ──

export async function importKilled(program, { kills }) {
  const { g, service } = await federation(program, { name: 'import-killed' });
  const other = registryText(service.row().replace('Kanerva Oppikirjat', 'Kanerva Toinen').replace('learning', 'other'), {});
  const files = [g.registry, other].map((text, i) => { const f = path.join(g.dir, `registry-${i}.yaml`); fs.writeFileSync(f, text); return f; });
  g.import(g.registry);
  g.registry = null;
  const exported = () => { const out = g.cli('export', '-c', g.config); check(out.status === 0, `export: ${out.stderr}`); return out.stdout; };
  const states = [exported()];
  g.import(other);
  states.push(exported());
  check(states[0] !== states[1], 'the two registries are one');
  const took = await ms(() => g.cli('import', '-c', g.config, files[0]));
  const seen = [0, 0];
  for (let i = 0; i < kills; i++) {
    const importing = spawn(g.program, ['import', '-c', g.config, files[i % 2]], { stdio: 'ignore' });
    const gone = new Promise((resolve) => importing.on('exit', resolve));
    await new Promise((r) => setTimeout(r, took * (i + 0.5) / kills * 1.2));
    importing.kill('SIGKILL');
    await gone;
    const at = states.indexOf(exported());
    check(at >= 0, `after kill ${i} the registry is neither the old nor the new one`);
    seen[at]++;
  }
  if (process.getuid() === 0) g.chown();
  await g.start();
  check(await attempt(service) === true, 'nobody can sign in afterwards');
  await g.stop();
  auditHolds(g);
  return { old: seen[0], new: seen[1] };
}

// ── Redis stops answering, and stays so ──

// People with a session ask all the time; the longest wait is told, not judged.
export async function redisSilent(program, { seconds }) {
  const { g, service } = await federation(program, { name: 'redis-silent' });
  await g.start();
  const { agent, answer } = await signIn(service, 'anna');
  await service.finish(answer);
  const redis = child(g, 'redis'), waits = [], odd = [];
  process.kill(redis.pid, 'SIGSTOP');
  try {
    for (const end = Date.now() + seconds * 1000; Date.now() < end;)
      await Promise.all(Array.from({ length: 8 }, async () => {
        waits.push(await ms(async () => {
          const res = await agent.get(service.authorizeUrl(), service.until());
          if (res.status !== 503 && !/temporarily_unavailable/.test(res.next ?? '')) odd.push(`${res.status} ${res.next ?? ''}`);
        }));
        if ((await fetchLocal(g.port, '/oidc/jwks')).status !== 200) odd.push('keys');
      }));
  } finally { process.kill(redis.pid, 'SIGCONT'); }
  check(odd.length === 0, `${odd.length} odd answers: ${odd[0]}`);
  await ready(g);
  const { answer: again } = service.arrived(await agent.get(service.authorizeUrl({ prompt: 'none' }), service.until()));
  check(again?.get('code'), `signed out: ${again}`);
  await g.stop();
  auditHolds(g);
  return { asked: waits.length, longest_ms: Math.round(Math.max(...waits)) };
}

// ── Redis full, and Redis killed with much in it ──

const redisOf = (g) => new Redis(path.join(g.state, 'redis/redis.sock'));
const said = async (g) => JSON.parse((await fetchLocal(g.port, '/health/ready')).text);

// Nobody asks anything meanwhile: the node finds out by itself, says so once, and comes back by itself.
export async function redisRefuses(program) {
  const { g, service } = await federation(program, { name: 'redis-refuses' });
  await g.start();
  check(await attempt(service) === true, 'nobody can sign in before');
  const redis = redisOf(g), lines = (event) => g.logText().split('\n').filter((l) => l.includes(`"event":"${event}"`));
  let fillers = 0;
  const full = async () => {
    for (;;) try { await redis.ask('SET', `filler:${fillers++}`, Buffer.alloc(512)); } catch (e) { check(/^OOM/.test(e.message), e.message); return; }
  };
  const ways = [['memory', () => redis.ask('CONFIG', 'SET', 'maxmemory', '8mb'), async () => { for (const k of await redis.ask('KEYS', 'filler:*')) await redis.ask('DEL', k); await redis.ask('CONFIG', 'SET', 'maxmemory', '64mb'); }],
    ['permission', () => redis.ask('ACL', 'SETUSER', 'default', '-eval'), () => redis.ask('ACL', 'SETUSER', 'default', '+eval')],
    ['replica', () => redis.ask('REPLICAOF', '127.0.0.1', '1'), () => redis.ask('REPLICAOF', 'NO', 'ONE')]];
  const told = lines('node.unready').length;
  for (const [i, [word, breaks, mends]] of ways.entries()) {
    await breaks();
    await until(`not ready: ${word}`, async () => { if (word === 'memory') await full(); const h = await said(g); return h.ready === false && h.redis === false && h.why.redis === word; });
    check(/^digione_ready 0$/m.test((await fetchLocal(g.port, '/metrics')).text), 'the metric says ready');
    check((await fetchLocal(g.port, '/health/live')).status === 200, 'it does not live');
    const why = await attempt(service);
    check(refusedClearly(why), `${word}: ${why}`);
    await new Promise((r) => setTimeout(r, 3000)); // some beats more: they change nothing, and say nothing
    check(lines('node.unready').length === told + i + 1, `${word}: ${lines('node.unready').slice(told).join('\n')}`);
    await mends();
    await ready(g);
    check(await attempt(service) === true, `${word}: nobody can sign in afterwards`);
  }
  redis.close();
  await g.stop();
  auditHolds(g);
}

// Processes that hang, and do not die: nobody replaces them.
export async function partsHang(program) {
  const { g, service } = await federation(program, { name: 'parts-hang' });
  await g.start();
  for (const what of ['signer', 'fetcher']) {
    const { pid } = child(g, what);
    process.kill(pid, 'SIGSTOP');
    try { await until(`${what} is missed`, async () => { const h = await said(g); return h.ready === false && h.why[what] === 'silent'; }, 60000); } finally { process.kill(pid, 'SIGCONT'); }
    await ready(g);
    check(await attempt(service) === true, `${what}: nobody can sign in afterwards`);
  }
  await g.stop();
  auditHolds(g);
}

// kill -9 of a Redis that holds what so many people's sign-ins leave there.  Until it has read its file everybody is told
// to come again, soon and clearly; then whoever was signed in still is, and what was spent stays spent.
export async function redisKilled(program, { signIns, settings = {} }) {
  const { g, service } = await federation(program, { name: 'redis-killed', settings });
  await g.start();
  const { agent, answer } = await signIn(service, 'anna');
  const before = [{ code: answer.get('code'), verifier: service.verifier }];
  await service.finish(answer);
  let redis = redisOf(g);
  const [mine] = (await redis.ask('KEYS', 's1:*')), session_B = await redis.ask('STRLEN', mine);
  await manySignIns(redis, signIns, session_B);
  await new Promise((r) => setTimeout(r, 3000)); // what lives for two seconds has gone, and the file is synced
  const keys = await redis.ask('DBSIZE'), info = await redis.ask('INFO');
  const size = (name) => Math.round(Number(new RegExp(`${name}:(\\d+)`).exec(info)[1]) / 1e6);
  redis.close();
  before.push({ code: service.arrived(await agent.get(service.authorizeUrl(), service.until())).answer.get('code'), verifier: service.verifier }); // not spent
  const victim = child(g, 'redis'), odd = [], waits = [];
  let back = false, refused = 0;
  process.kill(victim.pid, 'SIGKILL');
  const began = process.hrtime.bigint(), since = () => Number(process.hrtime.bigint() - began) / 1e9;
  await until('it is missed', async () => !(await said(g)).ready);
  const people = Array.from({ length: 4 }, async () => {
    while (!back) {
      let res;
      waits.push(await ms(async () => { res = await agent.get(g.url + '/'); }));
      if (res.status === 503 && res.headers['retry-after'] && /<h1/.test(res.text)) refused++;
      else if (res.status !== 200) odd.push(`${res.status} ${res.headers['retry-after']} ${res.text.slice(0, 100)}`);
      await new Promise((r) => setTimeout(r, 100));
    }
  });
  await until('ready', async () => (await said(g)).ready, 300000);
  const ready_s = since();
  await endsWell(g, service);
  const signed_in_s = since();
  back = true;
  await Promise.all(people);
  check(odd.length === 0, `${odd.length} odd answers: ${odd[0]}`);
  check(refused > 0, 'nobody was told to come again');
  const { answer: again } = service.arrived(await agent.get(service.authorizeUrl({ prompt: 'none' }), service.until()));
  check(again?.get('code'), `signed out: ${again}`);
  for (const { code, verifier } of before) {
    const res = await service.redeem(code, { code_verifier: verifier });
    check(res.status === 400 && JSON.parse(res.text).error === 'invalid_grant', `a code of before: ${res.status} ${res.text}`);
  }
  redis = redisOf(g);
  const lost = keys - await redis.ask('DBSIZE');
  redis.close();
  check(lost < keys / 100, `${lost} of ${keys} keys were lost`);
  await g.stop();
  auditHolds(g);
  return { keys, session_B, base_MB: size('aof_base_size'), file_MB: size('aof_current_size'), ready_s, signed_in_s, told_to_come_again: refused, longest_ms: Math.round(Math.max(...waits)) };
}
