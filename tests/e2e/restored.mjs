// SPDX-License-Identifier: EUPL-1.2
// A backup is put back: an older copy of Redis, of the registry, of both; a secret, keys or a registry that are lost.
//   node restored.mjs PATH-OF-DIGIONE
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

await g.stop();
finish();
