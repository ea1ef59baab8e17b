// SPDX-License-Identifier: EUPL-1.2
// Cases for libcedar: a schema, and policies, entities and requests of a generator that gives the same on every run.
let state = 1;
export const begin = (seed) => { state = Number(seed) >>> 0; };
export function next(below) { // the same numbers on every run
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
export const one = (list) => list[next(list.length)];
const some = (n, make) => Array.from({ length: next(n + 1) }, make);

export const schema = `
type Address = { city: String, code?: Long };
entity Group in [Group]; entity School;
entity User in [Group] { name: String, age: Long, home: Address, school: School, roles: Set<String>, boss?: User, ip: ipaddr,
  money: decimal, since: datetime, term: duration, ok: Bool } tags Long;
entity Folder in [Folder]; entity Doc in [Folder] { owner: User, public: Bool, pages: Long, note?: String, kinds: Set<Long> } tags String;
entity Color enum ["red", "green"];
action all; action view, edit in [all] appliesTo { principal: [User], resource: [Doc, Folder], context: { n: Long, s: String, ip?: ipaddr, r: { a: Bool } } };
action paint appliesTo { principal: [User], resource: [Color] };
`;

// Expressions, mostly of the kind that is asked for.
const makers = {
  bool: (d) => one([
    () => one(['true', 'false', 'principal.ok', 'resource.public', 'context.r.a']),
    () => `${expr('bool', d)} ${one(['&&', '||'])} ${expr('bool', d)}`,
    () => `!${expr('bool', d)}`,
    () => { const kind = one(['long', 'string', 'entity', 'set', 'decimal', 'ip', 'record']); return `${expr(kind, d)} ${one(['==', '!='])} ${expr(kind, d)}`; },
    () => { const kind = one(['long', 'long', 'datetime', 'duration']); return `${expr(kind, d)} ${one(['<', '<=', '>', '>='])} ${expr(kind, d)}`; },
    () => `${expr('entity', d)} in ${one([expr('entity', d), `[${some(3, () => expr('entity', d)).join(', ')}]`])}`,
    () => `${expr('entity', d)} is ${one(['User', 'Doc', 'Group', 'Folder'])}${one(['', '', ` in ${expr('entity', d)}`])}`,
    () => `${expr('entity', d)} has ${one(['name', 'boss', 'note', 'home.code', 'home.city', '"no such"'])}`,
    () => `${one(['principal', 'resource'])} has ${one(['boss', 'note'])} && ${one(['principal.boss.ok', 'resource.note == "x"', 'resource.note like "*x*"'])}`,
    () => `context has ip && context.ip.${one(['isIpv4()', 'isIpv6()', 'isLoopback()', 'isMulticast()', 'isInRange(ip("10.0.0.0/8"))'])}`,
    () => `${expr('string', d)} like ${one(['"*"', '"a*"', '"*a"', '"a*b*c"', '"a\\*"', '""', '"**x"'])}`,
    () => `${expr('set', d)}.${one(['contains', 'containsAll', 'containsAny'])}(${one([() => expr('set', d), () => expr('string', d), () => expr('long', d)])()})`,
    () => `${expr('set', d)}.isEmpty()`,
    () => `${one(['principal', 'resource'])}.hasTag(${expr('string', d)})`,
    () => `${expr('ip', d)}.${one(['isIpv4()', 'isIpv6()', 'isLoopback()', 'isMulticast()', `isInRange(${expr('ip', d)})`])}`,
    () => `${expr('decimal', d)}.${one(['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'])}(${expr('decimal', d)})`,
    () => `if ${expr('bool', d)} then ${expr('bool', d)} else ${expr('bool', d)}`,
  ])(),
  long: (d) => one([
    () => one(['0', '1', '2', '-1', '7', '9223372036854775807', '-9223372036854775808', 'principal.age', 'resource.pages', 'context.n']),
    () => one(['0', '1', '2', 'context.n', 'principal.age']),
    () => `${expr('long', d)} ${one(['+', '-', '*'])} ${expr('long', d)}`,
    () => `-${expr('long', d)}`,
    () => `principal.getTag(${expr('string', d)})`,
    () => `${expr('duration', d)}.${one(['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays'])}()`,
    () => `principal.home.code`,
  ])(),
  string: () => one(['""', '"a"', '"abc"', '"a*"', '"x"', '"\\u{e4}"', 'principal.name', 'context.s', 'resource.note', 'principal.home.city', 'resource.getTag("t")']),
  entity: (d) => one(['principal', 'resource', 'action', 'principal.boss', 'resource.owner', 'principal.school', 'User::"u1"', 'User::"u2"',
    'Group::"g1"', 'Group::"g2"', 'Folder::"f1"', 'Doc::"d1"', 'School::"s1"', 'Action::"all"', 'Action::"view"', 'Color::"red"', 'User::"none"']),
  set: (d) => one([() => 'principal.roles', () => 'resource.kinds', () => '[]', () => `[${some(3, () => expr(one(['long', 'string']), d)).join(', ')}]`,
    () => `["a", ${expr('string', d)}]`, () => `[1, ${expr('long', d)}]`])(),
  record: (d) => one([() => 'principal.home', () => 'context.r', () => `{ a: ${expr('bool', d)} }`, () => `{ city: ${expr('string', d)}, "code": ${expr('long', d)} }`])(),
  ip: () => one(['ip("10.0.0.1")', 'ip("10.0.0.0/8")', 'ip("::1")', 'ip("fe80::/10")', 'ip("224.0.0.1")', 'ip("10.0.0.256")', 'principal.ip', 'context.ip']),
  decimal: () => one(['decimal("1.0")', 'decimal("1.23")', 'decimal("-0.5")', 'decimal("1")', 'decimal("922337203685477.5807")', 'principal.money']),
  datetime: (d) => one(['datetime("2024-10-15")', 'datetime("2024-02-30")', 'datetime("2024-10-15T11:35:00Z")', 'datetime("2024-10-15T11:35:00.123+0200")', 'principal.since',
    `principal.since.offset(${d > 0 ? makers.duration(d - 1) : 'duration("1h")'})`, 'principal.since.toDate()']),
  duration: () => one(['duration("1h")', 'duration("1d2h3m4s5ms")', 'duration("-1h")', 'duration("1s1h")', 'principal.term', 'principal.since.toTime()',
    'principal.since.durationSince(datetime("2024-01-01"))']),
};
const kinds = Object.keys(makers);
function expr(kind, d) {
  if (next(25) === 0) kind = one(kinds);
  const text = makers[d > 0 ? kind : kind === 'bool' || kind === 'long' ? one(['string', 'entity', kind]) === kind ? kind : kind : kind](Math.max(0, d - 1));
  return /^[\w."':()]*$/.test(text) ? text : `(${text})`;
}

function scope(name, types, groups) {
  return one([name, name, `${name} == ${one(types)}`, `${name} in ${one(groups)}`, `${name} is ${one(['User', 'Doc', 'Folder'])}`,
    `${name} is ${one(['User', 'Doc'])} in ${one(groups)}`]);
}
export function policy() {
  const action = one(['action', 'action', 'action == Action::"view"', 'action in Action::"all"', 'action in [Action::"view", Action::"edit"]', 'action == Action::"paint"']);
  const conditions = some(2, () => `${one(['when', 'when', 'unless'])} { ${expr('bool', 3)} }`).join(' ');
  return `${one(['permit', 'permit', 'forbid'])}(${scope('principal', ['User::"u1"', 'User::"u2"'], ['Group::"g1"', 'Group::"g2"', 'User::"u1"'])}, ${action}, ` +
    `${scope('resource', ['Doc::"d1"', 'Doc::"d2"'], ['Folder::"f1"', 'Folder::"f2"', 'Doc::"d1"'])}) ${conditions};`;
}
// One character too many, too few, or another: both must agree whether that is Cedar.
export function broken(text) {
  if (next(12) !== 0) return text;
  const at = next(text.length), what = one(['', '(', ')', '"', '.', ',', '!', '-', '{', '}', '::', 'a', '1', ' in ', '\\', '=', '&', '[', '*', '@', 'is ']);
  return text.slice(0, at) + what + text.slice(at + next(2));
}

const uid = (type, id) => ({ type, id });
const escaped = (type, id) => ({ __entity: uid(type, id) });
const extension = (fn, arg) => ({ __extn: { fn, arg } });
export function entities() {
  const list = [
    { uid: uid('Group', 'g1'), attrs: {}, parents: some(1, () => uid('Group', 'g2')) }, { uid: uid('Group', 'g2'), attrs: {}, parents: [] },
    { uid: uid('Folder', 'f1'), attrs: {}, parents: some(1, () => uid('Folder', 'f2')) },
    { uid: uid('Action', 'view'), attrs: {}, parents: [uid('Action', 'all')] }, { uid: uid('Action', 'edit'), attrs: {}, parents: [uid('Action', 'all')] },
  ];
  for (const id of ['u1', 'u2']) {
    const attrs = { name: one(['a', 'abc', 'a*', '']), age: one([0, 1, 2, 7]), home: { city: one(['a', 'x']), ...(next(2) ? { code: next(3) } : {}) },
      school: escaped('School', one(['s1', 's2'])), roles: some(3, () => one(['a', 'abc', 'x'])), ip: extension('ip', one(['10.0.0.1', '::1', '10.0.0.0/8'])),
      money: extension('decimal', one(['1.0', '1.23', '-0.5'])), since: extension('datetime', one(['2024-10-15', '2024-10-15T11:35:00Z'])),
      term: extension('duration', one(['1h', '-1h', '1d'])), ok: next(2) === 0, ...(next(2) ? { boss: escaped('User', one(['u1', 'u2', 'none'])) } : {}) };
    if (next(6) === 0) delete attrs[one(Object.keys(attrs))];
    list.push({ uid: uid('User', id), attrs, parents: some(1, () => uid('Group', one(['g1', 'g2']))), tags: next(2) ? { a: 1, x: 2 } : {} });
  }
  for (const id of ['d1', 'd2'])
    if (next(8) !== 0)
      list.push({ uid: uid('Doc', id), attrs: { owner: escaped('User', one(['u1', 'u2'])), public: next(2) === 0, pages: next(3), kinds: some(3, () => next(3)),
        ...(next(2) ? { note: one(['x', 'axb']) } : {}) }, parents: some(1, () => uid('Folder', 'f1')), tags: next(2) ? { t: 'x' } : {} });
  return list;
}
export function request() {
  return { principal: uid('User', one(['u1', 'u2', 'u3'])), action: uid('Action', one(['view', 'edit', 'paint'])),
    resource: one([uid('Doc', 'd1'), uid('Doc', 'd2'), uid('Folder', 'f1'), uid('Color', 'red')]),
    context: { n: next(3), s: one(['', 'a', 'abc']), r: { a: next(2) === 0 }, ...(next(2) ? { ip: extension('ip', '10.1.2.3') } : {}) } };
}


// Cases as tests/library/answers.c reads them.
export const input = (list) => Buffer.concat(list.flatMap((c) => [c.schema ?? schema, c.policies, JSON.stringify(c.entities), JSON.stringify(c.request)]
  .map((t) => Buffer.from(`${Buffer.byteLength(t)}\n${t}`))));
