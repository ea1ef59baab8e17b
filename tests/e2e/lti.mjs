// SPDX-License-Identifier: EUPL-1.2
// Launches over LTI 1.3, from outside: a tool written from the specification alone, with npm jose, that takes nothing on trust.
// Numbers are those of the requirements (L1–L17).
//   node lti.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import { SignJWT, createLocalJWKSet, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { Agent, forms, text } from './agent.mjs';
import { check, fetchLocal, finish, test } from './gateway.mjs';
import { federation, registryText, signIn } from './local.mjs';

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
    lti_deep_linking: true
    lti_names_and_roles: true
` });
const other = new Tool('toinen', { more: '    lti_deployments: ["d-other"]\n' });
const silent = new Tool('nimeton', { asks: 'sub' });
const shut = new Tool('suljettu');

const { g, service } = await federation(process.argv[2], { name: 'lti' });
// without: a tool that nobody may open.
const fileOf = (without) => registryText(service.row() + [tool, other, silent, shut].map((t) => t.row()).join(''), {
  rules: `  - { id: teachers, provider: oulu, role: teacher, release: [sub, given_name, family_name, roles, school, provider, group] }
  - { id: learners, provider: oulu, role: learner, release: [sub, given_name, roles] }
  - { id: nameless, provider: oulu, service: nimeton, release: [sub] }
  - { id: not-this, provider: oulu, service: suljettu, forbid: true }
${without ? `  - { id: taken, provider: oulu, service: ${without}, forbid: true }\n` : ''}`,
});
g.registry = fileOf();
await g.start();
const { agent: anna } = await signIn(service, 'anna');
const { agent: otso } = await signIn(service, 'otso');

await test('L2: a launch begins at the tool with iss, login_hint, target_link_uri, lti_message_hint, lti_deployment_id, client_id', async () => {
  const b = await tool.begun(anna);
  check(b.iss === g.url && b.client_id === tool.client && b.target_link_uri === tool.launch && b.lti_deployment_id === 'd-oulu' && b.own === '1', JSON.stringify(b));
  check(b.login_hint && b.lti_message_hint && b.login_hint !== b.lti_message_hint, JSON.stringify(b));
});

await test('L3, L6, L7: the answer is an RS256 token by form_post, state untouched', async () => {
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
  for (const to of ['https://evil.example/', 'http://tyokalu.localhost.evil.example/', 'http://tyokalu.localhost@evil.example/', '//evil.example', 'http://tyokalu.localhost:81/', 'https://tyokalu.localhost/', 'javascript:alert(1)'])
    check((await anna.get(`${g.url}/lti/open/tyokalu?to=${encodeURIComponent(to)}`, tool.until())).status === 400, to);
});

await test('whoever is not signed in is led through the sign-in to the tool', async () => {
  const res = await new Agent().get(`${g.url}/lti/open/tyokalu`, tool.until());
  check(res.status === 200 && /\/sign-in/.test(res.url), res.url);
});

await finish();
