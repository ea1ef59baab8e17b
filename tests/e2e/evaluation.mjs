// SPDX-License-Identifier: EUPL-1.2
// Services ask what policy says of people [AuthZEN Authorization API 1.0].
//   node evaluation.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { federation, signIn } from './local.mjs';
import { Service } from './rp.mjs';

const secret = 'a-secret-of-the-test-that-nobody-else-has', scope = 'access_evaluation';
const row = (id, { vendor = 'tori-oy', grants = ['authorization_code', 'client_credentials'], scopes = ['openid', 'profile', scope], asks = 'sub, given_name, family_name', more = '' } = {}) => `  - { id: ${id}, protocol: oidc, vendor: ${vendor}, name: { fi: ${id} }, test: true, client_id: ${id}, id_token_alg: ES256, secret: { plain: ${secret} }, redirect_uris: ["http://${id}.localhost/cb"], grant_types: [${grants.join(', ')}], scopes: [${scopes.join(', ')}], asks: [${asks}]${more} }\n`;
const services = row('tori') + row('kirjasto') + row('vieras', { vendor: 'vieras-oy' }) + row('hiljainen', { scopes: ['openid', 'profile'] });
const rules = `  - { id: teachers, provider: oulu, role: teacher, release: [sub, given_name, family_name] }
  - { id: learners-tori, provider: oulu, role: learner, service: tori, release: [sub, given_name] }
  - { id: learners-vieras, provider: oulu, role: learner, service: vieras, release: [sub] }
  - { id: learners-hiljainen, provider: oulu, role: learner, service: hiljainen, release: [sub] }
`;
const { g, service } = await federation(process.argv[2], { name: 'evaluation', services });
g.registry = g.registry.replace(/rules:\n[^]*?accounts:/, `rules:\n${rules}  - { id: learners-kanerva, provider: oulu, role: learner, service: kanerva, release: [sub] }\naccounts:`);
const registry = g.registry;
await g.start();

const known = (id) => new Service(g, { id, secret, redirect: `http://${id}.localhost/cb`, scope: 'openid profile' });
const [tori, kirjasto, vieras, hiljainen] = ['tori', 'kirjasto', 'vieras', 'hiljainen'].map(known);
const json = (res) => { try { return JSON.parse(res.text); } catch { return {}; } };
const subIn = async (s, agent) => {
  const res = await agent.once('GET', s.authorizeUrl()), code = new URL(res.headers.location, g.url).searchParams.get('code');
  check(code, `no code for ${s.id}: ${res.status} ${res.headers.location} ${res.text.slice(0, 300)}`);
  const tokens = json(await s.redeem(code));
  return { ...JSON.parse(Buffer.from(tokens.id_token.split('.')[1], 'base64url')), access: tokens.access_token };
};
const ownToken = async (s, asked = scope) => json(await s.post('/oidc/token', { grant_type: 'client_credentials', ...(asked && { scope: asked }) }, s.basic()));
const ask = (body, token, { at = 'evaluation', type = 'application/json', headers = {} } = {}) => fetchLocal(g.port, `/access/v1/${at}`,
  { host: g.host, method: 'POST', headers: { ...(type && { 'Content-Type': type }), ...(token && { Authorization: `Bearer ${token}` }), ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) });
const person = (id) => ({ type: 'person', id });
const opens = (sub, id = 'tori') => ({ subject: person(sub), action: { name: 'open' }, resource: { type: 'service', id } });
const told = (sub, id) => ({ subject: person(sub), action: { name: 'release' }, resource: { type: 'attribute', id } });
const says = async (question, token, reason) => {
  const res = await ask(question, token), a = json(res);
  check(res.status === 200 && a.decision === (reason === undefined) && a.context?.reason === reason, `${JSON.stringify(question)}: ${res.status} ${res.text}, not ${reason ?? 'yes'}`);
};
const refused = async (res, status, error, words) => {
  const r = await res, a = json(r);
  check(r.status === status && a.error === error && (!words || a.error_description.includes(words)), `${r.status} ${r.text}, not ${status} ${error} ${words ?? ''}`);
  return r;
};

const anna = (await signIn(service, 'anna')).agent, otso = (await signIn(service, 'otso')).agent;
const annaAt = await subIn(tori, anna), otsoAt = await subIn(tori, otso);
const { access_token: mine } = await ownToken(tori);
const audit = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => f.endsWith('.jsonl')).flatMap((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l)));

await test('the configuration names what there is', async () => {
  const a = json(await fetchLocal(g.port, '/.well-known/authzen-configuration', { host: g.host }));
  check(a.policy_decision_point === g.url && a.access_evaluation_endpoint === `${g.url}/access/v1/evaluation` && a.access_evaluations_endpoint === `${g.url}/access/v1/evaluations`, JSON.stringify(a));
  check(json(await fetchLocal(g.port, '/.well-known/openid-configuration', { host: g.host })).scopes_supported.includes(scope), 'the scope is not announced');
});

