// SPDX-License-Identifier: EUPL-1.2
// libcedar against the reference engine (npm's @cedar-policy/cedar-wasm, which bench/ pins): policies, entities and
// requests of our own generator get the same verdicts from both: does it parse, does it validate, which decision, which
// policies are reasons, which fail.
//   node tests/cedar_reference.mjs PROGRAM [CASES] [SEED]     PROGRAM: tests/library/answers.c, compiled
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { begin, broken, entities, input, next, policy, request, schema } from './cedar_cases.mjs';

const [program, cases = '10000', seed = '1'] = process.argv.slice(2);
const cedar = createRequire(new URL('../bench/package.json', import.meta.url))('@cedar-policy/cedar-wasm/nodejs');
begin(seed);

// What both say, in one form.
function reference(c) {
  const set = { staticPolicies: c.policies };
  const parsed = cedar.checkParsePolicySet(set);
  if (parsed.type !== 'success') return { policies: false };
  const validated = cedar.validate({ schema, policies: set, validationSettings: { mode: 'strict' } });
  const out = { policies: true, valid: validated.type === 'success' && validated.validationErrors.length === 0 };
  const said = cedar.isAuthorized({ ...c.request, policies: set, entities: c.entities });
  if (said.type !== 'success') return out;
  const { decision, diagnostics } = said.response;
  return { ...out, decision, reason: [...diagnostics.reason].sort(), errors: diagnostics.errors.map((e) => e.policyId).sort() };
}
function ours(line) {
  const a = JSON.parse(line);
  if (a.reason) a.reason = [...a.reason].sort();
  if (a.errors) a.errors = a.errors.map((e) => e.policy).sort();
  return a;
}
const ordered = (a) => JSON.stringify([a.schema, a.policies, a.valid, a.decision, a.reason, a.errors]);

let done = 0, differ = 0;
const seen = { refused: 0, valid: 0, allow: 0, errors: 0 };
while (done < Number(cases)) {
  const list = Array.from({ length: Math.min(500, Number(cases) - done) }, () => ({
    policies: broken(Array.from({ length: 1 + next(4) }, policy).join('\n')), entities: entities(), request: request() }));
  const run = spawnSync(program, { input: input(list), maxBuffer: 1 << 28, encoding: 'utf8' });
  const lines = run.stdout.split('\n').filter(Boolean);
  if (run.status !== 0 || lines.length !== list.length) throw new Error(`${program}: status ${run.status ?? run.signal}, ${lines.length} answers of ${list.length}`);
  list.forEach((c, i) => {
    const theirs = reference(c), mine = ours(lines[i]);
    seen.refused += !theirs.policies; seen.valid += theirs.valid === true; seen.allow += theirs.decision === 'allow'; seen.errors += (theirs.errors ?? []).length > 0;
    if (ordered(theirs) === ordered(mine)) return;
    if (++differ <= 10) console.log(`DIFFERS\n${c.policies}\n${JSON.stringify(c.request)}\n${JSON.stringify(c.entities)}\n  ours      ${ordered(mine)}\n  reference ${ordered(theirs)}`);
  });
  done += list.length;
}
console.log(`${done} cases: ${seen.refused} refused, ${seen.valid} valid, ${seen.allow} allowed, ${seen.errors} with errors`);
if (Math.min(seen.refused, seen.valid, seen.allow, seen.errors) === 0) throw new Error('the generator makes one kind of case only');
console.log(`${done - differ} passed, ${differ} failed`);
process.exit(differ === 0 ? 0 : 1);
