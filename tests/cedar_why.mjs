// SPDX-License-Identifier: EUPL-1.2
// What libcedar says would have to be different is so: over generated policies, every alternative that it names is made
// here, in the JSON of the request and the entities, and the answer is the other one.  The reference engine decides as
// well, where it is at hand; and of those that hold a condition as a whole, it alone (the condition is replaced by its
// value in the policies' JSON).  Nothing that is named is idle, either: with one difference less, the answer stays.
//   node tests/cedar_why.mjs PROGRAM [CASES] [SEED]     PROGRAM: tests/library/answers.c, compiled
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { begin, entities, input, next, one, policy, request, schema } from './cedar_cases.mjs';

const [program, cases = '5000', seed = '1'] = process.argv.slice(2);
let cedar = null;
try {
  cedar = createRequire(new URL('../bench/package.json', import.meta.url))('@cedar-policy/cedar-wasm/nodejs');
} catch { /* ours alone decides then */ }
begin(seed);

// Policies as schools write them, beside those of any kind.
const atom = () => one(['context.s == "abc"', 'context.n == 1', 'context.n < 2', 'context.n >= 2', 'context.r.a', '!context.r.a', 'context has ip',
  'context.ip.isInRange(ip("192.168.0.0/16"))', 'principal in Group::"g1"', 'principal in [Group::"g2", Group::"g1"]', 'principal.age > 5', 'principal.ok',
  'principal.name == "zoe"', 'principal.name like "z*"', 'principal.roles.contains("x")', 'principal.roles.containsAll(["x", "abc"])', 'principal.roles.containsAny(["k", "x"])',
  '["a", "x"].contains(context.s)', 'principal.school == School::"s1"', 'principal has boss && principal.boss == User::"u2"', 'principal.boss.ok', 'resource.owner == principal',
  'resource.public', 'resource.pages <= 1', 'resource in Folder::"f2"', 'resource has note', 'resource.note like "x*"', 'resource is Doc', 'principal.hasTag("a")',
  'principal.getTag("x") > 1', 'principal.money.greaterThan(decimal("1.1"))', 'principal.since < datetime("2020-01-01")', 'principal.home.city == "x"',
  'principal.home has code && principal.home.code == 2', 'principal.age + context.n == 9', 'resource.owner.age == principal.age', 'resource.kinds.isEmpty()',
  'action == Action::"view"', 'principal.roles == ["a"]', 'principal.age * 2 < context.n']);
function condition(depth) {
  if (depth === 0 || next(4) === 0) return atom();
  return one([() => `(${condition(depth - 1)} && ${condition(depth - 1)})`, () => `(${condition(depth - 1)} || ${condition(depth - 1)})`,
    () => `!(${condition(depth - 1)})`, () => `(if ${condition(depth - 1)} then ${condition(depth - 1)} else ${condition(depth - 1)})`])();
}
const plain = () => `${one(['permit', 'permit', 'forbid'])}(${one(['principal', 'principal in Group::"g1"', 'principal == User::"u2"', 'principal is User in Group::"g2"'])}, ` +
  `${one(['action', 'action == Action::"view"', 'action in [Action::"view", Action::"edit"]'])}, ${one(['resource', 'resource is Doc', 'resource in Folder::"f1"'])}) ` +
  `${one(['when', 'when', 'unless'])} { ${condition(3)} };`;

const same = (a, b) => a.type === b.type && a.id === b.id;
const named = (value) => value.__entity;

// Makes one difference, by its name alone.
function make(world, d) {
  const find = (uid) => {
    let e = world.entities.find((x) => same(x.uid, uid));
    if (!e) world.entities.push(e = { uid, attrs: {}, parents: [], tags: {} });
    return e;
  };
  const is_in = (uid, group) => same(uid, group) || (world.before.find((x) => same(x.uid, uid))?.parents ?? []).some((p) => is_in(p, group));
  if (d.kind === 'in' || d.kind === 'not-in') {
    const groups = [d.example].flat().map(named), e = find(d.owner);
    e.parents = d.kind === 'in' ? [...e.parents, ...groups] : e.parents.filter((p) => !groups.some((g) => is_in(p, g)));
  } else if (!d.path && !d.tag) {
    const old = world.entities.find((x) => same(x.uid, named(d.actual)));
    if (d.kind === 'type' && old && !world.entities.some((x) => same(x.uid, named(d.example))))
      world.entities.push({ ...structuredClone(old), uid: named(d.example) });
    world.request[d.subject] = named(d.example);
  } else {
    let at = d.owner ? find(d.owner) : null;
    at = at === null ? world.request.context : d.tag ? (at.tags ??= {}) : at.attrs;
    const path = d.path ?? d.tag;
    for (const name of path.slice(0, -1)) at = at[name] = typeof at[name] === 'object' && at[name] !== null ? at[name] : {};
    if (d.example === undefined) delete at[path.at(-1)];
    else at[path.at(-1)] = d.example;
  }
}
function worldWith(c, differences) {
  const world = { request: structuredClone(c.request), entities: structuredClone(c.entities), before: c.entities };
  for (const d of differences) make(world, d);
  return { policies: c.policies, request: world.request, entities: world.entities };
}