await test('whether somebody may open the service, or another one of the same vendor', async () => {
  check(mine, 'no token');
  await says(opens(annaAt.sub), mine);
  await says({ ...opens(annaAt.sub), subject: { type: 'user', id: annaAt.sub } }, mine);
  await says(opens(annaAt.sub, 'kirjasto'), mine);
  await says(opens(otsoAt.sub), mine);
  await says(opens(otsoAt.sub, 'kirjasto'), mine, 'policy');
});

await test('what it may be told of them: as its tokens call it, or as its row does', async () => {
  for (const claim of ['given_name', 'sub']) await says(told(otsoAt.sub, claim), mine);
  await says(told(otsoAt.sub, 'family_name'), mine, 'policy');
  await says(told(annaAt.sub, 'family_name'), mine);
  await says(told(annaAt.sub, 'email'), mine, 'policy'); // it does not ask for it
});

await test('of another vendor\'s services, of others\' people, and of who is not there, nothing is learnt', async () => {
  await says(opens(annaAt.sub, 'vieras'), mine, 'unknown_resource');
  await says(opens(annaAt.sub, 'ei-ole'), mine, 'unknown_resource');
  await says(opens('nobody'), mine, 'not_signed_in');
  await says(opens('x'.repeat(43)), mine, 'not_signed_in');
  const theirs = await subIn(vieras, anna), { access_token: other } = await ownToken(vieras);
  await says(opens(theirs.sub), mine, 'not_signed_in');
  await says(opens(annaAt.sub, 'vieras'), other, 'not_signed_in');
  await says(opens(theirs.sub, 'vieras'), other);
  const apart = await subIn(hiljainen, anna); // it never asks, and nobody is found by what it knows
  check(apart.sub === annaAt.sub, 'one vendor knows one person by two names');
});

await test('words that mean nothing here are a no with its reason', async () => {
  await says({ ...opens(annaAt.sub), subject: { type: 'group', id: annaAt.sub } }, mine, 'unknown_subject_type');
  await says({ ...opens(annaAt.sub), action: { name: 'can_read' } }, mine, 'unknown_action');
  await says({ ...opens(annaAt.sub), resource: { type: 'document', id: 'tori' } }, mine, 'unknown_resource_type');
  await says({ ...told(annaAt.sub, 'given_name'), resource: { type: 'service', id: 'tori' } }, mine, 'unknown_resource_type');
  await says(told(annaAt.sub, 'shoe_size'), mine, 'unknown_resource');
  await says({ ...opens(annaAt.sub), context: { time: '2030-01-01T00:00:00Z' }, subject: { ...person(annaAt.sub), properties: { role: 'teacher' } } }, mine);
  await says({ ...opens(otsoAt.sub, 'kirjasto'), subject: { ...person(otsoAt.sub), properties: { role: 'teacher' } } }, mine, 'policy'); // nobody is what a service says
});

await test('many at once: defaults, order, and where it stops', async () => {
  const list = [{ action: { name: 'open' } }, { resource: { type: 'service', id: 'kirjasto' }, action: { name: 'open' } }, { subject: person('nobody'), action: { name: 'open' } }, { subject: person(annaAt.sub), action: { name: 'open' }, resource: { type: 'service', id: 'kirjasto' } }];
  const many = async (semantic) => {
    const res = await ask({ subject: person(otsoAt.sub), resource: { type: 'service', id: 'tori' }, evaluations: list, ...(semantic && { options: { evaluations_semantic: semantic } }) }, mine, { at: 'evaluations' });
    check(res.status === 200, res.text);
    return json(res).evaluations.map((e) => e.decision).join();
  };
  check(await many() === 'true,false,false,true', await many());
  check(await many('execute_all') === 'true,false,false,true', 'execute_all');
  check(await many('deny_on_first_deny') === 'true,false', await many('deny_on_first_deny'));
  check(await many('permit_on_first_permit') === 'true', await many('permit_on_first_permit'));
  check(json(await ask(opens(otsoAt.sub), mine, { at: 'evaluations' })).decision === true, 'without evaluations it is one');
  check(json(await ask({ ...opens(otsoAt.sub), evaluations: [] }, mine, { at: 'evaluations' })).decision === true, 'of none it is one');
  check((json(await ask({ evaluations: Array(64).fill(opens(annaAt.sub)) }, mine, { at: 'evaluations' })).evaluations ?? []).length === 64, '64');
  await refused(ask({ evaluations: Array(65).fill(opens(annaAt.sub)) }, mine, { at: 'evaluations' }), 400, 'invalid_request', 'at most 64');
  await refused(ask({ ...opens(annaAt.sub), evaluations: list, options: { evaluations_semantic: 'some' } }, mine, { at: 'evaluations' }), 400, 'invalid_request', 'evaluations_semantic');
  await refused(ask({ subject: person(annaAt.sub), evaluations: list }, mine, { at: 'evaluations' }), 400, 'invalid_request', 'resource');
  await refused(ask({ ...opens(annaAt.sub), evaluations: {} }, mine, { at: 'evaluations' }), 400, 'invalid_request', 'array');
  await refused(ask({ ...opens(annaAt.sub), evaluations: [1] }, mine, { at: 'evaluations' }), 400, 'invalid_request', 'objects');
});

