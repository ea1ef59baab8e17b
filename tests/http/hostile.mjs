// SPDX-License-Identifier: EUPL-1.2
// Raw requests that a server may read in two ways, or that ask for what they must not have; made from classes.
//
//   { name, bytes, want }      what may come back when the gateway itself is asked:
//     refused   one answer of 400 or more, and the connection closes
//     once      one answer, whatever it says
//     ok        one answer of 200
//     silent    no answer, and the connection closes
//     each      two answers, and the second one refuses
//
// HIDDEN asks for a path that nothing else asks for: whoever serves it has been smuggled to.
export const HIDDEN_PATH = '/saml/metadata';
const HIDDEN = `GET ${HIDDEN_PATH} HTTP/1.1\r\nHost: HOST\r\n\r\n`;
const OPEN = '/oidc/jwks';
const TOKEN = '/oidc/token';

const get = (fields = '', path = OPEN, version = 'HTTP/1.1') => `GET ${path} ${version}\r\nHost: HOST\r\n${fields}\r\n`;
const post = (fields, body = '') => `POST ${TOKEN} HTTP/1.1\r\nHost: HOST\r\n${fields}\r\n${body}`;

const all = [];
const add = (kind, want, rows) => rows.forEach(([what, bytes], i) => all.push({ name: `${kind}: ${what || i}`, want, bytes }));
const shown = (s) => JSON.stringify(s).slice(1, -1).slice(0, 60);
const each = (values, make) => values.map((v) => [shown(v), make(v)]);

// ── where a message ends ──
const codings = ['chunked', 'Chunked', ' chunked', 'chunked ', '\tchunked', 'xchunked', 'x chunked', 'chunked, identity', 'identity, chunked', 'identity',
  'gzip, chunked', 'chunked, chunked', 'chunked;q=1', '"chunked"', "'chunked'", '\x0bchunked', 'chunked\x0b', 'chun\0ked', '\xa0chunked', 'chunked\x00', '', ',chunked'];
const names = ['Transfer-Encoding', 'transfer-encoding', 'TRANSFER-ENCODING'];
for (const name of names) {
  add('length and chunks', 'refused', each(codings, (c) => post(`Content-Length: 6\r\n${name}: ${c}\r\n`, `0\r\n\r\nG${HIDDEN}`)));
  add('chunks and length', 'refused', each(codings, (c) => post(`${name}: ${c}\r\nContent-Length: 4\r\n`, `5c\r\n${HIDDEN}\r\n0\r\n\r\n`)));
}
const oddNames = ['Transfer-Encoding ', 'Transfer-Encoding\t', ' Transfer-Encoding', 'Transfer_Encoding', 'Transfer-Encoding\x0b', 'Transfer-Encoding\0', 'Transfer-\r\n Encoding', 'X: y\rTransfer-Encoding', 'X: y\nTransfer-Encoding'];
add('an odd name of Transfer-Encoding', 'refused', each(oddNames, (n) => post(`Content-Length: 4\r\n${n}: chunked\r\n`, `5c\r\n${HIDDEN}`)));
add('chunks twice', 'refused', each(['chunked', 'identity', 'x'], (c) => post(`Transfer-Encoding: chunked\r\nTransfer-Encoding: ${c}\r\n`, `0\r\n\r\n${HIDDEN}`)));
add('folded coding', 'refused', each(['\r\n chunked', '\r\n\tchunked', ' \r\n chunked', 'x\r\n chunked'], (c) => post(`Content-Length: 4\r\nTransfer-Encoding:${c}\r\n`, `0\r\n\r\n${HIDDEN}`)));

const lengths = ['+4', '-4', '-0', '4 4', '4,4', '4, 4', '4,', ',4', '0x4', '4.0', '4e0', '"4"', "'4'", '', ' ', '4;', '4 ;x', '٤', '4\0', '\x004', '4\x0b', '4\r4', '4\n4', '4\r\n 4', '18446744073709551620', '9223372036854775808',
  '4294967300', '99999999999999999999999999', '1_0', '0b100', '4h', 'four', 'NaN', '１'];
