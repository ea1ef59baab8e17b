// SPDX-License-Identifier: EUPL-1.2
// The tile leads here: begins the sign-in by itself.
import { useEffect } from 'react';
import { signIn } from 'next-auth/react';

export default function Login() {
  useEffect(() => { signIn('digione', { callbackUrl: '/' }); }, []);
  return <p>…</p>;
}
