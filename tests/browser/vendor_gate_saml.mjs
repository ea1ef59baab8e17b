// SPDX-License-Identifier: EUPL-1.2
// The gate for SAML, in a real Chromium [J8, issue 14 §6]: a right service passes every trial, each of twelve faults planted in
// one is caught, and what node-saml does of its own is stated.  And nobody else is ever told a wrong assertion.
//   node vendor_gate_saml.mjs PATH-OF-DIGIONE
import path from 'node:path';
import { check, finish, test } from '../e2e/gateway.mjs';
import { GateBench, send, worldOutside } from './gate_bench.mjs';
import { NodeSamlClient, SamlClient } from './gate_saml_client.mjs';

const outsideHost = 'sp.gate.example';
let whole;
const world = await worldOutside('gate-saml', outsideHost, (req, res) => whole.serve(req, res));
const b = await GateBench.open(path.resolve(process.argv[2]), 'vendor-gate-saml', world.settings), { g } = b;
const wrongs = ['unsigned', 'other_key', 'wrapped', 'wrapped_in', 'audience', 'recipient', 'request', 'expired', 'future', 'comment', 'replayed'];
const every = ['good', ...wrongs, 'rolled'].map((w) => `saml_${w}`);
// As the trial's text tells its tester to answer: by the name that they see, where a right service may let somebody in.
const saw = (said, trial) => (!/signed in/.test(said) ? 'error' : /wrapped/.test(trial) ? (/Väärä/.test(said) ? 'in' : 'error') : /comment/.test(trial) ? (/Väärä/.test(said) ? 'error' : 'in') : 'in');
const visits = (trial) => (trial === 'saml_replayed' ? 2 : 1);

const register = (client, id, more = {}) => b.register(id, { protocol: 'saml', entity_id: client.entity, metadata_xml: client.metadata, launch_uri: `${client.base}/login`, asks: ['sub', 'given_name', 'family_name'], ...more });
const client = await new SamlClient({ idp: g.url }).listen();
await register(client, 'oma');

await test('a right service passes every trial, where its row says nothing: response and assertion are signed', async () => {
  const { context, page } = await b.visitor({ state: b.state });
  await page.goto(`${g.url}/vendor/gate/oma`);
  check((await page.locator('[id^=todo-]').count()) === every.length, `${await page.locator('[id^=todo-]').count()} trials`);
  for (const trial of every) {
    const { said, verdict } = await b.run(page, 'oma', client.base, trial, saw, visits(trial));
    check(verdict === 'passed', `${trial}: ${verdict}; the client said "${said}"`);
    if (trial === 'saml_good' || trial === 'saml_rolled') check(said === 'signed in: gate-test-person Oikea', `${trial}: ${said}`);
    else if (trial === 'saml_comment') check(said === 'signed in: gate-test-person.gate-wrong-person Oikea.Väärä', said);
    else check(said.startsWith('error:'), `${trial}: ${said}`);
  }
  check(/läpäisty/.test(await page.textContent('h1')), await page.textContent('h1'));
  b.state = await context.storageState();
  await context.close();
});

await test('each fault that is planted in a service is caught', async () => {
  const { context, page } = await b.visitor({ state: b.state });
  for (const fault of [...wrongs, 'rolled']) {
    client.faults = new Set([fault]);
    client.certs = null;
    await client.certificates();
    const { said, verdict } = await b.run(page, 'oma', client.base, `saml_${fault}`, saw, visits(`saml_${fault}`));
    check(verdict === 'failed', `${fault}: ${verdict}; the client said "${said}"`);
    if (!['rolled', 'replayed', 'comment'].includes(fault)) check(said === 'signed in: gate-wrong-person Väärä', `${fault}: ${said}`);
    if (fault === 'comment') check(said === 'signed in: gate-test-person Oikea', said);
  }
  check((await page.locator('.trial.mend').count()) === every.length - 1, 'one article for each fault');
  client.faults = new Set();
  await context.close();
});