add('a length that is none', 'refused', each(lengths, (l) => post(`Content-Length: ${l}\r\n`, `abcd${HIDDEN}`)));
add('two lengths', 'refused', each(['4', '0', '60', ' 4', '+4'], (l) => post(`Content-Length: 4\r\nContent-Length: ${l}\r\n`, `abcd${HIDDEN}`)));
add('two lengths, other case', 'refused', each(['4', '90'], (l) => post(`Content-Length: 4\r\ncontent-length: ${l}\r\n`, `abcd${HIDDEN}`)));
add('an odd name of Content-Length', 'refused', each(['Content-Length ', 'Content-Length\t', ' Content-Length', 'Content_Length', 'Content-Length\0', 'Content-Length\x0b', '\x0bContent-Length'], (n) => post(`${n}: 90\r\n`, HIDDEN)));
add('a body where none belongs', 'refused', each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'PUT', 'PATCH', 'get'], (m) => `${m} ${OPEN} HTTP/1.1\r\nHost: HOST\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`));
add('a longer body than is taken', 'refused', each([32769, 90000, 999999999], (n) => post(`Content-Length: ${n}\r\n`, 'a=b')));

const chunks = ['0\r\n\r\n', '00000000000000000000\r\n\r\n', '0x0\r\n\r\n', '-0\r\n\r\n', '0;ext\r\n\r\n', '0\n\n', '0\r\r\n\r\n', ' 0\r\n\r\n', '0 \r\n\r\n', '5\r\nabcde\n0\r\n\r\n', '5\r\nabcdeX\r\n0\r\n\r\n',
  'ffffffffffffffff\r\n', '10000000000000000\r\n', '5;\n\r\nabcde\r\n0\r\n\r\n', '0\r\nContent-Length: 90\r\n\r\n', '0\r\nX: y\r\n\r\n', '1;a="\r\n\r\nx\r\n0\r\n\r\n', ';\r\n\r\n', '\r\n0\r\n\r\n', '５\r\n'];
add('chunks', 'refused', each(chunks, (c) => post('Transfer-Encoding: chunked\r\n', c + HIDDEN)));
// Bodies that are well-formed end where they say; what stands behind them is nobody's request.
const size = HIDDEN.length.toString(16), formed = ['0\r\n\r\n', '00000\r\n\r\n', '0;ext=1\r\n\r\n', '0;a="b;\\"c"\r\n\r\n', '3\r\na=b\r\n0\r\n\r\n', '1\r\na\r\n1\r\n=\r\n1\r\nb\r\n0\r\n\r\n', '0\r\nX-Sum: 1\r\n\r\n', '0\r\nCookie: a=b\r\nAuthorization: Basic eDp5\r\n\r\n'];
for (const c of ['chunked', 'Chunked', '\tchunked ']) add('chunks, well-formed', 'once', each(formed, (f) => post(`Transfer-Encoding: ${c}\r\nConnection: keep-alive\r\n`, f + HIDDEN)));
add('a request in chunks', 'once', each(['/oidc/authorize', '/oidc/end_session', '/upstream/saml/acs', '/nowhere', OPEN], (p) => `POST ${p} HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n${HIDDEN}`));
add('a length behind the chunks', 'refused', each(['Content-Length', 'content-length', 'Transfer-Encoding', 'Content_Length', 'Host'], (n) => post('Transfer-Encoding: chunked\r\n', `0\r\n${n}: ${HIDDEN.length}\r\n\r\n${HIDDEN}`)));
add('sizes that are read as others', 'refused', each([`${size};\r\n`, `${size} \r\n`, `${size}\r`, `${size}\n`, `${size}\r\r\n`, `0x${size}\r\n`, `${size}L\r\n`, `${size}.0\r\n`, `1${'0'.repeat(15)}${size}\r\n`, `${'0'.repeat(30)}${size}\r\n`, `${size}\0\r\n`, `${size};a=\n\r\n`, `${size};a="\r\n"\r\n`, `-${size}\r\n`, `${size},0\r\n`],
  (c) => post('Transfer-Encoding: chunked\r\n', `${c}${HIDDEN}\r\n0\r\n\r\n${HIDDEN}`)));
