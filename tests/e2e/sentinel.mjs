// SPDX-License-Identifier: EUPL-1.2
// Redis with a replica and three sentinels, in TLS and with users, while people sign in: its primary killed, paused and
// handed over, its replica away.  What was acknowledged is there afterwards, and what was redeemed is not redeemed again.
//   node sentinel.mjs PATH-OF-DIGIONE
import path from 'node:path';
import { Agent } from './agent.mjs';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { federation, signIn } from './local.mjs';
import { Service } from './rp.mjs';
import { Town, server } from './town.mjs';

if (!server) { console.log('skipped: redis-server is not installed'); process.exit(77); }

const town = await new Town().start();
const { g, service } = await federation(process.argv[2], { name: 'sentinel', settings: town.settings({ loops: 2, redis_wait_replicas: 1 }) });
const another = () => new Service(g, { secret: service.secret, scope: service.scope });
const health = async () => { const r = await fetchLocal(g.port, '/health/ready'); return { status: r.status, ...JSON.parse(r.text) }; };
const metric = async (name) => Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (.*)$`, 'm').exec((await fetchLocal(g.port, '/metrics')).text)?.[1]);
const ready = () => until('ready', async () => (await health()).status === 200, 60000);
const epoch = async () => /digione_redis_primary\{[^}]*epoch="([0-9a-f]+)"/.exec((await fetchLocal(g.port, '/metrics')).text)?.[1];

// People who sign in and open the service, one after another; what was acknowledged to them is kept.
class Crowd {
  constructor() { this.in = []; this.codes = []; this.refused = 0; this.odd = []; this.waits = []; this.ends = false; }

  async one(who) {
    const s = another(), agent = new Agent(), began = Date.now();
    try {
      const { answer, page } = await signIn(s, who, agent);
      if (!answer?.get('code')) { this.note(page?.status ?? answer.get('error')); return; }
      this.in.push(agent); // the code came after the session had been acknowledged
      const code = { s, code: answer.get('code'), verifier: s.verifier, redeemed: null };
      this.codes.push(code);
      const r = await s.redeem(code.code);
      code.redeemed = r.status;
      if (r.status !== 200) this.note(r.status);
    } catch (e) { this.note(e.message.split('\n')[0]); } finally { this.waits.push(Date.now() - began); }
  }

  // Only ever: come again.  A code of before the switch is refused as any that is not known.
  note(what) {
    this.refused++;
    if (!/^(503|400|temporarily_unavailable|(sign-in|password) page: 503.*)$/.test(String(what))) this.odd.push(what);
  }

  start(n = 3) {
    this.running = Array.from({ length: n }, async (_, i) => { while (!this.ends) { await this.one(['anna', 'otso'][i % 2]); await new Promise((r) => setTimeout(r, 30)); } });
    return this;
  }
  async stop() { this.ends = true; await Promise.all(this.running); return this; }

  // Nobody was signed out, and no code serves twice.
  async holds(what) {
    check(this.odd.length === 0, `${what}: odd answers: ${this.odd.slice(0, 3)}`);
    const out = [];
    for (const agent of this.in) {
      const s = another(), { answer } = s.arrived(await agent.get(s.authorizeUrl({ prompt: 'none' }), s.until()));
      if (!answer?.get('code')) out.push(answer?.get('error') ?? 'a page');
    }
    check(out.length === 0, `${what}: ${out.length} of ${this.in.length} acknowledged sessions are lost: ${out[0]}`);
    let twice = 0;
    for (const c of this.codes) {
      const again = await c.s.redeem(c.code, { code_verifier: c.verifier });
      if (again.status === 200 && c.redeemed === 200) twice++;
    }
    check(twice === 0, `${what}: ${twice} codes were redeemed twice`);
    const waits = this.waits.sort((a, b) => a - b);
    console.log(`  ${what}: ${this.in.length} sign-ins acknowledged, ${this.refused} told to come again; whole sign-ins took ${waits[waits.length >> 1]} ms (median), ${waits[Math.floor(waits.length * 0.99)]} ms (p99)`);
  }
}

// Runs it while people sign in, before and after; the primary of afterwards.
async function under(what, break_it) {
  for (const n of town.nodes) if (n.child.exitCode !== null || n.child.signalCode) await town.again(n);
  await town.whole();
  await ready();
  await until('what is written is confirmed', async () => (await health()).redis_replicas === 'sound');
  const was = await epoch(), crowd = new Crowd().start(), began = Date.now();
  await until('people come', () => crowd.in.length >= 10, 60000);
  const before = crowd.in.length;
  await break_it(crowd);
  await until('people come again', () => crowd.in.length >= before + 10, 60000);
  await crowd.stop();
  await ready();
  await crowd.holds(what);
  console.log(`  ${what}: ${((Date.now() - began) / 1000).toFixed(1)} s in all`);
  return was;
}
const switched = (from) => until('another primary', async () => { const p = await town.primary(); return p && p !== from; }, 30000);

await test('digione check: sentinels, TLS and users are well; and each that is not is named with what to do', async () => {
  await g.start();
  const good = g.cli('check', '-c', g.config);
  check(/ok +Redis/.test(good.stdout) && !/warn +Redis/.test(good.stdout), good.stdout + good.stderr);
  const said = await health();
  check(said.redis_primary === `127.0.0.1:${town.nodes[0].port}` && said.redis_replicas === 'sound', JSON.stringify(said));
  check(await metric('digione_redis_replicas') === 1 && await metric('digione_redis_sentinels{which="answer"}') === 3, 'metrics');
});

await test('the primary killed under load: nobody is signed out, no code serves twice', async () => {
  const victim = await town.primary();
  const was = await under('killed', async () => { victim.child.kill('SIGKILL'); await switched(victim); });
  check(await epoch() !== was, 'the epoch is the old one');
  // Alone it goes on, and says so, until its replica is back.
  await until('it says that it is alone', async () => (await health()).redis_replicas === 'alone');
  check(await metric('digione_redis_guard{state="alone"}') === 1, 'no metric');
  await town.again(victim);
  await until('and no longer', async () => (await health()).redis_replicas === 'sound');
});

await test('the primary paused under load, and back when another one is: nothing that it takes then is acknowledged', async () => {
  const victim = await town.primary();
  await under('paused', async () => {
    victim.child.kill('SIGSTOP');
    await switched(victim);
    victim.child.kill('SIGCONT');
  });
  check(await metric('digione_redis_switches_total') >= 2, 'switches');
});

await test('handed over by the operator under load (SENTINEL FAILOVER): nobody is signed out', async () => {
  const from = await town.primary();
  await under('handed over', async () => { await town.ask(town.sentinels[0], 'SENTINEL', 'FAILOVER', 'mymaster'); await switched(from); });
});

await test('the replica silent under load: a moment without sign-ins, then without it, and it is said; then with it again', async () => {
  const p = await town.primary(), replica = town.nodes.find((n) => n !== p);
  await under('replica away', async (crowd) => {
    replica.child.kill('SIGSTOP');
    await until('alone', async () => (await health()).redis_replicas === 'alone');
    const n = crowd.in.length;
    await until('people come', () => crowd.in.length >= n + 5);
    replica.child.kill('SIGCONT');
    await until('sound', async () => (await health()).redis_replicas === 'sound');
  });
  check(await town.primary() === p, 'another primary');
});

await test('a sentinel killed, then most of them: people sign in as before', async () => {
  for (const s of town.sentinels.slice(0, 2)) {
    s.child.kill('SIGKILL');
    await until('it is missed', async () => (await metric('digione_redis_sentinels{which="answer"}')) < 3);
    const { answer } = await signIn(another(), 'anna');
    check(answer?.get('code'), 'nobody signs in');
  }
  const said = g.cli('check', '-c', g.config);
  check(/warn +Redis.*sentinels answer/.test(said.stdout), said.stdout);
});

await g.stop();
town.stop();
await finish();
