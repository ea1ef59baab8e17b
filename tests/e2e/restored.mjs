// SPDX-License-Identifier: EUPL-1.2
// A backup is put back: an older copy of Redis, of the registry, of both; a secret, keys or a registry that are lost.
//   node restored.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { federation, signIn } from './local.mjs';

const { g, service } = await federation(process.argv[2], { name: 'restored' });
await g.start();
const at = (...names) => path.join(g.state, ...names);
const copy = (from, to) => { fs.rmSync(to, { recursive: true, force: true }); fs.cpSync(from, to, { recursive: true }); };
const files = ['redis', 'appendonlydir'];
const backup = () => copy(at(...files), path.join(g.dir, 'backup'));
const putBack = () => { copy(path.join(g.dir, 'backup'), at(...files)); g.chown(); };
const isIn = async (agent) => service.arrived(await agent.get(service.authorizeUrl(), service.until())).answer?.get('code') != null;
async function someone(who) {
  const { agent, answer } = await signIn(service, who);
  check(answer, `${who} is not signed in`);
  await service.finish(answer);
  return agent;
}
async function signOut(agent) {
  const done = await agent.submit(await agent.get(`${g.url}/`), {}, (f) => /sign-out/.test(f.action ?? ''));
  check(done.status === 200, `sign-out: ${done.status}`);
}

await test('a Redis of seconds ago revives nobody who signed out, and signs out nobody else', async () => {
  const anna = await someone('anna'), otso = await someone('otso');
  check(await isIn(anna) && await isIn(otso), 'not signed in');
  backup();
  const thief = anna.clone();
  check(await isIn(thief), 'the copy of the cookies is none');
  await signOut(anna);
  check(!(await isIn(thief)), 'signed out, and still in');
  await g.stop();
  putBack();
  await g.start();
  check(!(await isIn(thief)), 'the older copy revived a session that was signed out');
  check(await isIn(otso), 'otso was signed out by it');
});

await test('a Redis of a minute ago ends every session; people sign in again', async () => {
  const otso = await someone('otso');
  backup();
  const kept = () => { // what SQL knows of Redis's count
    const out = fs.statSync(at('registry', 'sessions.sqlite-wal'), { throwIfNoEntry: false });
    return out?.mtimeMs ?? 0;
  };
  for (let i = 0; i < 3; i++) { const seen = kept(); await until('the count is kept', () => kept() > seen, 60000); }
  await g.stop();
  putBack();
  await g.start();
  await until('it is seen', () => g.logText().includes('sessions.ended'));
  await until('ready again', async () => (await fetchLocal(g.port, '/health/ready')).status === 200);
  check(!(await isIn(otso)), 'a session of an older copy lives');
  check(await isIn(await someone('otso')), 'nobody can sign in');
});

await test('a private Redis that was killed signs nobody out', async () => {
  const anna = await someone('anna');
  const redis = () => g.processes().find((p) => /redis/.test(p.name));
  const before = redis(), signedIn = Date.now();
  // Its file is written every second.
  await until('it is on the disk', () => fs.readdirSync(at(...files)).some((f) => fs.statSync(at(...files, f)).mtimeMs > signedIn + 1000));
  process.kill(before.pid, 'SIGKILL');
  await until('another one', () => redis() && redis().pid !== before.pid);
  await until('ready again', async () => (await fetchLocal(g.port, '/health/ready')).status === 200);
  check(await isIn(anna), 'signed out');
});

await test('digione restore ends every session while the gateway runs', async () => {
  const anna = await someone('anna');
  const out = g.cli('restore', '-c', g.config);
  check(out.status === 0, out.stdout + out.stderr);
  await until('she is out', async () => !(await isIn(anna)));
});

for (const [what, file] of [['root secret', 'root-secret'], ['private keys', 'keys'], ['registry', 'registry/registry.sqlite']])
  await test(`a lost ${what} is not made anew: check says BAD, serve names the file`, async () => {
    await g.stop();
    fs.renameSync(at(file), path.join(g.dir, 'away'));
    const said = g.cli('check', '-c', g.config);
    check(said.status === 1 && said.stdout.includes(`BAD  ${what}`) && said.stdout.includes(file), said.stdout);
    const served = g.cli('serve', '-c', g.config);
    check(served.status !== 0 && served.stderr.includes(file) && served.stderr.includes('restore'), `${served.status}: ${served.stderr}`);
    check(!fs.existsSync(at(file)), 'it was made anew');
    fs.renameSync(path.join(g.dir, 'away'), at(file));
    await g.start();
    await someone('anna');
  });