add('chunks with another method', 'refused', each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'], (m) => `${m} ${OPEN} HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${HIDDEN}\r\n0\r\n\r\n`));
add('no chunks with GET', 'ok', [['', get('Transfer-Encoding: chunked\r\n') + `0\r\n\r\n${HIDDEN}`]]);
add('more chunks than are taken', 'refused', [['one', post('Transfer-Encoding: chunked\r\n', `8001\r\n${'a'.repeat(32769)}\r\n0\r\n\r\n`)], ['many', post('Transfer-Encoding: chunked\r\n', '1\r\na\r\n'.repeat(33000) + '0\r\n\r\n')], ['extensions', post('Transfer-Encoding: chunked\r\n', `1;${'a'.repeat(9000)}\r\na\r\n0\r\n\r\n`)],
  ['trailers', post('Transfer-Encoding: chunked\r\n', `0\r\n${'X: y\r\n'.repeat(2000)}\r\n`)]]);

// ── lines and bytes ──
const request = `GET ${OPEN} HTTP/1.1\r\nHost: HOST\r\nX: y\r\n\r\n`;
const ends = [...request.matchAll(/\r\n/g)].map((m) => m.index);
for (const [what, by] of [['line feed alone', '\n'], ['carriage return alone', '\r'], ['doubled carriage return', '\r\r\n'], ['reversed', '\n\r'], ['NUL before', '\0\r\n'], ['vertical tab before', '\x0b\r\n']])
  add(what, by === '\r' ? 'once' : 'refused', ends.slice(0, by === '\x0b\r\n' || by === '\n\r' ? 3 : 4).map((at, i) => [`line ${i + 1}`, request.slice(0, at) + by + request.slice(at + 2) + HIDDEN]));
add('all lines end with a line feed', 'refused', [['', request.replaceAll('\r\n', '\n') + HIDDEN], ['POST', post('Content-Length: 4\r\n', 'abcd').replaceAll('\r\n', '\n') + HIDDEN]]);
const bytes = [...Array(32).keys()].filter((b) => b !== 9 && b !== 10 && b !== 13).concat(127);
add('a control byte in a value', 'refused', bytes.map((b) => [`${b}`, get(`X: a${String.fromCharCode(b)}b\r\n`)]));
add('a byte that no name has', 'refused', [...' "(),/:;<=>?@[\\]{}\x00\x01\x7f\x80\xff'].filter((c) => c !== ':').map((c) => [shown(c), get(`X${c}Y: a\r\n`)]));
add('folded', 'refused', each([' ', '\t', '  ', ' \t'], (w) => get(`X: a\r\n${w}b: c\r\n`)));
add('folded first', 'refused', [['', `GET ${OPEN} HTTP/1.1\r\n Host: HOST\r\n\r\n`]]);
add('no field', 'refused', each(['X', ':', ': x', ' : x', '\t', '=', 'X\r\nHost: evil'], (f) => get(`${f}\r\n`)));
add('an empty line in front', 'refused', each(['\n', '\r\n\r\n', '\r', ' \r\n'], (f) => f + request));
add('one empty line in front', 'ok', [['', `\r\n${request}${HIDDEN}`]]);
add('a cookie with an odd quote', 'ok', each(['c="', 'a=b; c="', 'c="; d=e', '"', 'c=";"; d="', '='], (c) => get(`Cookie: ${c}\r\nConnection: close\r\n`) + HIDDEN));

// ── for whom and for what ──
add('several hosts', 'refused', each(['evil.example', 'HOST', '', 'HOST, evil.example'], (h) => get(`Host: ${h}\r\n`)).concat(each(['host', 'HOst'], (n) => get(`${n}: evil.example\r\n`).replace('evil.example', 'evil'))));
add('a host that is none', 'refused', each(['', ' ', 'a b', 'a@b', 'user:pw@HOST', 'a/b', 'a,b', 'a?b', 'a#b', 'a\\b', '<a>', 'a;b', 'ä', '%61', "a'b", 'a"b', 'a|b', 'x'.repeat(256)], (h) => `GET ${OPEN} HTTP/1.1\r\nHost: ${h}\r\n\r\n`));
add('no host', 'refused', [['1.1', `GET ${OPEN} HTTP/1.1\r\n\r\n`], ['an odd name', `GET ${OPEN} HTTP/1.1\r\nHost : HOST\r\n\r\n`], ['an underscore', `GET ${OPEN} HTTP/1.1\r\nHo_st: HOST\r\n\r\n`]]);
add('a whole URL as target', 'refused', each(['http://evil.example', 'https://evil.example', 'http:', 'file://', 'ws://HOST', 'http://HOST@evil.example', 'http://HOST:1'], (o) => get('', o + OPEN)));
add('the host in the target', 'ok', each(['http://HOST', 'https://HOST', 'HTTP://HOST'], (o) => get('', o + OPEN) + HIDDEN));
add('whether it is there', 'once', [['', `OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n${HIDDEN}`]]);
add('another target', 'refused', each(['*', 'HOST:443', 'oidc/jwks', '?x', '#', '#/', '', '\\oidc\\jwks', '.', '..', '@HOST', ':80'], (p) => get('', p)));
const escapes = ['%00', '%', '%0', '%g0', '%zz', '%u0041', '%%41', '\0', '"', '<', '>', '\\', '^', '`', '{', '}', '|', ' ', '\t', '\x7f', '\x80', 'ä', '#x', '\x0b'];
add('what no path holds', 'refused', each(escapes, (e) => get('', OPEN + e)));
add('a space or NUL in the query', 'refused', each([' ', '\0', '%00', '\t', '"', '<', '#', '\x7f', '\xff', ' x'], (e) => get('', `${OPEN}?a=${e}b`)));

// Paths that somebody between us and the browser might read as another one; none may reach its handler.
const places = ['metrics', 'health/live', 'health/ready'];
const detours = (p) => [`//${p}`, `/./${p}`, `/../${p}`, `/x/../${p}`, `/${p}/`, `/${p}/.`, `/${p}//`, `/${p};x`, `/${p}%20`, `/${p}%09`, `/${p}%2f`, `/${p}.`, `/%2e/${p}`, `/%2e%2e/${p}`, `/x/%2e%2e/${p}`, `/x%2f..%2f${p}`, `/${p.toUpperCase()}`,
  `/${p[0].toUpperCase()}${p.slice(1)}`, `/%${p.charCodeAt(0).toString(16)}${p.slice(1)}`, `/${p.replace('/', '%2f')}${p.includes('/') ? '' : '%2e'}`, `/static/../${p}`, `/static/..%2f${p}`, `/static/%2e%2e%2f${p}`, `/open/../${p}`, `/${p}%23`, `/${p}%3f`, `/${p}&x`, `/${p}=`, `/${p}%0d%0a`];
for (const p of places) add('a detour', 'refused', detours(p).map((d) => [d, get('Connection: close\r\n', d)]));
add('out of the static files', 'refused', each(['/static/', '/static/..', '/static/.', '/static/../../etc/passwd', '/static/%2e%2e/%2e%2e/etc/passwd', '/static/..%5c..%5cetc', '/static//etc/passwd', '/static/a/b', '/static/%61'], (p) => get('Connection: close\r\n', p)));

// ── how much ──
add('a long line', 'refused', [['path', get('', '/' + 'a'.repeat(9000))], ['query', get('', `${OPEN}?${'a'.repeat(9000)}`)], ['method', `${'A'.repeat(9000)} / HTTP/1.1\r\nHost: HOST\r\n\r\n`], ['without an end', 'GET /' + 'a'.repeat(9000)], ['version', `GET / HTTP/1.1${'1'.repeat(9000)}\r\n\r\n`]]);
add('a large header', 'refused', [['one field', get(`X: ${'a'.repeat(40000)}\r\n`)], ['one name', get(`${'X'.repeat(40000)}: a\r\n`)], ['many fields', get('X: y\r\n'.repeat(200))], ['many cookies', get(`Cookie: a=${'b'.repeat(1000)}\r\n`.repeat(40))], ['without an end', get(`X: ${'a'.repeat(50000)}`).slice(0, -4)]]);

// ── other versions and other protocols ──
add('a version', 'refused', each(['HTTP/0.9', 'HTTP/1.10', 'HTTP/2.0', 'HTTP/3.0', 'HTTP/9.9', 'http/1.1', 'Http/1.1', 'HTTP/1', 'HTTP/1.', 'HTTP/.1', 'HTTP/1,1', 'HTTP/11', 'HTTP1.1', 'HTTP/1.1 ', ' HTTP/1.1', 'HTTP/ 1.1', 'HTCPCP/1.0', 'HTTP/1.1x', 'HTTP/-1.1', 'HTTPS/1.1', ''], (v) => get('', OPEN, v)));
add('a minor version to come', 'ok', each(['HTTP/1.2', 'HTTP/1.9'], (v) => get('', OPEN, v) + HIDDEN));
add('no HTTP', 'refused', [['0.9', `GET ${OPEN}\r\n`], ['0.9 alone', 'GET /\r\n\r\n'], ['2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0'], ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'], ['SSH', 'SSH-2.0-x\r\n'], ['SMTP', 'EHLO a\r\n'], ['Redis', '*1\r\n$4\r\nINFO\r\n'], ['PROXY', `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${request}`], ['PROXY 2', '\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c'], ['NUL', '\0\0\0\0'], ['noise', '\xff\xfe\xfd\r\n\r\n']]);
add('1.0', 'ok', [['no host', `GET ${OPEN} HTTP/1.0\r\n\r\n${HIDDEN}`], ['', get('', OPEN, 'HTTP/1.0')], ['keep-alive', get('Connection: keep-alive\r\n', OPEN, 'HTTP/1.0')]]);
add('1.0 with chunks', 'refused', [['', post('Transfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`).replace('HTTP/1.1', 'HTTP/1.0')]]);
add('an upgrade', 'ok', each(['h2c', 'websocket', 'TLS/1.0', 'HTTP/2.0'], (u) => get(`Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: ${u}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n`)));
add('an expectation', 'refused', each(['200-ok', '100-continue, x', '100', 'x', '', '100-continue\x0b'], (e) => post(`Expect: ${e}\r\nContent-Length: 4\r\n`, `abcd${HIDDEN}`)));
add('100-continue', 'once', [['with a body', post('Expect: 100-continue\r\nContent-Length: 4\r\n', 'abcd')]]);
add('a method', 'refused', each(['TRACE', 'TRACK', 'PUT', 'DELETE', 'PATCH', 'CONNECT', 'PROPFIND', 'DEBUG', 'get', 'Get', 'GETT', 'GE', 'G\tET', 'GET\0', '"GET"', 'POST,GET', 'PRI', '-', 'X'.repeat(300)], (m) => `${m} ${OPEN} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n`));
add('a method that asks what is allowed', 'once', [['OPTIONS', `OPTIONS ${OPEN} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n`]]);
add('a method in a field', 'once', each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'], (n) => get(`${n}: POST\r\nConnection: close\r\n`, TOKEN)));

// ── who speaks ──
add('an underscore', 'ok', each(['X_Forwarded_For', 'X-Forwarded_For', 'x_forwarded_host', 'HTTP_HOST', '_', 'Content_Type'], (n) => get(`${n}: 203.0.113.77\r\nConnection: close\r\n`)));
const forged = ['X-Forwarded-For: 203.0.113.77', 'X-Forwarded-For: 127.0.0.1', 'X-Forwarded-For: ::1', 'X-Forwarded-For: unix', 'Forwarded: for=127.0.0.1;host=evil.example;proto=http', 'X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: http',
  'X-Forwarded-Port: 1', 'X-Forwarded-Server: evil.example', 'X-Forwarded-Prefix: /evil.example', 'X-Real-IP: 127.0.0.1', 'X-Original-URL: /metrics', 'X-Rewrite-URL: /metrics', 'X-Client-IP: 127.0.0.1', 'True-Client-IP: 127.0.0.1', 'X-Host: evil.example',
  'X-Original-Host: evil.example', 'Via: 1.1 evil.example', 'X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.77', 'X-Forwarded-For: 127.0.0.1, 203.0.113.77'];
add('forged', 'ok', each(forged, (f) => get(`${f}\r\nConnection: close\r\n`, '/.well-known/openid-configuration')));
add('another host', 'ok', each(['evil.example', 'evil.example:443', '[::1]', '127.0.0.1', 'localhost'], (h) => `GET /.well-known/openid-configuration HTTP/1.1\r\nHost: ${h}\r\nConnection: close\r\n\r\n`));
add('forged towards health', 'once', each(forged.slice(0, 5), (f) => get(`${f}\r\nConnection: close\r\n`, '/metrics')));
add('fields that a proxy would take away', 'ok', each(['Host', 'X-Forwarded-For', 'Content-Length', 'Cookie'], (n) => get(`Connection: ${n}, close\r\n`)));

// ── one behind another ──
const seconds = [HIDDEN, post('Transfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`), `GET ${HIDDEN_PATH} HTTP/1.1\nHost: HOST\n\n`, HIDDEN.slice(0, 20), '\0', '\r\n', `GET ${HIDDEN_PATH}\r\n`, 'x'.repeat(3000)];
add('in one piece behind a GET', 'once', each(seconds, (s) => get() + s));
add('in one piece behind a POST', 'once', each(seconds, (s) => post('Connection: keep-alive\r\nContent-Length: 3\r\n', 'a=b') + s));
add('in one piece behind a refusal', 'once', each(seconds, (s) => get('', '/nowhere') + s));
all.push(...seconds.slice(1, 3).concat('\0', '\r\n\r\n', 'GET /\tHTTP/1.1\r\n\r\n').map((s) => ({ name: `after the first is answered: ${shown(s)}`, want: 'each', bytes: get(), then: s })));

export const hostile = all;
