// SPDX-License-Identifier: EUPL-1.2
// Cedar decisions of ours beside those of npm's @cedar-policy/cedar-wasm, in one run and in CPU time.
//   node bench/cedar.mjs BUILD-FOLDER [CORPUS-FOLDER]
// Without a corpus only the set of 1,000 role policies is measured.  In bench/: npm ci.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const EVERY = 16; // of the corpus: each 16th case
const ROLES_AGAIN = 9; // one job, measured so often: its median, as ours
const WINDOW_US = 8000;
const [build = 'build/release', corpus = process.env.CEDAR_TESTS ?? ''] = process.argv.slice(2);
const ours = join(build, 'bench/bench_cedar');
const cedar = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs');

const cases = corpus === '' ? [] : readdirSync(join(corpus, 'corpus-tests'))
  .filter((f) => f.endsWith('.json') && !f.endsWith('.entities.json')).sort()
  .filter((_, i) => i % EVERY === 0).map((f) => join(corpus, 'corpus-tests', f));

function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

// Mean cost of one call, repeated until the clock's grain does not matter.
function cost(call) {
  for (let i = 0; i < 3; i++) call();
  const from = cpuMicroseconds();
  let n = 0, spent;
  do {
    call();
    n++;
    spent = cpuMicroseconds() - from;
  } while (spent < WINDOW_US);
  return spent / n;
}

function must(answer) {
  if (answer.type !== 'success') throw new Error(JSON.stringify(answer));
  return answer;
}

// The peer gets and gives JSON text, as ours does.
function measure(name, { policies, schema, entities, request }) {
  const text = JSON.stringify({ entities, ...request });
  const set = { staticPolicies: policies };
  must(cedar.preparsePolicySet(name, set));
  must(cedar.preparseSchema(name, schema));
  return {
    prepared: cost(() => JSON.stringify(must(cedar.statefulIsAuthorized({
      ...JSON.parse(text), preparsedPolicySetId: name, preparsedSchemaName: name, validateRequest: true })))),
    text: cost(() => JSON.stringify(must(cedar.isAuthorized({
      ...JSON.parse(text), policies: set, schema, validateRequest: true })))),
  };
}

function corpusJob(file) {
  const c = JSON.parse(readFileSync(file, 'utf8'));
  const read = (name) => readFileSync(join(corpus, name), 'utf8');
  const { principal, action, resource, context } = c.requests[0];
  return { policies: read(c.policies), schema: read(c.schema), entities: JSON.parse(read(c.entities)),
    request: { principal, action, resource, context } };
}

function percentile(list, p) {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length * p)];
}

function peer(set, jobs) {
  const all = jobs.map((job, i) => measure(`${set}${i}`, job));
  return ['prepared', 'text'].map((way) => {
    const costs = all.map((x) => x[way]);
    return { set, way, median_us: percentile(costs, 0.5), p95_us: percentile(costs, 0.95) };
  });
}

if (!existsSync(ours)) throw new Error(`${ours} is missing: ninja -C ${build} bench_cedar`);
const lines = execFileSync(ours, [corpus || '.', ...cases], { encoding: 'utf8', maxBuffer: 1 << 26 }).trim().split('\n');
const roles = JSON.parse(execFileSync(ours, ['--roles-as-json'], { encoding: 'utf8', maxBuffer: 1 << 26 }));
const theirs = [...(cases.length > 0 ? peer('corpus', cases.map(corpusJob)) : []), ...peer('roles', Array(ROLES_AGAIN).fill(roles))];

console.log(`CPU time per decision; ours beside cedar-wasm ${cedar.getCedarVersion()} on node ${process.version}`);
console.log('set      way        ours median   p95        npm median    p95        npm/ours');
for (const line of lines.map((l) => JSON.parse(l))) {
  const other = theirs.find((x) => x.set === line.set && x.way === line.way);
  const us = (x) => (x === undefined ? '-' : `${x.toFixed(2)} µs`).padEnd(13);
  const [median, p95] = [line.median_ns / 1000, line.p95_ns / 1000];
  console.log(line.set.padEnd(9) + line.way.padEnd(11) + us(median) + us(p95) + us(other?.median_us) + us(other?.p95_us) +
    (other ? `${(other.median_us / median).toFixed(0)}×` : '-'));
}
