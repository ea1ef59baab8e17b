// SPDX-License-Identifier: EUPL-1.2
// The browser of these scripts: Chromium's engine in its shell without a window, which costs half the time of the whole browser for
// the same pages.  `whole`: the browser that people have, with what its outer parts decide (third-party cookies, prompts).
import fs from 'node:fs';
import { chromium } from 'playwright-core';

const shells = ['/usr/bin/chromium-headless-shell'];
const wholes = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];
const common = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

// Playwright's Browser; `args`: further arguments of Chromium's.  Without Chromium the script ends as skipped.
export async function launch({ whole = false, args = [] } = {}) {
  const executablePath = [process.env.CHROMIUM, ...(whole ? [] : shells), ...wholes].find((p) => p && fs.existsSync(p));
  if (!executablePath) {
    console.log('skipped: Chromium is not installed');
    process.exit(77);
  }
  return chromium.launch({ executablePath, headless: true, args: [...common, ...args] });
}
