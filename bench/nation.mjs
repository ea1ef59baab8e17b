// SPDX-License-Identifier: EUPL-1.2
// One program with a nation in its registry, and the operations whose cost must follow what is shown: 10,000 cities,
// 5,000 services, 10,000 rules, all of the city of the people who are signed in.  Settings are the defaults.
import { city } from '../tests/e2e/gateway.mjs';
import { Agent } from '../tests/e2e/agent.mjs';
import { federation, registryText } from '../tests/e2e/local.mjs';
import { Line, Visitor } from './load.mjs';
import { must } from './stage.mjs';

// A registry has at most 5,000 education providers: each of these has identity providers of its own.
export const CITIES = 10000, PROVIDERS = 2500, SERVICES = 5000, RULES = 10000, TILES = 39; // and the service of the bench

const kinds = ['learning', 'maths', 'books', 'class', 'assessment', 'everyday', 'messages', 'work', 'other'];
const service = (i) => `  - { id: s${i}, protocol: link, vendor: v${i % 100}, category: ${kinds[i % kinds.length]}, name: { fi: "Palvelu ${i}", sv: "Tjänst ${i}" }, line: { fi: "Yksi rivi palvelusta ${i}" }, launch_uri: "https://s${i}.example/", asks: [sub] }\n`;
const town = (i) => city({ id: `c${i}`, oid: `1.2.246.562.99.7${String(i).padStart(6, '0')}`, code: '001', name: `"Kaupunki ${i}"`,
  schools: [[String(10000 + i), `8${String(i).padStart(6, '0')}`, `"Kaupunki ${i}, koulu"`]] });
const idp = (i) => `  - { id: c${i}-edu, kind: oidc, provider: c${i % PROVIDERS}, name: { fi: "Kaupunki ${i}", sv: "Stad ${i}" }, map: native, issuer: "https://c${i}.example/", client_id: digione, auth_method: private_key_jwt, scope: openid }\n`;

// A teacher opens TILES of the services; the staff opens every one; the rest of the rules are about others.
function rules() {
  const rule = (i, role, s) => `  - { id: r${i}, provider: oulu, role: ${role}, service: s${s}, release: [sub] }\n`;
  const out = [];
  for (let i = 0; i < SERVICES; i++) out.push(rule(i, 'staff', i));
  for (let i = 0; i < TILES; i++) out.push(rule(out.length, 'teacher', i * 120));
  while (out.length < RULES) out.push(rule(out.length, out.length % 2 ? 'guardian' : 'secretary', out.length % SERVICES));
  return out.join('');
}

const many = (n, make) => Array.from({ length: n }, (_, i) => make(i)).join('');

// YAML of it all.
export function nation(services) {
  const text = registryText(many(SERVICES, service) + services, { rules: `  - { id: own, provider: oulu, service: kanerva, release: [sub] }\n${rules()}` });
  return text.replace('idps:\n', () => `${many(PROVIDERS, town)}idps:\n${many(CITIES, idp)}`);
}

export class Nation {
  async start(program, users) {
    const { g, service: own } = await federation(program, { name: 'nation', service: { secret: 'a-secret-of-the-bench-that-nobody-else-has' },
      settings: { loops: null, redis_memory_MB: null, trusted_proxy: '127.0.0.1' } });
    g.registry = nation(own.row({ extra: '    launch_uri: "http://kanerva.localhost/"\n' }));
    Object.assign(this, { gateway: g, own });
    let began = Date.now();
    g.import(g.registry);
    g.registry = null;
    this.import_s = (Date.now() - began) / 1000;
    began = Date.now();
    await g.start();
    this.ready_s = (Date.now() - began) / 1000;
    this.line = new Line(g.port, users);
    this.processes = [{ pid: g.child.pid, name: 'supervisor' }, ...g.processes().map(({ pid, name }) => ({ pid, name: /redis/.test(name) ? 'redis' : name.replace('digione-', '') }))];
    this.teacher = await this.come('anna');
    this.staff = await this.come('nils');
    const stranger = new Visitor(this.line), page = new URL((await stranger.get(`${g.url}/`)).url);
    this.signInPage = { path: page.pathname + page.search, cookie: stranger.cookieHeader(page) };
    return this;
  }

  // Signs somebody in, past the page with the cities; gives the cookies.
  async come(who) {
    const agent = new Agent();
    const { page } = await this.own.begin(agent, { acr_values: 'urn:mpass.id:authnsource:oulu' });
    await agent.submit(page, { username: who, password: `salasana-${who}` }, (f) => f.method === 'post' && 'password' in f.fields, this.own.until());
    return agent.cookieHeader(new URL(this.gateway.url));
  }

  notes() { return `the nation: ${CITIES} cities, ${SERVICES} services, ${RULES} rules of one of them: import ${this.import_s.toFixed(1)} s, ready ${this.ready_s.toFixed(1)} s after its start`; }

  async stop() {
    this.line.close();
    await this.gateway.stop();
  }

  // A page that shows what it should, and no other.
  async page(path, cookie, shows) {
    const res = must(await this.line.ask('GET', path, { cookie }), 200, path);
    if (!res.text.includes(shows)) throw new Error(`${path}: no "${shows}" in ${res.text.slice(0, 2000)}`);
  }

  search(q, shows) { return this.page(`${this.signInPage.path}&${new URLSearchParams({ q })}`, this.signInPage.cookie, shows); }

  operations() {
    return {
      'nation: launcher, 40 tiles': [80, () => this.page('/', this.teacher, '/open/s4560')],
      'nation: launcher, 5,000 services': [80, () => this.page('/', this.staff, '5\u00a0001')],
      'nation: launcher, its last page': [80, () => this.page('/?from=4960', this.staff, '/open/s')],
      'nation: launcher, a search': [80, () => this.page('/?q=palvelu+49', this.staff, '/open/s49')],
      'nation: sign-in page': [null, () => this.page(this.signInPage.path, this.signInPage.cookie, 'name="q"')],
      'nation: city search, one city': [200, () => this.search('kaupunki 7777', 'c7777-edu')],
      'nation: city search, all cities': [200, () => this.search('kaupunki', '20\u00a0000')],
      'nation: city search, a late page': [200, () => this.page(`${this.signInPage.path}&q=kaupunki&n=19000`, this.signInPage.cookie, '18\u00a0961')],
      'nation: city search, one letter': [200, () => this.search('k', 'c1-edu')],
      'nation: city search, eight letters': [200, () => this.search('a u p n k i s t', 'c1-edu')],
      'nation: city search, no match': [200, () => this.search('zzz', 'zzz')],
      'nation: city search, 200 characters': [200, () => this.search('kaupunki '.repeat(30).slice(0, 200), '20\u00a0000')],
      'nation: city search, 200 letters a': [200, () => this.search('a'.repeat(200), 'aaa')],
    };
  }
}
