// SPDX-License-Identifier: EUPL-1.2
// A person with a keyboard and no pointer: Tab, Shift+Tab, arrows, Space, Enter and letters, nothing else.  Where the focus goes
// it must be seen, and what is wanted must be reached.
import { check } from '../e2e/gateway.mjs';

const reach = 400; // stops of Tab until somebody gives up

export class Keyboard {
  constructor(page) { this.page = page; this.stops = 0; }

  // What has the focus: whether it is what is wanted, and whether one sees that it has it.
  async here(selector) {
    return this.page.evaluate((wanted) => {
      const e = document.activeElement;
      if (!e || e === document.body || e === document.documentElement) return { is: false, seen: true };
      const label = e.closest('label') ?? (e.id ? document.querySelector(`label[for="${CSS.escape(e.id)}"]`) : null), box = e.getBoundingClientRect();
      const marked = [e, label, e.parentElement].filter(Boolean).some((x) => { const s = getComputedStyle(x); return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none'; });
      return { is: e.matches(wanted), seen: box.width > 0 && box.height > 0 && marked, what: e.outerHTML.slice(0, 120) };
    }, selector);
  }

  // Focus walks on until it stands on what the selector matches; on every stop of the way it is seen.
  async to(selector) {
    check(await this.page.locator(selector).count() > 0, `nothing on the page is ${selector}: ${this.page.url()}`);
    for (let i = 0; i <= reach; i++) {
      const here = await this.here(selector);
      check(here.seen, `the focus is not seen on ${here.what} of ${this.page.url()}`);
      if (here.is) return;
      await this.page.keyboard.press('Tab');
      this.stops++;
    }
    throw new Error(`${selector} was not reached by ${reach} stops of Tab on ${this.page.url()}`);
  }

  async type(selector, text) {
    await this.to(selector);
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.type(text);
  }
  async open(selector) { // a link or a button, and the page behind it
    await this.to(selector);
    await Promise.all([this.page.waitForNavigation(), this.page.keyboard.press('Enter')]);
  }
  async unfold(selector) { // a summary
    await this.to(selector);
    await this.page.keyboard.press('Enter');
  }
  async tick(selector, on = true) {
    await this.to(selector);
    if (await this.page.locator(selector).first().isChecked() !== on) await this.page.keyboard.press('Space');
    check(await this.page.locator(selector).first().isChecked() === on, `${selector} is not ${on ? 'ticked' : 'clear'}`);
  }
  // One of a group of radio buttons: Tab comes to the group, arrows go through it.
  async choose(name, value) {
    const wanted = `input[type=radio][name="${name}"][value="${value}"]`;
    await this.to(`input[type=radio][name="${name}"]`);
    for (let i = 0; i < 60 && !(await this.here(wanted)).is; i++) await this.page.keyboard.press('ArrowDown');
    check((await this.here(wanted)).is, `${wanted} was not reached by arrows`);
    await this.page.keyboard.press('Space');
    check(await this.page.locator(wanted).isChecked(), `${wanted} is not chosen`);
  }
  async pick(selector, label) { // of a list
    await this.to(selector);
    await this.page.keyboard.type(label);
    const got = await this.page.locator(selector).first().evaluate((s) => s.options[s.selectedIndex].text.trim());
    check(got.startsWith(label), `${selector}: ${got} instead of ${label}`);
  }
}
