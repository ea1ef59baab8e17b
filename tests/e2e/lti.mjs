// SPDX-License-Identifier: EUPL-1.2
// Launches over LTI 1.3, from outside: a tool written from the specification alone, with npm jose, that takes nothing on trust.
// Numbers are those of the requirements (L1–L17).
//   node lti.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import http from 'node:http';
import { SignJWT, createLocalJWKSet, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { Agent, forms, text } from './agent.mjs';
import { check, fetchLocal, finish, freePort, peer, root, test, until } from './gateway.mjs';
import { federation, registryText, signIn } from './local.mjs';
import { png } from './picture.mjs';

const CLAIM = 'https://purl.imsglobal.org/spec/lti/claim/', DL = 'https://purl.imsglobal.org/spec/lti-dl/claim/', NRPS = 'https://purl.imsglobal.org/spec/lti-nrps/';
const MEMBERSHIP = 'http://purl.imsglobal.org/vocab/lis/v2/membership', PERSON = 'http://purl.imsglobal.org/vocab/lis/v2/institution/person';
const random = () => crypto.randomBytes(12).toString('base64url');

const pair = await generateKeyPair('RS256', { extractable: true }), stranger = await generateKeyPair('RS256', { extractable: true });
const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'tool-1', alg: 'RS256', use: 'sig' }] });

class Tool {
  constructor(id, { vendor = id, more = '', asks = 'sub, given_name, family_name, roles, school, group' } = {}) {
    Object.assign(this, { id, vendor, more, asks, client: `client-of-${id}`, login: `http://${id}.localhost/login`, launch: `http://${id}.localhost/launch?x=1`, redirect: `http://${id}.localhost/launch` });
  }

  row() {
    return `  - id: ${this.id}
    protocol: lti
    vendor: ${this.vendor}
    name: { fi: "Työkalu ${this.id}", sv: "Verktyg ${this.id}" }
    test: true
    client_id: ${this.client}
    initiate_login_uri: "${this.login}?own=1"
    target_link_uri: "${this.launch}"
    redirect_uris: ["${this.redirect}", "${this.redirect}/two"]
    jwks: '${jwks}'
    asks: [${this.asks}]
${this.more}`;
  }

  until() { return { until: (next) => next.startsWith(this.login) }; }

  // What the browser brings to where the tool's login begins.
  async begun(agent, path = `/open/${this.id}`) {
    const res = await agent.get(path.startsWith('http') ? path : g.url + path, this.until());
    check(res.next, `no launch: ${res.status} ${text(res.text).slice(0, 300)}\n${g.logTail(3)}`);
    return Object.fromEntries(new URL(res.next).searchParams);
  }

  asking(begun, more = {}) {
    this.nonce = random();
    this.state = `${random()} å&"<`;
    const all = { scope: 'openid', response_type: 'id_token', response_mode: 'form_post', prompt: 'none', client_id: this.client, redirect_uri: this.redirect, login_hint: begun.login_hint, lti_message_hint: begun.lti_message_hint, state: this.state, nonce: this.nonce, ...more };
    return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
  }

  ask(agent, begun, more = {}, method = 'GET') {
    const q = this.asking(begun, more);
    return method === 'GET' ? agent.go('GET', `${g.url}/lti/authorize?${new URLSearchParams(q)}`) : agent.go('POST', `${g.url}/lti/authorize`, { form: q, headers: { Origin: 'http://tool.localhost' } });
  }

  // The form that our page has the browser post to the tool.
  posted(res) {
    const form = forms(res.text).find((f) => (f.action ?? '').startsWith(this.redirect));
    check(form, `nothing is posted to the tool: ${res.status} ${text(res.text).slice(0, 400)}\n${g.logTail(3)}`);
    check(form.method === 'post' && form.fields.state === this.state, `state: ${form.fields.state} instead of ${this.state}`);
    return { ...form.fields, action: form.action };
  }

  // L6, L7, L13: everything that the certification guide's bad forms lack.
  async verified(token) {
    const head = decodeProtectedHeader(token);
    check(head.alg === 'RS256' && typeof head.kid === 'string' && head.kid.length > 0, `header ${JSON.stringify(head)}`);
    const { payload } = await jwtVerify(token, createLocalJWKSet(JSON.parse((await fetchLocal(g.port, '/oidc/jwks')).text)), { issuer: g.url, audience: this.client, algorithms: ['RS256'], maxTokenAge: '1 minute', clockTolerance: 2 });
    check(payload.nonce === this.nonce, `nonce ${payload.nonce}`);
    check(payload.exp > payload.iat && payload.exp - payload.iat <= 3600, `exp ${payload.exp} iat ${payload.iat}`);
    check(payload.azp === undefined || payload.azp === this.client, `azp ${payload.azp}`);
    check(/^[\x21-\x7e]{1,255}$/.test(payload.sub), `sub ${payload.sub}`);
    check(payload[`${CLAIM}version`] === '1.3.0', `version ${payload[`${CLAIM}version`]}`);
    check(/^[\x21-\x7e]{1,255}$/.test(payload[`${CLAIM}deployment_id`]), 'deployment_id');
    check(Array.isArray(payload[`${CLAIM}roles`]) && payload[`${CLAIM}roles`].every((r) => r.startsWith('http://purl.imsglobal.org/vocab/')), `roles ${payload[`${CLAIM}roles`]}`);
    check(['LtiResourceLinkRequest', 'LtiDeepLinkingRequest'].includes(payload[`${CLAIM}message_type`]), 'message_type');
    if (payload[`${CLAIM}message_type`] === 'LtiResourceLinkRequest')
      check(/^[\x21-\x7e]{1,255}$/.test(payload[`${CLAIM}resource_link`].id), 'resource_link.id');
    return payload;
  }

  async launched(agent, { path, more, method } = {}) {
    const begun = await this.begun(agent, path);
    const fields = this.posted(await this.ask(agent, begun, more, method));
    check(fields.id_token, `no token: ${JSON.stringify(fields)}\n${g.logTail(3)}`);
    const claims = await this.verified(fields.id_token);
    check(claims[`${CLAIM}target_link_uri`] === begun.target_link_uri, 'target_link_uri is not as it was initiated');
    check(claims[`${CLAIM}deployment_id`] === begun.lti_deployment_id, 'deployment_id is not as it was initiated');
    return { claims, begun, fields };
  }

  async refused(agent, begun, error, more, method) {
    const fields = this.posted(await this.ask(agent, begun, more, method));
    check(!fields.id_token && fields.error === error, `expected ${error}: ${JSON.stringify(fields)}`);
    check(/support code/.test(fields.error_description), `no support code: ${fields.error_description}`);
  }
}

const tool = new Tool('tyokalu', { vendor: 'kanerva-oy', more: `    lti_deployments: ["d-1", "oulu=d-oulu"]
    lti_custom: ["plain=teksti", "who=$User.id", "class=$Context.label", "name=$Person.name.full", "mail=$Person.email.primary", "odd=$Nothing.known", "link=$ResourceLink.id", "role=$Membership.role", "lang=$Message.locale"]
    targets: ["http://tyokalu.localhost/"]
    lti_deep_linking: true
    lti_names_and_roles: true
` });
const other = new Tool('toinen', { more: '    lti_deployments: ["d-other"]\n' });
const silent = new Tool('nimeton', { asks: 'sub' });
// Whose classes are told to teachers and learners alike.
const klass = new Tool('luokka', { more: '    lti_deep_linking: true\n    lti_names_and_roles: true\n' });
const club = new Tool('kerho', { more: '    lti_names_and_roles: true\n    consent: true\n' });
const posts = new Tool('posti', { more: '    lti_login_by_post: true\n' });
const shut = new Tool('suljettu');

// A tool of another make: npm ltijs.
const ltijsPort = await freePort();
const ltijs = { id: 'ltijs', own: `http://ltijs.localhost:${ltijsPort}` };
ltijs.row = () => `  - id: ltijs
    protocol: lti
    vendor: ltijs
    name: { fi: "Ltijs" }
    test: true
    client_id: client-of-ltijs
    initiate_login_uri: "${ltijs.own}/login"
    target_link_uri: "${ltijs.own}/"
    redirect_uris: ["${ltijs.own}/"]
    jwks_uri: "${ltijs.own}/keys"
    lti_deep_linking: true
    lti_names_and_roles: true
    asks: [sub, given_name, family_name, roles, school, group]
`;

