// SPDX-License-Identifier: EUPL-1.2
// A browser without a screen: keeps cookies per host name, follows redirects, fills in forms.  Connects to
// 127.0.0.1 whatever the host name is, so that *.localhost needs no resolver.
import http from 'node:http';
import https from 'node:https';

export class Agent {
  // ca: the certificate that https addresses are believed for.
  constructor({ ca } = {}) { this.jar = new Map(); this.trace = []; this.ca = ca; }

  cookieHeader(url) {
    const now = Date.now();
    const host = this.jar.get(url.hostname) ?? new Map();
    return [...host].filter(([, c]) => !c.expires || c.expires > now).filter(([, c]) => url.pathname.startsWith(c.path))
      .map(([n, c]) => `${n}=${c.value}`).join('; ');
  }

  keep(url, lines = []) {
    const host = this.jar.get(url.hostname) ?? new Map();
    this.jar.set(url.hostname, host);
    for (const line of lines) {
      const [pair, ...attrs] = line.split(';').map((s) => s.trim());
      const at = pair.indexOf('=');
      const c = { value: pair.slice(at + 1), path: '/' };
      for (const a of attrs) {
        const [k, v] = a.split('=');
        if (/^max-age$/i.test(k)) c.expires = Date.now() + Number(v) * 1000;
        if (/^path$/i.test(k)) c.path = v;
        if (/^expires$/i.test(k) && !c.expires) c.expires = Date.parse(v);
      }
      if (c.expires !== undefined && c.expires <= Date.now()) host.delete(pair.slice(0, at));
      else host.set(pair.slice(0, at), c);
    }
  }

  once(method, address, { form, headers = {} } = {}) {
    const url = new URL(address);
    const body = form === undefined ? undefined : new URLSearchParams(form).toString();
    return new Promise((resolve, reject) => {
      const secure = url.protocol === 'https:';
      const req = (secure ? https : http).request({
        ...(secure ? { ca: this.ca, servername: url.hostname } : {}),
        host: '127.0.0.1', port: url.port || (secure ? 443 : 80), method, path: url.pathname + url.search, agent: false,
        headers: {
          Host: url.host, Cookie: this.cookieHeader(url), Accept: 'text/html,*/*;q=0.8', 'Accept-Language': 'fi',
          ...(body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body), Origin: this.origin ?? url.origin }),
          ...headers,
        },
      }, (res) => {
        const parts = [];
        res.on('data', (d) => parts.push(d));
        res.on('error', reject);
        res.on('end', () => {
          this.keep(url, res.headers['set-cookie']);
          const text = Buffer.concat(parts).toString('utf8');
          this.trace.push(`${method} ${url} -> ${res.statusCode}${res.headers.location ? ' ' + res.headers.location : ''}`);
          resolve({ status: res.statusCode, headers: res.headers, text, url: url.toString() });
        });
      });
      req.on('error', reject);
      req.setTimeout(20000, () => req.destroy(new Error(`no answer in 20 s: ${method} ${url}`)));
      if (body !== undefined) req.write(body);
      req.end();
    });
  }

  // Follows redirects the way browsers do: 307 and 308 repeat the method, the others become GET.
  async go(method, address, options = {}) {
    let res = await this.once(method, address, options);
    for (let hops = 0; [301, 302, 303, 307, 308].includes(res.status); hops++) {
      if (hops === 25) throw new Error('25 redirects:\n' + this.trace.slice(-25).join('\n'));
      const again = [307, 308].includes(res.status);
      const next = new URL(res.headers.location, res.url).toString();
      if (options.until && options.until(next)) return { ...res, next };
      res = await this.once(again ? method : 'GET', next, again ? options : {});
    }
    return res;
  }

  get(address, options) { return this.go('GET', address, options); }

  // Submits a form of a page: the first, or the one that `pick` accepts; `fill` overrides fields.
  submit(page, fill = {}, pick = () => true, options = {}) {
    const f = forms(page.text).find(pick);
    if (!f) throw new Error(`no such form on ${page.url}:\n${page.text.slice(0, 2000)}`);
    const target = new URL(f.action ?? '', page.url).toString();
    const fields = { ...f.fields, ...fill };
    this.origin = new URL(page.url).origin;
    if ((f.method ?? 'get').toLowerCase() === 'post') return this.go('POST', target, { form: fields, ...options });
    return this.go('GET', target + '?' + new URLSearchParams(fields), options);
  }

  clone() {
    const other = new Agent({ ca: this.ca });
    for (const [h, m] of this.jar) other.jar.set(h, new Map(m));
    return other;
  }
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#34': '"', '#x27': "'", '#x2F': '/', '#47': '/' };
export const decode = (s) => s.replace(/&(#?\w+);/g, (m, e) => entities[e] ?? (/^#x/i.test(e) ? String.fromCodePoint(parseInt(e.slice(2), 16))
  : e[0] === '#' ? String.fromCodePoint(Number(e.slice(1))) : m));

const attributes = (tag) => Object.fromEntries([...tag.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g)]
  .map((m) => [m[1].toLowerCase(), decode(m[2] ?? m[3] ?? m[4] ?? '')]));

export function forms(html) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head, body]) => {
    const form = { ...attributes(head), fields: {}, buttons: [], body };
    for (const [, tag] of body.matchAll(/<input\b([^>]*)>/gi)) {
      const a = attributes(tag);
      if (!a.name || ((a.type === 'checkbox' || a.type === 'radio') && !('checked' in a)) || a.type === 'submit') continue;
      form.fields[a.name] = a.value ?? '';
    }
    for (const [, tag, text] of body.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/gi))
      form.buttons.push({ ...attributes(tag), text: decode(text.replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ').trim() });
    return form;
  });
}

export const text = (html) => decode(html.replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ').trim();
