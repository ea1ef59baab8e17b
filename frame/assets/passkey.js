// SPDX-License-Identifier: EUPL-1.2
// Asks the browser for a passkey and puts what it says into the form; a password with a code does without this.
(() => {
  const bytes = (s) => Uint8Array.from(atob(s.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const make = (d) => navigator.credentials.create({ publicKey: { challenge: bytes(d.challenge), rp: { id: d.rp, name: d.rp }, user: { id: bytes(d.user), name: d.name, displayName: d.name },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }], attestation: 'none', authenticatorSelection: { residentKey: 'required', userVerification: 'required' } } });
  const use = (d) => navigator.credentials.get({ publicKey: { challenge: bytes(d.challenge), rpId: d.rp, userVerification: 'required' } });
  for (const form of document.querySelectorAll('form[data-ceremony]')) {
    const go = form.querySelector('[data-go]'), failed = form.querySelector('[data-failed]');
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    go.disabled = false;
    go.addEventListener('click', async (event) => {
      event.preventDefault();
      failed.hidden = true;
      try {
        const created = form.dataset.ceremony === 'create';
        const key = await (created ? make : use)(form.dataset), r = key.response;
        form.elements.client.value = text(r.clientDataJSON);
        form.elements.data.value = text(created ? r.getAuthenticatorData() : r.authenticatorData);
        if (!created) { form.elements.key.value = text(key.rawId); form.elements.signature.value = text(r.signature); }
        form.submit();
      } catch { failed.hidden = false; }
    });
  }
})();