// A condition that is to have a value: in the policies' JSON it is that value.
function replaced(json, what, value) {
  if (json === null || typeof json !== 'object') return json;
  if (JSON.stringify(json) === what) return { Value: value };
  return Array.isArray(json) ? json.map((x) => replaced(x, what, value)) : Object.fromEntries(Object.entries(json).map(([k, v]) => [k, replaced(v, what, value)]));
}
const bodyOf = (text) => {
  const said = cedar.policyToJson(`permit(principal, action, resource) when { ${text} };`);
  return JSON.stringify(said.json.conditions[0].body);
};
function policiesWith(c, differences) {
  const said = cedar.policySetTextToParts(c.policies);
  const list = said.policies.map((text) => cedar.policyToJson(text).json);
  let all = Object.fromEntries(list.map((p, i) => [`policy${i}`, p]));
  for (const d of differences.filter((x) => x.kind === 'holds' || x.kind === 'fails')) all = replaced(all, bodyOf(d.text), d.kind === 'holds');
  return all;
}

const ask = (list, ...words) => {
  const run = spawnSync(program, words, { input: input(list), maxBuffer: 1 << 29, encoding: 'utf8' });
  const lines = run.stdout.split('\n').filter(Boolean);
  if (run.status !== 0 || lines.length !== list.length) throw new Error(`${program}: status ${run.status ?? run.signal}, ${lines.length} answers of ${list.length}`);
  return lines.map((line) => JSON.parse(line));
};
const theirs = (c, set) => {
  const said = cedar.isAuthorized({ ...c.request, policies: { staticPolicies: set ?? c.policies }, entities: c.entities });
  return said.type === 'success' ? said.response.decision : JSON.stringify(said.errors);
};

let done = 0, failed = 0;
const seen = { concrete: 0, whole: 0, allow: 0, several: 0, none: 0, kinds: {} };
function wrong(what, c, alternative, more) {
  if (++failed <= 5) console.log(`${what}\n${c.policies}\n${JSON.stringify(c.request)}\n${JSON.stringify(c.entities)}\n${JSON.stringify(alternative, null, 1)}\n${more}`);
}
while (done < Number(cases)) {
  const list = Array.from({ length: Math.min(500, Number(cases) - done) }, () => ({
    policies: Array.from({ length: 1 + next(5) }, next(4) === 0 ? policy : plain).join('\n'), entities: entities(), request: request() }));
  const trials = [];
  ask(list, 'why').forEach((told, i) => {
    if (!told.decision) throw new Error(`a policy of the generator is refused: ${list[i].policies}`);
    if (told.alternatives.length === 0) seen.none++;
    for (const alternative of told.alternatives) {
      if (/\d{16}/.test(JSON.stringify(alternative))) continue; // more than a number of JavaScript holds
      const { differences } = alternative, c = list[i];
      seen.allow += told.decision === 'allow'; seen.several += differences.length > 1;
      for (const d of differences) seen.kinds[d.kind] = (seen.kinds[d.kind] ?? 0) + 1;
      seen[alternative.concrete ? 'concrete' : 'whole']++;
      if (differences.some((d) => d.kind === 'holds' || d.kind === 'fails') === alternative.concrete) wrong('concrete is not what it says', c, alternative, '');
      if (!alternative.concrete) {
        const made = worldWith(c, differences.filter((d) => d.kind !== 'holds' && d.kind !== 'fails'));
        if (cedar !== null && theirs(made, policiesWith(c, differences)) === told.decision) wrong('the reference does not change its answer', c, alternative, JSON.stringify(made));
        continue;
      }
      trials.push({ c, alternative, was: told.decision, made: worldWith(c, differences), flips: true });
      for (let k = 0; differences.length > 1 && alternative.policy && k < differences.length; k++)
        trials.push({ c, alternative, was: told.decision, made: worldWith(c, differences.filter((_, x) => x !== k)), flips: false });
    }
  });
  ask(trials.map((t) => t.made)).forEach((said, i) => {
    const t = trials[i], changed = said.decision !== undefined && said.decision !== t.was && (t.flips || said.reason?.includes(t.alternative.policy));
    if (changed !== t.flips) wrong(t.flips ? 'the answer does not change' : 'a difference is idle', t.c, t.alternative, JSON.stringify(t.made));
    else if (t.flips && cedar !== null && theirs(t.made) === t.was) wrong('the reference does not change its answer', t.c, t.alternative, JSON.stringify(t.made));
  });
  done += list.length;
}
console.log(`${done} cases: ${seen.concrete} alternatives made, ${seen.whole} with whole conditions, ${seen.several} of several differences, ${seen.allow} of an allow, ${seen.none} cases without any`);
console.log(Object.entries(seen.kinds).sort((a, b) => b[1] - a[1]).map(([k, n]) => `${k} ${n}`).join(', '));
if (cedar === null) console.log('no reference engine: npm ci in bench/ installs it');
const kinds = ['equal', 'other', 'less', 'at-most', 'more', 'at-least', 'in', 'not-in', 'type', 'present', 'absent', 'like', 'not-like', 'contains', 'lacks', 'one-of', 'none-of', 'in-range', 'empty', 'holds', 'fails'];
const missing = Number(cases) >= 5000 ? kinds.filter((k) => !seen.kinds[k]) : [];
if (missing.length > 0) throw new Error(`the generator never makes ${missing.join(', ')}`);
console.log(`${seen.concrete + seen.whole - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
