// SPDX-License-Identifier: EUPL-1.2
// The OpenID Provider under attack, from outside: addresses, parameters, codes, tokens, secrets, cookies, tabs.
//   node provider.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { Agent, forms } from './agent.mjs';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { federation, people, signIn } from './local.mjs';
import { Service } from './rp.mjs';

const secret = 'a-secret-of-the-test-that-nobody-else-has';
const keys = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' };
const row = (id, auth, more) => `  - id: ${id}
    protocol: oidc
    vendor: ${id}-oy
    name: { fi: "${id} <b>&" }
    test: true
    client_id: "${id}"
    auth_method: ${auth}
    scopes: [openid, profile]
    asks: [sub, given_name]
${more}`;
const services = row('posti', 'client_secret_post', `    secret: { plain: ${secret} }\n    redirect_uris: ["http://posti.localhost/cb"]\n    pkce_required: false\n`)
  + row('hilla', 'none', '    redirect_uris: ["http://127.0.0.1/cb", "fi.hilla.app:/cb", "http://hilla.localhost/cb?one=1"]\n')
  + row('avain', 'private_key_jwt', `    redirect_uris: ["http://avain.localhost/cb"]\n    jwks: '${JSON.stringify({ keys: [jwk] })}'\n`)
  + row('odd.id_1', 'client_secret_basic', '    secret: { plain: "sä%+: &=\\\\ €cret-of-the-test" }\n    redirect_uris: ["http://odd.localhost/cb"]\n')
  + row('kumpi', 'DEFAULT', `    secret: { plain: ${secret} }\n    redirect_uris: ["http://kumpi.localhost/cb"]\n    post_logout_redirect_uris: ["http://kumpi.localhost/out"]\n`).replace('    auth_method: DEFAULT\n', '')
  + row('kielto', 'client_secret_basic', `    secret: { plain: ${secret} }\n    redirect_uris: ["http://kielto.localhost/cb"]\n    enabled: false\n`);

for (let i = 0; i < 40; i++) people[`pupil-${i}`] = { given: 'Oppilas', family: `Testi-${i}`, role: 'learner', group: '1A', level: 1 };
const { g, service } = await federation(process.argv[2], { name: 'provider', services });
const known = (id, redirect, own = secret) => Object.assign(new Service(g, { id, secret: own, redirect: redirect ?? `http://${id}.localhost/cb` }), {});
const kumpi = Object.assign(known('kumpi'), { alg: 'RS256' });
const posti = known('posti'), hilla = known('hilla', 'http://127.0.0.1/cb'), avain = known('avain');
await g.start();
const { agent, answer: first } = await signIn(service, 'anna');
check(first?.get('code'), `nobody could sign in: ${agent.trace.join('\n')}`);

const raw = (path, options = {}) => fetchLocal(g.port, path, options);
const post = (path, body, headers = {}) => raw(path, { method: 'POST', body, headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers } });
const ask = (s, extra, a = agent) => a.once('GET', s.authorizeUrl(extra));
const errorOf = (res) => new URL(res.headers.location ?? 'x:?', 'http://x').searchParams.get('error');
const code = async (s = service, extra = {}) => {
  const res = await ask(s, extra);
  const at = new URL(res.headers.location ?? '/', g.url);
  check(at.searchParams.get('code'), `no code for ${s.id}: ${res.status} ${res.headers.location}`);
  return at.searchParams.get('code');
};
const isPage = (res, what) => check(res.status === 400 && !res.headers.location && /^text\//.test(res.headers['content-type']),
  `${what}: ${res.status} ${res.headers.location ?? ''}`);
const refuses = (res, status, error, what) => {
  check(res.status === status, `${what}: ${res.status} ${res.text}`);
  check(/^application\/json/.test(res.headers['content-type']), `${what}: ${res.headers['content-type']}`);
  check(JSON.parse(res.text).error === error, `${what}: ${res.text}`);
  check(res.headers['cache-control'] === 'no-store', `${what}: may be cached`);
};

// What a service is told of an error: in the characters that RFC 6749 5.2 leaves, with the parameter, and with the support code
// under which the log has a line.  Gives the line.
const described = (text, what) => {
  check(text && /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(text), `error_description: ${text}`);
  check(typeof what === 'string' ? text.includes(what) : what.test(text), `error_description does not name ${what}: ${text}`);
  const at = /support code ([A-Z2-9]{8})$/.exec(text);
  check(at, `no support code: ${text}`);
  const line = g.logText().split('\n').find((l) => l.includes(`"support_code":"${at[1]}"`));
  check(line, `no line in the log: ${text}`);
  return JSON.parse(line);
};

await test('only byte-equal redirect URIs are answered; the rest stay here, without a Location', async () => {
  const good = service.redirect, host = 'kanerva.localhost';
  const bad = [
    '', ' ', 'http', '//', `//${host}/cb`, `///${host}/cb`, `\\\\${host}\\cb`, `http:/${host}/cb`, `http:${host}/cb`, `http:\\\\${host}/cb`,
    `${good}/`, `${good}?`, `${good}#`, `${good}#x`, `${good}?x=1`, `${good}&x=1`, `${good}/..`, `${good}/../cb`, `${good}/.`, `${good}//`, `${good};x`,
    `${good}%00`, `${good}%20`, `${good} `, ` ${good}`, `${good}%0d%0a`, `${good}\t`, `${good}\r\nX: y`, `${good}%2f`, `${good}%23`, `${good}x`, `${good}.`,
    good.toUpperCase(), good.replace('cb', 'CB'), good.replace('http', 'HTTP'), good.replace('http', 'https'), good.replace('http', 'javascript'), good.replace('http', 'data'),
    good.replace(host, host.toUpperCase()), good.replace(host, `${host}.`), good.replace(host, `${host}:80`), good.replace(host, `${host}:443`), good.replace(host, `${host}:`),
    good.replace(host, `${host}.evil.example`), good.replace(host, `evil.example/${host}`), good.replace(host, `${host}@evil.example`), good.replace(host, `evil.example#${host}`),
    good.replace(host, `evil.example?${host}`), good.replace(host, `evil.example\\@${host}`), good.replace(host, `evil.example%2f@${host}`), good.replace(host, `user:pw@${host}`),
    good.replace(host, `x.${host}`), good.replace(host, `evil${host}`), good.replace(host, `${host}%2eevil.example`), good.replace(host, 'localhost'), good.replace(host, '127.0.0.1'),
    good.replace(host, `[::1]`), good.replace('/cb', ''), good.replace('/cb', '/'), good.replace('/cb', '//cb'), good.replace('/cb', '/x/../cb'), good.replace('/cb', '/./cb'), good.replace('/cb', '/%63b'),
    good.replace('/cb', '\\cb'), good.replace('kanerva', 'kanerv%61'), good.replace('kanerva', 'kanerv\u0430'), good.replace('kanerva', 'kanerva\u200b'), good.replace('.', '\u3002'),
    'https://evil.example/cb', 'http://evil.example/cb', 'about:blank', 'file:///etc/passwd', 'http://posti.localhost/cb', 'urn:ietf:wg:oauth:2.0:oob', 'null', '*', good + '*',
    `${good}\u0000`, `${good}\u202e`, `${good}${'a'.repeat(3000)}`,
  ];
  for (const uri of new Set(bad)) {
    const res = await ask(service, { redirect_uri: uri });
    isPage(res, JSON.stringify(uri));
  }
  isPage(await ask(service, { redirect_uri: undefined }), 'no redirect_uri');
  return undefined;
});