const { g, service } = await federation(process.argv[2], { name: 'lti', settings: { service_requests_max: 30 } });
const tokens = {};
const registrars = `registrars:\n${[['now', 'most: 40, at_once: true'], ['later', 'most: 5']].map(([id, more]) => {
  tokens[id] = `token-of-${id}-${crypto.randomBytes(16).toString('hex')}`;
  return `  - { id: ${id}, vendor: vendor-${id}, test: true, token: { plain: "${tokens[id]}" }, hosts: ["*.localhost"], asks: [sub, given_name], ${more} }\n`;
}).join('')}`;
// Whose data is protected.
const hidden = `  - id: oulu-piilo
    idp: oulu
    username: piilo
    password: { plain: salasana-piilo }
    given_names: Piilo
    family_name: Testi
    non_disclosure: true
    affiliations:
      - { provider: oulu, role: teacher, school: "99101", group: "7B" }
`;
// With three classes, and learners of one of them.
const more = ['kaksi: teacher 99101/7B 99101/8C 99101/6A', 'oppi: learner 99101/7B', 'moni: learner 99101/7B 99101/9D', 'reksi: principal 99101/'].map((line) => {
  const [, name, role, places] = /^(\w+): (\w+) (.*)$/.exec(line);
  return `  - id: oulu-${name}
    idp: oulu
    username: ${name}
    password: { plain: salasana-${name} }
    given_names: ${name}
    family_name: Testi
    affiliations:
${places.split(' ').map((p) => `      - { provider: oulu, role: ${role}, school: "${p.split('/')[0]}"${p.split('/')[1] ? `, group: "${p.split('/')[1]}"` : ''} }\n`).join('')}`;
}).join('');
// without: a tool that nobody may open.
const fileOf = (without) => registryText(service.row() + [tool, other, silent, shut, klass, club, posts, ltijs].map((t) => t.row()).join(''), {
  rules: `  - { id: teachers, provider: oulu, role: teacher, release: [sub, given_name, family_name, roles, school, provider, group] }
  - { id: learners, provider: oulu, role: learner, release: [sub, given_name, roles] }
  - { id: classes, provider: oulu, service: luokka, release: [sub, given_name, roles, school, group] }
  - { id: club, provider: oulu, service: kerho, release: [sub, given_name, roles, school, group] }
  - { id: nameless, provider: oulu, service: nimeton, release: [sub] }
  - { id: not-this, provider: oulu, service: suljettu, forbid: true }
${without ? `  - { id: taken, provider: oulu, service: ${without}, forbid: true }\n` : ''}`,
}) + hidden + more + registrars;
g.registry = fileOf();
await g.start();
const { agent: anna } = await signIn(service, 'anna');
const { agent: otso } = await signIn(service, 'otso');

await test('L2: a launch begins at the tool with iss, login_hint, target_link_uri, lti_message_hint, lti_deployment_id, client_id', async () => {
  const b = await tool.begun(anna);
  check(b.iss === g.url && b.client_id === tool.client && b.target_link_uri === tool.launch && b.lti_deployment_id === 'd-oulu' && b.own === '1', JSON.stringify(b));
  check(b.login_hint && b.lti_message_hint && b.login_hint !== b.lti_message_hint, JSON.stringify(b));
});

await test('L3, L6, L7, L13: the answer is an RS256 token by form_post, state untouched, in none of the forms that the certification guide names as bad', async () => {
  for (const method of ['GET', 'POST']) {
    const { claims, fields } = await tool.launched(anna, { method });
    check(fields.action === tool.redirect && claims[`${CLAIM}message_type`] === 'LtiResourceLinkRequest', JSON.stringify(claims));
  }
  const { fields } = await tool.launched(anna, { more: { redirect_uri: `${tool.redirect}/two` } });
  check(fields.action === `${tool.redirect}/two`, fields.action);
});

await test('L3: each parameter must be there and be what the specification says; the error comes by form_post', async () => {
  const wrong = [[{ scope: 'profile' }, 'invalid_scope'], [{ scope: undefined }, 'invalid_scope'], [{ response_type: 'code' }, 'unsupported_response_type'], [{ response_type: undefined }, 'unsupported_response_type'],
    [{ response_mode: 'query' }, 'invalid_request'], [{ response_mode: undefined }, 'invalid_request'], [{ prompt: 'login' }, 'invalid_request'], [{ prompt: undefined }, 'invalid_request'], [{ nonce: undefined }, 'invalid_request'], [{ nonce: '' }, 'invalid_request'], [{ nonce: 'x'.repeat(600) }, 'invalid_request']];
  for (const [more, error] of wrong)
    for (const method of ['GET', 'POST']) await tool.refused(anna, await tool.begun(anna), error, more, method);
});

await test('L4: hints are ours, of this tool, of one launch, of the session that is there, and serve once', async () => {
  const b = await tool.begun(anna), b2 = await tool.begun(anna), foreign = await other.begun(anna), otsos = await tool.begun(otso);
  await tool.refused(anna, b, 'invalid_request', { login_hint: undefined });
  await tool.refused(anna, b, 'invalid_request', { lti_message_hint: undefined });
  await tool.refused(anna, b, 'invalid_request', { login_hint: 'anna' });
  await tool.refused(anna, b, 'invalid_request', { lti_message_hint: `${b.lti_message_hint.slice(0, -4)}AAAA` });
  await tool.refused(anna, b, 'invalid_request', { lti_message_hint: b2.lti_message_hint });
  await tool.refused(anna, foreign, 'invalid_request');
  await tool.refused(anna, otsos, 'login_required'); // somebody else's launch
  await tool.refused(new Agent(), b, 'login_required'); // nobody is signed in
  check(tool.posted(await tool.ask(anna, b)).id_token, 'the launch that they were tried on is spoilt');
  await tool.refused(anna, b, 'invalid_request'); // used
});

await test('L4: of a hundred that bring one hint at once, one gets a message', async () => {
  const b = await tool.begun(anna), q = new URLSearchParams(tool.asking(b));
  const all = await Promise.all(Array.from({ length: 100 }, () => anna.clone().once('GET', `${g.url}/lti/authorize?${q}`)));
  const tokens = all.filter((r) => forms(r.text).some((f) => f.fields.id_token)).length;
  check(tokens === 1, `${tokens} tokens; ${JSON.stringify(all.map((r) => r.status).slice(0, 10))}`);
  check(all.every((r) => r.status === 200 || r.status === 429 || r.status === 503), 'a status');
});

await test('L5: an unregistered redirect URI, an unknown tool and another kind of service get a page, and nothing is posted', async () => {
  const b = await tool.begun(anna);
  for (const more of [{ redirect_uri: 'https://evil.example/launch' }, { redirect_uri: `${tool.redirect}/` }, { redirect_uri: undefined }, { redirect_uri: `${tool.redirect}?a=1` }, { client_id: undefined }, { client_id: 'nobody' }, { client_id: service.id }, { state: 'x'.repeat(3000) }])
    for (const method of ['GET', 'POST']) {
      const res = await tool.ask(anna, b, more, method);
      check(res.status === 400 && !forms(res.text).some((f) => /evil|tyokalu/.test(f.action ?? '')), `${JSON.stringify(more)}: ${res.status}`);
    }
});

await test('L1: other deployments and tools are told apart; each has its own', async () => {
  const mine = (await tool.launched(anna)).claims, theirs = (await other.launched(anna)).claims;
  check(mine[`${CLAIM}deployment_id`] === 'd-oulu' && theirs[`${CLAIM}deployment_id`] === 'd-other', 'deployments');
  check(mine.sub !== theirs.sub, 'two vendors know a person by one name');
  check((await silent.launched(anna)).claims[`${CLAIM}deployment_id`] === 'nimeton', 'without lti_deployments: the id of the service');
});

await test('L6: sub is stable, and the one that a service of the same vendor knows by OpenID Connect', async () => {
  const first = (await tool.launched(anna)).claims.sub, again = (await tool.launched(anna)).claims.sub;
  const known = await service.finish((await service.begin(anna)).answer);
  check(first === again && first === known.claims.sub, `${first} ${again} ${known.claims.sub}`);
});

await test('L7: a resource link keeps its id, and has another in another tool', async () => {
  const link = async (t) => (await t.launched(anna)).claims[`${CLAIM}resource_link`].id;
  check(await link(tool) === await link(tool) && await link(tool) !== await link(other), 'resource_link.id');
});

