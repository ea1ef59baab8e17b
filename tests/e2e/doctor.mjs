// SPDX-License-Identifier: EUPL-1.2
// digione doctor: a node that is well, and one fault after the other planted in it; each is found, with what mends it.
//   node doctor.mjs PATH-OF-DIGIONE
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { check, finish, freePort, peer, test } from './gateway.mjs';
import { federation, signIn } from './local.mjs';

const { g, service } = await federation(process.argv[2], { name: 'doctor' });
await g.start();
const at = (...names) => path.join(g.state, ...names);
const { answer } = await signIn(service, 'anna');
check(answer?.get('code'), 'anna is not signed in');
await service.finish(answer);

const ask = (config = g.config) => {
  const out = g.cli('doctor', '-c', config, '--json');
  try { return { ...JSON.parse(out.stdout), exit: out.status }; } catch { throw new Error(`${out.status}: ${out.stdout}${out.stderr}`); }
};
const of = (said, what, level) => said.findings.filter((x) => x.of === what && (!level || x.level === level));
const shown = (said) => JSON.stringify(said.findings.filter((x) => x.level !== 'well'));
// Of one fault: that it is found, of that grave, and that it says what mends it.
function finds(said, level, what, says, cure) {
  const found = of(said, what, level).find((x) => says.test(x.says));
  check(found, `not found: ${what} ${says}: ${shown(said)}`);
  check(cure.test(found.cure ?? ''), `its cure: ${found.cure}`);
  check(said.exit === { warn: 1, bad: 2 }[level] || said.exit === 2, `exit status ${said.exit}`);
  check(said.status === said.exit, 'JSON says another status');
}
const configured = (name, lines) => {
  const file = path.join(g.dir, `${name}.yaml`);
  const names = lines.map((l) => l.split(':')[0]);
  fs.writeFileSync(file, fs.readFileSync(g.config, 'utf8').split('\n').filter((l) => l && !names.includes(l.split(':')[0])).concat(lines).join('\n') + '\n');
  return file;
};
// What is true of this machine, and no fault that was planted.
const here = (x) => !(x.of === 'registry' && /^service kanerva: (nobody sees a tile|asks for)/.test(x.says)) && !(x.of === 'clock' && /kept right/.test(x.says)) && !(x.of === 'room' && /are free/.test(x.says)) && !(x.of === 'addresses') && !(x.of === 'endings' && /disk_low/.test(x.says));
// sqlite3 is Python's: no package of its own is needed.
const sql = (file, ...statements) => {
  const done = spawnSync('python3', ['-c', 'import sqlite3,sys\nd=sqlite3.connect(sys.argv[1])\nfor s in sys.argv[2:]: d.execute(s)\nd.commit()\nd.close()', file, ...statements], { encoding: 'utf8' });
  check(done.status === 0, done.stderr);
};

await test('a node that serves is well: nothing is found that was not planted', () => {
  const said = ask();
  const found = said.findings.filter((x) => x.level !== 'well' && here(x));
  check(found.length === 0, JSON.stringify(found));
  check(said.exit < 2, `exit status ${said.exit}`);
  for (const what of ['settings', 'databases', 'room', 'owners', 'endings', 'Redis', 'clock', 'libraries', 'run_as', 'registry', 'private keys', 'listen'])
    check(of(said, what).length > 0, `nothing is said of ${what}`);
  check(/version \d+\.\d+/.test(of(said, 'Redis', 'well').map((x) => x.says).join()), 'no version of the private Redis');
  for (const f of fs.readdirSync(at('registry'))) check(fs.statSync(at('registry', f)).uid === fs.statSync(at()).uid, `${f} is another user's`);
});

await test('text has a line a finding, and below it what mends it', () => {
  const out = g.cli('doctor', '-c', configured('odd', ['trusted_proxy: 127.0.0.1:80']));
  check(out.status === 2 && /^bad {2}trusted_proxy .*\n +→ \S/m.test(out.stdout), out.stdout + out.stderr);
});

await test('every setting that is unknown or wrong is named, not the first alone', () => {
  const said = ask(configured('settings', ['code_live_s: 60', 'loops: many', 'redis_memory: 5']));
  finds(said, 'bad', 'settings', /code_live_s.*code_life_s/, /new name/);
  finds(said, 'bad', 'settings', /:\d+: .*loops.*number|:\d+: loops/, /takes/);
  finds(said, 'bad', 'settings', /redis_memory/, /new name/);
  check(said.exit === 2 && said.findings.every((x) => x.of === 'settings'), shown(said));
});

await test('no file and no words are usage', () => {
  check(g.cli('doctor').status === 2 && g.cli('doctor', '-c', '/nonexistent').status === 2, 'not refused');
});

await g.stop();

