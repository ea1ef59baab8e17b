// SPDX-License-Identifier: EUPL-1.2
// The faults of breakage.mjs at length: some ten minutes.   node faults-long.mjs PATH-OF-DIGIONE [NAME ...]
import path from 'node:path';
import { finish, test } from './gateway.mjs';
import { descriptorsExhausted, diskFull, importKilled, killedUnderLoad, logBlocked, partsHang, redisKilled, redisRefuses, redisSilent } from './breakage.mjs';

const program = path.resolve(process.argv[2]), only = process.argv.slice(3);
const run = (name, what, f) => (only.length > 0 && !only.includes(name) ? undefined : test(what, async () => {
  const said = await f();
  if (typeof said === 'string') return said;
  if (said) console.log(`   ${JSON.stringify(said)}`);
}));
await run('disk', 'the disk full, Redis on it', () => diskFull(program, { withReserve: true }));
await run('audit', 'the disk full, and no reserve for the audit log', () => diskFull(program, { withReserve: false }));
await run('descriptors', 'descriptors used up', () => descriptorsExhausted(program));
await run('log', 'nobody reads the log', () => logBlocked(program));
await run('silent', 'Redis silent for 30 seconds', () => redisSilent(program, { seconds: 30 }));
await run('refuses', 'Redis full, forbidding, a replica', () => redisRefuses(program));
await run('hang', 'signer and fetcher hang', () => partsHang(program));
// 1.3 million keys: a million sessions, and what lives for minutes of the last sixth.
await run('killed', 'Redis killed with 1.3 million keys', () => redisKilled(program, { signIns: 1e6 * 0.87, settings: { redis_memory_MB: null } }));
await run('load', '60 processes killed while people sign in', () => killedUnderLoad(program, { rounds: 60 }));
await run('gateway', '40 gateways killed while people sign in', () => killedUnderLoad(program, { rounds: 40, victims: ['gateway'] }));
await run('import', '100 imports killed', () => importKilled(program, { kills: 100 }));
await finish();