await test('L7, L9, L12: a teacher is an instructor, in the class that is told, with the name that is allowed and no e-mail', async () => {
  const { claims } = await tool.launched(anna);
  check(JSON.stringify(claims[`${CLAIM}roles`]) === JSON.stringify([`${MEMBERSHIP}#Instructor`, `${PERSON}#Instructor`]), `${claims[`${CLAIM}roles`]}`);
  const context = claims[`${CLAIM}context`];
  check(context.label === '7B' && context.title === '7B, Testi-Kielonmäen koulu' && /^[a-z2-7]{52}$/.test(context.id) && context.type.join() === 'http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection', JSON.stringify(context));
  check(claims.given_name === 'Anna' && claims.family_name === 'Testi-Åberg' && claims.name === 'Anna Testi-Åberg' && !('email' in claims), JSON.stringify(claims));
  check((await other.launched(anna)).claims[`${CLAIM}context`].id !== context.id, 'two vendors know a class by one name');
});

await test('L7, L12: a learner is a learner, and told is what their rule says', async () => {
  const { claims } = await tool.launched(otso);
  check(claims[`${CLAIM}roles`].includes(`${MEMBERSHIP}#Learner`) && claims.given_name === 'Otso' && !('family_name' in claims) && !(`${CLAIM}context` in claims), JSON.stringify(claims));
});

await test('L12: an anonymous launch works: no name, no role, no class, and roles are there and empty', async () => {
  const { claims } = await silent.launched(otso);
  const named = Object.keys(claims).filter((k) => ['name', 'given_name', 'family_name', 'email', `${CLAIM}context`, `${CLAIM}lis`].includes(k));
  check(named.length === 0 && claims[`${CLAIM}roles`].length === 0, JSON.stringify(claims));
});

await test('L10: custom parameters come with what their variables stand for; unknown ones as they stand, withheld ones empty', async () => {
  const { claims } = await tool.launched(anna), custom = claims[`${CLAIM}custom`];
  check(custom.plain === 'teksti' && custom.who === claims.sub && custom.class === '7B' && custom.name === 'Anna Testi-Åberg' && custom.mail === '' && custom.odd === '$Nothing.known' && custom.link === claims[`${CLAIM}resource_link`].id
    && custom.role === claims[`${CLAIM}roles`].join(' ') && custom.lang === 'fi', JSON.stringify(custom));
  check((await tool.launched(otso)).claims[`${CLAIM}custom`].class === '', 'a class that is not told');
});

await test('L11: the language of the page and the way back are told', async () => {
  const p = (await tool.launched(anna)).claims[`${CLAIM}launch_presentation`];
  check(p.locale === 'fi' && p.return_url === `${g.url}/` && p.document_target === 'window', JSON.stringify(p));
  await anna.get(`${g.url}/lang?to=sv&back=/`);
  check((await tool.launched(anna)).claims[`${CLAIM}launch_presentation`].locale === 'sv', 'sv');
  await anna.get(`${g.url}/lang?to=fi&back=/`);
});

await test('policy decides at both halves: no tile, no launch; and what is taken away between them is refused by form_post', async () => {
  const res = await anna.get(`${g.url}/lti/open/suljettu`, shut.until());
  check(res.status === 403 && !res.next, `${res.status} ${res.next}`);
  const b = await other.begun(anna);
  g.import(fileOf('toinen'));
  await new Promise((done) => { const look = async () => ((await anna.get(`${g.url}/lti/open/toinen`, other.until())).status === 403 ? done() : setTimeout(look, 100)); look(); });
  await other.refused(anna, b, 'access_denied');
  g.import(fileOf());
  await new Promise((done) => { const look = async () => ((await anna.get(`${g.url}/lti/open/toinen`, other.until())).next ? done() : setTimeout(look, 100)); look(); });
});

await test('another page of the tool opens by ?to=; an address elsewhere does not', async () => {
  const { claims } = await tool.launched(anna, { path: `/lti/open/tyokalu?to=${encodeURIComponent('http://tyokalu.localhost/page/3')}` });
  check(claims[`${CLAIM}target_link_uri`] === 'http://tyokalu.localhost/page/3', claims[`${CLAIM}target_link_uri`]);
  const linked = await tool.launched(anna, { path: '/open/tyokalu?to=page/4' });
  check(linked.claims[`${CLAIM}target_link_uri`] === 'http://tyokalu.localhost/page/4', linked.claims[`${CLAIM}target_link_uri`]);
  for (const to of ['https://evil.example/', 'http://tyokalu.localhost.evil.example/', 'http://tyokalu.localhost@evil.example/', '//evil.example', 'http://tyokalu.localhost:81/', 'https://tyokalu.localhost/', 'javascript:alert(1)'])
    check((await anna.get(`${g.url}/lti/open/tyokalu?to=${encodeURIComponent(to)}`, tool.until())).status === 400, to);
});

// ── Deep Linking ──
const message = (claims, { key = pair.privateKey, kid = 'tool-1', alg = 'RS256', iss = tool.client, aud = g.url, life = '5m', nonce = random() } = {}) => {
  let jwt = new SignJWT({ ...(nonce ? { nonce } : {}), ...claims }).setProtectedHeader({ alg, kid, typ: 'JWT' }).setIssuedAt();
  if (iss) jwt = jwt.setIssuer(iss);
  if (aud) jwt = jwt.setAudience(aud);
  if (life) jwt = jwt.setExpirationTime(life);
  return jwt.sign(key);
};
const item = (more = {}) => ({ type: 'ltiResourceLink', title: 'Murtoluvut', url: 'http://tyokalu.localhost/launch?item=7', custom: { item: '7', plain: 'linkistä' }, ...more });
const picking = async (agent) => {
  const { claims, begun } = await tool.launched(agent, { path: '/lti/pick/tyokalu' });
  return { claims, begun, settings: claims[`${DL}deep_linking_settings`] };
};
const response = (settings, items = [item()], more = {}) => ({ [`${CLAIM}message_type`]: 'LtiDeepLinkingResponse', [`${CLAIM}version`]: '1.3.0', [`${CLAIM}deployment_id`]: 'd-oulu', [`${DL}data`]: settings.data, [`${DL}content_items`]: items, ...more });
const bring = (agent, settings, jwt) => agent.go('POST', settings.deep_link_return_url, { form: { JWT: jwt }, headers: { Origin: 'http://tyokalu.localhost' } });
const links = (res) => [...res.text.matchAll(/href="([^"]*\/lti\/link\?item=[^"]*)"/g)].map((m) => m[1]);

await test('L15: a teacher picks: settings are sent, the signed answer becomes links, and a pupil who opens one gets what was picked', async () => {
  const { claims, settings } = await picking(anna);
  check(claims[`${CLAIM}message_type`] === 'LtiDeepLinkingRequest' && !(`${CLAIM}resource_link` in claims), JSON.stringify(claims));
  check(settings.deep_link_return_url === `${g.url}/lti/picked` && settings.accept_types.join() === 'ltiResourceLink' && settings.accept_presentation_document_targets.join() === 'window' && settings.data, JSON.stringify(settings));
  const res = await bring(anna, settings, await message(response(settings, [item(), item({ title: 'Toinen <b>', custom: undefined }), { type: 'link', url: 'https://evil.example/' }, item({ url: 'https://evil.example/' })])));
  check(res.status === 200 && links(res).length === 2 && res.text.includes('Toinen &lt;b&gt;') && !res.text.includes('evil.example'), `${res.status} ${text(res.text).slice(0, 400)}\n${g.logTail(3)}`);
  const [first, second] = links(res);
  const opened = (await tool.launched(otso, { path: first })).claims;
  check(opened[`${CLAIM}target_link_uri`] === item().url && opened[`${CLAIM}custom`].item === '7' && opened[`${CLAIM}custom`].plain === 'linkistä' && opened[`${CLAIM}resource_link`].title === 'Murtoluvut', JSON.stringify(opened));
  const again = (await tool.launched(otso, { path: first })).claims, other2 = (await tool.launched(otso, { path: second })).claims;
  check(again[`${CLAIM}resource_link`].id === opened[`${CLAIM}resource_link`].id && other2[`${CLAIM}resource_link`].id !== opened[`${CLAIM}resource_link`].id && other2[`${CLAIM}custom`].plain === 'teksti', 'resource_link.id');
  const spoilt = await anna.get(`${first.slice(0, -4)}AAAA`, tool.until());
  check(spoilt.status === 404 && !spoilt.next, `${spoilt.status}`);
});

