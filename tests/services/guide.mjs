// SPDX-License-Identifier: EUPL-1.2
// docs/services.md as the tests read it: rows are imported as they stand there, settings stand in the programs.
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
export const guide = () => fs.readFileSync(path.join(root, 'docs/services.md'), 'utf8');

// [{ language, lines }] of one section.
function blocks(section) {
  return [...section.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].map(([, language, text]) => ({ language, lines: text.trimEnd().split('\n') }));
}

function sectionOf(text, name) {
  const found = text.split(/^(?=##+ )/m).find((s) => s.startsWith(`### ${name}\n`));
  if (!found) throw new Error(`docs/services.md has no section "${name}"`);
  return found;
}

const keysOf = (lines) => lines.map((l) => /^\s*(?:- )?(\w+):\s*(.*)$/.exec(l)).filter(Boolean).map(([, key, value]) => [key, value.replace(/\s+#.*$/, '')]);

const isRow = (b) => b.language === 'yaml' && keysOf(b.lines).some(([key]) => key === 'redirect_uris');

// The row of the beginning with what the section says otherwise; `null` takes a key away.
export function rowOf(text, name, { id, base }) {
  const common = keysOf(blocks(text).find((b) => b.lines[0].trim() === 'services:').lines.slice(1));
  const own = keysOf(blocks(sectionOf(text, name)).find(isRow)?.lines ?? []);
  const row = new Map(common);
  for (const [key, value] of own) if (value === 'null') row.delete(key); else row.set(key, value);
  if (row.get('auth_method') === 'none') row.delete('secret_file');
  const lines = [...row].map(([key, value]) => key === 'id' ? `  - id: ${id}` : key === 'client_id' ? `    client_id: ${id}` : key === 'secret_file' ? `    secret_file: secrets/${id}`
    : `    ${key}: ${value.replaceAll('https://oppi.example', base)}`);
  return [...lines, '    test: true', ''].join('\n');
}

// The policy of the beginning, for each service.
export function policiesOf(text, ids) {
  const policy = blocks(text).find((b) => b.lines[0].trim() === 'policies:').lines.slice(1).map((l) => l.trim()).join(' ');
  return ids.map((id) => `  ${policy.replace(/\boppi\b/g, id).replace(/id: [\w-]+/, `id: to-${id}`)}\n`).join('');
}

const bare = (line) => line.trim().replace(/[,;]$/, '');

// Says which block of a section does not stand in the program that the section names; null when all do.
export function settingsMissing(text, name) {
  const section = sectionOf(text, name);
  const programs = [...section.matchAll(/\]\(\.\.\/(tests\/services\/[^)]+)\)/g)].map(([, file]) => file);
  if (programs.length === 0) return `the section "${name}" names no program`;
  const said = programs.map((file) => fs.readFileSync(path.join(root, file), 'utf8').split('\n').map(bare).filter(Boolean).join('\n')).join('\n');
  for (const b of blocks(section)) {
    if (isRow(b)) continue;
    const wanted = b.lines.map(bare).filter(Boolean).join('\n');
    if (!said.includes(wanted)) return `not in ${programs.join(', ')}:\n${b.lines.join('\n')}`;
  }
  return null;
}
