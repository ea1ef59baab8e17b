// SPDX-License-Identifier: EUPL-1.2
// PyLTI1p3 as a tool: launches begun by GET and by POST, Deep Linking, names and roles; what it refuses when it is told something else.
//   node lti_python.mjs PATH-OF-DIGIONE
// pip fills build/lti-python once, with what tests/peers/pylti1p3.txt names.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { forms, text } from './agent.mjs';
import { check, finish, freePort, peer, root, test, until } from './gateway.mjs';
import { federation, registryText, signIn } from './local.mjs';

const venv = path.join(root, 'build/lti-python'), stamp = path.join(venv, 'requirements.txt'), wanted = fs.readFileSync(`${root}/tests/peers/pylti1p3.txt`, 'utf8');
if (!fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== wanted) {
  for (const [command, ...args] of [['/usr/bin/python3', '-m', 'venv', '--clear', venv], [path.join(venv, 'bin/pip'), 'install', '-q', '--disable-pip-version-check', '-r', `${root}/tests/peers/pylti1p3.txt`]])
    if (spawnSync(command, args, { stdio: 'inherit' }).status !== 0) { console.log('the Python packages could not be installed'); process.exit(1); }
  fs.writeFileSync(stamp, wanted);
}

const CLAIM = 'https://purl.imsglobal.org/spec/lti/claim/';
const port = await freePort(), own = `http://pylti.localhost:${port}`;
const row = (id, more) => `  - id: ${id}
    protocol: lti
    vendor: pylti
    name: { fi: "Pylti ${id}" }
    test: true
    client_id: client-of-pylti${id === 'pylti' ? '' : `-${id}`}
    initiate_login_uri: "${own}/login"
    target_link_uri: "${own}/"
    redirect_uris: ["${own}/"]
    jwks_uri: "${own}/keys"
    asks: [sub, given_name, family_name, roles, school, group]
${more}`;
const { g, service } = await federation(process.argv[2], { name: 'lti-python' });
const file = (more = '') => registryText(service.row() + row('pylti', `    lti_deployments: ["d-1"]\n    lti_deep_linking: true\n    lti_names_and_roles: true\n${more}`));
g.registry = file();
await g.start();
const began = Date.now();
await peer('PyLTI1p3', path.join(venv, 'bin/python'), [`${root}/tests/peers/pylti1p3_tool.py`], { env: { ...process.env, PORT: String(port), PLATFORM: g.url, CLIENT: 'client-of-pylti', DEPLOYMENT: 'd-1' }, within_ms: 60000 });
// It writes iat five seconds back, and what was made before Redis began may have been used at the one before.
await until('Redis is older than that', () => Date.now() - began > 7000);
const { agent: anna } = await signIn(service, 'anna');

// As a browser: forms of ours that go to the tool are posted.
async function through(agent, at) {
  let page = await agent.get(g.url + at);
  for (let form; (form = forms(page.text).find((f) => f.action?.startsWith(own))) && page.url.startsWith(g.url);) {
    agent.origin = g.url;
    page = await agent.submit(page, {}, (f) => f.action === form.action);
  }
  return page;
}

await test('L3, L6, L7, L9, L17: PyLTI1p3 takes a launch, and asks who is in the class with a token of its own', async () => {
  const res = await through(anna, '/open/pylti'), said = JSON.parse(res.text);
  check(res.status === 200 && said.data.iss === g.url && said.data.given_name === 'Anna' && said.teacher === true && said.student === false, res.text.slice(0, 500));
  check(said.data[`${CLAIM}context`].label === '7B' && said.data[`${CLAIM}deployment_id`] === 'd-1' && said.data[`${CLAIM}version`] === '1.3.0', res.text.slice(0, 500));
  check(said.members.length === 1 && said.members[0].user_id === said.data.sub && said.members[0].roles.some((r) => r.endsWith('#Instructor')), JSON.stringify(said.members));
  check(said.grades === false, 'L18: grades are said to be there');
});

await test('L15: what is picked in PyLTI1p3 is put up for the class, and opens', async () => {
  const form = await through(anna, '/lti/pick/pylti');
  check(form.status === 200 && /name="JWT"/.test(form.text), `${form.status} ${form.text.slice(0, 300)}`);
  anna.origin = own;
  const picked = await anna.submit(form);
  check(picked.status === 200 && picked.text.includes('Kartta 3'), `${picked.status} ${text(picked.text).slice(0, 300)}\n${g.logTail(3)}`);
  anna.origin = g.url;
  const shown = await anna.submit(picked, { add: forms(picked.text).find((f) => f.action === '/lti/links').buttons.find((b) => b.name === 'add').value }, (f) => f.action === '/lti/links');
  const [, link] = /href="([^"]*\/lti\/link\?[^"]*)"/.exec(shown.text) ?? [];
  check(link, text(shown.text).slice(0, 300));
  const said = JSON.parse((await through(anna, link.replaceAll('&amp;', '&'))).text);
  check(said.data[`${CLAIM}custom`].map === '3' && said.data[`${CLAIM}resource_link`].title === 'Kartta 3', JSON.stringify(said.data));
});

await test('L2: PyLTI1p3 takes a login that begins by POST', async () => {
  g.import(file('    lti_login_by_post: true\n'));
  let res;
  for (;;) {
    const page = await anna.get(`${g.url}/lti/open/pylti`, { until: (next) => next.startsWith(own) });
    if (!page.next) break;
  }
  res = await through(anna, '/lti/open/pylti');
  check(res.status === 200 && JSON.parse(res.text).data.given_name === 'Anna', res.text.slice(0, 300));
});

await test('L1: a deployment that PyLTI1p3 does not know is refused by it: what we send is what it is held to', async () => {
  g.import(file().replace('"d-1"', '"d-2"'));
  let res;
  do res = await through(anna, '/lti/open/pylti'); while (res.status === 200);
  check(res.status === 400 && /deployment/i.test(JSON.parse(res.text).refused), res.text.slice(0, 300));
});

await finish();
