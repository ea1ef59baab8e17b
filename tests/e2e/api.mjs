// SPDX-License-Identifier: EUPL-1.2
// The registry for programs, from outside: a token has a role in an area, rows are read and written as JSON, and what
// opens a door waits for a second person.   node api.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path_ from 'node:path';
import { check, fetchLocal, finish, freePort, Gateway, test } from './gateway.mjs';

const school = { oulu: '1.2.246.562.99.95640200010', espoo: '1.2.246.562.99.95640200028' };
const token = {}, given = (id, more) => {
  token[id] = `${id}-${crypto.randomBytes(24).toString('hex')}`;
  return `  - { id: ${id}, token: { plain: "${token[id]}" }, ${more} }\n`;
};
const pem = (() => {
  const dir = fs.mkdtempSync(path_.join(os.tmpdir(), 'api-'));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', path_.join(dir, 'k'), '-out', path_.join(dir, 'c'), '-days', '30', '-subj', '/CN=metadata'], { stdio: 'ignore' });
  const text = fs.readFileSync(path_.join(dir, 'c'), 'utf8');
  fs.rmSync(dir, { recursive: true });
  return text;
})();
const registry = `format: 1
providers:
  - id: oulu
    oid: 1.2.246.562.10.346830761110
    name: { fi: Oulu, sv: Uleåborg, en: Oulu }
    schools:
      - { oid: ${school.oulu}, name: { fi: Kielonmäki } }
  - id: espoo
    oid: 1.2.246.562.10.90008375488
    name: { fi: Espoo }
    schools:
      - { oid: ${school.espoo}, name: { fi: Salainen koulu } }
idps:
  - { id: oulu-local, kind: local, provider: oulu, name: { fi: Oulu } }
  - { id: espoo-local, kind: local, provider: espoo, name: { fi: Espoo salattu } }
  - { id: oulu-guests, kind: local, provider: oulu, name: { fi: Oulun vieraat } }
  - { id: espoo-oidc, kind: oidc, provider: espoo, name: { fi: Espoo salattu }, issuer: "https://idp.espoo.example", client_id: x, auth_method: private_key_jwt, map: native }
  - { id: yllapito, kind: local, name: { fi: Ylläpito } }
  - { id: toimittajat, kind: local, vendors: true, name: { fi: Toimittajat } }
organisations:
  - { id: sanoma, business_id: 1572860-0, name: { fi: Sanoma salattu Oy }, contact_technology: t@sanoma.example, contact_privacy: p@sanoma.example, contact_incidents: i@sanoma.example }
staff:
  - { id: sanoma-pentti, organisation: sanoma, idp: toimittajat, subject: pentti, role: owner }
registrars:
  - { id: sanoma-itse, token: { plain: ${crypto.randomBytes(24).toString('hex')} }, vendor: sanoma, hosts: ["*.sanoma.example"], why: salattu }
metadata_sources:
  - { id: salattu-virta, url: "https://virta.example/mdq", kind: mdq, enabled: false, signer: ${JSON.stringify(pem)} }
incidents:
  - { id: sanoman-oma, service: kanerva, from: "2020-01-01T08:00:00Z", until: "2020-01-02T08:00:00Z", says: { fi: Salattu vika, sv: Fel, en: Fault } }
permissions:
  - { id: espoo-receipt, provider: espoo, service: kanerva, agreement: Salattu 1, decided_by: Eeva Espoo, purpose: Opetus, roles: [teacher], from: "2020-01-01" }
services:
  - { id: kanerva, protocol: link, vendor: sanoma, name: { fi: Kanerva }, launch_uri: "https://kanerva.example/", asks: [sub] }
  - { id: lumme, protocol: oidc, vendor: sanoma, name: { fi: Lumme }, client_id: lumme, secret: { plain: ${crypto.randomBytes(24).toString('hex')} }, redirect_uris: ["https://lumme.example/cb"], asks: [sub, roles, given_name] }
  - { id: kesken, protocol: link, vendor: sanoma, test: true, name: { fi: Kesken }, launch_uri: "https://kesken.example/" }
policies:
  - { id: no-log-for-admins, layer: nation, name: { fi: Lokit }, text: 'forbid (principal in Role::"admin", action == Action::"readLog", resource);' }
  - { id: oulu-all, layer: municipality, provider: oulu, name: { fi: Kaikki }, text: 'permit (principal in Provider::"oulu", action == Action::"open", resource);' }
  - { id: espoo-hidden, layer: municipality, provider: espoo, name: { fi: Salainen }, text: 'permit (principal in Provider::"espoo", action == Action::"open", resource == Service::"kanerva");' }
accounts:
  - { id: espoo-aino, idp: espoo-local, username: aino, password: { plain: salasana-aino }, given_names: Aino Espoo, affiliations: [{ provider: espoo, role: teacher }] }
  - { id: oulu-liisa, idp: oulu-local, username: liisa, password: { plain: salasana-liisa }, affiliations: [{ provider: oulu, role: teacher }] }
  - { id: oulu-arkisto, idp: oulu-local, username: arkisto, password: { plain: salasana-arkisto }, affiliations: [{ provider: oulu, role: auditor }] }
  - { id: oulu-loki, idp: oulu-local, username: loki, password: { plain: salasana-loki }, affiliations: [{ provider: oulu, role: teacher }] }
  - { id: pentti, idp: toimittajat, username: pentti, password: { plain: salasana-pentti }, given_names: Pentti salattu }
  - { id: paula, idp: toimittajat, username: paula, password: { plain: salasana-paula }, given_names: Paula }
  - { id: nils, idp: yllapito, username: nils, password: { plain: salasana-nils }, given_names: Nils }
admins:
  - { id: nils-op, idp: yllapito, subject: nils, role: operator, why: tests }
  - { id: espoo-guest, idp: oulu-guests, subject: vieras, role: admin, provider: espoo, why: tests }
  - { id: oulu-loki-log, idp: oulu-local, subject: oulu-loki, role: auditor, provider: oulu, why: tests }
terms:
  - { id: espoo-term, provider: espoo, name: { fi: Espoon syksy }, from: "2026-08-10", to: "2026-12-19" }
api_tokens:
${given('oulu-admin', 'role: admin, provider: oulu, why: Terraform')}${given('oulu-given', 'role: admin, provider: oulu, given_by: "yllapito anna"')}${given('espoo-given', 'role: admin, provider: espoo, given_by: "yllapito anna"')}${given('oulu-now', 'role: admin, provider: oulu, at_once: true')}${given('oulu-school', `role: principal, provider: oulu, school: "${school.oulu}"`)}${given('nation', 'role: operator')}${given('nation-now', 'role: operator, at_once: true')}${given('clerk', `role: secretary, provider: oulu, school: "${school.oulu}"`)}${given('reader', 'role: auditor, provider: oulu')}${given('teacher', 'role: teacher, provider: oulu')}${given('ended', 'role: operator, to: "2020-01-01"')}${given('later', 'role: operator, from: "2090-01-01"')}${given('off', 'role: operator, enabled: false')}`;

const g = new Gateway(process.argv[2], { name: 'api', port: await freePort(), registry });
await g.start();