await test('what is no question says what it lacks', async () => {
  const q = opens(annaAt.sub);
  for (const [body, words] of [['', 'JSON'], ['[]', 'JSON object'], ['{', 'JSON'], [{ ...q, subject: undefined }, 'subject must be there'], [{ ...q, subject: 'x' }, 'subject must be there'], [{ ...q, subject: { id: 'x' } }, 'subject.type'], [{ ...q, subject: { type: 'person' } }, 'subject.id'], [{ ...q, subject: { type: 'person', id: 7 } }, 'subject.id'],
    [{ ...q, action: undefined }, 'action must be there'], [{ ...q, action: {} }, 'action.name'], [{ ...q, resource: null }, 'resource must be there'], [{ ...q, resource: { type: 'service', id: '' } }, 'resource.id'], [{ ...q, context: 'x' }, 'context'], [{ ...q, subject: person('x'.repeat(300)) }, '256'], [{ ...q, subject: person('a\u0000b') }, 'NUL']])
    await refused(ask(body, mine), 400, 'invalid_request', words);
  await refused(ask(q, mine, { type: 'text/plain' }), 400, 'invalid_request', 'Content-Type');
  check((await ask(q, mine, { type: 'application/json; charset=utf-8' })).status === 200, 'a charset');
  check((await fetchLocal(g.port, '/access/v1/evaluation', { host: g.host, headers: { Authorization: `Bearer ${mine}` } })).status === 405, 'GET');
});

await test('only with a token of its own that has the scope', async () => {
  const q = opens(annaAt.sub);
  await refused(ask(q), 401, 'invalid_request');
  check((await ask(q)).headers['www-authenticate']?.startsWith('Bearer'), 'no challenge');
  for (const bad of ['x', `${mine}x`, annaAt.access]) await refused(ask(q, bad), 401, 'invalid_token');
  await refused(ask(q, undefined, { headers: tori.basic() }), 401, 'invalid_request');
  const without = await ownToken(tori, '');
  check(without.access_token && without.scope.includes(scope), `all that it has: ${JSON.stringify(without)}`);
  check((await tori.post('/oidc/token', { grant_type: 'client_credentials', scope: 'openid access_evaluation' }, tori.basic())).status === 400, 'openid is about a person');
  const ended = await ownToken(kirjasto);
  await says(opens(annaAt.sub, 'kirjasto'), ended.access_token, 'not_signed_in'); // she has not opened that one
  await kirjasto.post('/oidc/revoke', { token: ended.access_token }, kirjasto.basic());
  await refused(ask(q, ended.access_token), 401, 'invalid_token');
  const { status } = await hiljainen.post('/oidc/token', { grant_type: 'client_credentials', scope }, hiljainen.basic());
  check(status === 400, `a row without the scope: ${status}`);
});

await test('the request\'s id comes back', async () => {
  check((await ask(opens(annaAt.sub), mine, { headers: { 'X-Request-ID': 'pyynto-7' } })).headers['x-request-id'] === 'pyynto-7', 'it does not');
  const refusal = await ask('{', mine, { headers: { 'X-Request-ID': 'pyynto-8' } });
  check(refusal.status === 400 && refusal.headers['x-request-id'] === 'pyynto-8', 'not with a refusal');
  check((await ask(opens(annaAt.sub), mine, { headers: { 'X-Request-ID': 'x'.repeat(2000) } })).headers['x-request-id'] === undefined, 'one of any length does');
});

await test('each answer about somebody stands in the log', async () => {
  const before = audit().length;
  await says(told(annaAt.sub, 'family_name'), mine);
  await says(opens('nobody'), mine, 'not_signed_in');
  const lines = audit().slice(before).filter((e) => e.event === 'evaluated');
  check(lines.length === 1 && lines[0].service === 'tori' && lines[0].reason === 'yes' && lines[0].person, JSON.stringify(lines));
});

await test('who proves anew who they are is found still, and who has left is not', async () => {
  const again = await signIn(tori, 'otso', otso, { prompt: 'login' });
  check(again.answer?.get('code') || again.page, 'no answer');
  await says(opens(otsoAt.sub), mine);
  const page = await otso.get(`${g.url}/sign-out`);
  await otso.submit(page, {}, (f) => f.method === 'post' && f.action.includes('sign-out'));
  await until('the session is over', async () => json(await ask(opens(otsoAt.sub), mine)).context?.reason === 'not_signed_in');
  await says(opens(annaAt.sub), mine);
});

await test('a registration says what the scope needs', async () => {
  const bad = registry.replace('grant_types: [authorization_code, client_credentials], scopes: [openid, profile, access_evaluation]', 'grant_types: [authorization_code], scopes: [openid, profile, access_evaluation]');
  check(bad !== registry, 'nothing was changed');
  const file = path.join(g.state, 'bad.yaml');
  fs.writeFileSync(file, bad);
  const done = g.cli('import', '-c', g.config, '--dry-run', file);
  check(done.status !== 0 && /access_evaluation needs client_credentials/.test(done.stdout + done.stderr), done.stdout + done.stderr);
});

await finish(g);