await test('L15: the answer is checked: signature, iss, aud, times, nonce, deployment, data, type, version; and it counts once', async () => {
  const bad = async (why, more, options) => {
    const { settings } = await picking(anna), res = await bring(anna, settings, await message(response(settings, [item()], more), options));
    check(res.status === 400 && links(res).length === 0, `${why}: ${res.status}`);
  };
  await bad('a stranger signed', {}, { key: stranger.privateKey });
  await bad('iss', {}, { iss: other.client });
  await bad('no iss', {}, { iss: null });
  await bad('aud', {}, { aud: 'https://elsewhere.example' });
  await bad('no aud', {}, { aud: null });
  await bad('expired', {}, { life: '-5m' });
  await bad('endless', {}, { life: null });
  await bad('too long', {}, { life: '2d' });
  await bad('no nonce', {}, { nonce: null });
  await bad('deployment_id', { [`${CLAIM}deployment_id`]: 'd-1' });
  await bad('no deployment_id', { [`${CLAIM}deployment_id`]: undefined });
  await bad('data', { [`${DL}data`]: 'made-up' });
  await bad('no data', { [`${DL}data`]: undefined });
  await bad('message_type', { [`${CLAIM}message_type`]: 'LtiResourceLinkRequest' });
  await bad('version', { [`${CLAIM}version`]: '1.1' });
  const { settings } = await picking(anna), jwt = await message(response(settings));
  const all = await Promise.all(Array.from({ length: 20 }, () => anna.clone().once('POST', settings.deep_link_return_url, { form: { JWT: jwt }, headers: { Origin: 'http://tyokalu.localhost' } })));
  check(all.filter((r) => r.status === 303).length === 1, all.map((r) => r.status).join());
  const twice = await bring(anna, settings, await message(response(settings))); // another nonce, the same request
  check(twice.status === 400, `${twice.status}`);
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ iss: tool.client, aud: g.url, ...response(settings) })).toString('base64url')}.`;
  check((await bring(anna, settings, none)).status === 400, 'alg none');
});

await test('L15: what was picked is shown to who picked it; a learner picks nothing; a tool without a catalogue has none', async () => {
  const { settings } = await picking(anna);
  const res = await new Agent().once('POST', settings.deep_link_return_url, { form: { JWT: await message(response(settings)) }, headers: { Origin: 'http://tyokalu.localhost' } });
  check(res.status === 303, `${res.status}`);
  const list = new URL(res.headers.location, g.url).toString();
  check((await otso.get(list)).status === 403, 'somebody else sees it');
  check(links(await anna.get(list)).length === 1, 'who picked it');
  const learner = await otso.get(`${g.url}/lti/pick/tyokalu`, tool.until());
  check(learner.status === 403 && !learner.next, `${learner.status}`);
  check((await anna.get(`${g.url}/lti/pick/toinen`, other.until())).status === 404, 'no catalogue');
  const many = await picking(anna), much = await bring(anna, many.settings, await message(response(many.settings, Array.from({ length: 100 }, () => item()))));
  check(much.status === 413 && /100|fewer|liikaa|liian/i.test(text(much.text) + g.logTail(3)), `${much.status}`);
  const nothing = await picking(anna), empty = await bring(anna, nothing.settings, await message(response(nothing.settings, [])));
  check(empty.status === 200 && links(empty).length === 0, `${empty.status}`);
});

// ── services ──
const SCOPE = `${NRPS.replace('lti-nrps/', 'lti-nrps/scope/')}contextmembership.readonly`;
const assertion = (more = {}, options = {}) => {
  const { sub = tool.client, jti = random(), ...claims } = more;
  let jwt = new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'tool-1', ...options.head }).setIssuedAt().setIssuer(options.iss ?? tool.client).setAudience(options.aud ?? `${g.url}/lti/token`).setExpirationTime(options.life ?? '1m');
  if (sub) jwt = jwt.setSubject(sub);
  if (jti) jwt = jwt.setJti(jti);
  return jwt.sign(options.key ?? pair.privateKey);
};
const grant = (jwt, more = {}) => {
  const form = { grant_type: 'client_credentials', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: jwt, scope: SCOPE, ...more };
  for (const k of Object.keys(form)) if (form[k] === undefined) delete form[k];
  return fetchLocal(g.port, '/lti/token', { method: 'POST', body: new URLSearchParams(form).toString(), headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }).then((r) => ({ ...r, json: JSON.parse(r.text) }));
};

await test('L16: a token by a signed assertion, for the scopes that the row lets', async () => {
  for (const aud of [`${g.url}/lti/token`, g.url]) {
    const r = await grant(await assertion({}, { aud }));
    check(r.status === 200 && r.json.token_type === 'Bearer' && r.json.expires_in === 3600 && r.json.scope === SCOPE && r.headers['cache-control'] === 'no-store', `${r.status} ${r.text}`);
  }
  const wide = await grant(await assertion(), { scope: `${SCOPE} https://purl.imsglobal.org/spec/lti-ags/scope/lineitem` });
  check(wide.json.scope === SCOPE, wide.text);
});

await test('L16: a replayed jti, a wrong assertion and a scope that is not let are refused', async () => {
  const refused = (r, status, error) => check(r.status === status && r.json.error === error && /support code/.test(r.json.error_description), `expected ${status} ${error}: ${r.status} ${r.text}`);
  const jwt = await assertion(), all = await Promise.all(Array.from({ length: 20 }, () => grant(jwt)));
  check(all.filter((r) => r.status === 200).length === 1, all.map((r) => r.status).join());
  refused(await grant(jwt), 401, 'invalid_client');
  for (const [more, options] of [[{}, { key: stranger.privateKey }], [{}, { iss: other.client }], [{}, { iss: 'nobody' }], [{}, { iss: service.id }], [{}, { aud: 'https://elsewhere.example' }], [{}, { life: '-5m' }], [{}, { life: '2d' }], [{ jti: null }, {}], [{ sub: null }, {}], [{ sub: 'somebody' }, {}]])
    refused(await grant(await assertion(more, options)), 401, 'invalid_client');
  refused(await grant(await assertion(), { client_id: other.client }), 401, 'invalid_client');
  refused(await grant('x'), 401, 'invalid_client');
  refused(await grant(await assertion(), { grant_type: 'authorization_code' }), 400, 'unsupported_grant_type');
  refused(await grant(await assertion(), { client_assertion_type: 'x' }), 400, 'invalid_request');
  for (const scope of [undefined, 'openid', 'https://purl.imsglobal.org/spec/lti-ags/scope/score']) refused(await grant(await assertion(), { scope }), 400, 'invalid_scope');
  refused(await grant(await assertion({ sub: other.client }, { iss: other.client })), 400, 'invalid_scope'); // its row lets it ask for nothing
});

const members = (url, token, query = '') => fetchLocal(g.port, new URL(url).pathname + query, { headers: { Accept: 'application/vnd.ims.lti-nrps.v2.membershipcontainer+json', ...(token ? { Authorization: `Bearer ${token}` } : {}) } }).then((r) => ({ ...r, json: JSON.parse(r.text) }));

