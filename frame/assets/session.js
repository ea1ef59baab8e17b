// Says to a service's script whether the session is still the one that it was told of [OIDC Session Management 1.0, 3.2, 4.2].
(function () {
  'use strict';
  function sha256(text) {
    var bytes = unescape(encodeURIComponent(text)), words = [], h = [], k = [], n = 2, i, j;
    for (; k.length < 64; n++) {
      for (j = 2; j * j <= n && n % j; j++) ;
      if (j * j <= n) continue;
      if (h.length < 8) h.push(Math.pow(n, 1 / 2) % 1 * 4294967296 | 0);
      k.push(Math.pow(n, 1 / 3) % 1 * 4294967296 | 0);
    }
    for (i = 0; i < bytes.length; i++) words[i >> 2] |= bytes.charCodeAt(i) << 24 - i % 4 * 8;
    words[i >> 2] |= 128 << 24 - i % 4 * 8;
    var size = ((i + 8 >> 6) + 1) * 16;
    for (j = 0; j < size; j++) words[j] |= 0;
    words[size - 1] = i * 8;
    function turn(x, by) { return x >>> by | x << 32 - by }
    for (var at = 0; at < size; at += 16) {
      var w = words.slice(at, at + 16), s = h.slice(), t1, t2;
      for (j = 0; j < 64; j++) {
        if (j > 15) {
          var a = w[j - 15], b = w[j - 2];
          w[j] = w[j - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >>> 3) + w[j - 7] + (turn(b, 17) ^ turn(b, 19) ^ b >>> 10) | 0;
        }
        t1 = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + (s[4] & s[5] ^ ~s[4] & s[6]) + k[j] + w[j] | 0;
        t2 = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + (s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]) | 0;
        s = [t1 + t2 | 0, s[0], s[1], s[2], s[3] + t1 | 0, s[4], s[5], s[6]];
      }
      for (j = 0; j < 8; j++) h[j] = h[j] + s[j] | 0;
    }
    return h.map(function (x) { return ('0000000' + (x >>> 0).toString(16)).slice(-8) }).join('');
  }
  // A browser that keeps the cookie from frames does not say that the session is over: then nobody knows.
  function judge(origin, data) {
    var asked = /^(\S+) ([0-9a-f]{64})\.([\w-]{1,64})$/.exec(data), cookie = /(?:^|; )(?:__Host-)?seen=([\w-]+)/.exec(document.cookie);
    if (!asked || !cookie) return 'error';
    return sha256([asked[1], origin, cookie[1], asked[3]].join(' ')) === asked[2] ? 'unchanged' : 'changed';
  }
  addEventListener('message', function (e) {
    if (typeof e.data === 'string' && e.source && e.origin !== 'null') e.source.postMessage(judge(e.origin, e.data), e.origin);
  });
})();