for (const signs of ['response', 'assertion']) await test(`a right service passes where its row says that we sign ${signs}, and wrapping is caught there too`, async () => {
  const { context, page } = await b.visitor({ state: b.state }), own = await new SamlClient({ idp: g.url }).listen();
  if (signs === 'response') own.metadata = own.metadata.replace(' WantAssertionsSigned="true"', '');
  await register(own, `sp-${signs}`, { signs });
  for (const trial of ['good', 'unsigned', 'other_key', 'wrapped', 'wrapped_in', 'comment'].map((w) => `saml_${w}`)) {
    const { said, verdict } = await b.run(page, `sp-${signs}`, own.base, trial, saw, visits(trial));
    check(verdict === 'passed', `${trial}: ${verdict}; the client said "${said}"`);
  }
  for (const fault of ['wrapped', 'wrapped_in']) {
    own.faults = new Set([fault]);
    const { said, verdict } = await b.run(page, `sp-${signs}`, own.base, `saml_${fault}`, saw);
    check(verdict === 'failed' && said === 'signed in: gate-wrong-person Väärä', `${fault}: ${verdict}; the client said "${said}"`);
  }
  own.close();
  await context.close();
});

// A service that hears of sign-outs and has a key to encrypt to is tried by those, too.
const slo = ['unsigned', 'key', 'to', 'old', 'right'].map((w) => `slo_${w}`), ciphers = ['cipher', 'cipher_key'];
whole = await new SamlClient({ idp: g.url, slo: `https://${outsideHost}/slo`, decrypts: true }).listen();
await register(whole, 'salaava');
const leaves = async (page, trial) => {
  await page.goto(`${g.url}/vendor/gate/salaava`);
  await send(page, page.locator(`button[name=trial][value=saml_${trial}]:not(#first)`).click());
  return b.verdict(page, `saml_${trial}`);
};
const tried = (page, trial) => b.run(page, 'salaava', whole.base, `saml_${trial}`, saw, visits(`saml_${trial}`));

await test('a right service is encrypted to, refuses what was altered or is for another key, and ends its session by the right LogoutRequest alone', async () => {
  const { context, page } = await b.visitor({ state: b.state });
  await page.goto(`${g.url}/vendor/gate/salaava`);
  check((await page.locator('[id^=todo-]').count()) === every.length + slo.length + ciphers.length, `${await page.locator('[id^=todo-]').count()} trials`);
  check(await leaves(page, 'slo_unsigned') === 'passed' && await leaves(page, 'slo_right') === 'open', 'without a session, a sign-out says something');
  for (const trial of every) {
    const { said, verdict } = await tried(page, trial.slice(5));
    check(verdict === 'passed', `${trial}: ${verdict}; the client said "${said}"`);
    if (trial === 'saml_good') check(whole.last.includes('EncryptedAssertion'), whole.last);
  }
  check(whole.sessions.size === 1, `${whole.sessions.size} sessions`);
  for (const trial of ciphers) {
    const { said, verdict } = await tried(page, trial);
    check(verdict === 'passed' && said.startsWith('error:'), `${trial}: ${verdict}; the client said "${said}"`);
  }
  for (const trial of slo) {
    check(whole.sessions.size === 1, `${trial}: ${whole.sessions.size} sessions before it`);
    check(await leaves(page, trial) === 'passed', `${trial}: ${await page.textContent('main')}`);
  }
  check(whole.sessions.size === 0 && /läpäisty/.test(await page.textContent('h1')), 'the right one ended no session');
  await context.close();
});

