// SPDX-License-Identifier: EUPL-1.2
// The peer that bench/run --peer measures beside us: npm oidc-provider with its records in Redis, one service and its people.
//   node oidc_provider.mjs PORT REDIS-PORT CALLBACK SECRET       prints "ready"
import { generateKeyPairSync } from 'node:crypto';
import { Redis } from 'ioredis';
import { Provider } from '../../tests/node_modules/oidc-provider/lib/index.js';

const [port, redisPort, callback, secret] = process.argv.slice(2);
const redis = new Redis(Number(redisPort), '127.0.0.1');

// A record under its id; what belongs to one grant is listed beside it, so that it can be taken back together.
class Records {
  constructor(model) { this.model = model; }

  key(id) { return `${this.model}:${id}`; }

  async upsert(id, payload, expiresIn) {
    const many = redis.multi().set(this.key(id), JSON.stringify(payload), ...(expiresIn ? ['EX', expiresIn] : []));
    if (payload.grantId && this.model !== 'Grant') many.rpush(`of:${payload.grantId}`, this.key(id)).expire(`of:${payload.grantId}`, 86400);
    if (payload.uid) many.set(`uid:${payload.uid}`, id, ...(expiresIn ? ['EX', expiresIn] : []));
    await many.exec();
  }

  async find(id) {
    const text = await redis.get(this.key(id));
    return text ? JSON.parse(text) : undefined;
  }

  async findByUid(uid) { const id = await redis.get(`uid:${uid}`); return id ? this.find(id) : undefined; }

  async consume(id) {
    const payload = await this.find(id);
    if (payload) await redis.set(this.key(id), JSON.stringify({ ...payload, consumed: Math.floor(Date.now() / 1000) }), 'KEEPTTL');
  }

  async destroy(id) { await redis.del(this.key(id)); }

  async revokeByGrantId(grant) { await redis.del(`of:${grant}`, ...await redis.lrange(`of:${grant}`, 0, -1)); }
}

const key = (alg) => {
  const { privateKey } = alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: alg };
};
const service = (alg) => ({ client_id: `bench-${alg}`, client_secret: secret, redirect_uris: [callback], response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'], id_token_signed_response_alg: alg, scope: 'openid profile offline_access' });

const provider = new Provider(`http://localhost:${port}`, {
  adapter: Records,
  clients: [service('ES256'), service('RS256')],
  jwks: { keys: [key('RS256'), key('ES256')] },
  claims: { openid: ['sub'], profile: ['given_name', 'family_name'] },
  cookies: { keys: ['a measurement needs no secret here'] },
  features: { devInteractions: { enabled: true }, clientCredentials: { enabled: true }, introspection: { enabled: true } },
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
  ttl: { Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 600, IdToken: 600, RefreshToken: 86400, ClientCredentials: 600 },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, given_name: 'Anna', family_name: 'Testi' }) }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