// ── digione backup, and its way back ──
const backupFile = path.join(g.dir, 'node.backup'), identity = path.join(g.dir, 'backup.key'), recipient = path.join(g.dir, 'backup.pem');
const pair = (type, options) => {
  const { publicKey, privateKey } = crypto.generateKeyPairSync(type, options);
  return [publicKey.export({ type: 'spki', format: 'pem' }), privateKey.export({ type: 'pkcs8', format: 'pem' })];
};
const filesOf = (dir) => fs.readdirSync(dir, { recursive: true }).map(String).sort();
const restore = (file = backupFile, key = identity, ...more) => g.cli('restore', '-c', g.config, file, '--identity', key, ...more);
const who = async (name) => { const { answer } = await signIn(service, name); check(answer?.get('code'), `${name} is not signed in`); return (await service.finish(answer)).claims.sub; };
let subs, sum, before;

await test('digione backup writes all into one file that its recipient alone can read, while people sign in', async () => {
  subs = { anna: await who('anna'), otso: await who('otso') };
  const [pub, key] = pair('x25519');
  fs.writeFileSync(recipient, pub);
  fs.writeFileSync(identity, key, { mode: 0o600 });
  await until('a head of the log is signed', () => fs.statSync(at('audit', 'heads.jsonl')).size > 0, 120000);
  before = filesOf(g.state); // what comes later need not be in it
  let going = true;
  const busy = (async () => { let n = 0; while (going) { await who('otso'); n++; } return n; })();
  // What is no node's, and settings that write the same place in another way: what is written can be put back.
  fs.writeFileSync(at('.lesshst'), 'of whoever looked around');
  const otherWords = path.join(g.dir, 'other-words.yaml');
  fs.writeFileSync(otherWords, `${fs.readFileSync(g.config, 'utf8').replace(/^(keys_dir|root_secret_file):.*\n/gm, '')}\nkeys_dir: "${at('keys')}/"\nroot_secret_file: "${g.state}/./root-secret"\n`);
  fs.chmodSync(otherWords, 0o644);
  const said = await g.later('backup', '-c', otherWords, '--to', backupFile, '--recipient', recipient);
  going = false;
  check(await busy > 0, 'nobody signed in meanwhile');
  sum = said.match(/^sha256 ([0-9a-f]{64})$/m)?.[1];
  const bytes = fs.readFileSync(backupFile);
  check(sum === crypto.createHash('sha256').update(bytes).digest('hex'), said);
  check((fs.statSync(backupFile).mode & 0o77) === 0, 'others may read it');
  for (const secret of [fs.readFileSync(at('root-secret')), 'BEGIN PRIVATE KEY', 'Testi-Hillaharjun', 'SQLite format', '"event"'])
    check(!bytes.includes(secret), `it shows ${String(secret).slice(0, 20)}`);
  check(!filesOf(g.state).some((f) => /backup-|\.part$/.test(f)), `left behind: ${filesOf(g.state).filter((f) => /backup-|\.part$/.test(f))}`);
  const owner = fs.statSync(at('root-secret')).uid;
  for (const f of filesOf(at('registry'))) check(fs.statSync(at('registry', f)).uid === owner, `${f} is another user's`);
  const again = g.cli('backup', '-c', g.config, '--to', backupFile, '--recipient', recipient);
  check(again.status === 2 && /is there already/.test(again.stderr), again.stderr);
  check(fs.readFileSync(backupFile).equals(bytes), 'the first one was written over');
});

await test('what could not be put back is not written either', async () => {
  const deep = at('metadata', ...'abcdef'), to = path.join(g.dir, 'deep.backup');
  fs.mkdirSync(deep, { recursive: true });
  fs.writeFileSync(path.join(deep, 'file'), 'deep');
  g.chown();
  const out = g.cli('backup', '-c', g.config, '--to', to, '--recipient', recipient);
  check(out.status === 3 && /stands too deep/.test(out.stderr) && !fs.existsSync(to) && !fs.existsSync(`${to}.part`), `${out.status}: ${out.stderr}`);
  fs.rmSync(at('metadata', 'a'), { recursive: true });
});

await test('what has a state is not written over', async () => {
  await g.stop();
  const rests = filesOf(g.state), out = restore();
  check(out.status === 1 && /is put back where nothing is yet/.test(out.stderr), `${out.status}: ${out.stderr}`);
  check(JSON.stringify(filesOf(g.state)) === JSON.stringify(rests), 'the state changed');
  fs.renameSync(g.state, path.join(g.dir, 'lost'));
});