await test('each fault in how it decrypts and hears of sign-outs is caught', async () => {
  const { context, page } = await b.visitor({ state: b.state });
  for (const fault of [...ciphers, ...slo]) {
    whole.faults = new Set();
    check((await tried(page, 'good')).verdict === 'passed', `before ${fault}`);
    whole.faults = new Set([fault]);
    const is = ciphers.includes(fault) ? await tried(page, fault) : { verdict: await leaves(page, fault), said: '' };
    check(is.verdict === 'failed', `${fault}: ${is.verdict}; the client said "${is.said}"`);
    if (fault === 'cipher') check(is.said === 'signed in: gate-wrong-perso Vaara', is.said);
  }
  check((await page.locator('.trial.mend').count()) === ciphers.length + slo.length, 'one article for each fault');
  whole.close();
  await context.close();
});

// A certificate that is rolled to is in our metadata while its trial goes on, behind ours, and signs nothing else.
async function isShown() {
  client.certs = null;
  const [first, ...rest] = await client.certificates();
  check(rest.length >= 2, `${rest.length + 1} certificates`);
  const role = (await (await fetch(`${g.url}/saml/metadata`)).text());
  check(role.indexOf(rest.at(-1).replace(/-----[^-]*-----|\s/g, '')) > role.indexOf(first.replace(/-----[^-]*-----|\s/g, '')), 'ours stands first');
  check(!/<md:SPSSODescriptor[\s\S]*/.exec(role)[0].includes(rest.at(-1).replace(/-----[^-]*-----|\s/g, '')), 'our role towards cities shows it');
}

// What a library of many does, as it is: it does not look at Recipient.  (An organisation may try a rolled key five times in ten minutes.)
const expects = { saml_recipient: 'failed' };
for (const refetch of [true, false]) await test(`node-saml, which lets another Recipient pass, ${refetch ? 'that reads our metadata for its keys' : 'with certificates that were copied once, while our metadata show one that is rolled to'}`, async () => {
  const { context, page } = await b.visitor({ state: b.state }), own = await (await new NodeSamlClient({ idp: g.url }).listen()).setup({ refetch }), id = `node-saml-${refetch}`;
  await register(own, id);
  const found = {};
  for (const trial of refetch ? every : ['saml_good', 'saml_rolled']) {
    const { said, verdict } = await b.run(page, id, own.base, trial, saw, visits(trial), trial === 'saml_rolled' && !refetch ? isShown : undefined);
    if (verdict !== (expects[trial] ?? (trial === 'saml_rolled' && !refetch ? 'failed' : 'passed'))) found[trial] = `${verdict}: ${said}`;
  }
  check(Object.keys(found).length === 0, JSON.stringify(found));
  own.close();
  await context.close();
});

await test('a trial is of one browser and is used once: nobody else is told anything wrong', async () => {
  const { context, page } = await b.visitor({ state: b.state }), stranger = await b.visitor();
  await b.start(page, 'oma', 'saml_audience');
  const before = client.last;
  await stranger.page.goto(`${client.base}/login`);
  check(client.last === before && stranger.page.url().startsWith(g.url), `a stranger was answered at ${stranger.page.url()}`);
  check(/^error:/.test(await b.atClient(page, client.base)) && client.last.includes('urn:digione:gate:wrong-audience'), 'the trial was not answered');
  const told = client.last;
  check(!/Vera|Tuisku/.test(told) && /gate-wrong-person/.test(told) && !/sisu|roles|school/i.test(told.replace(/schemas/g, '')), told);
  const again = await page.context().newPage();
  await again.goto(`${client.base}/login`);
  check(client.last === told && again.url().startsWith(g.url), 'the trial was answered twice');
  await again.close();
  await stranger.context.close();
  await context.close();
});

for (const lang of ['fi-FI', 'sv-FI', 'en-GB']) for (const width of [320, 1280]) await test(`the page with faults and with a trial under way fits at ${width} px in ${lang}, and axe finds nothing`, async () => {
  const { context, page } = await b.visitor({ state: b.state, lang, width, dark: lang === 'sv-FI' });
  await b.start(page, 'oma', 'saml_replayed');
  await b.looks(page, `gate-${lang}`);
  await context.close();
});

client.close();
world.close();
await b.close();
finish();
