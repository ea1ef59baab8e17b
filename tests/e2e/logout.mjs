// SPDX-License-Identifier: EUPL-1.2
// Services hear that a session is over: from the gateway to them, by frames in the browser, and by a session's mark.  Modules
// LO01–LO17 of the public conformance suite under their own names, and what services do that the suite does not: fail, hang, refuse.
//   node logout.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import http from 'node:http';
import vm from 'node:vm';
import { Agent } from './agent.mjs';
import { check, fetchLocal, finish, freePort, test, until } from './gateway.mjs';
import { federation, registryText, signIn } from './local.mjs';
import { Service } from './rp.mjs';

const secret = 'a-secret-of-the-test-that-nobody-else-has';
const MANY = 100, FRAMED = 60;

// The services' own web server: /ID/leave takes logout tokens, as `manner` of the service says.
const heard = [], manner = {}, hanging = new Set();
const server = http.createServer((req, res) => {
  const id = new URL(req.url, 'http://x').pathname.split('/')[1], parts = [];
  req.on('data', (d) => parts.push(d)).on('end', () => {
    const how = manner[id] ?? 200;
    heard.push({ id, method: req.method, url: req.url, type: req.headers['content-type'], body: Buffer.concat(parts).toString(), how });
    if (how === 'hangs') { hanging.add(res); return; }
    if (how === 'cuts') { req.socket.destroy(); return; }
    if (how === 'floods') { res.writeHead(200); res.end(Buffer.alloc(3 << 20)); return; }
    res.writeHead(how, how === 302 ? { Location: `${base}/elsewhere/leave` } : {}).end();
  });
});
await new Promise((r) => server.listen(0, '127.0.0.1', r));
const base = `http://127.0.0.1:${server.address().port}`;

const row = (id, more = '') => `  - id: ${id}
    protocol: oidc
    vendor: ${id}-oy
    name: { fi: "Palvelu ${id}" }
    test: true
    client_id: ${id}
    secret: { plain: ${secret} }
    redirect_uris: ["${base}/${id}/cb"]
    post_logout_redirect_uris: ["${base}/${id}/out", "${base}/${id}/out?x=1"]
    scopes: [openid, profile]
    asks: [sub, given_name]
${more}`;
const back = (id) => row(id, `    backchannel_logout_uri: ${base}/${id}/leave\n`);
const ids = ['hears', 'fails', 'other', 'refuses', 'hangs', 'leads'];
const services = ids.map(back).join('') + row('front', `    frontchannel_logout_uri: ${base}/front/leave?a=1\n    frontchannel_logout_session_required: true\n`)
  + Array.from({ length: FRAMED }, (_, i) => row(`f${i}`, `    frontchannel_logout_uri: ${base}/f${i}/a-path-that-is-rather-long-for-an-address-of-sign-outs/leave\n`)).join('') + row('deaf') + Array.from({ length: MANY }, (_, i) => back(`m${i}`)).join('');
const { g, service } = await federation(process.argv[2], { name: 'logout', services });
const known = (id) => new Service(g, { id, secret, redirect: `${base}/${id}/cb`, alg: 'RS256' });
const of = Object.fromEntries([...ids, 'front', 'deaf'].map((id) => [id, known(id)]));
g.registry += 'admins:\n  - { id: nils, idp: oulu, subject: oulu-nils, role: admin, provider: oulu }\n';
await g.start();

