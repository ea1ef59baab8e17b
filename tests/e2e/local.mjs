// SPDX-License-Identifier: EUPL-1.2
// A gateway whose city has local accounts, and one service: the smallest federation there is.
import path from 'node:path';
import { Agent } from './agent.mjs';
import { Gateway, check, cities, city, freePort } from './gateway.mjs';
import { Service } from './rp.mjs';

export const people = {
  anna: { given: 'Anna', family: 'Testi-Åberg', role: 'teacher', group: '7B' },
  otso: { given: 'Otso', family: 'Testi-Čáppa', role: 'learner', group: '1A', level: 1 },
  nils: { given: 'Nils', family: "O'Testi", role: 'staff' },
};

const account = (idp, name, p) => `  - id: ${idp}-${name}
    idp: ${idp}
    username: ${name}
    password: { plain: salasana-${name} }
    given_names: ${p.given}
    family_name: "${p.family}"
    affiliations:
      - { provider: oulu, role: ${p.role}, school: "99101"${p.group ? `, group: "${p.group}"` : ''}${p.level ? `, class_level: ${p.level}` : ''} }
`;

export const registryText = (services, { rules } = {}) => `format: 1
providers:
${city(cities.oulu)}idps:
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu, sv: Uleåborg, en: Oulu }, test: true }
services:
${services}rules:
${rules ?? `  - { id: teachers, provider: oulu, role: teacher, release: [sub, given_name, family_name, roles, school, provider, group] }
  - { id: learners, provider: oulu, role: learner, release: [sub, given_name] }
`}accounts:
${Object.entries(people).map(([n, p]) => account('oulu', n, p)).join('')}`;

export async function federation(program, { name = 'local', settings = {}, services, service: of = {}, url } = {}) {
  const port = await freePort();
  const g = new Gateway(path.resolve(program), { name, port, settings });
  if (url) g.url = url;
  const service = new Service(g, { secret: 'a-secret-of-the-test-that-nobody-else-has', scope: 'openid profile edu.role', ...of });
  g.registry = registryText((services ?? '') + service.row());
  return { g, service };
}

// Signs a person in from the service's first page on; gives the agent and where the browser arrived.
export async function signIn(service, who, agent = new Agent(), extra = {}) {
  let { page, answer } = await service.begin(agent, extra);
  if (!page) return { agent, answer };
  check(page.status === 200, `sign-in page: ${page.status}\n${agent.trace.join('\n')}\n${service.gateway.logTail(5)}`);
  page = await agent.submit(page, { idp: 'oulu' }, (f) => f.method === 'post' && f.buttons.some((b) => b.value === 'oulu'), service.until());
  check(page.status === 200, `password page: ${page.status}\n${agent.trace.join('\n')}`);
  return { agent, ...service.arrived(await agent.submit(page, { username: who, password: `salasana-${who}` },
    (f) => f.method === 'post' && 'password' in f.fields, service.until())) };
}
