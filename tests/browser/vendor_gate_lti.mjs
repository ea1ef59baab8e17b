// SPDX-License-Identifier: EUPL-1.2
// The gate for LTI 1.3, in a real Chromium [J8, issue 14 §6]: a right tool passes every trial, each of eleven faults planted in one
// is caught, and what a tool on npm jose and npm ltijs do is stated.  And nobody else is ever told a wrong message.
//   node vendor_gate_lti.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import path from 'node:path';
import { check, finish, freePort, peer, root, test } from '../e2e/gateway.mjs';
import { GateBench } from './gate_bench.mjs';
import { JoseTool, LtiTool } from './gate_lti_tool.mjs';

const b = await GateBench.open(path.resolve(process.argv[2]), 'vendor-gate-lti'), { g } = b;
const wrongs = ['issuer', 'audience', 'nonce', 'deployment', 'expired', 'future', 'unsigned', 'alg_none', 'other_key', 'hs256'];
const every = ['good', ...wrongs, 'rolled'].map((w) => `lti_${w}`);
const saw = (said) => (/signed in|"token"/.test(said) ? 'in' : 'error');
const jwk = { ...crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }), kid: 'tool', alg: 'RS256', use: 'sig' };

async function register(tool, id) {
  Object.assign(tool, { id: `client-of-${id}`, deployment: id });
  await b.register(id, { protocol: 'lti', client_id: tool.id, initiate_login_uri: `${tool.base}/login`, target_link_uri: `${tool.base}/`, redirect_uris: [`${tool.base}/launch`], jwks: JSON.stringify({ keys: [jwk] }), asks: ['sub', 'given_name', 'family_name'] });
  return tool;
}
const tool = await register(await new LtiTool({ issuer: g.url }).listen(), 'oma');

await test('a right tool passes every trial', async () => {
  const { context, page } = await b.visitor({ state: b.state });
  await page.goto(`${g.url}/vendor/gate/oma`);
  check((await page.locator('[id^=todo-]').count()) === every.length, `${await page.locator('[id^=todo-]').count()} trials`);
  for (const trial of every) {
    const { said, verdict } = await b.run(page, 'oma', tool.base, trial, saw);
    check(verdict === 'passed', `${trial}: ${verdict}; the tool said "${said}"`);
    check(trial === 'lti_good' || trial === 'lti_rolled' ? said === 'signed in: gate-test-person Oikea' : said.startsWith('error:'), `${trial}: ${said}`);
  }
  check(/läpäisty/.test(await page.textContent('h1')), await page.textContent('h1'));
  await context.close();
});

await test('each fault that is planted in a tool is caught', async () => {
  const { context, page } = await b.visitor({ state: b.state });
  for (const fault of [...wrongs, 'rolled']) {
    tool.faults = new Set([fault === 'rolled' ? 'rolled_key' : fault]);
    tool.jwks = null;
    await tool.keys();
    const { said, verdict } = await b.run(page, 'oma', tool.base, `lti_${fault}`, saw);
    check(verdict === 'failed', `${fault}: ${verdict}; the tool said "${said}"`);
    if (fault !== 'rolled') check(said === 'signed in: gate-wrong-person Väärä', `${fault}: ${said}`);
  }
  check((await page.locator('.trial.mend').count()) === every.length - 1, 'one article for each fault');
  tool.faults = new Set();
  await context.close();
});

await test('a tool on npm jose that looks at nonce and deployment passes', async () => {
  const { context, page } = await b.visitor({ state: b.state }), own = await register(await new JoseTool({ issuer: g.url }).listen(), 'jose');
  for (const trial of every) {
    const { said, verdict } = await b.run(page, 'jose', own.base, trial, saw);
    check(verdict === 'passed', `${trial}: ${verdict}; the tool said "${said}"`);
  }
  own.close();
  await context.close();
});

// What npm ltijs does as its guide writes it: it looks at a nonce only to see it twice, and knows no deployments.
const expects = { lti_nonce: 'failed', lti_deployment: 'failed' };
await test('npm ltijs refuses all but another nonce and another deployment', async () => {
  const port = await freePort(), base = `http://ltijs.localhost:${port}`;
  await b.register('ltijs', { protocol: 'lti', client_id: 'client-of-ltijs', initiate_login_uri: `${base}/login`, target_link_uri: `${base}/`, redirect_uris: [`${base}/`], jwks_uri: `${base}/keys`, asks: ['sub', 'given_name', 'family_name'] });
  if (!await peer('ltijs', process.execPath, [`${root}/tests/e2e/ltijs_tool.mjs`], { env: { ...process.env, PORT: String(port), PLATFORM: g.url, CLIENT: 'client-of-ltijs' }, within_ms: 300000 })) return 'skipped: ltijs is not installed';
  const { context, page } = await b.visitor({ state: b.state }), found = {};
  for (const trial of every) {
    const { said, verdict } = await b.run(page, 'ltijs', base, trial, saw);
    if (verdict !== (expects[trial] ?? 'passed')) found[trial] = `${verdict}: ${said.slice(0, 200)}`;
  }
  check(Object.keys(found).length === 0, JSON.stringify(found));
  await context.close();
});

await test('a trial is of one browser and is used once, its message names nobody and says nothing else of anybody', async () => {
  const { context, page } = await b.visitor({ state: b.state }), stranger = await b.visitor();
  await b.start(page, 'oma', 'lti_audience');
  const before = tool.last;
  await stranger.page.goto(`${g.url}/lti/open/oma`);
  check(tool.last === before && stranger.page.url().startsWith(g.url), `a stranger was led to ${stranger.page.url()}`);
  check(/^error: aud/.test(await b.atClient(page, tool.base)), 'the trial was not answered');
  const claims = JSON.parse(Buffer.from(tool.last.split('.')[1], 'base64url'));
  check(claims.aud === 'urn:digione:gate:wrong-audience' && claims.sub === 'gate-wrong-person' && claims['urn:digione:gate'] === 'trial' && !/Vera|Tuisku/.test(JSON.stringify(claims)), JSON.stringify(claims));
  const told = tool.last, again = await page.context().newPage();
  await again.goto(`${g.url}/lti/open/oma`);
  check(tool.last === told || tool.last === null, 'the trial was answered twice'); // null: the launch is refused, as policy says
  await again.close();
  await stranger.context.close();
  await context.close();
});

await test('no tool and no service may be called as what wrong messages are for', async () => {
  const rows = [{ protocol: 'lti', client_id: 'urn:digione:gate:wrong-audience', initiate_login_uri: `${tool.base}/login`, target_link_uri: `${tool.base}/`, redirect_uris: [`${tool.base}/launch`], jwks: JSON.stringify({ keys: [jwk] }), asks: ['sub'] },
    { protocol: 'saml', entity_id: 'urn:digione:gate:wrong-audience', metadata_url: 'https://sp.example/metadata', asks: ['sub'] }];
  for (const row of rows) {
    const answer = await b.put('outo', row);
    check(answer.status >= 400 && answer.status < 500 && /as wrong tokens of the gate do/.test(answer.text), `${row.protocol}: ${answer.status} ${answer.text}`);
  }
});

for (const lang of ['fi-FI', 'sv-FI', 'en-GB']) for (const width of [320, 1280]) await test(`the page with faults and with a trial under way fits at ${width} px in ${lang}, and axe finds nothing`, async () => {
  const { context, page } = await b.visitor({ state: b.state, lang, width, dark: lang === 'sv-FI' });
  await b.start(page, 'oma', 'lti_deployment');
  await b.looks(page, `gate-${lang}`);
  await context.close();
});

tool.close();
await b.close();
finish();