await test('L17: who has opened the tool from a class is told with a role, filtered, paged, without a name; nobody else is', async () => {
  const url = (await tool.launched(anna)).claims[`${NRPS}claim/namesroleservice`].context_memberships_url;
  check(url.startsWith(`${g.url}/lti/members/`), url);
  const { access_token: token } = (await grant(await assertion())).json;
  const r = await members(url, token), me = (await tool.launched(anna)).claims;
  check(r.status === 200 && r.headers['content-type'] === 'application/vnd.ims.lti-nrps.v2.membershipcontainer+json' && r.json.context.id === me[`${CLAIM}context`].id, `${r.status} ${r.text}`);
  check(r.json.members.length === 1 && r.json.members[0].user_id === me.sub && JSON.stringify(r.json.members[0].roles) === JSON.stringify(me[`${CLAIM}roles`]) && r.json.members[0].status === 'Active' && Object.keys(r.json.members[0]).join() === 'status,user_id,roles', r.text);
  check((await members(url, token, '?role=Learner')).json.members.length === 0 && (await members(url, token, '?role=Instructor')).json.members.length === 1 && (await members(url, token, `?role=${encodeURIComponent(`${MEMBERSHIP}#Instructor`)}`)).json.members.length === 1, 'role');
  check((await members(url, token, '?limit=0')).status === 400 && (await members(url, token, '?limit=1')).json.members.length === 1, 'limit');
  for (const t of [undefined, 'x', `${token.slice(0, -4)}AAAA`]) check((await members(url, t)).status === 401, 'without a token');
  const foreign = await members(`${g.url}/lti/members/${(await other.launched(anna)).claims[`${CLAIM}context`].id}`, token);
  check(foreign.json.members.length === 0, 'the class of another tool');
  check(!(`${NRPS}claim/namesroleservice` in (await other.launched(anna)).claims), 'a tool that may not ask is told where');
});

await test('L17: whose data is protected is in no list, though they may use the tool', async () => {
  const { agent } = await signIn(service, 'piilo'), { claims } = await tool.launched(agent);
  const url = (await tool.launched(anna)).claims[`${NRPS}claim/namesroleservice`].context_memberships_url, { access_token: token } = (await grant(await assertion())).json;
  check(claims[`${CLAIM}context`].id === url.split('/').pop(), 'the same class');
  const { members: found } = (await members(url, token)).json;
  check(found.length === 1 && found[0].user_id !== claims.sub, JSON.stringify(found));
});

await test('L17: who was in a list, and whose data has been protected since, is in it no more once they come again', async () => {
  const url = (await tool.launched(anna)).claims[`${NRPS}claim/namesroleservice`].context_memberships_url, { access_token: token } = (await grant(await assertion())).json;
  check((await members(url, token)).json.members.length === 1, 'not in the list before');
  g.import(fileOf().replace('    username: anna\n', '    username: anna\n    non_disclosure: true\n'));
  await until('the list is empty', async () => {
    await tool.launched((await signIn(service, 'anna')).agent);
    return (await members(url, token)).json.members.length === 0;
  });
  g.import(fileOf());
  await until('and has her again', async () => {
    await tool.launched((await signIn(service, 'anna')).agent);
    return (await members(url, token)).json.members.length === 1;
  });
});

await test('L17: whom policy shuts out since then is in no list', async () => {
  const url = (await tool.launched(anna)).claims[`${NRPS}claim/namesroleservice`].context_memberships_url, { access_token: token } = (await grant(await assertion())).json;
  g.import(fileOf('tyokalu'));
  await new Promise((done) => { const look = async () => ((await members(url, token)).json.members.length === 0 ? done() : setTimeout(look, 100)); look(); });
  g.import(fileOf());
  await new Promise((done) => { const look = async () => ((await members(url, token)).json.members.length === 1 ? done() : setTimeout(look, 100)); look(); });
});

await test('L17: a class that its municipality keeps since then is told by no list, though the school may be told', async () => {
  const url = (await tool.launched(anna)).claims[`${NRPS}claim/namesroleservice`].context_memberships_url, { access_token: token } = (await grant(await assertion())).json;
  check((await members(url, token)).json.members.length === 1, 'not in the list before');
  g.import(`${fileOf()}permissions:\n  - { id: oulu-tyokalu-1, provider: oulu, service: tyokalu, gives: [given_name, family_name, roles, school, provider], keeps: [group], from: "2026-01-01T00:00:00Z" }\n`);
  await until('the list of the class is empty', async () => (await members(url, token)).json.members.length === 0);
  const school = (await tool.launched(anna)).claims[`${NRPS}claim/namesroleservice`].context_memberships_url;
  check(school !== url && (await members(school, token)).json.members.length === 1, `the school's: ${school}`);
  check((await members(url, token)).json.members.length === 0, 'the class again');
  g.import(fileOf());
  await until('and has her again', async () => (await members(url, token)).json.members.length === 1);
  check((await members(school, token)).json.members.length === 1, 'the school is told, since the row says so');
});

await test('L18: grades are not offered, and nothing says that they were', async () => {
  const { claims } = await tool.launched(anna);
  check(!JSON.stringify(claims).includes('lti-ags') && !('https://purl.imsglobal.org/spec/lti-ags/claim/endpoint' in claims), 'announced');
});

// ── Classes ──
const withClass = (id, name) => `/lti/open/${id}?class=${name}`;
const classes = (res) => Object.fromEntries([...res.text.matchAll(/<li><a href="([^"]*class=([a-z2-7]{52})[^"]*)">([^<]*)<\/a><\/li>/g)].map(([, path, id, title]) => [title, { path: path.replaceAll('&amp;', '&'), id }]));
const contextOf = (launched) => launched.claims[`${CLAIM}context`];
const { agent: kaksi } = await signIn(service, 'kaksi');
const { agent: oppi } = await signIn(service, 'oppi');

await test('L9: a teacher of several classes is asked in which the tool opens; the choice is that launch\'s context and is kept until they sign out', async () => {
  const asked = await kaksi.get(`${g.url}/open/tyokalu`, tool.until()), found = classes(asked);
  check(asked.status === 200 && !asked.next && Object.keys(found).length === 3, `${asked.status} ${text(asked.text).slice(0, 300)}`);
  const [of8c] = Object.keys(found).filter((t) => t.startsWith('8C')), sevens = Object.keys(found).filter((t) => !t.startsWith('8C'));
  check(sevens.length === 2 && sevens[0] !== sevens[1] && found[sevens[0]].id !== found[sevens[1]].id, Object.keys(found).join());
  const first = await tool.launched(kaksi, { path: found[of8c].path });
  check(contextOf(first).label === '8C' && contextOf(first).id === found[of8c].id, JSON.stringify(contextOf(first)));
  check(contextOf(await tool.launched(kaksi)).label === '8C', 'it is not remembered');
  check(classes(await kaksi.get(`${g.url}${withClass('tyokalu', '')}`, tool.until()))[of8c], 'they cannot choose anew');
  const second = await tool.launched(kaksi, { path: found[sevens[1]].path });
  check(contextOf(second).id === found[sevens[1]].id && contextOf(second).id !== contextOf(first).id, 'another class');
  check(second.claims[`${CLAIM}resource_link`].id !== first.claims[`${CLAIM}resource_link`].id && second.claims.sub === first.claims.sub, 'a link of two classes is one');
  check(Object.keys(classes(await kaksi.get(`${g.url}/open/luokka`, klass.until()))).length === 3, 'another tool has a choice of its own');
  const { agent: anew } = await signIn(service, 'kaksi');
  check(Object.keys(classes(await anew.get(`${g.url}/open/tyokalu`, tool.until()))).length === 3, 'it outlives the sign-in');
});

await test('L9: nobody gets into a class that is not theirs by naming it; one class is no question', async () => {
  const theirs = classes(await kaksi.get(`${g.url}${withClass('luokka', '')}`, klass.until())), [of8c] = Object.entries(theirs).filter(([t]) => t.startsWith('8C')).map(([, c]) => c.id);
  for (const name of [of8c, 'x', 'x'.repeat(200), contextOf(await tool.launched(anna)).id]) {
    const mine = contextOf(await klass.launched(oppi, { path: withClass('luokka', name) }));
    check(mine.label === '7B' && mine.id !== of8c, JSON.stringify(mine));
  }
  const learners = classes(await (await signIn(service, 'moni')).agent.get(`${g.url}/open/luokka`, klass.until()));
  check(Object.keys(learners).map((t) => t.slice(0, 2)).sort().join() === '7B,9D', 'a learner\'s own');
});

await test('L4, L7: a launch whose class or deployment is none any more when the tool asks is refused by form_post', async () => {
  const b = await tool.begun(anna);
  g.import(fileOf().replace('oulu=d-oulu', 'oulu=d-new'));
  await until('the row is new', async () => (await tool.begun(anna)).lti_deployment_id === 'd-new');
  await tool.refused(anna, b, 'invalid_request');
  g.import(fileOf());
  await until('the row is old', async () => (await tool.begun(anna)).lti_deployment_id === 'd-oulu');
  check((await tool.launched(anna)).claims[`${CLAIM}deployment_id`] === 'd-oulu', 'afterwards');
});

await test('L2: where the row says so the login begins by POST, with the same six words', async () => {
  const page = await anna.get(`${g.url}/open/posti`), form = forms(page.text).find((f) => f.action === `${posts.login}?own=1`);
  check(page.status === 200 && form?.method === 'post' && Object.keys(form.fields).sort().join() === 'client_id,iss,login_hint,lti_deployment_id,lti_message_hint,target_link_uri', `${page.status} ${JSON.stringify(form)}`);
  check(form.fields.iss === g.url && form.fields.client_id === posts.client && form.fields.target_link_uri === posts.launch && form.fields.lti_deployment_id === 'posti', JSON.stringify(form.fields));
  const fields = posts.posted(await posts.ask(anna, form.fields));
  check((await posts.verified(fields.id_token)).sub, 'no launch');
});

// ── What teachers put up for a class ──
const pickedList = async (agent, path, items) => {
  const { claims } = await klass.launched(agent, { path }), settings = claims[`${DL}deep_linking_settings`];
  const jwt = await message({ ...response(settings, items), [`${CLAIM}deployment_id`]: 'luokka' }, { iss: klass.client });
  const res = await agent.go('POST', settings.deep_link_return_url, { form: { JWT: jwt }, headers: { Origin: 'http://luokka.localhost' } });
  check(res.status === 200, `${res.status} ${text(res.text).slice(0, 300)}\n${g.logTail(3)}`);
  return { res, context: contextOf({ claims }) };
};
const at = (n) => item({ title: `Tehtävä ${n}`, url: `http://luokka.localhost/launch?item=${n}`, custom: { item: String(n) } });
const titles = (res) => [...res.text.matchAll(/<b>(Tehtävä \d)<\/b>/g)].map((m) => m[1]).join();
const linkForm = (res) => forms(res.text).find((f) => f.action === '/lti/links');
const send = (agent, fields) => { agent.origin = g.url; return agent.go('POST', `${g.url}/lti/links`, { form: fields }); };

await test('L15: what a teacher picked is put up for a class: its learners find it from their services, in its class, and no others do', async () => {
  const { res, context } = await pickedList(anna, '/lti/pick/luokka', [at(1), at(2), at(3)]);
  const form = linkForm(res);
  check(form?.fields.class === context.id && form.fields.service === 'luokka' && form.buttons.some((b) => b.name === 'add'), JSON.stringify(form));
  const shown = await send(anna, { ...form.fields, add: form.buttons.find((b) => b.name === 'add').value });
  check(shown.status === 200 && new URL(shown.url).pathname === '/lti/pick' && titles(shown) === 'Tehtävä 1,Tehtävä 2,Tehtävä 3', `${shown.status} ${shown.url} ${text(shown.text).slice(0, 300)}\n${g.logTail(3)}`);
  const place = new URL(shown.url).hash.slice(1);
  check(place && shown.text.includes(`id="${place}"`), `it leads to #${place}, which is not on the page`);
  check((await oppi.get(`${g.url}/`)).text.includes('href="/lti/pick"'), 'the way from their services');
  const theirs = await oppi.get(`${g.url}/lti/pick`);
  check(titles(theirs) === 'Tehtävä 1,Tehtävä 2,Tehtävä 3' && !/name="remove"|name="up"|lti\/pick\/luokka/.test(theirs.text), text(theirs.text).slice(0, 300));
  const path = links(theirs)[1].replaceAll('&amp;', '&'), opened = await klass.launched(oppi, { path });
  check(opened.claims[`${CLAIM}target_link_uri`] === 'http://luokka.localhost/launch?item=2' && opened.claims[`${CLAIM}custom`].item === '2' && contextOf(opened).id === context.id, JSON.stringify(opened.claims));
  check(titles(await otso.get(`${g.url}/lti/pick`)) === '', 'a learner of another class');
  check(titles(await new Agent().get(`${g.url}/lti/pick`)) === '', 'nobody');
  g.import(fileOf('luokka'));
  await until('policy shuts it', async () => titles(await oppi.get(`${g.url}/lti/pick`)) === '');
  g.import(fileOf());
  await until('policy opens it', async () => titles(await oppi.get(`${g.url}/lti/pick`)) !== '');
});

await test('L15: those who teach the class order its links and take them down; nobody else does, and nobody by another\'s page', async () => {
  const page = await kaksi.get(`${g.url}/lti/pick`), form = linkForm(page);
  check(titles(page) === 'Tehtävä 1,Tehtävä 2,Tehtävä 3', text(page.text).slice(0, 300));
  const ids = [...page.text.matchAll(/name="remove" value="([^"]+)"/g)].map((m) => m[1]);
  check(titles(await send(kaksi, { ...form.fields, up: ids[2] })) === 'Tehtävä 1,Tehtävä 3,Tehtävä 2', 'up');
  check(titles(await send(kaksi, { ...form.fields, down: ids[0] })) === 'Tehtävä 3,Tehtävä 1,Tehtävä 2', 'down');
  check(titles(await send(kaksi, { ...form.fields, remove: ids[1] })) === 'Tehtävä 3,Tehtävä 1', 'remove');
  const csrf = forms((await oppi.get(`${g.url}/me`)).text).find((f) => f.fields.csrf)?.fields.csrf;
  check((await send(oppi, { ...form.fields, csrf, remove: ids[0] })).status === 403, 'a learner');
  const reksi = (await signIn(service, 'reksi')).agent, theirs = forms((await reksi.get(`${g.url}/me`)).text).find((f) => f.fields.csrf)?.fields.csrf;
  check((await send(reksi, { ...form.fields, csrf: theirs, remove: ids[0] })).status === 403, 'of no class of theirs');
  await send(kaksi, { ...form.fields, csrf: 'x', remove: ids[0] });
  const other_ = await anna.go('POST', `${g.url}/lti/links`, { form: { ...form.fields, remove: ids[0] }, headers: { Origin: 'https://evil.example' } });
  check(other_.status !== 500 && titles(await anna.get(`${g.url}/lti/pick`)) === 'Tehtävä 3,Tehtävä 1', 'a page of somebody else\'s');
  for (const more_ of [{ service: 'toinen', remove: ids[0] }, { service: 'nobody', remove: ids[0] }, {}]) check([400, 404].includes((await send(kaksi, { ...form.fields, ...more_ })).status), JSON.stringify(more_));
  check((await send(kaksi, { ...form.fields, add: 'x' })).status === 404, 'a list that nobody picked');
});

await test('L15: a class has fifty links of a tool at most; more than a page holds are one press away, and changes come back there', async () => {
  const full = async (context) => { for (let n = 0; n < 6; n++) { const { res } = await pickedList(kaksi, `/lti/pick/luokka?class=${context}`, Array.from({ length: 10 }, () => at(5))), form = linkForm(res); await send(kaksi, { csrf: form.fields.csrf, service: 'luokka', class: context, add: form.buttons.find((b) => b.name === 'add').value }); } };
  const found = classes(await kaksi.get(`${g.url}${withClass('luokka', '')}`, klass.until())), [eights, sixes] = ['8C', '6A'].map((t) => Object.entries(found).find(([name]) => name.startsWith(t))[1].id);
  await full(eights);
  await full(sixes);
  const page = await kaksi.get(`${g.url}/lti/pick`), more_ = [...page.text.matchAll(/href="(\/lti\/pick\?service=luokka&amp;class=[^"]*)"/g)].map((m) => m[1].replaceAll('&amp;', '&'));
  check(page.status === 200 && more_.length >= 1 && page.text.length < 200000, `${page.status} ${page.text.length} ${more_}`);
  const one = await kaksi.get(g.url + more_[0]), form = linkForm(one), ids = [...one.text.matchAll(/name="remove" value="([^"]+)"/g)].map((m) => m[1]);
  check(ids.length === 50 && form.fields.only === '1', `${ids.length} ${JSON.stringify(form?.fields)}`);
  const after = await send(kaksi, { ...form.fields, remove: ids[0] });
  check(after.url.startsWith(g.url + more_[0]) && [...after.text.matchAll(/name="remove"/g)].length === 49, after.url);
});

await test('L15: what somebody else picked is added by nobody', async () => {
  const { res } = await pickedList(anna, '/lti/pick/luokka', [at(4)]), add = linkForm(res).buttons.find((b) => b.name === 'add').value;
  const form = linkForm(await kaksi.get(`${g.url}/lti/pick`));
  check((await send(kaksi, { ...form.fields, add })).status === 404 && !titles(await kaksi.get(`${g.url}/lti/pick`)).includes('4'), 'it was');
});

// ── Who leaves a list ──
const membersOf = async (t, launched) => (await members(launched.claims[`${NRPS}claim/namesroleservice`].context_memberships_url, (await grant(await assertion({ sub: t.client }, { iss: t.client }))).json.access_token)).json.members.map((m) => m.user_id);

await test('L17: who has another class when they sign in next is in the list of the old one no more, though they open nothing', async () => {
  const teacher = await klass.launched(anna), learner = await klass.launched(oppi);
  check(contextOf(teacher).id === contextOf(learner).id && (await membersOf(klass, teacher)).includes(learner.claims.sub), 'not in the list before');
  const file = fileOf();
  g.import(file.replace(/(username: oppi\n[\s\S]*?group: )"7B"/, '$1"9D"'));
  await until('the list lacks them', async () => {
    await signIn(service, 'oppi');
    return !(await membersOf(klass, teacher)).includes(learner.claims.sub);
  });
  check((await membersOf(klass, teacher)).includes(teacher.claims.sub), 'others went too');
  g.import(file);
});

await test('L17: who takes their consent back is in no list of the tool at once', async () => {
  const agent = (await signIn(service, 'anna')).agent, open = async () => {
    const page = await agent.get(`${g.url}/open/kerho`, club.until());
    if (page.next) return club.launched(agent);
    agent.origin = g.url;
    await agent.submit(page, { act: 'yes' }, (f) => f.action === '/consent', club.until());
    return club.launched(agent);
  };
  const launched = await open();
  check((await membersOf(club, launched)).includes(launched.claims.sub), 'not in the list before');
  agent.origin = g.url;
  const me = await agent.get(`${g.url}/me`);
  const done = await agent.submit(me, { act: 'consent' }, (f) => f.fields.service === 'kerho');
  check(done.status === 200 && (await membersOf(club, launched)).length === 0, `${done.status}`);
  await until('given anew, they are in it again', async () => (await membersOf(club, await open())).includes(launched.claims.sub));
});

// ── npm ltijs ──
const server = await peer('ltijs', process.execPath, [`${root}/tests/e2e/ltijs_tool.mjs`], { env: { ...process.env, PORT: String(ltijsPort), PLATFORM: g.url, CLIENT: 'client-of-ltijs' }, within_ms: 120000 });
const through = async (agent, path) => { // as a browser: the form is posted by our page
  const page = await agent.get(g.url + path);
  check(page.status === 200 && forms(page.text).some((f) => f.action?.startsWith(ltijs.own)), `${page.status} ${page.url} ${text(page.text).slice(0, 300)}\n${g.logTail(3)}`);
  agent.origin = g.url;
  return agent.submit(page, {}, (f) => f.action?.startsWith(ltijs.own));
};
let ltik;

await test('ltijs takes a launch: person, roles, context, and where it came from', async () => {
  const res = await through(anna, '/open/ltijs');
  check(res.status === 200 && res.headers['content-type'].startsWith('application/json'), `${res.status} ${res.url} ${res.text.slice(0, 300)}\n${server.said()}`);
  const { token, context, ltik: k } = JSON.parse(res.text);
  ltik = k;
  check(token.iss === g.url && token.userInfo.given_name === 'Anna' && token.userInfo.family_name === 'Testi-Åberg' && token.deploymentId === 'ltijs' && token.platformInfo.product_family_code === 'digione-gateway', JSON.stringify(token));
  check(context.roles.includes(`${MEMBERSHIP}#Instructor`) && context.context.label === '7B' && context.messageType === 'LtiResourceLinkRequest', JSON.stringify(context));
});

await test('ltijs sends what was picked, and the link leads a pupil there', async () => {
  const form = await through(anna, '/lti/pick/ltijs');
  check(form.status === 200 && /name="JWT"/.test(form.text), `${form.status} ${form.text.slice(0, 300)}`);
  anna.origin = ltijs.own;
  const res = await anna.submit(form);
  check(res.status === 200 && links(res).length === 1 && res.text.includes('Tehtävä 4'), `${res.status} ${text(res.text).slice(0, 300)}\n${g.logTail(3)}`);
  const opened = await through(otso, new URL(links(res)[0]).pathname + new URL(links(res)[0]).search), { context } = JSON.parse(opened.text);
  check(context.custom.item === '4' && context.resource.title === 'Tehtävä 4' && context.targetLinkUri === `${ltijs.own}/?item=4`, opened.text);
});

await test('ltijs asks who is in the class, with a token of its own', async () => {
  const res = await anna.get(`${ltijs.own}/members?ltik=${ltik}`);
  check(res.status === 200, `${res.status} ${res.text.slice(0, 500)}\n${g.logTail(3)}`);
  const { members: found } = JSON.parse(res.text);
  check(found.length === 1 && found[0].roles.includes(`${MEMBERSHIP}#Instructor`), res.text);
});

// ── Dynamic registration ──
const configuration = JSON.parse((await fetchLocal(g.port, '/lti/openid-configuration')).text);
const TOOL = 'https://purl.imsglobal.org/spec/lti-tool-configuration';
const register = (body, token) => fetchLocal(g.port, '/lti/register', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) } }).then((r) => ({ ...r, json: JSON.parse(r.text) }));
const wish = (more = {}, tool_ = {}) => ({ application_type: 'web', response_types: ['id_token'], grant_types: ['implicit', 'client_credentials'], client_name: 'Uusi', initiate_login_uri: 'http://uusi.localhost/login', redirect_uris: ['http://uusi.localhost/launch'], jwks_uri: 'http://uusi.localhost/keys', token_endpoint_auth_method: 'private_key_jwt', scope: SCOPE, [TOOL]: { domain: 'uusi.localhost', target_link_uri: 'http://uusi.localhost/', custom_parameters: { a: '$User.id' }, claims: ['iss', 'sub'], messages: [{ type: 'LtiDeepLinkingRequest', target_link_uri: 'http://uusi.localhost/pick' }], ...tool_ }, ...more });