await test('it changes nothing of a node that rests', () => {
  const all = () => fs.readdirSync(g.state, { recursive: true }).map(String).filter((f) => !/-(wal|shm)$/.test(f)).sort().map((f) => `${f} ${fs.statSync(at(f)).isFile() ? crypto.createHash('sha256').update(fs.readFileSync(at(f))).digest('hex') : ''}`).join('\n');
  const before = all();
  ask();
  check(all() === before, 'it changed or made files');
});

await test('a database of a newer version, a damaged one and one that nobody knows are found', () => {
  const copies = [['registry', 'registry.sqlite'], ['registry', 'sessions.sqlite'], ['registry', 'alarms.sqlite']];
  for (const c of copies) fs.copyFileSync(at(...c), path.join(g.dir, c[1]));
  for (const c of copies) sql(at(...c), 'PRAGMA user_version = 9999');
  const newer = ask();
  finds(newer, 'bad', 'databases', /sessions\.sqlite is of schema 9999/, /version that wrote it/);
  finds(newer, 'bad', 'databases', /alarms\.sqlite is of schema 9999/, /version that wrote it/);
  finds(newer, 'bad', 'databases', /registry\.sqlite/, /version that wrote it/);
  for (const c of copies) fs.copyFileSync(path.join(g.dir, c[1]), at(...c));
  fs.writeFileSync(at('registry', 'sessions.sqlite'), 'SQLite format 3\0 and then nothing of it'.repeat(300));
  for (const f of ['wal', 'shm']) fs.rmSync(at('registry', `sessions.sqlite-${f}`), { force: true });
  finds(ask(), 'bad', 'databases', /sessions\.sqlite/, /backup/);
  fs.copyFileSync(path.join(g.dir, 'sessions.sqlite'), at('registry', 'sessions.sqlite'));
  fs.copyFileSync(path.join(g.dir, 'sessions.sqlite'), at('registry', 'dreams.sqlite'));
  g.chown();
  finds(ask(), 'warn', 'databases', /dreams\.sqlite/, /newer version/);
  fs.rmSync(at('registry', 'dreams.sqlite'));
});

await test('an older schema is brought up to date on a copy, and the file stays as it is', () => {
  const file = at('registry', 'sessions.sqlite'), keep = path.join(g.dir, 'sessions-keep.sqlite');
  fs.copyFileSync(file, keep);
  fs.rmSync(file);
  sql(file, 'PRAGMA user_version = 0');
  fs.appendFileSync(file, '');
  sql(file, 'CREATE TABLE other (a)', 'PRAGMA user_version = 0');
  g.chown();
  const bytes = fs.readFileSync(file), said = ask();
  check(of(said, 'databases', 'well').some((x) => /sessions\.sqlite goes from schema 0 to \d+/.test(x.says)), JSON.stringify(of(said, 'databases')));
  check(fs.readFileSync(file).equals(bytes), 'it was changed');
  fs.copyFileSync(keep, file);
  g.chown();
});

await test('files of another user and secrets that others may read are found', () => {
  const open = path.join(g.dir, 'smtp-password');
  fs.writeFileSync(open, 'salasana', { mode: 0o644 });
  fs.chmodSync(open, 0o644);
  finds(ask(configured('mail', ['smtp: smtps://localhost:1', 'smtp_from: noreply@localhost', 'smtp_user: digione', `smtp_password_file: ${open}`])), 'warn', 'owners', /smtp_password_file/, /chmod/);
  if (process.getuid() !== 0) return 'skipped: only root makes files of others';
  fs.chownSync(at('audit', 'heads.jsonl'), 1, 1);
  finds(ask(), 'bad', 'owners', /heads\.jsonl is of uid 1,/, /chown/);
  g.chown();
});

await test('a clock behind what was written, a port that is taken, keys that are lost are found', async () => {
  const future = Date.now() / 1000 + 86400;
  fs.utimesSync(at('keys', 'keys.json'), future, future);
  finds(ask(), 'bad', 'clock', /behind/, /chrony/);
  fs.utimesSync(at('keys', 'keys.json'), Date.now() / 1000, Date.now() / 1000);
  await peer('a port', process.execPath, ['-e', `require('net').createServer().listen(${g.port}, '127.0.0.1', () => console.log('ready'))`]);
  finds(ask(), 'bad', 'listen', /is taken/, /ss -ltnp/);
  fs.renameSync(at('keys'), path.join(g.dir, 'keys-away'));
  finds(ask(), 'bad', 'private keys', /missing/, /restore/);
  fs.renameSync(path.join(g.dir, 'keys-away'), at('keys'));
});

await test('a Redis that keeps no file, may forget, or is nearly full is found', async () => {
  const port = await freePort();
  const redis = await peer('redis', 'redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru', '--dir', g.dir], { says: 'Ready to accept' });
  if (!redis) return 'skipped: no redis-server';
  const said = ask(configured('redis', [`redis: 127.0.0.1:${port}`]));
  finds(said, 'warn', 'Redis', /no append-only file/, /appendonly yes/);
  finds(said, 'warn', 'Redis', /allkeys-lru/, /noeviction/);
  redis.kill('SIGTERM');
});

finish();