const nothingThere = () => check(!fs.existsSync(g.state) || filesOf(g.state).every((f) => f === 'lock'), `left behind: ${filesOf(g.state)}`);
await test('a backup that was changed, cut, made longer, is for another key or is another one puts nothing back', async () => {
  const bytes = fs.readFileSync(backupFile), bad = path.join(g.dir, 'bad.backup');
  const changed = (at) => { const b = Buffer.from(bytes); b[at] ^= 1; return b; };
  const spots = [0, 5, 17, 18, 40, 50, 53, 60, 80, 100, 200, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2), bytes.length - 17, bytes.length - 1];
  for (const [what, content] of [...spots.map((n) => [`byte ${n}`, changed(n)]), ['cut', bytes.subarray(0, bytes.length - 1)], ['half', bytes.subarray(0, bytes.length >> 1)],
    ['its head', bytes.subarray(0, 60)], ['nothing', Buffer.alloc(0)], ['longer', Buffer.concat([bytes, Buffer.from('x')])]]) {
    fs.writeFileSync(bad, content);
    const out = restore(bad);
    check(out.status === 1 && out.stderr.includes(bad) && /damaged|cut|another key|no backup/.test(out.stderr), `${what}: ${out.status}: ${out.stderr}`);
    nothingThere();
  }
  for (const [type, options] of [['x25519'], ['rsa', { modulusLength: 2048 }], ['ec', { namedCurve: 'P-256' }]]) {
    const other = path.join(g.dir, 'other.key');
    fs.writeFileSync(other, pair(type, options)[1]);
    const out = restore(backupFile, other);
    check(out.status === 1 && /made for another key/.test(out.stderr), `${type}: ${out.stderr}`);
    nothingThere();
  }
  const out = restore(backupFile, identity, '--sha256', '0'.repeat(64));
  check(out.status === 1 && out.stderr.includes(sum), out.stderr);
  nothingThere();
  const usage = g.cli('restore', '-c', g.config, backupFile);
  check(usage.status === 2 && /--identity/.test(usage.stderr), usage.stderr);
});

await test('put back on an empty machine: people have the same identifiers, sessions are over, the audit log holds, keys are the same', async () => {
  const jwks = (dir) => JSON.parse(fs.readFileSync(path.join(dir, 'keys', 'keys.json'), 'utf8'));
  const out = restore(backupFile, identity, '--sha256', sum);
  check(out.status === 0 && out.stdout.includes(sum), `${out.status}: ${out.stdout}${out.stderr}`);
  const wanted = before.filter((f) => !/^redis|^lock$|index\.sqlite|^audit\/(tree|lock)|^audit\/reserve$|^metadata$|-(wal|shm)$|\.part$/.test(f));
  const missing = wanted.filter((f) => !filesOf(g.state).includes(f));
  check(missing.length === 0, `not put back: ${missing}`);
  const more = filesOf(g.state).filter((f) => !before.includes(f) && !fs.existsSync(path.join(g.dir, 'lost', f)) && !/-(wal|shm)$/.test(f));
  check(more.length === 0, `never there: ${more}`);
  check(wanted.some((f) => /links\.sqlite/.test(f)), `${wanted}`);
  check(!filesOf(g.state).some((f) => /restoring/.test(f)), 'a stage is left');
  check(fs.readFileSync(at('root-secret')).equals(fs.readFileSync(path.join(g.dir, 'lost', 'root-secret'))), 'another root secret');
  check(JSON.stringify(jwks(g.state)) === JSON.stringify(jwks(path.join(g.dir, 'lost'))), 'other keys');
  const verified = g.cli('audit', 'verify', '-c', g.config);
  check(verified.status === 0, verified.stdout);
  const checked = g.cli('check', '-c', g.config);
  check(!checked.stdout.includes('BAD'), checked.stdout);
  await g.start();
  check(await who('anna') === subs.anna && await who('otso') === subs.otso, 'somebody is somebody else');
  check(g.cli('audit', 'verify', '-c', g.config).status === 0, 'the log does not go on');
});

await test('a session of before the backup is over where Redis was put back with it', async () => {
  const anna = await someone('anna');
  check(await isIn(anna), 'not in');
  const second = path.join(g.dir, 'second.backup');
  const [pub, key] = pair('rsa', { modulusLength: 3072 });
  fs.writeFileSync(recipient, pub);
  fs.writeFileSync(identity, key);
  const out = g.cli('backup', '-c', g.config, '--to', second, '--recipient', recipient);
  check(out.status === 0, out.stderr);
  backup();
  await g.stop();
  fs.renameSync(g.state, path.join(g.dir, 'lost-again'));
  check(restore(second).status === 0, 'not put back');
  fs.mkdirSync(at('redis'), { mode: 0o700 });
  putBack();
  await g.start();
  check(!(await isIn(anna)), 'a session of before lives');
  check(await who('anna') === subs.anna, 'anna is somebody else');
});

await g.stop();
finish();