// Every answer, by what was asked: the last test holds the document to them.
const seen = new Map();
const note = (method, path, status) => {
  const parts = new URL(path.startsWith('/') ? path : `/api/v1/${path}`, 'http://x').pathname.replace(/^\/api\/v1\//, '').split('/');
  const key = `${method.toLowerCase()} ${parts[0]} ${parts.length}`;
  seen.set(key, (seen.get(key) ?? new Set()).add(String(status)));
};
const call = (method, path, { by = 'oulu-admin', body, headers = {}, type = 'application/json' } = {}) => fetchLocal(g.port, path.startsWith('/') ? path : `/api/v1/${path}`, { method, host: g.host,
  body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  headers: { ...(body === undefined ? {} : { 'Content-Type': type }), ...(by ? { Authorization: `Bearer ${token[by] ?? by}` } : {}), ...headers } })
  .then((r) => { note(method, path, r.status); return { ...r, json: r.text.startsWith('{') ? JSON.parse(r.text) : undefined }; });
const is = (r, status, error) => check(r.status === status && (!error || r.json?.error === error), `expected ${status} ${error ?? ''}: ${r.status} ${r.text}`);
const version = () => Number(/\d+/.exec(g.cli('registry', 'log', '-c', g.config, '--last', '1').stdout)[0]);
const term = (more = {}) => ({ provider: 'oulu', kind: 'term', name: { fi: 'Syksy', sv: 'Hösten' }, from: '2026-08-10', to: '2026-12-19', ...more });
const policy = (text = 'permit (principal in Provider::"oulu", action == Action::"open", resource == Service::"kanerva");') => ({ layer: 'municipality', provider: 'oulu', name: { fi: 'Kanerva kaikille' }, text });

await test('nobody is let in without a token, nor with a wrong, ended, coming or switched-off one', async () => {
  const bare = await call('GET', 'terms', { by: null });
  is(bare, 401, 'invalid_token');
  check(bare.headers['www-authenticate'] === 'Bearer realm="digione"', bare.headers['www-authenticate']);
  for (const by of ['x', 'x'.repeat(300), 'ended', 'later', 'off']) {
    const r = await call('GET', 'terms', { by });
    is(r, 401, 'invalid_token');
    check(/error="invalid_token"/.test(r.headers['www-authenticate']) && /support code/.test(r.text), r.text);
  }
  is(await call('PUT', 'terms/t1', { by: 'off', body: term() }), 401, 'invalid_token');
});

await test('a row is made, read, left alone when it is the same, altered and removed; each once in the history', async () => {
  const before = version();
  const made = await call('PUT', 'terms/oulu-autumn?why=Lukuvuosi', { body: term() });
  is(made, 201);
  check(made.json.id === 'oulu-autumn' && made.json.name.sv === 'Hösten' && made.json.from === '2026-08-10', made.text);
  check(version() === before + 1, `version ${version()} after ${before}`);
  const read = await call('GET', 'terms/oulu-autumn');
  check(read.text === made.text && read.headers.etag === made.headers.etag && /^"[0-9a-f]{32}"$/.test(read.headers.etag), `${read.text} ${read.headers.etag}`);
  const same = await call('PUT', 'terms/oulu-autumn', { body: read.json });
  is(same, 200);
  check(version() === before + 1 && same.headers.etag === read.headers.etag, 'the same row made a version');
  is(await call('PUT', 'terms/oulu-autumn', { body: term({ to: '2026-12-20', name: { fi: 'Syksy' } }) }), 200);
  const after = await call('GET', 'terms/oulu-autumn');
  check(after.json.to === '2026-12-20' && !('sv' in after.json.name) && after.headers.etag !== read.headers.etag, `what was left out stayed: ${after.text}`);
  const dry = await call('PUT', 'terms/oulu-autumn?dry_run=true', { body: term() }), gone = await call('DELETE', 'terms/oulu-autumn?dry_run=true');
  check(dry.status === 200 && dry.json.rows.join() === '~ term oulu-autumn' && gone.json.rows.join() === '- term oulu-autumn', `${dry.text} ${gone.text}`);
  check((await call('GET', 'terms/oulu-autumn')).text === after.text, 'a dry run altered it');
  is(await call('DELETE', 'terms/oulu-autumn'), 204);
  is(await call('GET', 'terms/oulu-autumn'), 404, 'no_row');
  is(await call('DELETE', 'terms/oulu-autumn'), 404, 'no_row');
  const log = g.cli('registry', 'log', '-c', g.config).stdout;
  check(/api\s+api_token oulu-admin as api_token oulu-admin/.test(log) && /Lukuvuosi/.test(log), log);
});

await test('If-Match and If-None-Match: nobody writes over what they have not read [RFC 9110 13.1]', async () => {
  is(await call('PUT', 'terms/t2', { body: term(), headers: { 'If-None-Match': '*' } }), 201);
  is(await call('PUT', 'terms/t2', { body: term({ to: '2026-12-18' }), headers: { 'If-None-Match': '*' } }), 412, 'precondition_failed');
  const { headers: { etag } } = await call('GET', 'terms/t2');
  is(await call('PUT', 'terms/t2', { body: term({ to: '2026-12-18' }), headers: { 'If-Match': '"x"' } }), 412, 'precondition_failed');
  is(await call('PUT', 'terms/none', { body: term(), headers: { 'If-Match': '*' } }), 412, 'precondition_failed');
  is(await call('PUT', 'terms/t2', { body: term({ to: '2026-12-18' }), headers: { 'If-Match': `"x", ${etag}` } }), 200);
  is(await call('DELETE', 'terms/t2', { headers: { 'If-Match': etag } }), 412, 'precondition_failed');
  is(await call('DELETE', 'terms/t2', { headers: { 'If-Match': (await call('GET', 'terms/t2')).headers.etag } }), 204);
});

await test('twenty that write one row at once, each from the same reading: one of them does', async () => {
  is(await call('PUT', 'terms/race', { body: term() }), 201);
  const { headers: { etag } } = await call('GET', 'terms/race');
  const all = await Promise.all([...Array(20)].map((_, i) => call('PUT', 'terms/race', { body: term({ name: { fi: `Syksy ${i}` } }), headers: { 'If-Match': etag } })));
  check(all.filter((r) => r.status === 200).length === 1, all.map((r) => r.status).join());
  check(all.every((r) => [200, 409, 412].includes(r.status)), all.map((r) => r.status).join());
  is(await call('DELETE', 'terms/race'), 204);
});

await test('what opens a door is a draft that a second person approves; asked again it is the same draft', async () => {
  const before = version();
  const first = await call('PUT', 'policies/oulu-kanerva?why=Kokeilu', { body: policy() });
  is(first, 202);
  check(first.json.state === 'proposed' && first.headers.location === `/api/v1/drafts/${first.json.draft}`, first.text);
  check(first.json.rows.join() === '+ policy oulu-kanerva', first.text);
  check(version() === before, 'it is in force');
  is(await call('GET', 'policies/oulu-kanerva'), 404);
  const again = await call('PUT', 'policies/oulu-kanerva?why=Kokeilu', { body: policy() });
  is(again, 202);
  check(again.json.draft === first.json.draft, `another draft: ${again.text}`);
  const draft = await call('GET', first.headers.location);
  check(draft.json.state === 'proposed' && draft.json.why === 'Kokeilu' && draft.json.rows.join() === '+ policy oulu-kanerva', draft.text);
  is(await call('GET', first.headers.location, { by: 'clerk' }), 404);
  is(await call('GET', 'drafts/99999'), 404);
  const removed = await call('DELETE', 'policies/oulu-all');
  is(removed, 202);
  is(await call('GET', 'policies/oulu-all'), 200);
});

await test('a token that needs no second person writes at once', async () => {
  is(await call('PUT', 'policies/oulu-now-policy', { by: 'oulu-now', body: policy() }), 201);
  const read = await call('GET', 'policies/oulu-now-policy');
  check(read.json.text === policy().text && read.json.provider === 'oulu', read.text);
  const listed = (await call('GET', 'policies?search=oulu-now')).json.rows[0];
  check(listed.path === '/api/v1/policies/oulu-now-policy' && listed.row.id === 'oulu-now-policy' && !('text' in listed.row), `a long text stands in a list: ${JSON.stringify(listed)}`);
  is(await call('DELETE', 'policies/oulu-now-policy', { by: 'oulu-now' }), 204);
});

await test('the area of a token: what is another municipality\'s is as if it were not there, in every kind', async () => {
  const theirs = { providers: 'espoo', schools: `espoo/${school.espoo}`, idps: 'espoo-local', policies: 'espoo-hidden', accounts: 'espoo-aino', affiliations: 'espoo-aino/0', terms: 'espoo-term', admins: 'nils-op',
    permissions: 'espoo-receipt', organisations: 'sanoma', staff: 'sanoma-pentti', registrars: 'sanoma-itse', metadata_sources: 'salattu-virta', incidents: 'sanoman-oma' };
  for (const [kind, key] of Object.entries(theirs)) {
    is(await call('GET', `${kind}/${key}`, { by: 'nation' }), 200);
    const there = await call('GET', `${kind}/${key}`), none = await call('GET', `${kind}/${key.replace(/espoo|nils|sanoma|salattu/, 'nowhere')}`);
    is(there, 404);
    const same = (r) => JSON.stringify({ ...r.json, error_description: r.json.error_description.replace(/support code \w+/, '') });
    check(same(there) === same(none), `${kind} tells them apart: ${there.text} ${none.text}`);
    const list = await call('GET', kind);
    is(list, 200);
    check(!/espoo|Salainen|salattu|nils|sanoma-|pentti/i.test(list.text), `${kind} lists what is another's: ${list.text}`);
    const got = (await call('GET', `${kind}/${key}`, { by: 'nation' })).json;
    for (const by of ['oulu-admin', 'oulu-now']) {
      const put = await call('PUT', `${kind}/${key}`, { by, body: got }), removal = await call('DELETE', `${kind}/${key}`, { by });
      check([400, 403, 404].includes(put.status) && [400, 403, 404].includes(removal.status), `${by} ${kind}: ${put.status} ${put.text} ${removal.status} ${removal.text}`);
    }
    check(JSON.stringify((await call('GET', `${kind}/${key}`, { by: 'nation' })).json) === JSON.stringify(got), `${kind} was altered`);
  }
});

await test('a row of one\'s own that would stand in another\'s area is refused', async () => {
  for (const by of ['oulu-admin', 'oulu-now']) {
    const r = await call('PUT', 'terms/oulu-in-espoo', { by, body: term({ provider: 'espoo' }) });
    check([400, 403].includes(r.status), `${r.status} ${r.text}`);
    const p = await call('PUT', 'policies/national', { by, body: { layer: 'nation', name: { fi: 'Kaikki' }, text: policy().text } });
    check([400, 403].includes(p.status), `${p.status} ${p.text}`);
  }
  is(await call('GET', 'terms/oulu-in-espoo', { by: 'nation' }), 404);
});

await test('the role of a token: who may not, may not; who may gives no more than they have', async () => {
  is(await call('PUT', 'terms/x', { by: 'clerk', body: term() }), 403, 'access_denied');
  is(await call('PUT', 'services/uusi', { body: { protocol: 'link', vendor: 'sanoma', name: { fi: 'Uusi' }, launch_uri: 'https://uusi.example/' } }), 403, 'access_denied');
  is(await call('GET', 'accounts', { by: 'clerk' }), 403, 'access_denied');
  const operator = await call('PUT', 'admins/more', { by: 'oulu-now', body: { idp: 'oulu-local', subject: 'x', role: 'operator', provider: 'oulu' } });
  check([400, 403].includes(operator.status), operator.text);
  // A role that brings what the giver has not: by a right, and by what an account is said to be.
  const right = { idp: 'oulu-local', subject: 'x', role: 'admin', provider: 'oulu', school: school.oulu };
  is(await call('PUT', 'admins/up', { by: 'oulu-school', body: right }), 403, 'more_than_own');
  is(await call('PUT', 'admins/up', { by: 'oulu-now', body: right }), 201);
  is(await call('DELETE', 'admins/up', { by: 'oulu-school' }), 403, 'more_than_own');
  is(await call('DELETE', 'admins/up', { by: 'oulu-now' }), 204);
  check((await call('PUT', 'admins/principal-up', { by: 'oulu-school', body: { idp: 'oulu-local', subject: 'x', role: 'admin', provider: 'oulu' } })).status === 403, 'a school gave a city');
});

// An admin may not read the log here, by the nation's policy: who does has more than the token.
await test('nobody gives more than they have, nor takes it away, nor becomes who has it, however the row is named or removed', async () => {
  const place = (role) => ({ provider: 'oulu', role }), account = (username, more = {}) => ({ idp: 'oulu-local', username, password: 'aivan-uusi-salasana', ...more });
  const before = version();
  for (const at of ['0', '00', '-0', '000', '1', '01'])
    is(await call('PUT', `affiliations/oulu-liisa/${at}`, { by: 'oulu-now', body: place('auditor') }), 403, 'more_than_own');
  is(await call('POST', 'changes', { by: 'oulu-now', body: { put: { 'affiliations/oulu-liisa/1': place('teacher'), 'affiliations/oulu-liisa/01': place('auditor') } } }), 403, 'more_than_own');
  is(await call('POST', 'changes', { by: 'oulu-now', body: { put: { 'affiliations/oulu-arkisto/00': place('teacher') } } }), 403, 'more_than_own');
  for (const path of ['affiliations/oulu-arkisto/0', 'affiliations/oulu-arkisto/00', 'accounts/oulu-arkisto', 'accounts/oulu-loki', 'admins/oulu-loki-log'])
    is(await call('DELETE', path, { by: 'oulu-now' }), 403, 'more_than_own');
  for (const name of ['arkisto', 'loki'])
    for (const body of [account(name), account(`${name}2`), account(name, { enabled: false })])
      is(await call('PUT', `accounts/oulu-${name}`, { by: 'oulu-now', body }), 403, 'more_than_own');
  is(await call('PUT', 'accounts/oulu-arkisto', { body: account('arkisto') }), 403, 'more_than_own'); // as a draft neither
  check(version() === before, 'something was written');
  is(await call('PUT', 'accounts/oulu-liisa', { by: 'oulu-now', body: account('liisa') }), 200);
  is(await call('PUT', 'affiliations/oulu-liisa/01', { by: 'oulu-now', body: place('staff') }), 201);
  is(await call('DELETE', 'accounts/oulu-liisa', { by: 'oulu-now' }), 204);
});

await test('what another area\'s rows rest on, have already or are called is not told; nor do its drafts stand in the way', async () => {
  const secret = (r) => check(!/espoo|salattu|yllapito|nils/i.test(r.text), `it tells of others: ${r.text}`);
  const rested = await call('DELETE', 'idps/oulu-guests', { by: 'oulu-now' });
  check([400, 403].includes(rested.status), rested.text);
  secret(rested);
  check(/espoo-guest/.test((await call('DELETE', 'idps/oulu-guests', { by: 'nation-now' })).text), 'the nation is not told which');
  for (const idp of ['nobody', 'espoo-lokal'])
    for (const r of [await call('PUT', 'admins/ghost', { by: 'oulu-now', body: { idp, subject: 'x', role: 'teacher', provider: 'oulu' } })]) {
      is(r, 400, 'invalid_row');
      check(!/known|did you mean|salattu|yllapito/.test(r.text), r.text);
    }
  const taken = await call('PUT', 'idps/oulu-oidc', { by: 'oulu-now', body: { kind: 'oidc', provider: 'oulu', name: { fi: 'O' }, issuer: 'https://idp.espoo.example', client_id: 'x', auth_method: 'private_key_jwt', map: 'native' } });
  is(taken, 400, 'invalid_row');
  check(/belongs to another idp/.test(taken.text) && !/espoo-oidc/.test(taken.text), taken.text);
  const ours = (provider) => ({ ...policy(policy().text.replace('oulu', provider)), provider });
  is(await call('PUT', 'policies/shared-name', { by: 'espoo-given', body: ours('espoo') }), 202);
  const same = await call('PUT', 'policies/shared-name', { by: 'oulu-given', body: ours('oulu') }); // given by the same person
  is(same, 202);
  secret(same);
  // What the list shows of an area is what is read there one by one.
  is(await call('PUT', 'affiliations/espoo-aino/7', { by: 'nation-now', body: { provider: 'oulu', role: 'teacher' } }), 201);
  secret(await call('GET', 'affiliations'));
  secret(await call('GET', 'affiliations?under=espoo-aino'));
  is(await call('GET', 'affiliations/espoo-aino/7'), 404);
  is(await call('DELETE', 'affiliations/espoo-aino/7', { by: 'nation-now' }), 204);
});

await test('a token begets no token, and reads none', async () => {
  for (const by of ['nation', 'nation-now', 'oulu-now']) {
    for (const kind of ['api_tokens', 'rules', 'nothing'])
      for (const [method, path] of [['GET', kind], ['GET', `${kind}/oulu-admin`], ['PUT', `${kind}/x`], ['DELETE', `${kind}/oulu-admin`]])
        is(await call(method, path, { by, ...(method === 'PUT' ? { body: { role: 'operator', token: 'x'.repeat(40) } } : {}) }), 404, 'not_found');
    is(await call('POST', 'changes', { by, body: { put: { 'api_tokens/x': { role: 'operator', token: 'x'.repeat(40) } } } }), 400, 'invalid_row');
  }
});

await test('the age from which a child decides alone is 1 to 17, or none', async () => {
  const at = 'services/lasten', body = { protocol: 'link', vendor: 'sanoma', name: { fi: 'Lasten' }, launch_uri: 'https://lasten.example/' };
  for (const child_decides_from of [18, -1])
    is(await call('PUT', at, { by: 'nation-now', body: { ...body, child_decides_from } }), 400, 'invalid_row');
  is(await call('GET', at, { by: 'nation' }), 404);
  const made = await call('PUT', at, { by: 'nation-now', body: { ...body, child_decides_from: 15 } });
  is(made, 201);
  check(made.json.child_decides_from === 15, made.text);
  is(await call('PUT', at, { by: 'nation-now', body }), 200);
  check([0, null, undefined].includes((await call('GET', at, { by: 'nation' })).json.child_decides_from), 'it stays where it is not said');
  is(await call('DELETE', at, { by: 'nation-now' }), 204);
});

await test('a notice of markup goes through JSON as it is, and no browser takes the answer for a page', async () => {
  const title = '<b>Koe</b> & "huomenna"', says = '</script><script>alert(1)</script>';
  const body = { provider: 'oulu', title: { fi: title }, says: { fi: says }, from: new Date(Date.now() - 3600000).toISOString().replace(/\.\d+/, ''), until: new Date(Date.now() + 86400000).toISOString().replace(/\.\d+/, '') };
  const made = await call('PUT', 'notices/markup', { by: 'oulu-now', body });
  is(made, 201);
  const read = await call('GET', 'notices/markup', { by: 'oulu-now' });
  check(read.json.title.fi === title && read.json.says.fi === says, read.text);
  const header = (name) => [].concat(read.headers[name] ?? '').join();
  check(/^application\/json/.test(header('content-type')) && header('x-content-type-options') === 'nosniff', JSON.stringify(read.headers));
  is(await call('DELETE', 'notices/markup', { by: 'oulu-now' }), 204);
});

await test('secrets go in, and never come out; a row put back as it was read keeps them', async () => {
  const secret = crypto.randomBytes(32).toString('hex'), body = { protocol: 'oidc', vendor: 'sanoma', name: { fi: 'Salaisuus' }, client_id: 'salaisuus', secret, redirect_uris: ['https://salaisuus.example/cb'], auth_method: 'client_secret_basic' };
  // What comes into production waits for whoever reads the report of its gate, unless the token says why there is none.
  const waits = await call('PUT', 'services/salaisuus', { by: 'nation-now', body });
  is(waits, 202);
  is(await call('GET', 'services/salaisuus', { by: 'nation' }), 404);
  check((await call('PUT', 'services/salaisuus?ungated=Luvaton', { by: 'nation', body })).status === 202, 'a token that waits for somebody says so of the gate itself');
  const made = await call('PUT', 'services/salaisuus?ungated=Siirretty+vanhasta', { by: 'nation-now', body });
  is(made, 201);
  check(g.cli('registry', 'log', '-c', g.config, '--last', '1').stdout.includes('[without a report of the gate: Siirretty vanhasta]'), g.cli('registry', 'log', '-c', g.config, '--last', '1').stdout);
  check(made.json.secret === null && !made.text.includes(secret), made.text);
  is(await call('PUT', 'services/salaisuus', { by: 'nation-now', body: { ...made.json, name: { fi: 'Yhä salaisuus' } } }), 200);
  check(g.cli('export', '-c', g.config).stdout.includes(crypto.createHash('sha256').update(secret).digest('hex')), 'the secret is gone');
  check((await call('GET', 'services?search=salaisuus', { by: 'nation' })).json.rows[0].row.secret === null, 'not said');
});

await test('what is wrong is said by row and member, and nothing is written', async () => {
  const before = version();
  const unknown = await call('PUT', 'terms/bad', { body: term({ frum: '2026-01-01' }) });
  is(unknown, 400, 'unknown_key');
  check(unknown.json.error_description.includes('frum'), unknown.text);
  is(await call('PUT', 'terms/bad', { body: term({ from: 5 }) }), 400, 'invalid_row');
  const day = await call('PUT', 'terms/bad', { body: term({ from: '10.8.2026' }) });
  check(day.status === 400 && day.json.troubles.some((t) => t.row === 'term bad' && t.field === 'from'), day.text);
  const two = await call('PUT', 'terms/bad', { body: { provider: 'oulu', from: 'x', to: 'y' } });
  check(two.status === 400 && two.json.troubles.length >= 2, two.text);
  for (const body of ['', '[]', '{', '{"a":1,"a":2}', '"x"', '{"from":"\\u0000"}'])
    check((await call('PUT', 'terms/bad', { body: body || ' ' })).status === 400, `${body} was taken`);
  is(await call('PUT', 'terms/bad', { body: 'from=2026', type: 'application/x-www-form-urlencoded' }), 400, 'invalid_row');
  is(await call('PUT', 'terms/bad', { body: { ...term(), id: 'other' } }), 400, 'invalid_row');
  is(await call('PUT', 'networks/n', { body: { provider: 'oulu', name: { fi: 'V' }, blocks: ['10.0.0.0/8', 'two\nlines'] } }), 400, 'invalid_row');
  is(await call('GET', 'terms?limit=0'), 400, 'invalid_request');
  is(await call('GET', 'terms/a/b/c'), 404, 'not_found');
  is(await call('POST', 'terms/x'), 405);
  is(await call('PUT', 'terms', { body: {} }), 405);
  const cedar = await call('PUT', 'policies/bad', { by: 'oulu-now', body: policy('permit (principal, action, ressource);') });
  check(cedar.status === 400 && cedar.json.troubles.some((t) => t.field === 'text' || /text/.test(t.says)), cedar.text);
  check(version() === before, 'something was written');
});

await test('many rows at once are one change, or none; a dry run says what would be', async () => {
  const before = version(), put = Object.fromEntries([...Array(20)].map((_, i) => [`terms/many-${i}`, term({ name: { fi: `Päivä ${i}` } })]));
  const dry = await call('POST', 'changes?dry_run=true', { body: { put } });
  is(dry, 200);
  check(dry.json.rows.length === 20 && !('version' in dry.json) && version() === before, dry.text);
  is(await call('POST', 'changes', { body: { put: { ...put, 'terms/bad': term({ from: 'x' }) } } }), 400, 'invalid_row');
  check(version() === before, 'half of it was written');
  const done = await call('POST', 'changes', { body: { why: 'Lukuvuosi', put } });
  is(done, 200);
  check(done.json.version === before + 1 && version() === before + 1, done.text);
  const pages = [];
  for (let next = '/api/v1/terms?limit=7&search=P%C3%A4iv%C3%A4'; next; ) {
    const page = await call('GET', next);
    is(page, 200);
    pages.push(page.json.rows.length);
    next = page.json.next;
  }
  check(pages.join() === '7,7,6', pages.join());
  is(await call('POST', 'changes', { body: { remove: Object.keys(put) } }), 200);
  check((await call('GET', 'terms?search=P%C3%A4iv%C3%A4')).json.rows.length === 0, 'they stand');
  is(await call('POST', 'changes', { body: {} }), 400, 'invalid_row');
  is(await call('POST', 'changes', { body: { put: Object.fromEntries([...Array(201)].map((_, i) => [`terms/t${i}`, term()])) } }), 400, 'invalid_row');
  const drafted = await call('POST', 'changes', { body: { put: { 'policies/one': policy(), 'policies/two': policy(), 'terms/with-them': term() } } });
  is(drafted, 202);
  check(drafted.json.rows.length === 3, drafted.text);
  is(await call('GET', 'terms/with-them'), 404);
});

const moment = (s = 0) => new Date(Date.now() + s * 1000).toISOString().replace(/\.\d+Z/, 'Z');
const decision = (id, more = {}) => ({ provider: 'oulu', service: 'lumme', policy: id, agreement: 'OUKA/1/2026', decided_by: 'Oili Oulu, sivistysjohtaja', purpose: 'Luetaan', roles: ['learner', 'teacher'], gives: ['given_name'], keeps: ['roles'], from: moment(), ...more });
const opens = () => policy('permit (principal in Provider::"oulu", action == Action::"open", resource == Service::"lumme");');
const take = (id, more, by = 'oulu-now') => call('POST', 'changes', { by, body: { put: { [`permissions/${id}`]: decision(id, more), [`policies/${id}`]: opens() } } });

await test('a service is taken into use: the decision and its policy as one draft, judged as the form judges it', async () => {
  const before = version();
  const asked = await take('oulu-lumme', {}, 'oulu-admin');
  is(asked, 202);
  check(asked.json.rows.join() === '+ policy oulu-lumme,+ permission oulu-lumme' || asked.json.rows.length === 2, asked.text);
  check((await take('oulu-lumme', {}, 'oulu-admin')).json.draft === asked.json.draft, 'another draft');
  for (const [more, says] of [[{ keeps: [] }, /roles is asked for/], [{ gives: ['given_name', 'learner_id'] }, /learner_id is not asked for/], [{ roles: [] }, /roles: expected/], [{ roles: ['operator'] }, /roles: expected/],
    [{ purpose: ' ' }, /purpose/], [{ agreement: '' }, /agreement/], [{ decided_by: '' }, /decided_by/], [{ until: moment(-60), from: moment(-120) }, /until: it has passed/], [{ service: 'kesken' }, /in test/], [{ service: 'olematon' }, /no such service/],
    [{ withdrawn: moment(), withdrawn_why: 'x' }, /not withdrawn/], [{ policy: 'oulu-all' }, /same change makes/], [{ schools: [school.espoo] }, /no school/]]) {
    const r = await take('oulu-vajaa', more);
    is(r, 400);
    check(says.test(r.text), `${JSON.stringify(more)}: ${r.text}`);
  }
  for (const [by, status] of [['clerk', 403], ['reader', 403], ['oulu-school', 403], ['espoo-given', 403]])
    is(await take('oulu-muu', {}, by), status);
  check(version() === before, 'something was written');
});

await test('a decision stands as it was made: it is withdrawn, at once and now, with the policy that it opened by', async () => {
  is(await take('oulu-lumme-2', {}), 200);
  const { json, headers: { etag } } = await call('GET', 'permissions/oulu-lumme-2');
  check(json.gives.join() === 'given_name' && json.keeps.join() === 'roles' && json.roles.length === 2 && json.agreement === 'OUKA/1/2026', JSON.stringify(json));
  const before = version();
  is(await call('PUT', 'permissions/oulu-lumme-2', { body: json, headers: { 'If-Match': etag } }), 200);
  check(version() === before, 'the same decision is a change');
  for (const more of [{ gives: ['given_name', 'roles'], keeps: [] }, { until: moment(3600) }, { roles: ['teacher'] }, { agreement: 'toinen' }, { withdrawn: moment(), withdrawn_why: 'x', roles: ['teacher'] }, { policy: null }]) {
    const r = await call('PUT', 'permissions/oulu-lumme-2', { by: 'oulu-now', body: { ...json, ...more } });
    is(r, 400, 'invalid_row');
    check(/stands as it was decided/.test(r.text), r.text);
  }
  for (const withdrawn of [moment(-2 * 86400), moment(3600)]) {
    const r = await call('PUT', 'permissions/oulu-lumme-2', { body: { ...json, withdrawn, withdrawn_why: 'x' } });
    is(r, 400, 'invalid_row');
    check(/present moment/.test(r.text), r.text);
  }
  is(await call('PUT', 'permissions/oulu-lumme-2', { body: { ...json, withdrawn: moment() } }), 400);
  const gone = await call('DELETE', 'permissions/oulu-lumme-2', { by: 'oulu-now' });
  is(gone, 400, 'invalid_row');
  check(/withdraw it/.test(gone.text) && version() === before, gone.text);
  is(await call('PUT', 'permissions/oulu-lumme-2', { by: 'clerk', body: { ...json, withdrawn: moment(), withdrawn_why: 'x' } }), 403);
  const out = { ...json, withdrawn: moment(), withdrawn_why: 'Sopimus päättyi' }, off = await call('PUT', 'permissions/oulu-lumme-2', { body: out });
  is(off, 200); // by a token that otherwise waits
  check(off.json.withdrawn === out.withdrawn && version() === before + 1, off.text);
  is(await call('GET', 'policies/oulu-lumme-2'), 404, 'no_row');
  is(await call('PUT', 'permissions/oulu-lumme-2', { body: out }), 200);
  check(version() === before + 1, 'withdrawn twice');
  is(await call('PUT', 'permissions/oulu-lumme-2', { by: 'oulu-now', body: json }), 400, 'invalid_row'); // it does not come back
  // Withdrawn earlier than another was decided, it would no longer keep from that one what it kept (policy/receipts.h).
  is(await take('oulu-lumme-3', {}), 200);
  const third = (await call('GET', 'permissions/oulu-lumme-3')).json;
  is(await take('oulu-lumme-4', { from: moment(1) }), 200);
  is(await call('PUT', 'permissions/oulu-lumme-3', { body: { ...third, withdrawn: moment(-30), withdrawn_why: 'x' } }), 400, 'invalid_row');
});

// Of each kind of the country: put twice it is one change, read it is what was put, and two who write do not write over each other.
await test('organisations, their people, registrars, sources of metadata, incidents: put, put again, altered, conflicted, removed', async () => {
  const kinds = {
    organisations: ['uusi', { business_id: '2345678-0', name: { fi: 'Uusi Oy' }, contact_technology: 't@uusi.example', contact_privacy: 'p@uusi.example', contact_incidents: 'i@uusi.example' }, { name: { fi: 'Uudempi Oy' } }, { business_id: '1' }, false],
    staff: ['sanoma-paula', { organisation: 'sanoma', idp: 'toimittajat', subject: 'paula', role: 'developer' }, { role: 'reader' }, { idp: 'yllapito' }, true],
    registrars: ['uusi-itse', { token: 't'.repeat(40), vendor: 'uusi', hosts: ['app.uusi.example'], most: 3 }, { most: 4 }, { hosts: ['https://x'] }, true],
    metadata_sources: ['haka', { url: 'https://haka.example/metadata.xml', signer: pem, enabled: false }, { most_ahead_days: 20 }, { signer: 'x' }, true],
    incidents: ['katko', { service: 'kanerva', says: { fi: 'Katko', sv: 'Avbrott', en: 'Break' }, from: '2026-01-01T08:00:00Z', by_operator: true }, { until: '2026-01-01T10:00:00Z' }, { says: { fi: 'Katko' } }, false],
  };
  for (const [kind, [key, body, change, wrong, waits]] of Object.entries(kinds)) {
    const path = `${kind}/${key}`, by = 'nation-now', put = (b, headers = {}) => call('PUT', path, { by, body: b, headers });
    is(await put({ ...body, ...wrong }), 400);
    is(await call('GET', path, { by }), 404, 'no_row');
    if (waits) {
      const draft = await call('PUT', path, { by: 'nation', body });
      is(draft, 202);
      is(await call('GET', path, { by }), 404, 'no_row');
    }
    const made = await put(body, { 'If-None-Match': '*' });
    is(made, 201);
    const at = version(), { headers: { etag }, json } = await call('GET', path, { by });
    for (const [k, v] of Object.entries(body)) check(k === 'token' ? json[k] === null : JSON.stringify(json[k]) === JSON.stringify(v) || typeof v === 'string' && json[k].trim() === v.trim(), `${path} ${k}: ${JSON.stringify(json[k])}`);
    check(etag === made.headers.etag && (await put(body)).status === 200 && version() === at, `${path}: the same row is a change`);
    is(await put({ ...body, ...change }, { 'If-Match': etag }), 200);
    const late = await put({ ...body, ...change }, { 'If-Match': etag }), there = await call('GET', path, { by });
    is(late, 412, 'precondition_failed');
    check(late.json.expected === etag && late.json.etag === there.headers.etag && late.headers.etag === there.headers.etag, late.text);
    check(JSON.stringify(late.json.row) === JSON.stringify(there.json), late.text);
    for (const [k, v] of Object.entries(change)) check(JSON.stringify(late.json.wanted[k]) === JSON.stringify(v), `${path} wanted ${k}: ${late.text}`);
    check(!late.text.includes('t'.repeat(40)), 'a secret is told');
    check((await call('GET', kind, { by })).json.rows.some((x) => x.path === `/api/v1/${path}`), `${kind} does not list it`);
    is(await call('DELETE', path, { by, headers: { 'If-Match': etag } }), 412, 'precondition_failed');
    is(await call('DELETE', path, { by, headers: { 'If-Match': there.headers.etag } }), 204);
    is(await call('DELETE', path, { by }), 404, 'no_row');
  }
});

await test('an organisation keeps an owner, a vendor its own word, and the machine its files', async () => {
  const pentti = (await call('GET', 'staff/sanoma-pentti', { by: 'nation' })).json;
  is(await call('PUT', 'staff/sanoma-pentti', { by: 'nation-now', body: { ...pentti, role: 'reader' } }), 400, 'last_owner');
  is(await call('DELETE', 'staff/sanoma-pentti', { by: 'nation-now' }), 400, 'last_owner');
  is(await call('DELETE', 'staff/sanoma-pentti', { by: 'nation' }), 400, 'last_owner'); // nor as a draft
  is(await call('PUT', 'staff/sanoma-paula', { by: 'nation-now', body: { organisation: 'sanoma', idp: 'toimittajat', subject: 'paula', role: 'owner' } }), 201);
  is(await call('DELETE', 'staff/sanoma-paula', { by: 'nation-now' }), 204); // one stays
  const theirs = (await call('GET', 'incidents/sanoman-oma', { by: 'nation' })).json;
  for (const body of [{ ...theirs, until: '2020-01-03T08:00:00Z' }, { ...theirs, by_operator: true }]) is(await call('PUT', 'incidents/sanoman-oma', { by: 'nation-now', body }), 400, 'invalid_row');
  is(await call('DELETE', 'incidents/sanoman-oma', { by: 'nation-now' }), 400, 'invalid_row');
  is(await call('PUT', 'incidents/nimissa', { by: 'nation-now', body: { ...theirs, id: undefined } }), 400, 'invalid_row');
  is(await call('PUT', 'metadata_sources/tiedosto', { by: 'nation-now', body: { file: 'haka.xml', signer: pem } }), 400, 'invalid_row');
});

// Each kind, by the tokens of a municipality, a school and another municipality: nothing of what is not theirs is shown or altered.
await test('a token of one area tries every kind of another: each is refused, and nothing alters', async () => {
  const { paths } = (await call('GET', 'openapi.json', { by: null })).json, state = () => g.cli('export', '-c', g.config).stdout.replace(/^version:.*$/m, '');
  const before = state();
  for (const at of Object.keys(paths).filter((p) => paths[p].get && !/\{|passes|drafts|openapi|changes/.test(p)))
    for (const { path, row } of (await call('GET', at.slice(1), { by: 'nation' })).json.rows) {
      if (JSON.stringify(row).includes('oulu') || path.includes('oulu')) continue;
      for (const by of ['oulu-now', 'oulu-school']) {
        const got = await call('GET', path, { by }), put = await call('PUT', path, { by, body: row }), removal = await call('DELETE', path, { by });
        check([200, 404, 403].includes(got.status) && (got.status !== 200 || /services|purposes|policies/.test(path)), `${by} reads ${path}: ${got.text}`);
        check([400, 403, 404].includes(removal.status), `${by} removes ${path}: ${removal.status} ${removal.text}`);
        check([400, 403, 404].includes(put.status) || (put.status === 200 && got.status === 200), `${by} puts ${path}: ${put.status} ${put.text}`);
      }
    }
  check(state() === before, 'something of another was altered');
});

// What the document says is there is there, and the other way round.
await test('the OpenAPI document: every path and method of it is answered, by the statuses that it names', async () => {
  const r = await call('GET', 'openapi.json', { by: null });
  is(r, 200);
  const { paths, components: { schemas }, openapi, servers, security } = r.json;
  check(openapi === '3.1.0' && servers[0].url === `${g.url}/api/v1` && security[0].token, r.text.slice(0, 400));
  const refs = [...r.text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((m) => m[1]);
  check(refs.length > 50 && refs.every((n) => schemas[n]), `dangling: ${refs.filter((n) => !schemas[n])}`);
  const ids = new Set();
  for (const [path, of] of Object.entries(paths)) for (const method of ['get', 'put', 'delete', 'post'].filter((m) => of[m])) {
    check(!ids.has(of[method].operationId), `two are called ${of[method].operationId}`);
    ids.add(of[method].operationId);
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]), declared = [...(of.parameters ?? []), ...(of[method].parameters ?? [])].filter((p) => p.in === 'path').map((p) => p.name);
    check(names.join() === declared.join(), `${path}: ${names} ${declared}`);
    const at = path.replace(/\{\w+\}/g, '0');
    const got = await call(method.toUpperCase(), at.slice(1), { by: 'nation', ...(['put', 'post'].includes(method) ? { body: {} } : {}) });
    check(of[method].responses[got.status], `${method} ${at}: ${got.status} is not in the document: ${got.text}`);
    const bare = await call(method.toUpperCase(), at.slice(1), { by: null, ...(['put', 'post'].includes(method) ? { body: {} } : {}) });
    is(bare, 401, 'invalid_token');
  }
  // A row that the server gives fits its schema.
  for (const [kind, section] of [['provider', 'providers'], ['idp', 'idps'], ['service', 'services'], ['policy', 'policies'], ['admin', 'admins'], ['term', 'terms']])
    for (const { path } of (await call('GET', section, { by: 'nation' })).json.rows) {
      const { json } = await call('GET', path, { by: 'nation' });
      const fits = (v, s, where) => {
        const types = [s.type].flat(), is_ = Array.isArray(v) ? 'array' : v === null ? 'null' : Number.isInteger(v) ? 'integer' : typeof v;
        check(types.includes(is_), `${where}: ${is_} is none of ${types}`);
        if (s.enum && v !== null && is_ !== 'array') check(s.enum.includes(v), `${where}: ${v}`);
        if (is_ === 'array') v.forEach((x) => fits(x, s.items, where));
        if (is_ === 'object') for (const [k, x] of Object.entries(v)) { check(s.properties[k], `${where}.${k} is not in the document`); fits(x, s.properties[k], `${where}.${k}`); }
      };
      fits(json, schemas[kind], path);
      for (const must of schemas[kind].required) check(must.split('.').reduce((o, k) => o?.[k], json) !== undefined, `${path} lacks ${must}`);
    }
});

await test('a pass is given, once, by whatever is asked twice; its password stands in the first answer alone', async () => {
  const day = (n) => new Date(Date.now() + n * 86400000).toISOString().replace(/\.\d+Z/, 'Z');
  const from = day(0), to = day(2), pass = (more = {}) => ({ given_names: 'Saana', family_name: 'Sijanen', school: school.oulu, from, to, why: 'Flunssa', ...more });
  for (const [more, says] of [[{ given_names: '' }, /name of the person/], [{ given_names: 'Sijainen 1' }, /one person/], [{ school: school.espoo }, /schools/], [{ to: from }, /RFC 3339/], [{ from: 'eilen' }, /RFC 3339/],
    [{ from: day(-9), to: day(-8) }, /passed/], [{ to: day(402) }, /400 days/], [{ why: '' }, /why/], [{ role: 'admin' }, /role/], [{ password: 'x' }, /password/]]) {
    const r = await call('PUT', 'passes/saana', { body: pass(more) });
    is(r, 400, 'invalid_row');
    check(says.test(r.json.error_description), r.text);
  }
  is(await call('PUT', 'passes/saana', { by: 'reader', body: pass() }), 403, 'access_denied');
  is(await call('GET', 'passes', { by: 'reader' }), 403, 'access_denied');
  is(await call('PUT', 'passes/Saana', { body: pass() }), 404, 'not_found');
  is(await call('PUT', 'passes/pass-x', { body: pass() }), 400, 'invalid_request');
  is(await call('PUT', 'passes/uusi?dry_run=true', { body: pass({ given_names: 'Ulla' }) }), 200);
  is(await call('GET', 'passes/uusi'), 404, 'no_row');
  const made = await call('PUT', 'passes/ville', { body: pass({ given_names: 'Ville' }) });
  is(made, 201);
  check(/^[a-z2-9-]{19}$/.test(made.json.password) && made.json.username && made.json.enabled === true && made.json.address.startsWith(g.url), made.text);
  const again = await call('PUT', 'passes/ville', { body: pass({ given_names: 'Ville' }) });
  is(again, 200);
  check(again.json.id === made.json.id && !('password' in again.json), again.text);
  is(await call('PUT', 'passes/ville', { body: pass({ given_names: 'Ville', to: day(3) }) }), 409, 'pass_exists');
  check((await call('GET', 'passes/ville')).json.username === made.json.username, 'another account');
  check((await call('GET', `passes/${made.json.id}`)).json.id === made.json.id, 'by its id');
  check((await call('GET', 'passes')).json.rows.map((x) => x.id).includes(made.json.id), 'not listed');
  // Twenty at once are one.
  const all = await Promise.all([...Array(20)].map(() => call('PUT', 'passes/tuuli', { body: pass({ given_names: 'Tuuli' }) })));
  check(all.filter((r) => r.status === 201).length === 1 && all.every((r) => [200, 201, 409].includes(r.status)), all.map((r) => r.status).join());
  // What is too long for one person waits for a second; asked again, it is the same draft.
  const long = await call('PUT', 'passes/pitka', { body: pass({ given_names: 'Pilvi', to: day(30) }) });
  is(long, 202);
  check(long.json.draft > 0 && long.json.password && (await call('GET', long.headers.location)).json.state === 'proposed', long.text);
  const same = await call('PUT', 'passes/pitka', { body: pass({ given_names: 'Pilvi', to: day(30) }) });
  check(same.status === 202 && same.json.draft === long.json.draft && !('password' in same.json), same.text);
  is(await call('GET', 'passes/pitka'), 404, 'no_row');
  // Nor do several short ones make a long one.
  is(await call('PUT', 'passes/ville-2', { body: pass({ given_names: 'Ville', from: day(2), to: day(6) }) }), 202);
});

await test('a pass is its municipality\'s and its school\'s alone, and taken it lets nobody in', async () => {
  const to = new Date(Date.now() + 86400000).toISOString(), from = new Date().toISOString();
  const body = { given_names: 'Eeva', family_name: 'Espoo', school: school.espoo, from, to, why: 'x' };
  const theirs = await call('PUT', 'passes/eeva?provider=espoo', { by: 'nation', body });
  is(theirs, 201);
  for (const name of ['eeva', theirs.json.id]) {
    is(await call('GET', `passes/${name}`), 404, 'no_row');
    is(await call('DELETE', `passes/${name}`), 404, 'no_row');
    is(await call('GET', `passes/${name}?provider=espoo`), 404, 'no_row');
  }
  is(await call('PUT', 'passes/eeva?provider=espoo', { body }), 400, 'invalid_row');
  check(!(await call('GET', 'passes')).text.includes('Espoo'), 'shown to another municipality');
  is(await call('GET', 'passes', { by: 'nation' }), 400, 'invalid_request');
  is(await call('GET', 'passes', { by: null }), 401, 'invalid_token');
  const ours = await call('PUT', 'passes/eeva', { by: 'oulu-school', body: { ...body, school: school.oulu } });
  is(ours, 201);
  check(ours.json.id !== theirs.json.id, 'two municipalities\' names met');
  is(await call('DELETE', 'passes/eeva', { by: 'oulu-school' }), 204);
  is(await call('DELETE', 'passes/eeva', { by: 'oulu-school' }), 204);
  check((await call('GET', 'passes/eeva')).json.enabled === false, 'it still lets in');
  is(await call('PUT', 'passes/eeva', { by: 'oulu-school', body: { ...body, school: school.oulu } }), 409, 'pass_exists');
});

await test('too many changes within a minute are told when to come again', async () => {
  const busy = [];
  for (let i = 0; i < 700 && busy.length === 0; i += 20) {
    const got = await Promise.all([...Array(20)].map((_, k) => call('PUT', `terms/flood-${k}`, { body: term({ name: { fi: `Vuo ${i}` } }) })));
    busy.push(...got.filter((r) => r.status === 429));
    check(got.every((r) => [200, 201, 409, 429].includes(r.status)), got.map((r) => r.status).join());
  }
  check(busy.length > 0 && busy[0].headers['retry-after'], 'nobody was held back');
});

await test('every answer that the document names was given, and none that it does not name', async () => {
  // What only comes of haste or of somebody else.
  for (const [method, path] of [['PUT', 'terms/x'], ['DELETE', 'terms/flood-0'], ['POST', 'changes'], ['PUT', 'passes/kiire'], ['DELETE', 'passes/ville']])
    for (let i = 0; i < 2; i++)
      await call(method, path, { ...(method === 'PUT' ? { body: path.startsWith('terms') ? term({ name: { fi: `H ${i}` } }) : { given_names: 'Kiire', family_name: 'Inen', school: school.oulu, from: moment(), to: moment(86400), why: 'x' } } : method === 'POST' ? { body: { put: { 'terms/h': term() } } } : {}) });
  for (const [method, path] of [['GET', 'terms'], ['GET', 'terms/x'], ['GET', 'drafts/1'], ['GET', 'passes'], ['GET', 'passes/x'], ['PUT', 'terms/x'], ['DELETE', 'terms/x'], ['PUT', 'passes/x'], ['DELETE', 'passes/x'], ['POST', 'changes']])
    for (const by of ['teacher', null])
      await call(method, path, { by, ...(method === 'PUT' ? { body: path.startsWith('terms') ? term() : { given_names: 'Kiire', family_name: 'Inen', school: school.oulu, from: moment(), to: moment(86400), why: 'x' } } : method === 'POST' ? { body: { put: { 'terms/h': term() } } } : {}) });
  is(await call('DELETE', 'passes/tuuli', { by: 'teacher' }), 403);
  const byRace = (what, section, s) => s === '409' && section !== 'passes'; // two within a millisecond: nobody orders that
  const { paths } = (await call('GET', 'openapi.json', { by: null })).json, missing = [], unsaid = [], rows = {};
  for (const [path, of] of Object.entries(paths)) for (const method of ['get', 'put', 'delete', 'post'].filter((m) => of[m])) {
    const [section, ...rest] = path.slice(1).split('/'), own = ['passes', 'drafts', 'changes'].includes(section), said = Object.keys(of[method].responses);
    const got = [...(seen.get(`${method} ${section} ${rest.length + 1}`) ?? [])].filter((s) => s !== '405');
    unsaid.push(...got.filter((s) => !said.includes(s)).map((s) => `${method} ${path} ${s}`));
    if (own) missing.push(...said.filter((s) => !got.includes(s) && !byRace(method, section, s)).map((s) => `${method} ${path} ${s}`));
    else { // kinds of rows are one code: what one was answered, each would be
      const one = (rows[`${method} ${rest.length > 0}`] ??= { said: new Set(), got: new Set() });
      said.forEach((s) => one.said.add(s));
      got.forEach((s) => one.got.add(s));
    }
  }
  for (const [what, { said, got }] of Object.entries(rows)) missing.push(...[...said].filter((s) => !got.has(s) && !byRace(what, 'rows', s)).map((s) => `rows: ${what} ${s}`));
  check(unsaid.length === 0, `answers that the document does not name: ${unsaid.join(', ')}`);
  check(missing.length === 0, `answers that were never given: ${missing.join(', ')}`);
});

await g.stop();
finish();