await test('loopback addresses of a public service: any port, and nothing else, may differ', async () => {
  for (const uri of ['http://127.0.0.1/cb', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:65535/cb', 'fi.hilla.app:/cb', 'http://hilla.localhost/cb?one=1'])
    check((await ask(hilla, { redirect_uri: uri })).headers.location?.startsWith(uri), uri);
  for (const uri of ['http://127.0.0.1:x/cb', 'http://127.0.0.1:1x/cb', 'http://127.0.0.1:123456/cb', 'http://127.0.0.1:1@evil.example/cb', 'http://127.0.0.1.evil.example/cb', 'http://127.0.0.1:1/cb/', 'http://127.0.0.1:1/cb?x=1',
    'http://127.0.0.2/cb', 'http://localhost/cb', 'https://127.0.0.1/cb', 'http://[::1]/cb', 'fi.hilla.app:/cb2', 'fi.hilla.app://cb', 'http://hilla.localhost:1/cb?one=1', 'http://hilla.localhost/cb?one=1&two=2', 'http://hilla.localhost/cb'])
    isPage(await ask(hilla, { redirect_uri: uri }), uri);
  isPage(await ask(service, { redirect_uri: 'http://kanerva.localhost:1234/cb' }), 'a confidential service with another port');
});

await test('a parameter that comes twice is refused at every endpoint', async () => {
  for (const name of ['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'prompt', 'max_age', 'unknown', 'ui_locales'])
    isPage(await agent.once('GET', service.authorizeUrl({ prompt: 'none', max_age: '1000', ui_locales: 'sv', unknown: '1' }) + `&${name}=x`), name);
  const form = { grant_type: 'authorization_code', code: 'x', redirect_uri: service.redirect, code_verifier: 'x'.repeat(43) };
  for (const name of Object.keys(form))
    refuses(await post('/oidc/token', new URLSearchParams(form) + `&${name}=x`, service.basic()), 400, 'invalid_request', name);
  refuses(await post('/oidc/userinfo', 'access_token=x&access_token=y'), 400, 'invalid_request', 'userinfo');
  for (const path of ['/sign-in?login=a&login=b', '/oidc/end_session?state=1&state=2', '/lang?to=fi&to=sv', '/upstream/oidc/oulu?state=1&state=2', '/oidc/go?login=1&login=2', '/upstream/saml/go?a=1&a=2'])
    check((await raw(path)).status === 400, path);
  for (const [path, body] of [['/sign-in/idp', 'login=1&login=2'], ['/sign-in/local', 'username=1&username=2'], ['/sign-out', 'csrf=1&csrf=2'], ['/upstream/saml/acs', 'SAMLResponse=1&SAMLResponse=2'], ['/oidc/end_session', 'state=1&state=2']])
    check((await post(path, body)).status === 400, path);
});

await test('parameters of a POST come from its body alone', async () => {
  const url = new URL(service.authorizeUrl());
  isPage(await post(url.pathname + url.search, ''), 'authorize with its parameters in the query of a POST');
  isPage(await post('/oidc/authorize?redirect_uri=http://evil.example/', new URLSearchParams({ ...Object.fromEntries(url.searchParams), redirect_uri: 'http://evil.example/' }).toString()), 'redirect_uri');
  const sent = await post('/oidc/authorize?redirect_uri=http://evil.example/&client_id=posti', url.searchParams.toString());
  check(sent.status === 303 && sent.headers.location.startsWith('/oidc/go?login='), `${sent.status} ${sent.headers.location}`);
  const c = await code();
  refuses(await post(`/oidc/token?${new URLSearchParams({ grant_type: 'authorization_code', code: c, redirect_uri: service.redirect, code_verifier: service.verifier })}`, '', service.basic()), 400, 'invalid_request', 'token');
  check((await service.redeem(c)).status === 200, 'the code was spent by a request that named it in the query');
});

await test('what is asked is checked, and the answer goes to the service with state and iss', async () => {
  const asked = [
    ['response_type', undefined, 'invalid_request'], ['response_type', '', 'invalid_request'], ['response_type', 'token', 'unsupported_response_type'], ['response_type', 'id_token', 'unsupported_response_type'],
    ['response_type', 'code id_token', 'unsupported_response_type'], ['response_type', 'code token', 'unsupported_response_type'], ['response_type', 'none', 'unsupported_response_type'], ['response_type', 'CODE', 'unsupported_response_type'], ['response_type', 'code code', 'unsupported_response_type'],
    ['response_mode', 'FORM_POST', 'invalid_request'], ['response_mode', 'web_message', 'invalid_request'], ['response_mode', 'query.', 'invalid_request'], ['response_mode', '', 'invalid_request'],
    ['scope', undefined, 'invalid_scope'], ['scope', '', 'invalid_scope'], ['scope', 'profile', 'invalid_scope'], ['scope', 'OPENID', 'invalid_scope'], ['scope', 'openid,profile', 'invalid_scope'], ['scope', 'openid\tprofile', 'invalid_scope'],
    ['request', 'eyJhbGciOiJub25lIn0.e30.', 'request_not_supported'], ['request', '', 'invalid_request_object'], ['request_uri', 'https://evil.example/r', 'request_uri_not_supported'], ['request_uri', 'urn:ietf:params:oauth:request_uri:x', 'invalid_request_uri'], ['display', 'POPUP', 'invalid_request'], ['display', '', 'invalid_request'], ['claims', 'name', 'invalid_request'], ['claims', '{"userinfo":[]}', 'invalid_request'], ['resource', 'x', 'invalid_target'], ['resource', 'https://x.example/#y', 'invalid_target'], ['dpop_jkt', 'x', 'invalid_request'], ['registration', '{}', 'registration_not_supported'],
    ['prompt', 'none login', 'invalid_request'], ['prompt', 'login none', 'invalid_request'], ['prompt', 'none none', 'invalid_request'], ['prompt', 'NONE', 'invalid_request'], ['prompt', 'create', 'invalid_request'],
    ['max_age', '-1', 'invalid_request'], ['max_age', 'x', 'invalid_request'], ['max_age', '', 'invalid_request'], ['max_age', '1.5', 'invalid_request'], ['max_age', '99999999999999999999', 'invalid_request'], ['max_age', ' 1', 'invalid_request'], ['max_age', '0x10', 'invalid_request'],
    ['code_challenge', undefined, 'invalid_request'], ['code_challenge', '', 'invalid_request'], ['code_challenge', 'short', 'invalid_request'], ['code_challenge', 'a'.repeat(44), 'invalid_request'], ['code_challenge', 'a'.repeat(42) + '=', 'invalid_request'],
    ['code_challenge_method', undefined, 'invalid_request'], ['code_challenge_method', 'plain', 'invalid_request'], ['code_challenge_method', 's256', 'invalid_request'], ['code_challenge_method', '', 'invalid_request'],
    ['id_token_hint', 'nonsense', 'invalid_request'], ['nonce', 'n'.repeat(2000), 'invalid_request'],
  ];
  for (const [name, value, error] of asked) {
    const res = await ask(service, { [name]: value });
    const at = new URL(res.headers.location ?? 'x:?', g.url);
    check(res.status === 303 && res.headers.location?.startsWith(service.redirect + '?') && at.searchParams.get('error') === error, `${name}=${value}: ${res.status} ${res.headers.location}`);
    check(at.searchParams.get('state') === service.state && at.searchParams.get('iss') === g.url && !at.searchParams.get('code'), `${name}=${value}: ${res.headers.location}`);
    described(at.searchParams.get('error_description'), name === 'registration' || name === 'request' ? name : new RegExp(value === undefined && name === 'code_challenge_method' ? 'code_challenge_method' : name === 'code_challenge_method' || name === 'code_challenge' ? 'code_challenge' : name));
  }
  for (const [name, value] of [['display', 'popup'], ['display', 'page'], ['claims_locales', 'fi'], ['ui_locales', 'xx de'], ['acr_values', 'urn:x'], ['claims', '{"userinfo":{"name":{"essential":true}}}'], ['login_hint', '<script>'], ['unknown', 'x'], ['nonce', undefined], ['state', undefined], ['state', ''],
    ['prompt', 'consent'], ['prompt', 'none'], ['prompt', ''], ['max_age', '10000'], ['max_age', '9223372036854775807'], ['response_mode', 'query'], ['resource', 'https://x.example']])
    check((await code(service, { [name]: value })).length > 40, name);
});

await test('max_age=0 asks for a new sign-in, as prompt=login does; a session that is old enough is not asked', async () => {
  for (const extra of [{ max_age: '0' }, { prompt: 'login' }, { prompt: 'select_account' }]) {
    const res = await ask(service, extra);
    check(res.status === 303 && res.headers.location.startsWith('/sign-in'), `${JSON.stringify(extra)}: ${res.headers.location}`);
  }
  check(errorOf(await ask(service, { max_age: '0', prompt: 'none' })) === 'login_required', 'max_age=0 with prompt=none');
});

await test('unknown and switched-off services, and those without a place to answer to, get a page that repeats no markup', async () => {
  for (const id of [undefined, '', 'none', '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', 'kielto', 'x'.repeat(3000), "kanerva'--", 'KANERVA', 'kanerva ']) {
    const res = await ask(service, { client_id: id });
    isPage(res, id);
    check(!/<script>alert|<img src=x/.test(res.text), `${id}: markup came back`);
  }
});

await test('hostile texts stay texts on every page that shows one', async () => {
  const bad = '"\'><svg onload=alert(1)>{{7*7}}';
  const fresh = new Agent();
  const begun = await fresh.once('GET', service.authorizeUrl({ login_hint: bad, ui_locales: 'fi' }));
  const at = new URL(begun.headers.location, g.url);
  const pages = [`/sign-in${at.search}&q=${encodeURIComponent(bad)}`, `/sign-in${at.search}&q=x&n=${encodeURIComponent(bad)}`, `/sign-in${at.search}&help=1`, `/sign-in/local${at.search}&idp=oulu`,
    `/sign-in?login=${encodeURIComponent(bad)}`, `/?q=${encodeURIComponent(bad)}`, `/?school=${encodeURIComponent(bad)}`, `/open/none`, `/oidc/authorize?client_id=${encodeURIComponent(bad)}`,
    `/oidc/end_session?state=${encodeURIComponent(bad)}&post_logout_redirect_uri=${encodeURIComponent(bad)}&id_token_hint=${encodeURIComponent(bad)}`, `/upstream/oidc/oulu?error=${encodeURIComponent(bad)}&error_description=${encodeURIComponent(bad)}&state=${encodeURIComponent(bad)}`,
    `/lang?to=${encodeURIComponent(bad)}`, `/upstream/saml/go?a=${encodeURIComponent(bad)}`];
  for (const who of [agent, fresh])
    for (const p of pages) {
      const res = await who.once('GET', g.url + p);
      check(!/<svg onload|<script(?! src="\/static\/)/i.test(res.text), `${p}: markup came back`);
      check(/default-src 'none'/.test(res.headers['content-security-policy']) && !/unsafe-inline/.test(res.headers['content-security-policy']), `${p}: ${res.headers['content-security-policy']}`);
    }
  const wrong = await fresh.once('POST', g.url + '/sign-in/local', { form: { login: at.searchParams.get('login'), idp: 'oulu', username: bad, password: 'x' } });
  check(wrong.status === 200 && !/<svg onload/.test(wrong.text), `${wrong.status}`);
});

await test('no redirect of ours leads to an address of somebody else', async () => {
  for (const back of ['//evil.example', '/\\evil.example', 'https://evil.example', '\\\\evil.example', '/\t/evil.example', 'javascript:alert(1)', '/%09/evil.example', 'evil.example', '/..//evil.example', '/\u0000/evil.example', '%2f%2fevil.example', '///evil.example']) {
    const res = await raw(`/lang?to=sv&back=${encodeURIComponent(back)}`);
    const at = res.headers.location;
    check(res.status === 400 || (at.startsWith('/') && new URL(at, g.url).host === new URL(g.url).host), `${back}: ${at}`);
  }
  for (const path of ['/open/..%2f..%2fevil', '/open//evil.example', '/open/kanerva%2f..', '/open/', '//evil.example/', '/open/kanerva?x=//evil.example'])
    check(!/evil/.test((await raw(path)).headers.location ?? ''), path);
  for (const uri of [`${service.redirect}/out/`, `${service.redirect}/out?x=1`, 'https://evil.example', '//evil.example', service.redirect])
    check(!(await new Agent().once('GET', `${g.url}/oidc/end_session?${new URLSearchParams({ post_logout_redirect_uri: uri, client_id: 'kanerva' })}`)).headers.location, uri);
});

await test('an answer from the city finds nothing in another browser, and no login of another kind', async () => {
  const victim = new Agent(), thief = new Agent();
  const login = async (a) => new URL((await a.once('GET', service.authorizeUrl())).headers.location, g.url).searchParams.get('login');
  const his = await login(victim);
  await login(thief);
  for (const path of [`/sign-in?login=${his}`, `/oidc/go?login=${his}`, `/sign-in/local?login=${his}&idp=oulu`])
    check((await thief.once('GET', g.url + path)).status === 400, path);
  check((await thief.once('POST', g.url + '/sign-in/local', { form: { login: his, idp: 'oulu', username: 'anna', password: 'salasana-anna' } })).status === 400, 'another browser finished the login');
  check(!thief.cookieHeader(new URL(g.url)).includes('digione='), 'and was signed in');
});

await test('the redirect address is looked up again when the answer goes out', async () => {
  const late = new Agent();
  const begun = await late.get(posti.authorizeUrl(), posti.until());
  const page = await late.submit(begun, { idp: 'oulu' }, (f) => f.buttons.some((b) => b.value === 'oulu'), posti.until());
  const before = g.cli('export', '-c', g.config).stdout;
  g.import(before.replace('http://posti.localhost/cb', 'http://posti.localhost/new'));
  await until('the new address is live', async () => errorOf(await ask(posti, { prompt: 'none', redirect_uri: 'http://posti.localhost/new' })) === null &&
    (await ask(posti, { redirect_uri: 'http://posti.localhost/new' })).status === 303);
  const res = await late.submit(page, { username: 'anna', password: 'salasana-anna' }, (f) => 'password' in f.fields, posti.until());
  g.import(before);
  check(!res.next, `the answer went to ${res.next}`);
  check(res.status === 400, `${res.status}`);
  await until('the old address is live again', async () => (await ask(posti)).status === 303);
});

await test('a service proves itself in the one way that its row says', async () => {
  const grant = (s, c) => ({ grant_type: 'authorization_code', code: c, redirect_uri: s.redirect, code_verifier: s.verifier });
  const basic = (id, pw) => ({ Authorization: 'Basic ' + Buffer.from(`${id}:${pw}`).toString('base64') });
  const none = 'x';
  refuses(await service.post('/oidc/token', { ...grant(service, none), client_id: 'kanerva', client_secret: secret }), 401, 'invalid_client', 'post instead of basic');
  refuses(await posti.post('/oidc/token', grant(posti, none), basic('posti', secret)), 401, 'invalid_client', 'basic instead of post');
  refuses(await avain.post('/oidc/token', grant(avain, none), basic('avain', secret)), 401, 'invalid_client', 'basic instead of private_key_jwt');
  refuses(await hilla.post('/oidc/token', grant(hilla, none), basic('hilla', '')), 401, 'invalid_client', 'basic of a public service');
  refuses(await service.post('/oidc/token', { ...grant(service, none), client_id: 'kanerva' }), 401, 'invalid_client', 'no proof');
  refuses(await service.post('/oidc/token', { ...grant(service, none), client_id: 'kanerva', client_secret: secret }, service.basic()), 400, 'invalid_request', 'two ways at once');
  refuses(await service.post('/oidc/token', { ...grant(service, none), client_id: 'posti' }, service.basic()), 400, 'invalid_request', 'two client_ids');
  refuses(await service.post('/oidc/token', grant(service, none), { Authorization: 'Bearer x' }), 401, 'invalid_client', 'Bearer');
  refuses(await service.post('/oidc/token', grant(service, none), basic('none', secret)), 401, 'invalid_client', 'unknown');
  refuses(await service.post('/oidc/token', grant(service, none), basic('kielto', secret)), 401, 'invalid_client', 'switched off');
  const c = await code(posti, { code_challenge: undefined, code_challenge_method: undefined });
  const got = await posti.post('/oidc/token', { grant_type: 'authorization_code', code: c, redirect_uri: posti.redirect, client_id: 'posti', client_secret: secret });
  check(got.status === 200, `client_secret_post: ${got.status} ${got.text}`);
  const open = await code(hilla);
  check((await hilla.post('/oidc/token', { ...grant(hilla, open), client_id: 'hilla' })).status === 200, 'a public service');
  const odd = known('odd.id_1', 'http://odd.localhost/cb', 'sä%+: &=\\ €cret-of-the-test');
  check((await odd.redeem(await code(odd))).status === 200, 'Basic with what must be escaped');
});

await test('a service whose row names no way sends its secret by Basic or in the body, and needs no PKCE', async () => {
  const grant = (c) => ({ grant_type: 'authorization_code', code: c, redirect_uri: kumpi.redirect });
  const plain = { code_challenge: undefined, code_challenge_method: undefined };
  const one = await kumpi.post('/oidc/token', grant(await code(kumpi, plain)), kumpi.basic());
  check(one.status === 200, `Basic: ${one.text}`);
  await kumpi.verify(JSON.parse(one.text).id_token); // RS256
  const two = await kumpi.post('/oidc/token', { ...grant(await code(kumpi, plain)), client_id: 'kumpi', client_secret: secret });
  check(two.status === 200, `in the body: ${two.text}`);
  refuses(await kumpi.post('/oidc/token', { ...grant('x'), client_id: 'kumpi', client_secret: secret }, kumpi.basic()), 400, 'invalid_request', 'both');
  refuses(await kumpi.post('/oidc/token', { ...grant('x'), client_id: 'kumpi' }), 401, 'invalid_client', 'neither');
  refuses(await kumpi.post('/oidc/token', { ...grant('x'), client_id: 'kumpi', client_secret: 'wrong' }), 401, 'invalid_client', 'a wrong one in the body');
  // Whoever has sent a challenge is held to it.
  refuses(await kumpi.post('/oidc/token', grant(await code(kumpi)), kumpi.basic()), 400, 'invalid_grant', 'a challenge without a verifier');
  refuses(await kumpi.post('/oidc/token', { ...grant(await code(kumpi)), code_verifier: 'x'.repeat(43) }, kumpi.basic()), 400, 'invalid_grant', 'another verifier');
  check((await kumpi.redeem(await code(kumpi))).status === 200, 'its own verifier');
  check(errorOf(await ask(hilla, plain)) === 'invalid_request', 'a public service without PKCE');
});

await test('the log tells a service that nobody knows from one with a wrong secret; whoever asks hears no difference', async () => {
  const basic = (id, pw) => ({ Authorization: 'Basic ' + Buffer.from(`${id}:${pw}`).toString('base64') });
  const told = async (id, pw, form = {}) => {
    const res = await service.post('/oidc/token', { grant_type: 'authorization_code', code: 'x', ...form }, id === null ? {} : basic(id, pw));
    refuses(res, 401, 'invalid_client', id);
    const words = JSON.parse(res.text).error_description;
    return { words: words.replace(/[A-Z2-9]{8}$/, ''), ...described(words, 'client_id') };
  };
  const unknown = await told('ei-ole', 'x'), wrong = await told('kanerva', 'x'), other = await told('posti', secret), off = await told('kielto', secret);
  check(/unknown service/.test(unknown.why) && unknown.service_named === 'ei-ole' && unknown.service === '-', JSON.stringify(unknown));
  check(/wrong secret/.test(wrong.why) && wrong.service === 'kanerva', JSON.stringify(wrong));
  check(/client_secret_basic, its row says client_secret_post/.test(other.why) && other.service === 'posti', JSON.stringify(other));
  check(/switched off/.test(off.why) && off.service === 'kielto', JSON.stringify(off));
  check(new Set([unknown.words, wrong.words, other.words, off.words]).size === 1, 'the answers differ');
  const none = await told(null, '', { client_id: 'ei-ole', client_secret: 'x' });
  check(/unknown service/.test(none.why) && none.service_named === 'ei-ole', JSON.stringify(none));
});

await test('every error says in words what was wrong, and under which code the log has more', async () => {
  const form = { grant_type: 'authorization_code', code: 'x', redirect_uri: service.redirect };
  const says = (res) => JSON.parse(res.text).error_description;
  for (const [what, res] of [['grant_type', await service.post('/oidc/token', { ...form, grant_type: 'pass"w\u00f6rd\\' }, service.basic())], ['code', await service.redeem('x')], ['redirect_uri', await service.redeem(await code(), { redirect_uri: 'x:' })],
    ['code_verifier', await service.redeem(await code(), { code_verifier: 'x' })], ['client_id', await post('/oidc/token', 'grant_type=authorization_code')], ['Authorization', await post('/oidc/token', '', { Authorization: 'Basic !' })]])
    described(says(res), what);
  check(described(says(await service.redeem('x')), 'code').service === 'kanerva', 'the line names the row');
  for (const [what, res] of [['access token', await service.userinfo('x')], ['access_token', await raw('/oidc/userinfo?access_token=x')], ['access_token', await post('/oidc/userinfo', 'access_token=x', { Authorization: 'Bearer x' })]]) {
    described(says(res), what);
    check(res.headers['www-authenticate'].includes(`error_description="${says(res)}"`) && res.headers['www-authenticate'].includes(`error="${JSON.parse(res.text).error}"`), res.headers['www-authenticate']);
  }
  check(!/error/.test((await raw('/oidc/userinfo')).headers['www-authenticate']), 'who brings nothing hears of no error [RFC 6750 3.1]');
  const page = await ask(service, { redirect_uri: 'http://evil.example/call-0700-123' });
  check(/redirect_uri is not one that the service has registered/.test(page.text) && !/0700-123/.test(page.text), 'the page says the rule, and nothing of what came');
  const lines = g.logText();
  check(/"why":"[^"]*unknown service[^}]*"service_named":"nobody-at-all"/.test((await ask(service, { client_id: 'nobody-at-all' }), g.logText())), 'an unknown client_id has its line');
  check(lines.length > 0, 'a log');
});

await test('an answer goes as a form, where the service asks for one', async () => {
  const form = (res, s) => {
    check(res.status === 200 && !res.headers.location, `${res.status} ${res.headers.location}`);
    const f = forms(res.text).find((one) => one.action === s.redirect);
    check(f && f.method === 'post' && f.fields.state === s.state && f.fields.iss === g.url, res.text);
    check(res.headers['cache-control'] === 'no-store' && /script-src 'self'/.test(res.headers['content-security-policy']), JSON.stringify(res.headers));
    return f.fields;
  };
  const got = form(await ask(service, { response_mode: 'form_post' }), service);
  check((await service.redeem(got.code)).status === 200, 'its code is good');
  const hostile = form(await ask(service, { response_mode: 'form_post', state: (service.state, '"><svg onload=alert(1)>') }), { ...service, redirect: service.redirect, state: '"><svg onload=alert(1)>' });
  check(hostile.code, 'state comes back as it was');
  const wrong = form(await ask(service, { response_mode: 'form_post', response_type: 'token' }), service);
  check(wrong.error === 'unsupported_response_type' && !wrong.code, JSON.stringify(wrong));
  described(wrong.error_description, 'response_type');
  check(form(await ask(service, { response_mode: 'form_post', prompt: 'none', max_age: '0' }), service).error === 'login_required', 'prompt=none');
  check(errorOf(await ask(hilla, { response_mode: 'form_post', redirect_uri: 'fi.hilla.app:/cb' })) === 'invalid_request', 'an app takes no POST');
  // Through a sign-in: the wish is kept with the login.
  const fresh = new Agent();
  let page = await fresh.get(service.authorizeUrl({ response_mode: 'form_post' }));
  page = await fresh.submit(page, { idp: 'oulu' }, (f) => f.buttons.some((b) => b.value === 'oulu'));
  page = await fresh.submit(page, { username: 'anna', password: 'salasana-anna' }, (f) => 'password' in f.fields);
  check((await service.redeem(form(page, service).code)).status === 200, 'after a sign-in');
});

const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
const sign = (header, claims, key = keys.privateKey) => {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${crypto.sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
await test('client assertions: ours alone, once, short-lived, by the registered key', async () => {
  const now = () => Math.floor(Date.now() / 1000);
  const claims = (more) => ({ iss: 'avain', sub: 'avain', aud: g.url, jti: crypto.randomUUID(), iat: now(), exp: now() + 60, ...more });
  const send = async (assertion, more = {}) => avain.post('/oidc/token', { grant_type: 'authorization_code', code: await code(avain), redirect_uri: avain.redirect, code_verifier: avain.verifier,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion, ...more });
  const header = { alg: 'ES256', kid: 'k1' };
  const good = sign(header, claims());
  check((await send(good)).status === 200, 'a good one');
  refuses(await send(good), 401, 'invalid_client', 'the same again');
  for (const aud of [`${g.url}/oidc/token`, [g.url]])
    check((await send(sign(header, claims({ aud })))).status === 200, `aud ${aud}`);
  for (const [what, bad] of Object.entries({
    'another aud': claims({ aud: 'https://evil.example' }), 'us and another aud': claims({ aud: [g.url, 'https://other.example'] }), 'no aud': claims({ aud: undefined }), expired: claims({ exp: now() - 120, iat: now() - 200 }), 'no exp': claims({ exp: undefined }), 'two hours': claims({ exp: now() + 7200 }),
    'another sub': claims({ sub: 'kanerva' }), 'another iss': claims({ iss: 'kanerva' }), 'no jti': claims({ jti: undefined }), 'not yet': claims({ nbf: now() + 600 }) }))
    refuses(await send(sign(header, bad)), 401, 'invalid_client', what);
  const other = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  refuses(await send(sign(header, claims(), other.privateKey)), 401, 'invalid_client', 'another key');
  refuses(await send(sign({ ...header, jwk: other.publicKey.export({ format: 'jwk' }) }, claims(), other.privateKey)), 401, 'invalid_client', 'a key that it brings');
  refuses(await send(`${part({ alg: 'none' })}.${part(claims())}.`), 401, 'invalid_client', 'none');
  refuses(await send(sign(header, claims()), { client_assertion_type: 'x' }), 401, 'invalid_client', 'another type');
  refuses(await send(sign(header, claims()), { client_secret: secret }), 400, 'invalid_request', 'two ways');
  refuses(await send(sign(header, claims()), { client_id: 'kanerva' }), 401, 'invalid_client', 'another client_id');
  const { tokens } = await service.finish((await service.begin(agent)).answer);
  refuses(await send(tokens.access_token), 401, 'invalid_client', 'an access token');
  refuses(await send(tokens.id_token), 401, 'invalid_client', 'an ID token');
});

await test('a code is bound to service, address and verifier, and spent by a wrong try', async () => {
  const wrong = async (what, change) => {
    const c = await code();
    const keep = service.verifier;
    refuses(await change(c), 400, 'invalid_grant', what);
    service.verifier = keep;
    refuses(await service.redeem(c), 400, 'invalid_grant', `${what}: not spent`);
  };
  await wrong('another service', (c) => posti.post('/oidc/token', { grant_type: 'authorization_code', code: c, redirect_uri: service.redirect, code_verifier: service.verifier, client_id: 'posti', client_secret: secret }));
  await wrong('no redirect_uri', (c) => service.post('/oidc/token', { grant_type: 'authorization_code', code: c, code_verifier: service.verifier }, service.basic()));
  await wrong('another redirect_uri', (c) => service.redeem(c, { redirect_uri: 'http://posti.localhost/cb' }));
  await wrong('no verifier', (c) => service.post('/oidc/token', { grant_type: 'authorization_code', code: c, redirect_uri: service.redirect }, service.basic()));
  await wrong('an empty verifier', (c) => service.redeem(c, { code_verifier: '' }));
  await wrong('the challenge as verifier', (c) => service.redeem(c, { code_verifier: crypto.createHash('sha256').update(service.verifier).digest('base64url') }));
  const without = await code(posti, { code_challenge: undefined, code_challenge_method: undefined });
  refuses(await posti.post('/oidc/token', { grant_type: 'authorization_code', code: without, redirect_uri: posti.redirect, code_verifier: 'x'.repeat(43), client_id: 'posti', client_secret: secret }), 400, 'invalid_grant', 'a verifier without a challenge');
  for (const c of ['', 'x', 'x'.repeat(64), (await code()).slice(1), `${await code()}=`, 'é', 'a'.repeat(20000)])
    check((await service.redeem(c)).status === 400, JSON.stringify(c.slice(0, 70)));
  for (const [type, error] of [['password', 'unsupported_grant_type'], ['client_credentials', 'unauthorized_client'], ['refresh_token', 'unauthorized_client'], ['urn:ietf:params:oauth:grant-type:saml2-bearer', 'unsupported_grant_type'], ['implicit', 'unsupported_grant_type'], ['', 'invalid_request']])
    refuses(await service.redeem('x', { grant_type: type }), 400, error, type);
});

await test('a hundred at once redeem one code once', async () => {
  const c = await code();
  const all = await Promise.all(Array.from({ length: 100 }, () => service.redeem(c)));
  check(all.filter((r) => r.status === 200).length === 1, `${all.filter((r) => r.status === 200).length} succeeded`);
  const token = JSON.parse(all.find((r) => r.status === 200).text).access_token;
  await until('its token has ended', async () => (await service.userinfo(token)).status === 401, 2000);
});

await test('userinfo takes an access token, once, in one way, and nothing else', async () => {
  const { tokens } = await service.finish((await service.begin(agent)).answer);
  const at = tokens.access_token;
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) check((await raw('/oidc/userinfo', { headers: { Authorization: `${scheme} ${at}` } })).status === 200, scheme);
  check((await post('/oidc/userinfo', '', { Authorization: `Bearer ${at}` })).status === 200, 'POST');
  check((await post('/oidc/userinfo', `access_token=${at}`)).status === 200, 'POST with the token in its body');
  refuses(await post('/oidc/userinfo', `access_token=${at}`, { Authorization: `Bearer ${at}` }), 400, 'invalid_request', 'two ways');
  refuses(await raw(`/oidc/userinfo?access_token=${at}`), 400, 'invalid_request', 'in the query');
  refuses(await raw(`/oidc/userinfo?access_token=${at}`, { headers: { Authorization: `Bearer ${at}` } }), 400, 'invalid_request', 'in the query as well');
  refuses(await post(`/oidc/userinfo?access_token=${at}`, `access_token=${at}`), 400, 'invalid_request', 'in query and body');
  for (const bad of [tokens.id_token, await code(), at.slice(1), `${at}x`, at.toUpperCase(), 'x', `${at} ${at}`, 'a'.repeat(4000)])
    refuses(await service.userinfo(bad), 401, 'invalid_token', bad.slice(0, 20));
  for (const h of [undefined, '', 'Bearer', 'Bearer ', `Basic ${at}`, at]) {
    const res = await raw('/oidc/userinfo', { headers: h === undefined ? {} : { Authorization: h } });
    check(res.status === 401 && /^Bearer/.test(res.headers['www-authenticate']), `${h}: ${res.status} ${res.headers['www-authenticate']}`);
  }
  // The scheme of bound tokens, which this one is none of [RFC 9449 7.1].
  const bound = await raw('/oidc/userinfo', { headers: { Authorization: `DPoP ${at}` } });
  check(bound.status === 401 && /^DPoP .*error="invalid_token"/.test(bound.headers['www-authenticate']), `${bound.status} ${bound.headers['www-authenticate']}`);
  const info = JSON.parse((await service.userinfo(at)).text);
  check(info.sub && !('email' in info) && !('edu_providers' in info && info.edu_groups), JSON.stringify(info));
});

await test('scope and claims widen nothing: what the service may not ask is left out', async () => {
  const c = await code(posti, { code_challenge: undefined, code_challenge_method: undefined, scope: 'openid profile email edu.role offline_access phone address', claims: '{"userinfo":{"family_name":{"essential":true},"email":null}}' });
  const t = JSON.parse((await posti.post('/oidc/token', { grant_type: 'authorization_code', code: c, redirect_uri: posti.redirect, client_id: 'posti', client_secret: secret, scope: 'openid email' })).text);
  check(t.scope === 'openid profile' && !t.refresh_token, JSON.stringify(t));
  const info = JSON.parse((await posti.userinfo(t.access_token)).text);
  check(Object.keys(info).sort().join() === 'given_name,sub', JSON.stringify(info));
});

await test('two services know one person by two names', async () => {
  const c = await code(posti, { code_challenge: undefined, code_challenge_method: undefined });
  const t = JSON.parse((await posti.post('/oidc/token', { grant_type: 'authorization_code', code: c, redirect_uri: posti.redirect, client_id: 'posti', client_secret: secret })).text);
  const mine = (await service.finish((await service.begin(agent)).answer)).info.sub;
  check(JSON.parse((await posti.userinfo(t.access_token)).text).sub !== mine, 'the same sub');
});

await test('id_token_hint: ours, for this service, of this person', async () => {
  const { tokens, claims } = await service.finish((await service.begin(agent)).answer);
  check((await code(service, { id_token_hint: tokens.id_token, prompt: 'none' })).length > 0, 'her own');
  const [h, p, s] = tokens.id_token.split('.');
  const altered = { ...claims, sub: 'another' };
  for (const [what, hint] of [['altered', `${h}.${part(altered)}.${s}`], ['unsigned', `${part({ alg: 'none' })}.${p}.`], ['cut', `${h}.${p}`], ['foreign', sign({ alg: 'ES256', kid: 'k1' }, claims)], ['an access token', tokens.access_token]])
    check(errorOf(await ask(service, { id_token_hint: hint, prompt: 'none' })) === 'invalid_request', what);
  check(errorOf(await ask(posti, { id_token_hint: tokens.id_token, prompt: 'none' })) === 'invalid_request', "another service's");
  const other = await signIn(service, 'otso');
  const his = (await service.finish(other.answer)).tokens.id_token;
  check(errorOf(await ask(service, { id_token_hint: his, prompt: 'none' })) === 'login_required', "another person's");
  const wrong = await signIn(service, 'anna', new Agent(), { id_token_hint: his });
  check(wrong.answer?.get('error') === 'login_required' && wrong.answer.get('state') === service.state, `somebody else signed in: ${wrong.answer}`);
});

await test('sign-out: a stranger signs nobody out, and only registered addresses are led to', async () => {
  const { agent: a, answer: at } = await signIn(service, 'anna');
  const { tokens } = await service.finish(at);
  const out = `${service.redirect}/out`;
  const end = (params, who = a) => who.once('GET', `${g.url}/oidc/end_session?${new URLSearchParams(params)}`);
  const signedIn = async () => (await a.once('GET', service.authorizeUrl({ prompt: 'none' }))).headers.location.includes('code=');
  // A cross-site POST brings no Lax cookie: its answer must leave the browser's cookies alone.
  for (const path of ['/sign-out', '/oidc/end_session']) {
    const res = await post(path, 'csrf=x&state=y', { Origin: 'https://evil.example' });
    check(![].concat(res.headers['set-cookie'] ?? []).some((c) => /digione=;|Max-Age=0/.test(c)), `${path}: ${res.headers['set-cookie']}`);
  }
  for (const params of [{}, { state: 'x' }, { post_logout_redirect_uri: out }, { post_logout_redirect_uri: out, client_id: 'kanerva' }, { id_token_hint: 'x', post_logout_redirect_uri: out }]) {
    const res = await end(params);
    check(res.status === 200 && !res.headers.location, `${JSON.stringify(params)}: ${res.status} ${res.headers.location}`);
    check(await signedIn(), `${JSON.stringify(params)}: signed out without being asked`);
  }
  const wrong = await a.once('POST', g.url + '/sign-out', { form: { csrf: 'x' } });
  check(wrong.status === 200 && await signedIn(), 'a wrong token signed out');
  const [h, p] = tokens.id_token.split('.');
  for (const [what, params] of [['query added', { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${out}?x=1` }], ['not registered', { id_token_hint: tokens.id_token, post_logout_redirect_uri: 'https://evil.example/' }]]) {
    const { agent: b, answer } = await signIn(service, 'anna');
    const own = (await service.finish(answer)).tokens.id_token;
    const res = await end({ ...params, id_token_hint: own }, b);
    check(!res.headers.location && res.status < 500, `${what}: ${res.headers.location}`);
  }
  check(!(await end({ id_token_hint: `${part({ alg: 'none' })}.${p}.`, post_logout_redirect_uri: out })).headers.location, 'an unsigned hint');
  check(await signedIn(), 'an unsigned hint signed out');
  const done = await end({ id_token_hint: tokens.id_token, post_logout_redirect_uri: out, state: 'a b&c' });
  check(done.status === 303 && done.headers.location === `${out}?state=a%20b%26c`, `${done.status} ${done.headers.location}`);
  check(!(await signedIn()), 'still signed in');
  const again = await end({ id_token_hint: tokens.id_token, post_logout_redirect_uri: out });
  check(again.headers.location === out, 'without a session and without state');
});

await test('sign-out by client_id alone: the person is asked, and then led back to a registered address', async () => {
  const { agent: a } = await signIn(service, 'anna');
  const out = `${service.redirect}/out`;
  const end = (params, who = a) => who.once('GET', `${g.url}/oidc/end_session?${new URLSearchParams(params)}`);
  const asked = await end({ client_id: 'kanerva', post_logout_redirect_uri: out, state: 'x y' });
  check(asked.status === 200 && /Kanerva/.test(asked.text) && !asked.headers.location, `${asked.status} ${asked.headers.location}`);
  const done = await a.submit(asked, {}, (f) => f.action.endsWith('/sign-out') && 'state' in f.fields, { until: () => true });
  check(done.next === `${out}?state=x%20y`, `${done.status} ${done.next}`);
  check(errorOf(await a.once('GET', service.authorizeUrl({ prompt: 'none' }))) === 'login_required', 'still signed in');
  const nobody = await end({ client_id: 'kanerva', post_logout_redirect_uri: out }, new Agent());
  check(nobody.status === 200 && nobody.text.includes(`href="${out}"`), 'nobody is signed in: a link leads back');
  for (const [id, uri] of [['posti', out], ['none', out], ['kielto', out], ['kanerva', `${out}/x`], ['kumpi', out]]) {
    const res = await end({ client_id: id, post_logout_redirect_uri: uri }, new Agent());
    check(!res.text.includes(`href="${uri}"`) && !res.headers.location, `${id} ${uri}`);
  }
});

await test('a faulty sign-out request leaves a line, and its page says what is wrong', async () => {
  const { tokens } = await service.finish((await service.begin(agent)).answer);
  const out = `${service.redirect}/out`;
  for (const [what, params, row, named] of [
    ['post_logout_redirect_uri', { client_id: 'kanerva', post_logout_redirect_uri: 'https://evil.example/0700-123' }, 'kanerva', 'kanerva'],
    ['post_logout_redirect_uri', { post_logout_redirect_uri: out }, '-', '-'],
    ['post_logout_redirect_uri', { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${out}?x` }, 'kanerva', '-'],
    ['id_token_hint', { id_token_hint: 'x', post_logout_redirect_uri: out }, '-', '-'],
    ['id_token_hint', { id_token_hint: `${tokens.id_token}x` }, '-', '-'],
    ['client_id', { id_token_hint: tokens.id_token, client_id: 'posti' }, '-', 'posti'],
    ['client_id', { client_id: 'ei-ole', post_logout_redirect_uri: out }, '-', 'ei-ole']]) {
    const res = await new Agent().once('GET', `${g.url}/oidc/end_session?${new URLSearchParams(params)}`);
    const text = /<p lang="en">([^<]+)<\/p>/.exec(res.text)?.[1];
    const line = described(text, what);
    check(line.event === 'end_session.faulty' && line.service === row && line.service_named === named && line.why.includes(what), JSON.stringify(line));
    check(!/0700-123/.test(res.text) && !res.headers.location, 'what came is not shown');
  }
  const before = g.logText().split('end_session.faulty').length;
  await new Agent().once('GET', `${g.url}/oidc/end_session`);
  await new Agent().once('GET', `${g.url}/oidc/end_session?client_id=kanerva`);
  check(g.logText().split('end_session.faulty').length === before, 'a request without fault leaves none');
});

await test('cross-origin browsers may read what they need, and no endpoint that has a session', async () => {
  const origin = { Origin: 'https://app.example' };
  for (const path of ['/.well-known/openid-configuration', '/oidc/jwks', '/oidc/userinfo'])
    check((await raw(path, { headers: origin })).headers['access-control-allow-origin'] === '*', `GET ${path}`);
  check((await post('/oidc/token', '', origin)).headers['access-control-allow-origin'] === '*', 'POST /oidc/token');
  for (const [path, method] of [['/oidc/token', 'POST'], ['/oidc/userinfo', 'GET'], ['/.well-known/openid-configuration', 'GET'], ['/oidc/jwks', 'GET']]) {
    const res = await raw(path, { method: 'OPTIONS', headers: { ...origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'authorization' } });
    check(res.status === 204 && res.headers['access-control-allow-origin'] === '*' && res.headers['access-control-allow-methods'].includes(method) && /authorization/i.test(res.headers['access-control-allow-headers']), `OPTIONS ${path}: ${res.status} ${JSON.stringify(res.headers)}`);
    check(!res.headers['access-control-allow-credentials'], path);
  }
  for (const path of ['/', '/oidc/authorize', '/sign-in', '/oidc/end_session', '/sign-out', '/open/kanerva', '/oidc/go']) {
    check(!(await raw(path, { headers: origin })).headers['access-control-allow-origin'], path);
    const res = await raw(path, { method: 'OPTIONS', headers: { ...origin, 'Access-Control-Request-Method': 'GET' } });
    check(res.status === 405 && !res.headers['access-control-allow-origin'], `OPTIONS ${path}: ${res.status}`);
  }
  for (const path of ['/.well-known/openid-configuration', '/oidc/jwks', '/sign-in'])
    check((await raw(path, { method: 'HEAD' })).status === (await raw(path)).status, `HEAD ${path}`);
  for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'])
    check((await raw('/oidc/token', { method })).status === 405, method);
});

await test('forms come as forms: another content type is no form', async () => {
  const c = await code();
  const form = new URLSearchParams({ grant_type: 'authorization_code', code: c, redirect_uri: service.redirect, code_verifier: service.verifier }).toString();
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', ''])
    refuses(await post('/oidc/token', type === 'application/json' ? JSON.stringify({ grant_type: 'authorization_code', code: c }) : form, { ...service.basic(), 'Content-Type': type }), 400, 'invalid_request', type);
  check((await post('/oidc/token', form, { ...service.basic(), 'Content-Type': 'Application/X-WWW-Form-URLencoded; charset=UTF-8' })).status === 200, 'with a charset');
});

await test('forwarded headers of strangers change nothing', async () => {
  const plain = (await raw('/.well-known/openid-configuration')).text;
  for (const headers of [{ 'X-Forwarded-Host': 'evil.example' }, { 'X-Forwarded-Proto': 'https' }, { Forwarded: 'host=evil.example;proto=https' }, { 'X-Original-URL': '/metrics' }, { 'X-Rewrite-URL': '/metrics' }, { 'X-Forwarded-Prefix': '/evil' }]) {
    const res = await raw('/.well-known/openid-configuration', { headers });
    check(res.status === 200 && res.text === plain, JSON.stringify(headers));
    const gone = await raw('/', { headers });
    check(!/evil/.test(gone.headers.location ?? '') && !/__Host-/.test(String(gone.headers['set-cookie'])), JSON.stringify(headers));
  }
  check((await raw('/metrics', { headers: { 'X-Forwarded-For': '127.0.0.1' } })).status === 404, 'the operators’ door');
  check((await raw('/.well-known/openid-configuration', { host: 'evil.example' })).text === plain, 'Host');
});

await test('broken cookies are no cookies: hundreds of them', async () => {
  const good = agent.cookieHeader(new URL(g.url));
  const own = good.split('; ').find((c) => c.startsWith('digione='));
  const words = ['', '=', ';', ';;', '=;', 'digione', 'digione=', 'digione="', 'digione=x', `${own}x`, own.slice(0, -1), own.toUpperCase(), `${own}; ${own}`, `${own}; digione=x`, `digione=x; ${own}`, own.replace('=', ' = '),
    `digione=${'A'.repeat(43)}`, `digione=${'A'.repeat(8000)}`, `login-=x`, `login-${'A'.repeat(22)}=${'A'.repeat(700)}`, 'login-x=; login-x=', 'lang=xx', 'lang=<script>', 'idp=../../etc', 'shared=2', '__Host-digione=x', '$Version=1; digione=x', 'digione=é', 'digione=\x80\xff', `a=${'b'.repeat(20000)}`];
  for (let i = 0; i < 300; i++) words.push(`${['digione', 'login-', 'lang', 'idp', 'shared', 'x'][i % 6]}${i % 7 ? '' : i}=${crypto.randomBytes(i % 60).toString(['base64url', 'hex', 'latin1'][i % 3]).replace(/[\x00-\x1f\x7f]/g, '~')}`);
  words.push(Array.from({ length: 65 }, (_, i) => `c${i}=1`).join('; '), Array.from({ length: 64 }, (_, i) => `login-${i}=1`).join('; '));
  for (const w of words) {
    for (const path of ['/', '/oidc/authorize?' + new URL(service.authorizeUrl()).searchParams]) {
      const res = await raw(path, { headers: { Cookie: w } }).catch((e) => { throw new Error(`${JSON.stringify(w.slice(0, 60))} (${w.length}) at ${path.slice(0, 20)}: ${e.message}`); });
      check([303, 200, 400, 431].includes(res.status) && !(res.headers.location ?? '').includes('code='), `${JSON.stringify(w.slice(0, 100))} at ${path}: ${res.status} ${res.headers.location}`);
    }
  }
});

await test('twenty tabs at once: each comes to its own service, whichever is finished first', async () => {
  const tabs = new Agent();
  const begun = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    const s = known('kanerva');
    s.redirect = service.redirect;
    const res = await tabs.once('GET', s.authorizeUrl({ state: `tab-${i}` }));
    return { s, i, at: new URL(res.headers.location, g.url).href };
  }));
  for (const { i, at } of begun.reverse()) {
    let page = await tabs.get(at);
    check(page.status === 200, `tab ${i}: ${page.status}`);
    page = await tabs.submit(page, { idp: 'oulu' }, (f) => f.buttons.some((b) => b.value === 'oulu'), service.until());
    const res = page.next ? page : await tabs.submit(page, { username: 'anna', password: 'salasana-anna' }, (f) => 'password' in f.fields, service.until());
    check(res.next && new URL(res.next).searchParams.get('state') === `tab-${i}`, `tab ${i}: ${res.next}`);
  }
});

await test('two hundred tabs, twenty-five at a time: no dead end', async () => {
  const tabs = new Agent();
  const all = [];
  for (let i = 0; i < 200; i += 25)
    all.push(...await Promise.all(Array.from({ length: 25 }, () => tabs.once('GET', known('kanerva').authorizeUrl()))));
  check(all.every((r) => r.status === 303), `${all.filter((r) => r.status !== 303).map((r) => r.status)}`);
  const n = tabs.cookieHeader(new URL(g.url)).split('; ').filter((c) => c.startsWith('login-')).length;
  const { answer } = await signIn(service, 'anna', tabs);
  check(answer?.get('code'), `with ${n} logins in flight, a new one found no way`);
});

await test('back and reload at every step lead on, or to a fresh start', async () => {
  const a = new Agent();
  const begin = await a.once('GET', service.authorizeUrl());
  const picker = new URL(begin.headers.location, g.url).href;
  for (let i = 0; i < 2; i++) check((await a.once('GET', picker)).status === 200, 'the picker, reloaded');
  let page = await a.get(picker);
  page = await a.submit(page, { idp: 'oulu' }, (f) => f.buttons.some((b) => b.value === 'oulu'), service.until());
  const form = page.url;
  for (let i = 0; i < 2; i++) check((await a.once('GET', form)).status === 200, 'the password page, reloaded');
  check((await a.once('GET', picker)).status === 200, 'back to the picker');
  const wrong = await a.submit(await a.get(form), { username: 'anna', password: 'wrong' }, (f) => 'password' in f.fields);
  check(wrong.status === 200, 'a wrong password');
  const fields = { ...forms(page.text).find((f) => 'password' in f.fields).fields, username: 'anna', password: 'salasana-anna' };
  const done = await a.go('POST', new URL('/sign-in/local', g.url).href, { form: fields, ...service.until() });
  check(done.next?.includes('code='), `${done.status} ${done.next}`);
  const reloaded = await a.go('POST', new URL('/sign-in/local', g.url).href, { form: fields, ...service.until() });
  check(reloaded.next?.includes('code='), `the form sent again: ${reloaded.status}`);
  for (const [what, at] of [['picker', picker], ['form', form], ['authorize', service.authorizeUrl()]]) {
    const res = await a.get(at, service.until());
    check(res.next || res.status === 200, `back to the ${what} when all is done: ${res.status}`);
  }
});

await test('a class of forty behind one address signs in, again and again; guessing at one account ends', async () => {
  for (let round = 0; round < 2; round++)
    await Promise.all(Array.from({ length: 40 }, async (_, i) => {
      const { answer, page } = await signIn(service, `pupil-${i}`);
      check(answer?.get('code'), `one of forty was kept out: ${page?.status}`);
    }));
  const a = new Agent();
  const begun = await service.begin(a);
  const page = await a.submit(begun.page, { idp: 'oulu' }, (f) => f.buttons.some((b) => b.value === 'oulu'));
  const variants = ['nils', 'NILS', 'Nils', ' nils', 'nils ', 'nIlS', '\uff4e\uff49\uff4c\uff53', 'ni\u017fs', 'nil\u017f', 'N\u0131LS'];
  let last;
  for (let i = 0; i < 30; i++) last = await a.submit(page, { username: variants[i % 7], password: `guess-${i}` }, (f) => 'password' in f.fields);
  check(last.status === 429, `after thirty guesses: ${last.status}`);
  check((await signIn(service, 'otso')).answer?.get('code'), 'another account at the same address was limited');
});

await test('what a stranger posts as an answer takes no room in the store', async () => {
  const redis = (...words) => new Promise((resolve, reject) => {
    const s = net.connect(path.join(g.state, 'redis/redis.sock'), () => s.write(words.join(' ') + '\r\n'));
    s.once('data', (d) => { s.destroy(); resolve(Number(/:(\d+)/.exec(d)[1])); }).once('error', reject);
  });
  const before = await redis('DBSIZE');
  const said = [];
  for (let i = 0; i < 220; i++) said.push((await post('/upstream/saml/acs', `RelayState=x&SAMLResponse=${'A'.repeat(40000)}`)).status);
  check(said.every((s) => s === 400), said.join());
  check(await redis('DBSIZE') <= before + 1, `${before} -> ${await redis('DBSIZE')} keys`);
});

await test('names that nobody has do not fill it either', async () => {
  for (let i = 0; i < 20; i++)
    refuses(await service.post('/oidc/token', { grant_type: 'authorization_code', code: 'x' }, { Authorization: 'Basic ' + Buffer.from(`nobody-${i}:x`).toString('base64') }), 401, 'invalid_client', `nobody-${i}`);
  const said = [];
  for (let i = 0; i < 105; i++) said.push((await service.post('/oidc/token', { grant_type: 'authorization_code', code: 'x' }, { Authorization: 'Basic ' + Buffer.from(`kanerva:guess-${i}`).toString('base64') })).status);
  check(said.at(-1) === 429, `after a hundred wrong secrets: ${said.at(-1)}`);
  check((await service.redeem(await code())).status === 200, 'guessing locked the service out');
});

await test('discovery says what is true', async () => {
  const d = JSON.parse((await raw('/.well-known/openid-configuration')).text);
  check(d.issuer === g.url && d.response_types_supported.join() === 'code' && d.grant_types_supported.includes('authorization_code'), JSON.stringify(d));
  check(d.authorization_response_iss_parameter_supported === true && d.code_challenge_methods_supported.join() === 'S256' && d.subject_types_supported.join() === 'pairwise', JSON.stringify(d));
  check(['query', 'form_post', 'fragment', 'jwt'].every((m) => d.response_modes_supported.includes(m)), 'what is announced works');
  check(d.acr_values_supported.join() === 'urn:mpass.id:authnsource:oulu', JSON.stringify(d.acr_values_supported));
  const chosen = await new Agent().once('GET', service.authorizeUrl({ acr_values: d.acr_values_supported[0] }));
  check(chosen.headers.location.startsWith('/sign-in/local'), `an acr value chooses the identity provider: ${chosen.headers.location}`);
  for (const e of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri', 'end_session_endpoint']) check((await raw(new URL(d[e]).pathname)).status !== 404, e);
  const jwks = JSON.parse((await raw('/oidc/jwks')).text).keys;
  check(new Set(jwks.map((k) => k.kid)).size === jwks.length && jwks.every((k) => !('d' in k) && !('p' in k)), JSON.stringify(jwks));
});

await test('no secret, code, token or cookie is in the log', async () => {
  const log = g.logText();
  for (const canary of [secret, 'salasana-anna', 'cret-of-the-test', agent.cookieHeader(new URL(g.url)).split('digione=')[1]?.split(';')[0], first.get('code')])
    check(canary && !log.includes(canary), `the log holds ${canary}`);
});
await finish();
