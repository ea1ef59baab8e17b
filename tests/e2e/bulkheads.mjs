// SPDX-License-Identifier: EUPL-1.2
// Identity providers that hang, many people at each, and more of them than any limit is for: everybody else's sign-ins go on,
// all of them and in their order.   node bulkheads.mjs PATH-OF-DIGIONE
import path from 'node:path';
import { Agent, text } from './agent.mjs';
import { Gateway, check, cities, city, finish, freePort, test, until } from './gateway.mjs';
import { OidcCity } from './odd_city.mjs';
import { Service } from './rp.mjs';

const HANGING = Number(process.env.HANGING ?? 40), AT_EACH = Number(process.env.AT_EACH ?? 20), WELL = 3, TIMES = 8;
const secret = 'a-secret-of-the-city-that-is-long-enough';

// It takes a code, and never answers; who waits there stands in `held`.
class HangingCity extends OidcCity {
  held = 0;
  most = 0;
  async serve(req, res) {
    if (!new URL(req.url, this.base).pathname.endsWith('/token')) return super.serve(req, res);
    this.most = Math.max(this.most, ++this.held);
    res.on('close', () => { this.held--; });
  }
}

const people = (id) => ({ [id]: { claims: { sub: `one-of-${id}`, tid: 'tampere', oid: `one-of-${id}`, userRole: ['opettaja'], schoolCode: ['99301'] } } });
const hanging = [], well = [];
for (let i = 0; i < HANGING; i++) hanging.push(Object.assign(new HangingCity(await freePort(), people(`stuck${i}`), { host: `stuck${i}.localhost`, secret }), { id: `stuck${i}` }));
for (let i = 0; i < WELL; i++) well.push(Object.assign(new OidcCity(await freePort(), people(`well${i}`), { host: `well${i}.localhost`, secret }), { id: `well${i}` }));

const port = await freePort();
const g = new Gateway(path.resolve(process.argv[2]), { name: 'bulkheads', port, settings: { connections_max: 16384 } });
const service = new Service(g, { secret: 'a-secret-of-the-test-that-nobody-else-has', scope: 'openid profile edu.role' });
g.registry = `format: 1
providers:
${city(cities.tampere)}idps:
${[...hanging, ...well].map((c) => `  - { id: ${c.id}, kind: oidc, provider: tampere, name: { fi: "Kaupunki ${c.id}" }, test: true, map: entra, issuer: "${c.base}/${c.id}", client_id: digione, auth_method: client_secret_basic, scope: "openid profile", client_secret: { plain: ${secret} } }\n`).join('')}services:
${service.row({ asks: 'sub, given_name, roles' })}rules:
  - { id: all, provider: tampere, release: [sub, given_name, roles] }
`;
await g.start();

const open = async (id) => {
  const mine = Object.assign(new Service(g, service), {}), agent = new Agent();
  return { mine, ...mine.arrived(await agent.get(mine.authorizeUrl({ acr_values: `urn:mpass.id:authnsource:${id}` }), mine.until())) };
};
const held = () => hanging.reduce((n, c) => n + c.held, 0);
// Each of the others one after the other, at all of the cities that are well; what came of it, in its order.
async function othersSignIn() {
  const came = [];
  await Promise.all(well.map(async (c) => {
    for (let i = 0; i < TIMES; i++) {
      const { mine, answer, page } = await open(c.id);
      if (answer?.get('code')) await mine.finish(answer);
      came.push({ city: c.id, i, in: answer?.get('code') != null, held: held(), why: page && `${page.status} ${text(page.text).slice(0, 120)}` });
    }
  }));
  return came;
}
const allCame = (came) => {
  const out = came.filter((x) => !x.in);
  check(came.length === WELL * TIMES && out.length === 0, `${out.length} of ${came.length} did not get in: ${JSON.stringify(out.slice(0, 3))}`);
  for (const c of well) check(came.filter((x) => x.city === c.id).map((x) => x.i).join() === Array.from({ length: TIMES }, (_, i) => i).join(), 'in another order');
};
let over = false;
// People come to each of them, and come again when they were told that it does not answer.
const stuck = (cities, at_each) => cities.flatMap((c) => Array.from({ length: at_each }, async () => {
  const seen = [];
  while (!over) { const { answer, page } = await open(c.id).catch((e) => ({ page: { status: String(e), text: '' } })); seen.push(answer ? 'in' : page.status); }
  return seen;
}));

await test('with nobody elsewhere everybody gets in', async () => allCame(await othersSignIn()));

await test('one hangs, with more people than may wait for it: who is beyond that is told at once, everybody else gets in', async () => {
  over = false;
  const waiting = stuck(hanging.slice(0, 1), 200);
  await until('they hang', () => hanging[0].held >= 16);
  const came = await othersSignIn();
  over = true;
  const seen = (await Promise.all(waiting)).flat();
  allCame(came);
  check(came.every((x) => x.held > 0), `nobody hung meanwhile: ${came.map((x) => x.held)}`);
  check(seen.length > 0 && seen.every((s) => s === 502 || s === 503 || s === 504), `who came to the one that hangs: ${[...new Set(seen)]}`);
  check(g.logText().includes('"busy"') || /busy/.test(g.logText()), 'nobody was told at once');
});

await test(`${HANGING} hang at the same time: everybody else gets in`, async () => {
  over = false;
  const waiting = stuck(hanging, AT_EACH);
  await until('they hang', () => hanging.filter((c) => c.held >= Math.min(AT_EACH, 8)).length >= Math.min(HANGING, 16), 60000);
  const came = await othersSignIn();
  over = true;
  await Promise.all(waiting);
  allCame(came);
  check(came.filter((x) => x.held > 256).length >= came.length / 3, `nobody hung meanwhile: ${came.map((x) => x.held)}`);
  if (process.env.VERBOSE) console.log(came.map((x) => x.held).join());
  check(hanging.every((c) => c.most > 0), 'one of those that hang was never asked: its people waited behind others');
});

await test('afterwards everything is as before', async () => allCame(await othersSignIn()));

if (process.env.VERBOSE) console.log(hanging.map((c) => c.most).join());
for (const c of [...hanging, ...well]) c.close();
await g.stop();
finish();