await test('L14: what the platform is stands at one address, and each endpoint is there', async () => {
  check(configuration.issuer === g.url && configuration.response_types_supported.join() === 'id_token' && configuration.id_token_signing_alg_values_supported.join() === 'RS256' && configuration.scopes_supported.includes(SCOPE), JSON.stringify(configuration));
  const platform = configuration['https://purl.imsglobal.org/spec/lti-platform-configuration'];
  check(platform.messages_supported.map((m) => m.type).join() === 'LtiResourceLinkRequest,LtiDeepLinkingRequest' && platform.variables.includes('User.id'), JSON.stringify(platform));
  check(!JSON.stringify(configuration).includes('lti-ags'), 'grades are announced');
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'registration_endpoint'])
    check((await fetchLocal(g.port, new URL(configuration[name]).pathname, { method: name === 'jwks_uri' || name === 'authorization_endpoint' ? 'GET' : 'POST', body: name === 'jwks_uri' || name === 'authorization_endpoint' ? undefined : 'x=1' })).status !== 404, name);
});

await test('L14: a tool registers itself with an initial token, is a row as any other, and launches at once where its token says so', async () => {
  const r = await register(wish(), tokens.now);
  check(r.status === 201 && r.json.client_id.length === 43 && r.json[TOOL].deployment_id && r.json.scope === SCOPE && r.headers['cache-control'] === 'no-store', `${r.status} ${r.text}\n${g.logTail(3)}`);
  const id = r.json[TOOL].deployment_id, made = new Tool(id, {});
  Object.assign(made, { client: r.json.client_id, login: 'http://uusi.localhost/login', redirect: 'http://uusi.localhost/launch' });
  const { claims } = await made.launched(anna, { path: `/open/${id}` });
  check(claims[`${CLAIM}deployment_id`] === id && claims[`${CLAIM}custom`].a === claims.sub, JSON.stringify(claims));
  const row = g.cli('export', '-c', g.config).stdout;
  check(row.includes('lti_deep_link_uri: "http://uusi.localhost/pick"') || row.includes('lti_deep_link_uri: http://uusi.localhost/pick'), row.slice(row.indexOf(id), row.indexOf(id) + 900));
  check(/registrar now as vendor/.test(g.cli('registry', 'log', '-c', g.config, '--last', '3').stdout), 'history');
});

