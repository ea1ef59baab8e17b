// SPDX-License-Identifier: EUPL-1.2
// What each operation costs, in rounds; the programs that are compared take turns within each round.
//   bench/run [--json FILE] [--rounds N] [--seconds S] [--users N] [--program FILE]... [--peer | --peer-saml] [OPERATION ...]
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../tests/e2e/gateway.mjs';
import { floor } from './floor.mjs';
import { median, round, summary } from './load.mjs';
import { Console } from './console.mjs';
import { Nation } from './nation.mjs';
import { Peer, SamlPeer } from './peer.mjs';
import { Stage } from './stage.mjs';

const args = process.argv.slice(2);
const option = (name, preset) => { const i = args.indexOf(name); return i < 0 ? preset : args.splice(i, 2)[1]; };
const load = { users: Number(option('--users', 16)), seconds: Number(option('--seconds', 1)) };
const rounds = Number(option('--rounds', 5)), jsonFile = option('--json', null);
const programs = [];
for (let p; (p = option('--program', null));) programs.push(p);
if (!programs.length) programs.push(path.join(root, 'build/release/digione'));
const peers = { '--peer': ['npm oidc-provider with Redis', Peer], '--peer-saml': ['SimpleSAMLphp', SamlPeer] };
const asked = args.findIndex((a) => a in peers), peer = asked >= 0 ? peers[args.splice(asked, 1)[0]] : null;
if (peer) programs.push(peer[0]);
const only = args;

// The first pass warms up and is not counted.
async function measure(stages, name) {
  const runs = stages.map((s) => ({ stage: s, once: s.operations()[name][1], rounds: [] }));
  for (const { stage, once } of runs) await round(once, stage.processes, { ...load, seconds: peer ? 4 : 0.3 });
  const floors = [];
  for (let i = 0; i < rounds; i++) {
    floors.push(floor(name));
    for (const { stage, once, rounds: got } of i % 2 ? runs.toReversed() : runs) got.push(await round(once, stage.processes, load));
  }
  // What went on beside us was much the same for all programs of a round: so each round has its own ratio.
  const ratio = (r) => median(r.rounds.map((x, i) => x.cpu_us / runs[0].rounds[i].cpu_us));
  const least = floors[0] === null ? {} : { floor_us: median(floors) };
  // Of each round by its own floor: the machine was then as it was.
  const over = (r) => (floors[0] === null ? {} : { of_floor: median(r.rounds.map((x, i) => x.cpu_us / floors[i])) });
  return runs.map((r) => ({ ...summary(r.rounds), ratio: ratio(r), ...least, ...over(r) }));
}

const results = [], notes = [];
for (const Kind of peer ? [Stage] : [Stage, Nation, Console]) {
  const wanted = Object.entries(new Kind().operations()).filter(([name]) => !only.length || only.some((o) => (o.endsWith('$') ? name === o.slice(0, -1) : name.includes(o))));
  const stages = [];
  try {
    for (const p of wanted.length ? programs : []) stages.push(await new (peer && p === programs.at(-1) ? peer[1] : Kind)().start(p, load.users));
  } catch (e) {
    results.push({ name: `${Kind.name}: its start`, failed: String(e.message ?? e).slice(0, 400) });
    for (const s of stages.splice(0)) await s.stop();
    continue;
  }
  for (const [name, [bar_us]] of wanted.filter(([n]) => stages.every((s) => s.operations()[n]))) { // a page is not everybody's
    try {
      (await measure(stages, name)).forEach((r, i) => results.push({ name, program: programs[i], bar_us, ...r }));
    } catch (e) { results.push({ name, failed: String(e.message ?? e).slice(0, 400) }); }
  }
  for (const s of stages) {
    if (s.notes) notes.push(s.notes());
    await s.stop();
  }
}
const machine = { cpu: os.cpus()[0].model, cores: os.cpus().length, kernel: os.release(), node: process.version, ...load, rounds,
  connections: 'kept open' };
if (jsonFile) fs.writeFileSync(jsonFile, JSON.stringify({ machine, notes, results }, null, 2) + '\n');

const cell = (value, width, digits = 0) => (value === null || value === undefined ? '' : value.toFixed(digits)).padStart(width);
const columns = ['gateway', 'signer', 'fetcher', 'redis'];
console.log(`${machine.cpu}, ${machine.cores} cores; ${load.users} users; the median of ${rounds} rounds of ${load.seconds} s; connections ${machine.connections}`);
programs.forEach((p, i) => programs.length > 1 && console.log(`${'AB'[i] ?? i}  ${p}`));
console.log(`${'operation'.padEnd(36)} CPU µs   least   ratio     bar   floor  /floor    loop ${columns.map((c) => c.padStart(8)).join('')}     op/s  p50 ms  p99 ms    MB`);
for (const r of results) {
  if (r.failed) { console.log(`${r.name.padEnd(34)}  failed: ${r.failed}`); continue; }
  const at = programs.indexOf(r.program);
  console.log(`${(at ? '' : r.name).padEnd(34)} ${programs.length > 1 ? ('AB'[at] ?? at) : ' '}${cell(r.cpu_us, 7)} ${cell(r.cpu_us_least, 7)} ${cell(at ? r.ratio : null, 7, 2)} ${cell(r.bar_us, 7)} ${cell(r.floor_us, 7)} ${cell(r.of_floor, 7, 1)} ${cell(r.loop_us, 7)} ${columns.map((c) => cell(r.by_process[c], 8)).join('')} ${cell(r.per_s, 8)} ${cell(r.p50_ms, 7, 2)} ${cell(r.p99_ms, 7, 2)} ${cell(r.memory_MB, 5)}`);
}
for (const n of notes) console.log(n);
process.exit(results.some((r) => r.failed) ? 1 : 0);