const open = async (s, agent) => {
  const begun = agent ? await s.begin(agent, { prompt: 'none' }) : null;
  const { agent: a, answer } = agent ? { agent, answer: begun.answer } : await signIn(s, 'anna');
  check(answer?.get('code'), `no code: ${begun?.page?.text ?? answer}`);
  return { agent: a, answer, ...(await s.finish(answer)) };
};
const end = (agent, params) => agent.once('GET', `${g.url}/oidc/end_session?${new URLSearchParams(params)}`);
const signedIn = async (agent) => (await agent.once('GET', of.deaf.authorizeUrl({ prompt: 'none' }))).headers.location.includes('code=');
const discovery = JSON.parse((await fetchLocal(g.port, '/.well-known/openid-configuration')).text);
const about = (id) => heard.filter((h) => h.id === id && h.url.includes('/leave'));
const jwks = async () => JSON.parse((await fetchLocal(g.port, '/oidc/jwks')).text).keys;
const opened = async (h) => {
  const token = new URLSearchParams(h.body).get('logout_token'), [head, body, signature] = token.split('.');
  const read = (s) => JSON.parse(Buffer.from(s, 'base64url'));
  const jwk = (await jwks()).find((k) => k.kid === read(head).kid);
  check(crypto.verify('sha256', Buffer.from(`${head}.${body}`), crypto.createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'base64url')), 'its signature');
  return { head: read(head), claims: read(body) };
};
const lost = (id) => g.logText().split('\n').filter((l) => l.includes('"farewell.lost"') && l.includes(`"service":"${id}"`)).map((l) => JSON.parse(l));
const metric = async (name) => Number(new RegExp(`^digione_${name}_total (\\d+)`, 'm').exec((await fetchLocal(g.port, '/metrics')).text)[1]);
// The form in the page itself, not the one of its head.
const submit = (agent, page) => agent.submit({ ...page, text: page.text.slice(page.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'), { until: () => true });

await test('LO01 LO12 LO14: discovery names the end of sessions', async () => {
  check(discovery.end_session_endpoint === `${g.url}/oidc/end_session`, 'end_session_endpoint');
  for (const member of ['frontchannel_logout_supported', 'frontchannel_logout_session_supported', 'backchannel_logout_supported', 'backchannel_logout_session_supported'])
    check(discovery[member] === true, member);
});

await test('item 40: who proves anew who they are goes on with the session that the services know', async () => {
  const { agent, claims } = await open(of.other), before = about('other').length;
  const again = await signIn(of.deaf, 'anna', agent, { prompt: 'login' });
  const there = (await of.deaf.finish(again.answer)).claims.sid;
  check(there && there !== claims.sid, 'two vendors are told one sid, and can compare their sessions');
  check((await open(of.other, agent)).claims.sid === claims.sid, 'one session, and its service is told another sid');
  await submit(agent, await end(agent, {}));
  const { claims: told } = await opened(await until('the service hears', () => about('other')[before]));
  check(told.sid === claims.sid && told.sub === claims.sub, `told of ${told.sid}, which it does not know`);
});

await test('LO02 LO08: the session ends and the service is led back to, with its state or without', async () => {
  for (const state of ['a b&c', undefined]) {
    const { agent, tokens } = await open(of.deaf);
    const res = await end(agent, { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${base}/deaf/out`, ...(state ? { state } : {}) });
    check(res.status === 303 && res.headers.location === `${base}/deaf/out${state ? '?state=a%20b%26c' : ''}`, `${res.status} ${res.headers.location}`);
    check(!(await signedIn(agent)), 'still signed in');
  }
});

await test('LO03 LO04 LO05 LO10 LO11: what is wrong with the request costs the way back, and the page says it', async () => {
  const { agent, tokens } = await open(of.deaf);
  const [h, p, s] = tokens.id_token.split('.'), out = `${base}/deaf/out`;
  const foreign = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const others = (await open(of.hears, agent)).tokens.id_token;
  for (const [what, params, says] of [
    ['LO03 not registered', { id_token_hint: tokens.id_token, post_logout_redirect_uri: 'https://evil.example/' }, 'post_logout_redirect_uri is not one that the service has registered'],
    ['LO10 a query added', { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${out}?foo=bar` }, 'post_logout_redirect_uri is not one that the service has registered'],
    ['LO04 alg none', { id_token_hint: `${none}.${p}.`, post_logout_redirect_uri: out }, 'id_token_hint is no ID token of this gateway'],
    ['LO04 alg none with a signature', { id_token_hint: `${none}.${p}.${s}`, post_logout_redirect_uri: out }, 'id_token_hint is no ID token of this gateway'],
    ['LO11 a foreign key', { id_token_hint: `${h}.${p}.${crypto.sign('sha256', Buffer.from(`${h}.${p}`), foreign).toString('base64url')}`, post_logout_redirect_uri: out }, 'id_token_hint is no ID token of this gateway'],
    ['LO05 no hint', { post_logout_redirect_uri: out }, 'post_logout_redirect_uri comes without id_token_hint and client_id'],
    ['the hint of another service', { id_token_hint: others, client_id: 'deaf', post_logout_redirect_uri: out }, 'client_id is not the one that id_token_hint was made for'],
    ["another service's address", { id_token_hint: others, post_logout_redirect_uri: out }, 'post_logout_redirect_uri is not one that the service has registered'],
  ]) {
    const { agent: b } = await open(of.deaf);
    const res = await end(b, params);
    check(res.status === 200 && !res.headers.location && !res.headers.refresh, `${what}: ${res.status} ${res.headers.location}`);
    check(res.text.includes(says), `${what}: ${/<p lang="en">([^<]+)/.exec(res.text)?.[1]}`);
    check(!res.text.includes(`href="${out}`) && !res.text.includes('evil.example'), `${what}: leads there`);
  }
  check(await signedIn(agent), 'somebody else was signed out');
});

await test('LO06 LO09: without a hint the person is asked, signed out, and told so', async () => {
  for (const params of [{}, { state: 'x' }]) {
    const { agent } = await open(of.deaf);
    const asked = await end(agent, params);
    check(asked.status === 200 && await signedIn(agent), 'it ended before she was asked');
    const done = await submit(agent, asked);
    check(done.status === 200 && /<h1>Kirjauduit ulos/.test(done.text), `${done.status}`);
    check(!(await signedIn(agent)), 'still signed in');
  }
});

await test('LO07: a hint without an address: signed out, and the page says so', async () => {
  const { agent, tokens } = await open(of.deaf);
  const res = await end(agent, { id_token_hint: tokens.id_token });
  check(res.status === 200 && /<h1>Kirjauduit ulos/.test(res.text) && !(await signedIn(agent)), `${res.status}`);
});

await test('client_id alone: asked first, then back to a registered address', async () => {
  const { agent } = await open(of.deaf);
  const asked = await end(agent, { client_id: 'deaf', post_logout_redirect_uri: `${base}/deaf/out`, state: 's' });
  check(asked.status === 200 && await signedIn(agent), 'not asked');
  const done = await submit(agent, asked);
  check(done.next === `${base}/deaf/out?state=s` && !(await signedIn(agent)), `${done.status} ${done.next}`);
});

await test('LO13: frames tell the services before the browser is led back', async () => {
  const { agent, tokens, claims } = await open(of.front);
  const res = await end(agent, { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${base}/front/out`, state: 's' });
  check(res.status === 200, `${res.status}`);
  const src = /<iframe src="([^"]+)"/.exec(res.text)?.[1].replaceAll('&amp;', '&');
  const url = new URL(src);
  check(src.startsWith(`${base}/front/leave?a=1&`) && url.searchParams.get('iss') === g.url && url.searchParams.get('sid') === claims.sid, src);
  const csp = res.headers['content-security-policy'];
  check(new RegExp(`; frame-src ${base}/front/leave(;|$)`).test(csp) && /frame-ancestors 'none'/.test(csp), csp);
  check(!/<meta[^>]+refresh/i.test(res.text) && res.text.includes(`href="${base}/front/out?state=s"`), 'nothing leads on by hand');
  // A browser without scripts: its frames, and then where the header leads.
  const refresh = /^(\d+); url=(.+)$/.exec(res.headers.refresh ?? '');
  check(refresh && Number(refresh[1]) <= 2 && refresh[2] === `${base}/front/out?state=s`, `nothing leads on by itself: ${res.headers.refresh}`);
  for (const f of [...res.text.matchAll(/<iframe src="([^"]+)"/g)]) await agent.get(f[1].replaceAll('&amp;', '&'));
  check((await agent.get(refresh[2])).status === 200 && about('front').some((h) => h.url.includes(claims.sid)), 'its frame has not told the service');
  check(!(await signedIn(agent)), 'still signed in');
});

await test('services by frames without end: each has its frame, and no header is longer than servers between us take', async () => {
  const { agent } = await open(of.deaf);
  for (let i = 0; i < FRAMED; i++) await open(known(`f${i}`), agent);
  const res = await submit(agent, await end(agent, {}));
  const frames = [...res.text.matchAll(/<iframe src="([^"]+)"/g)].map((m) => new URL(m[1].replaceAll('&amp;', '&')).pathname);
  check(res.status === 200 && frames.length === FRAMED && new Set(frames).size === FRAMED, `${res.status}: ${frames.length} of ${FRAMED} frames`);
  check(res.headers['content-security-policy'].length < 4096, `a header of ${res.headers['content-security-policy'].length} bytes`);
  check([...res.text.matchAll(/<li class="/g)].length >= FRAMED + 2, 'not all are listed');
});

await test('LO15: a logout token reaches the service before the browser is led back', async () => {
  const { agent, tokens, claims } = await open(of.hears);
  const before = about('hears').length, counted = await metric('farewells_heard');
  const res = await end(agent, { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${base}/hears/out` });
  check(res.status === 303 && res.headers.location === `${base}/hears/out`, `${res.status}`);
  const came = about('hears').slice(before);
  check(came.length === 1 && came[0].method === 'POST' && came[0].type === 'application/x-www-form-urlencoded', JSON.stringify(came));
  const { head, claims: told } = await opened(came[0]), now = Date.now() / 1000;
  check(head.typ === 'logout+jwt' && head.alg === 'RS256', JSON.stringify(head));
  check(told.iss === g.url && told.aud === 'hears' && told.sub === claims.sub && told.sid === claims.sid, JSON.stringify(told));
  check(Math.abs(told.iat - now) < 60 && told.exp > now && told.exp - told.iat <= 120 && typeof told.jti === 'string' && told.jti.length > 10, JSON.stringify(told));
  check(JSON.stringify(told.events) === '{"http://schemas.openid.net/event/backchannel-logout":{}}' && !('nonce' in told), JSON.stringify(told));
  check(await metric('farewells_heard') === counted + 1 && !(await signedIn(agent)), 'the count, or the session');
});

// What the script of the iframe answers, with this browser's cookies.
const script = async () => {
  const page = await fetchLocal(g.port, new URL(discovery.check_session_iframe).pathname);
  check(!('x-frame-options' in page.headers) && /frame-ancestors \*/.test(page.headers['content-security-policy']) && /default-src 'none'/.test(page.headers['content-security-policy']), JSON.stringify(page.headers));
  check(!page.headers['set-cookie'], 'it sets a cookie');
  return (await fetchLocal(g.port, /<script src="([^"]+)"/.exec(page.text)[1])).text;
};
const says = async (cookie, origin, data) => {
  let listener;
  const heard = [];
  vm.runInNewContext(await script(), { addEventListener: (type, f) => { listener = type === 'message' ? f : listener; }, document: { cookie } });
  listener({ data, origin, source: { postMessage: (...said) => heard.push(said) } });
  check(heard.length < 2 && heard.every((h) => h[1] === origin), JSON.stringify(heard));
  return heard[0]?.[0];
};
const seen = (agent) => agent.cookieHeader(new URL(g.url)).split('; ').find((c) => /^(__Host-)?seen=/.test(c));

await test('LO16: discovery names the page for frames', async () => {
  check(discovery.check_session_iframe === `${g.url}/oidc/session_iframe`, discovery.check_session_iframe);
});

await test('LO17: session_state is unchanged as long as the session is, and changed afterwards', async () => {
  const { agent, answer, tokens } = await open(of.deaf), state = answer.get('session_state'), origin = new URL(base).origin;
  check(/^[0-9a-f]{64}\.[\w-]+$/.test(state), state);
  const ask = (more = {}) => says(more.cookie ?? seen(agent), more.origin ?? origin, more.data ?? `deaf ${state}`);
  check(await ask() === 'unchanged', 'the same session');
  const again = (await open(of.deaf, agent)).answer.get('session_state');
  check(again !== state && await says(seen(agent), origin, `deaf ${again}`) === 'unchanged' && await ask() === 'unchanged', 'a second answer of it');
  for (const [what, more] of [['another service', { data: `hears ${state}` }], ['another origin', { origin: 'http://evil.localhost' }], ['another salt', { data: `deaf ${state}x` }], ['another session', { cookie: seen((await open(of.deaf)).agent) }]])
    check(await ask(more) === 'changed', what);
  for (const data of ['', 'deaf', 'deaf ', ` ${state}`, `deaf ${state} x`, `deaf ${state.slice(1)}`, `deaf ${state}\n`])
    check(await ask({ data }) === 'error', JSON.stringify(data));
  check(await ask({ cookie: '' }) === 'error', 'a browser that keeps the cookie from frames does not say that the session is over');
  check(await ask({ data: { toString: () => `deaf ${state}` } }) === undefined && await ask({ origin: 'null' }) === undefined, 'what is no text, and a page without an origin');
  await end(agent, { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${base}/deaf/out` });
  check(await ask() === 'changed', 'after the end');
});

await test('another person at the same browser, or a session that is over, is a change', async () => {
  const { agent, answer } = await open(of.deaf), data = `deaf ${answer.get('session_state')}`, origin = new URL(base).origin;
  await signIn(of.deaf, 'otso', agent, { prompt: 'login' });
  check(await says(seen(agent), origin, data) === 'changed', 'otso is signed in');
});

await test('each service hears of its own: its aud, its name of the person; one that was not opened hears nothing', async () => {
  const { agent } = await open(of.hears), before = heard.length;
  await open(of.other, agent);
  await open(of.deaf, agent);
  const done = await submit(agent, await agent.once('GET', `${g.url}/sign-out`));
  check(done.status === 200, `${done.status}`);
  const came = heard.slice(before).filter((h) => h.url.includes('/leave'));
  check(came.map((h) => h.id).sort().join() === 'hears,other', JSON.stringify(came.map((h) => h.id)));
  const [a, b] = await Promise.all(came.map(opened));
  check(a.claims.aud !== b.claims.aud && a.claims.sub !== b.claims.sub && a.claims.jti !== b.claims.jti, 'the same token');
  const rows = [...done.text.matchAll(/<li class="(ok|no)">.*?<b>(.*?)<\/b>([^<]*)/gs)].map((m) => `${m[2]}: ${m[1]}`);
  check(rows.includes('Palvelu hears: ok') && rows.includes('Palvelu other: ok') && rows.includes('Palvelu deaf: no'), rows.join('; '));
});

await test('a service that refuses is not asked again, and the page does not say that it heard', async () => {
  manner.refuses = 400;
  const { agent } = await open(of.refuses), before = await metric('farewells_lost');
  const done = await submit(agent, await agent.once('GET', `${g.url}/sign-out`));
  check(/<li class="no">.*?<b>Palvelu refuses/s.test(done.text), 'said to have heard');
  const [line] = await until('its line', () => lost('refuses').length > 0 && lost('refuses'));
  check(line.code === 'refused' && line.sessions === 1 && await metric('farewells_lost') === before + 1 && about('refuses').length === 1, JSON.stringify(line));
  delete manner.refuses;
});

await test('no redirect is followed', async () => {
  manner.leads = 302;
  const { agent } = await open(of.leads);
  await submit(agent, await agent.once('GET', `${g.url}/sign-out`));
  await until('its line', () => lost('leads').length > 0);
  check(!heard.some((h) => h.id === 'elsewhere'), 'followed');
});

await test('a service that fails hears later, once it answers', async () => {
  for (const how of [500, 'cuts', 503]) {
    manner.fails = how;
    const { agent } = await open(of.fails), before = about('fails').length;
    await submit(agent, await agent.once('GET', `${g.url}/sign-out`));
    await until('the first try', () => about('fails').length > before);
    manner.fails = 200;
    const good = await until('another', () => about('fails').slice(before).find((h) => h.how === 200));
    check((await opened(good)).claims.aud === 'fails', 'what it heard');
  }
  check(lost('fails').length === 0, 'given up');
});

await test('a service that hangs delays nobody: not its person twice, and no other service', async () => {
  manner.hangs = 'hangs';
  for (let i = 0; i < 6; i++) {
    const { agent } = await open(of.hangs);
    await open(of.hears, agent);
    const before = about('hears').length;
    const done = await submit(agent, await agent.once('GET', `${g.url}/sign-out`));
    check(done.status === 200 && about('hears').length === before + 1 && /<li class="ok">.*?<b>Palvelu hears/s.test(done.text), `${i}: the other has not heard`);
    check(/<li class="no">.*?<b>Palvelu hangs/s.test(done.text), 'said to have heard');
  }
  manner.hangs = 200;
  for (const res of hanging) res.writeHead(200).end();
});

await test('a hundred services of one session hear, each once', async () => {
  const many = Array.from({ length: MANY }, (_, i) => known(`m${i}`)), before = heard.length;
  const { agent } = await open(of.hears);
  for (const s of many) check((await s.begin(agent, { prompt: 'none' })).answer?.get('code'), s.id);
  await submit(agent, await agent.once('GET', `${g.url}/sign-out`));
  const came = () => heard.slice(before).map((h) => h.id).filter((id) => /^m\d/.test(id));
  await until('all of them', () => new Set(came()).size === MANY);
  check(came().length === MANY, `${came().length} came`);
});

// An administrator does so in the console.
const endSessionsOf = async (who) => {
  const admin = new Agent(), to = (action) => (f) => f.action === action && f.method === 'post';
  let page = await admin.get(`${g.url}/admin`);
  if (!/name="password"/.test(page.text)) page = await admin.submit(page, { idp: 'oulu' }, (f) => f.method === 'post' && f.buttons.some((b) => b.value === 'oulu'));
  await admin.submit(page, { username: 'nils', password: 'salasana-nils' }, (f) => 'password' in f.fields);
  page = await admin.get(`${g.url}/admin/people`);
  await admin.submit({ ...page, text: page.text.slice(page.text.indexOf('<main')) }, { area: 'oulu' }, to('/admin/area'));
  page = await admin.get(`${g.url}/admin/people`);
  page = await admin.submit({ ...page, text: page.text.slice(page.text.indexOf('<main')) }, { q: who, reason: 'support', why: 'Laite on kadonnut' }, to('/admin/people'));
  check(page.url.includes('/admin/person?look=') && page.text.toLowerCase().includes(who), `not found: ${page.status} ${page.url}\n${g.logTail(3)}`);
  page = await admin.submit({ ...page, text: page.text.slice(page.text.indexOf('<main')) }, { why: 'Laite on kadonnut' }, to('/admin/person'));
  check(page.status === 200 && page.url.includes('/admin/person?look='), `not ended: ${page.status} ${page.url}\n${g.logTail(3)}`);
};

await test('a browser that opens services at the same moment, as one that restores its tabs, leaves none out when it signs out', async () => {
  const { agent } = await signIn(of.deaf, 'anna'), many = Array.from({ length: 12 }, (_, i) => known(`m${i}`));
  const answers = await Promise.all(many.map((s) => agent.once('GET', s.authorizeUrl({ prompt: 'none' }))));
  check(answers.every((a) => a.headers.location?.includes('code=')), answers.map((a) => `${a.status} ${a.headers.location}`).join());
  const before = heard.length, told = (s) => heard.slice(before).filter((h) => h.id === s.id).length;
  await submit(agent, await agent.get(`${g.url}/sign-out`));
  await until('most hear', () => many.filter(told).length > 9);
  await until('all hear', () => many.every(told)).catch(() => {});
  check(many.every((s) => told(s) === 1), `told: ${many.map((s) => `${s.id} ${told(s)}`)}`);
});

await test('an administrator ends the sessions of a person in the console: their services hear it, each once for each session, and nobody else’s', async () => {
  const one = await open(of.hears), two = await open(of.hears), otso = await signIn(of.hears, 'otso'), before = about('hears').length;
  const his = (await of.hears.finish(otso.answer)).claims.sid, others = await open(of.other, one.agent), elsewhere = about('other').length;
  await endSessionsOf('anna');
  const told = async (id, from) => (await Promise.all(about(id).slice(from).map(opened))).map((t) => t.claims.sid);
  await until('the notices', async () => { const sids = await told('hears', before); return sids.includes(one.claims.sid) && sids.includes(two.claims.sid) && (await told('other', elsewhere)).includes(others.claims.sid); });
  const sids = await told('hears', before);
  check([one, two].every(({ claims }) => sids.filter((sid) => sid === claims.sid).length === 1), `twice: ${sids}`);
  check(!sids.includes(his) && await signedIn(otso.agent), 'somebody else was signed out');
  check(!(await signedIn(one.agent)) && !(await signedIn(two.agent)), 'still signed in');
  // Nor is whoever comes in afterwards, in the same second.
  check(await signedIn((await open(of.deaf)).agent), 'who came in after the end was ended with it');
});

await test('after a renewed sign-in, services that were opened before hear at once when an administrator ends the session', async () => {
  const { agent, claims } = await open(of.other), before = about('other').length;
  await of.deaf.finish((await signIn(of.deaf, 'anna', agent, { prompt: 'login' })).answer);
  await endSessionsOf('anna');
  const { claims: told } = await opened(await until('the service hears', () => about('other')[before]));
  check(told.sid === claims.sid, `told of ${told.sid}`);
  check(await signedIn((await open(of.deaf)).agent), 'who came in after the end was ended with it');
});

await test('what policy or an administrator takes away while nobody is there, its service hears within five seconds', async () => {
  const anna = await open(of.hears), otso = await signIn(of.hears, 'otso'), before = about('hears').length;
  const his = (await of.hears.finish(otso.answer)).claims.sid;
  g.import(registryText(services + service.row(), { rules: '  - { id: learners, provider: oulu, role: learner, release: [sub] }\n' }));
  const told = async () => (await Promise.all(about('hears').slice(before).map(opened))).map((t) => t.claims.sid);
  await until('the notice', async () => (await told()).includes(anna.claims.sid), 5000);
  check(!(await told()).includes(his), 'whoever may go on is signed out');
  g.import(registryText(services + service.row()));
});

await test('another person signs in at the same browser: the services of the one before hear it, once', async () => {
  const { agent, claims } = await open(of.hears), before = about('hears').length;
  const { answer } = await signIn(of.other, 'otso', agent, { prompt: 'login' });
  check(answer?.get('code'), `${answer}`);
  const came = await until('the notice', () => about('hears').slice(before)[0]);
  check((await opened(came)).claims.sid === claims.sid, 'of another session');
});

await test('what waits when a process ends, the next one tells, once', async () => {
  manner.fails = 500;
  const { agent, claims } = await open(of.fails), before = about('fails').length;
  await submit(agent, await agent.once('GET', `${g.url}/sign-out`));
  await until('the first try', () => about('fails').length > before);
  check(await g.stop() === 0, 'it ended otherwise');
  check(!lost('fails').some((l) => l.code === 'stopped'), JSON.stringify(lost('fails')));
  manner.fails = 200;
  await g.start();
  const good = await until('it', () => about('fails').slice(before).find((h) => h.how === 200));
  check((await opened(good)).claims.sid === claims.sid && await metric('farewells_taken') === 1, 'of another session');
  await open(of.hears);
  check(about('fails').slice(before).filter((h) => h.how === 200).length === 1, 'twice');
});

server.closeAllConnections();
server.close();
await finish();