await test('L14: a picture is fetched, made anew and kept; what is none is left out, and said; messages that nobody sends are not promised', async () => {
  const pages = new Map([['/logo.png', { body: png(64), type: 'image/png' }], ['/logo.svg', { body: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', type: 'image/svg+xml' }], ['/huge.png', { body: Buffer.alloc(300 << 10, 1), type: 'image/png' }]]);
  const server = http.createServer((q, res) => { const p = pages.get(q.url); res.writeHead(p ? 200 : 404, { 'Content-Type': p?.type ?? 'text/plain' }).end(p?.body ?? ''); });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const of = (path) => `http://uusi.localhost:${server.address().port}${path}`;
  const r = await register(wish({ client_name: 'Kuvallinen', logo_uri: of('/logo.png'), contacts: ['tuki@uusi.example'] }, { messages: [{ type: 'LtiResourceLinkRequest', label: 'a' }, { type: 'LtiSubmissionReviewRequest' }] }), tokens.now);
  check(r.status === 201 && r.json.logo_uri === of('/logo.png') && r.json.contacts.join() === 'tuki@uusi.example' && !r.json.registration_notes, r.text);
  check(r.json[TOOL].messages.map((m) => m.type).join() === 'LtiResourceLinkRequest', r.text);
  const row = g.cli('export', '-c', g.config).stdout.split('\n  - ').find((p) => p.includes(r.json.client_id));
  check(/icon: "?iVBOR/.test(row), row);
  for (const path of ['/logo.svg', '/huge.png', '/none.png']) {
    const bad = await register(wish({ client_name: 'Kuvaton', logo_uri: of(path) }), tokens.now);
    check(bad.status === 201 && !('logo_uri' in bad.json) && bad.json.registration_notes.some((n) => n.includes('logo_uri')), bad.text);
  }
  const away = await register(wish({ logo_uri: 'https://evil.example/logo.png' }), tokens.now);
  check(away.status === 400 && away.json.error_description.includes('logo_uri'), away.text);
  server.close();
});

await test('L14: without approval it is switched off, and a proposal waits', async () => {
  const r = await register(wish({ client_name: 'Odottaa' }), tokens.later);
  check(r.status === 201 && r.json.registration_notes?.length === 1, `${r.status} ${r.text}`);
  check((await anna.get(`${g.url}/lti/open/${r.json[TOOL].deployment_id}`)).status === 404, 'it is open');
});

await test('L14: what is wrong is refused with the member, and leaves no row', async () => {
  const before = g.cli('export', '-c', g.config).stdout;
  const refused = (r, status, error, names) => check(r.status === status && r.json.error === error && (!names || r.json.error_description.includes(names)), `expected ${status} ${error} ${names}: ${r.status} ${r.text}`);
  refused(await register(wish()), 401, 'invalid_token');
  refused(await register(wish(), 'x'), 401, 'invalid_token');
  for (const body of ['', 'x', '[]']) refused(await register(body, tokens.now), 400, 'invalid_client_metadata');
  for (const [more, tool_, error, names] of [[{ redirect_uris: [] }, {}, 'invalid_redirect_uri', 'redirect_uris'], [{ redirect_uris: ['https://evil.example/'] }, {}, 'invalid_client_metadata', 'host'], [{ initiate_login_uri: undefined }, {}, 'invalid_client_metadata', 'initiate_login_uri'], [{ initiate_login_uri: 'https://evil.example/' }, {}, 'invalid_client_metadata', 'initiate_login_uri'],
    [{ jwks_uri: 'ftp://uusi.localhost/' }, {}, 'invalid_client_metadata', 'jwks_uri'], [{ jwks_uri: undefined, scope: '' }, {}, 'invalid_client_metadata', 'jwks_uri'], [{ token_endpoint_auth_method: 'none' }, {}, 'invalid_client_metadata', 'token_endpoint_auth_method'], [{ [TOOL]: undefined }, {}, 'invalid_client_metadata', 'lti-tool-configuration'],
    [{}, { target_link_uri: undefined }, 'invalid_client_metadata', 'target_link_uri'], [{}, { target_link_uri: 'https://evil.example/' }, 'invalid_client_metadata', 'target_link_uri'], [{}, { custom_parameters: { 'a b': 'x' } }, 'invalid_client_metadata', 'lti_custom'], [{}, { custom_parameters: { a: 1 } }, 'invalid_client_metadata', 'custom_parameters'], [{ client_name: 'a\nb' }, {}, 'invalid_client_metadata', 'client_name']])
    refused(await register(wish(more, tool_), tokens.now), 400, error, names);
  check(g.cli('export', '-c', g.config).stdout === before, 'the registry has changed');
});

await test('L14: npm ltijs registers itself from one address', async () => {
  const port = await freePort(), own = `http://ltijs2.localhost:${port}`;
  const server2 = await peer('ltijs, unregistered', process.execPath, [`${root}/tests/e2e/ltijs_tool.mjs`], { env: { ...process.env, PORT: String(port), HOST: 'ltijs2.localhost', PLATFORM: g.url }, within_ms: 120000 });
  const res = await new Agent().get(`${own}/register?openid_configuration=${encodeURIComponent(`${g.url}/lti/openid-configuration`)}&registration_token=${tokens.now}`);
  check(res.status === 200 && /org\.imsglobal\.lti\.close/.test(res.text), `${res.status} ${res.text.slice(0, 300)}\n${server2.said()}\n${g.logTail(5)}`);
  const id = /id: (\S+)\n(?:(?! {2}- id:)[\s\S])*?ltijs2\.localhost/.exec(g.cli('export', '-c', g.config).stdout.split('services:')[1])?.[1];
  const page = await anna.get(`${g.url}/open/${id}`);
  anna.origin = g.url;
  const opened = await anna.submit(page, {}, (f) => f.action?.startsWith(own));
  check(opened.status === 200 && JSON.parse(opened.text).context.custom.who, `${opened.status} ${opened.text.slice(0, 300)}`);
});

await test('L15: a teacher finds the catalogues at one address; a learner finds none there', async () => {
  const page = await anna.get(`${g.url}/lti/pick`);
  check(page.status === 200 && /href="\/lti\/pick\/tyokalu\?class=[a-z2-7]{52}"/.test(page.text) && page.text.includes('href="/lti/pick/ltijs?class=') && !page.text.includes('/lti/pick/toinen'), text(page.text).slice(0, 300));
  check(!(await otso.get(`${g.url}/lti/pick`)).text.includes('/lti/pick/tyokalu'), 'a learner');
});

await test('after signing out, the page says truly that the tool stays open', async () => {
  const agent = (await signIn(service, 'nils')).agent;
  await tool.launched((await signIn(service, 'anna', agent, { prompt: 'login' })).agent);
  const asked = await agent.get(`${g.url}/sign-out`);
  const res = await agent.submit(asked, {}, (f) => f.method === 'post' && (f.action ?? '').includes('sign-out'));
  check(res.status === 200 && /class="no">[\s\S]{0,2000}Työkalu tyokalu/.test(res.text), text(res.text).slice(0, 500));
});

await test('whoever is not signed in is led through the sign-in to the tool', async () => {
  const res = await new Agent().get(`${g.url}/lti/open/tyokalu`, tool.until());
  check(res.status === 200 && /\/sign-in/.test(res.url), res.url);
});

await test('L16: who asks too much for tokens, or is refused too often, is held back; the tool\'s assertion is not spent by it', async () => {
  const jwt = await assertion(), bodies = [];
  for (let i = 0; i < 700 && !bodies.some((r) => r.status === 429); i += 50) bodies.push(...(await Promise.all(Array.from({ length: 50 }, () => grant('x')))));
  const held = bodies.find((r) => r.status === 429);
  check(held && Number(held.headers['retry-after']) > 0 && held.json.error && bodies.some((r) => r.status === 401), `${bodies.length} answers`);
  await until('the address may ask again, with what was held back', async () => (await grant(jwt)).status === 200);
  check((await grant(jwt)).status === 401, 'it counts twice');
});

await test('L18: a tool that asks for grades is told that there are none: no scope, no service, no claim', async () => {
  const AGS = 'https://purl.imsglobal.org/spec/lti-ags/scope/';
  for (const scope of ['lineitem', 'lineitem.readonly', 'result.readonly', 'score']) {
    let r;
    await until('the address may ask', async () => (r = await grant(await assertion(), { scope: AGS + scope })).status !== 429);
    check(r.status === 400 && r.json.error === 'invalid_scope', `${scope}: ${r.status} ${r.text}`);
  }
  const made = await register(wish({ client_name: 'Arvosanat', scope: `${SCOPE} ${AGS}score` }), tokens.now);
  check(made.status === 201 && made.json.scope === SCOPE, made.text);
  const { claims } = await tool.launched(anna), picked = await tool.launched(anna, { path: '/lti/pick/tyokalu' });
  check(!('https://purl.imsglobal.org/spec/lti-ags/claim/endpoint' in claims) && picked.claims[`${DL}deep_linking_settings`].accept_lineitem === false, 'claims');
});

await finish();
