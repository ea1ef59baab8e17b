// SPDX-License-Identifier: EUPL-1.2
// A whole scenario under AddressSanitizer, LeakSanitizer and UBSan: every process must end without a report.
//   node leaks.mjs PATH-OF-A-SANITIZED-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { check, fetchLocal, finish, folder, test } from './gateway.mjs';
import { federation, signIn } from './local.mjs';
import { Agent } from './agent.mjs';

const reports = folder('reports');
fs.chmodSync(reports, 0o777);
process.env.ASAN_OPTIONS = `detect_leaks=1:log_path=${reports}/asan:exitcode=99`;
process.env.UBSAN_OPTIONS = `print_stacktrace=1:log_path=${reports}/ubsan`;
const { g, service } = await federation(process.argv[2], { name: 'leaks' });
await g.start();

await test('people sign in, open, are refused, sign out; strangers send nonsense', async () => {
  const { agent, answer } = await signIn(service, 'anna');
  const { tokens } = await service.finish(answer);
  await agent.get(g.url + '/');
  await agent.get(g.url + '/open/kanerva', service.until());
  const denied = await signIn(service, 'nils');
  check(denied.answer?.get('error') === 'access_denied' || denied.page, 'staff came in');
  for (const p of ['/nothing', '/oidc/authorize', '/oidc/authorize?client_id=x', '/open/none', '/sign-in?login=none', '/upstream/oidc/none?code=1&state=2', '/oidc/end_session?id_token_hint=x', '/static/none', '/%00'])
    await fetchLocal(g.port, p).catch(() => {});
  for (const p of ['/oidc/token', '/oidc/userinfo', '/upstream/saml/acs', '/sign-in/idp', '/sign-in/local', '/sign-out'])
    await fetchLocal(g.port, p, { method: 'POST', body: 'a=%zz&SAMLResponse=PHg+', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }).catch(() => {});
  await service.redeem('none');
  await service.userinfo('none');
  await fetchLocal(g.port, '/metrics');
  check((await service.userinfo(tokens.access_token)).status === 200, 'the token has ended');
  await agent.submit(await agent.get(g.url + '/'), {}, (f) => /sign-out/.test(f.action ?? ''));
  await new Agent().get(g.url + '/');
});
await test('every process ends by itself, and no sanitizer reports', async () => {
  const code = await g.stop();
  check(code === 0, `digione serve ended with ${code}: ${g.logTail(5)}`);
  const found = fs.readdirSync(reports);
  check(found.length === 0, found.map((f) => fs.readFileSync(path.join(reports, f), 'utf8').slice(0, 3000)).join('\n'));
  check(!/Sanitizer|runtime error/.test(g.logText()), g.logTail(30));
});
await finish();
