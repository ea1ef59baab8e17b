// SPDX-License-Identifier: EUPL-1.2
// The table of scripts that libcedar judges texts by, policy/cedar/script_table.h, and its judgement beside the reference's.
//   node tests/cedar_scripts.mjs table             writes the table: Unicode's Script_Extensions as node knows them, augmented
//                                                  as UTS 39 says, and the characters that the reference takes in names
//   node tests/cedar_scripts.mjs PROGRAM [STEP]    PROGRAM: tests/library/answers.c, compiled; each STEP-th character (7)
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const cedar = createRequire(new URL('../bench/package.json', import.meta.url))('@cedar-policy/cedar-wasm/nodejs');
const schema = 'entity U { n: String }; action v appliesTo { principal: U, resource: U };';
const scripts = [ // those that node's Unicode has
  'Adlam', 'Ahom', 'Anatolian_Hieroglyphs', 'Arabic', 'Armenian', 'Avestan', 'Balinese', 'Bamum', 'Bassa_Vah', 'Batak', 'Bengali', 'Bhaiksuki',
  'Bopomofo', 'Brahmi', 'Braille', 'Buginese', 'Buhid', 'Canadian_Aboriginal', 'Carian', 'Caucasian_Albanian', 'Chakma', 'Cham', 'Cherokee',
  'Chorasmian', 'Coptic', 'Cuneiform', 'Cypriot', 'Cypro_Minoan', 'Cyrillic', 'Deseret', 'Devanagari', 'Dives_Akuru', 'Dogra', 'Duployan',
  'Egyptian_Hieroglyphs', 'Elbasan', 'Elymaic', 'Ethiopic', 'Georgian', 'Glagolitic', 'Gothic', 'Grantha', 'Greek', 'Gujarati', 'Gunjala_Gondi',
  'Gurmukhi', 'Han', 'Hangul', 'Hanifi_Rohingya', 'Hanunoo', 'Hatran', 'Hebrew', 'Hiragana', 'Imperial_Aramaic', 'Inscriptional_Pahlavi',
  'Inscriptional_Parthian', 'Javanese', 'Kaithi', 'Kannada', 'Katakana', 'Kawi', 'Kayah_Li', 'Kharoshthi', 'Khitan_Small_Script', 'Khmer', 'Khojki',
  'Khudawadi', 'Lao', 'Latin', 'Lepcha', 'Limbu', 'Linear_A', 'Linear_B', 'Lisu', 'Lycian', 'Lydian', 'Mahajani', 'Makasar', 'Malayalam', 'Mandaic',
  'Manichaean', 'Marchen', 'Masaram_Gondi', 'Medefaidrin', 'Meetei_Mayek', 'Mende_Kikakui', 'Meroitic_Cursive', 'Meroitic_Hieroglyphs', 'Miao',
  'Modi', 'Mongolian', 'Mro', 'Multani', 'Myanmar', 'Nabataean', 'Nag_Mundari', 'Nandinagari', 'New_Tai_Lue', 'Newa', 'Nko', 'Nushu',
  'Nyiakeng_Puachue_Hmong', 'Ogham', 'Ol_Chiki', 'Old_Hungarian', 'Old_Italic', 'Old_North_Arabian', 'Old_Permic', 'Old_Persian', 'Old_Sogdian',
  'Old_South_Arabian', 'Old_Turkic', 'Old_Uyghur', 'Oriya', 'Osage', 'Osmanya', 'Pahawh_Hmong', 'Palmyrene', 'Pau_Cin_Hau', 'Phags_Pa', 'Phoenician',
  'Psalter_Pahlavi', 'Rejang', 'Runic', 'Samaritan', 'Saurashtra', 'Sharada', 'Shavian', 'Siddham', 'SignWriting', 'Sinhala', 'Sogdian',
  'Sora_Sompeng', 'Soyombo', 'Sundanese', 'Syloti_Nagri', 'Syriac', 'Tagalog', 'Tagbanwa', 'Tai_Le', 'Tai_Tham', 'Tai_Viet', 'Takri', 'Tamil',
  'Tangsa', 'Tangut', 'Telugu', 'Thaana', 'Thai', 'Tibetan', 'Tifinagh', 'Tirhuta', 'Toto', 'Ugaritic', 'Vai', 'Vithkuqi', 'Wancho', 'Warang_Citi',
  'Yezidi', 'Yi', 'Zanabazar_Square', 'Garay', 'Gurung_Khema', 'Kirat_Rai', 'Ol_Onal', 'Sunuwar', 'Todhri', 'Tulu_Tigalari', 'Sidetic', 'Tolong_Siki', 'Beria_Erfe', 'Tai_Yo',
].filter((s) => { try { return new RegExp(`\\p{scx=${s}}`, 'u'); } catch { return false; } });
const CHUNK = 2000;
const assigned = []; // surrogates, private use and what Unicode does not have yet are nobody's
for (let c = 0; c < 0x110000; c++)
  if ((c < 0xd800 || c > 0xdfff) && !/^[\p{Cn}\p{Cs}\p{Co}]$/u.test(String.fromCodePoint(c))) assigned.push(c);
const escape = (c) => `\\u{${c.toString(16)}}`;

// For each policy: b (turns the text), c (no character of a name), m (mixes scripts), or nothing.
function reference(policies) {
  const out = [];
  for (let i = 0; i < policies.length; i += CHUNK) {
    const part = policies.slice(i, i + CHUNK), got = new Map();
    const said = cedar.validate({ schema, policies: { staticPolicies: Object.fromEntries(part.map((p, k) => [`p${k}`, p])) }, validationSettings: { mode: 'strict' } });
    for (const { policyId, error: { message } } of said.validationWarnings ?? []) {
      const kind = /BIDI/.test(message) ? 'b' : /mixed scripts/.test(message) ? 'm' : /outside of the General/.test(message) ? 'c' : null;
      if (kind !== null) got.set(Number(policyId.slice(1)), kind);
    }
    part.forEach((_, k) => out.push(got.get(k) ?? ''));
  }
  return out;
}

function makeTable() {
  const matches = scripts.map((s) => new RegExp(`^\\p{scx=${s}}$`, 'u')), sets = [''], ranges = [];
  const bit = (name) => scripts.indexOf(name);
  const together = [['Han', scripts.length], ['Bopomofo', scripts.length], ['Han', scripts.length + 1], ['Hiragana', scripts.length + 1],
    ['Katakana', scripts.length + 1], ['Han', scripts.length + 2], ['Hangul', scripts.length + 2]]; // Hanb, Jpan, Kore
  const allowed = reference(assigned.map((c) => `permit(principal == U::"${escape(c)}", action, resource);`));
  let before = null, allows = false;
  const names = [];
  assigned.forEach((c, i) => {
    const text = String.fromCodePoint(c), found = matches.flatMap((m, s) => (m.test(text) ? [s] : []));
    for (const [name, extra] of together) if (found.includes(bit(name)) && !found.includes(extra)) found.push(extra);
    const key = found.join();
    if (!sets.includes(key)) sets.push(key);
    if (key !== before) ranges.push([c, sets.indexOf(key)]);
    if ((allowed[i] === '') !== allows) names.push(c);
    before = key;
    allows = allowed[i] === '';
  });
  const words = (key) => { const w = [0n, 0n, 0n]; for (const s of key === '' ? [] : key.split(',').map(Number)) w[s >> 6] |= 1n << BigInt(s & 63); return w; };
  const rows = (list, perLine) => list.reduce((out, x, i) => out + (i % perLine === 0 ? '\n    ' : ' ') + x + ',', '');
  const text = `/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/script_table.h: made by tests/cedar_scripts.mjs of Unicode ${process.versions.unicode}; do not edit.
 *
 * Stands on base/ alone.  Inside script.c.  What Unicode does not have yet goes with what stands before it.
 */
/* clang-format off */
enum { SCRIPTS = ${scripts.length} };
static const char *const script_names[SCRIPTS] = {${rows(scripts.map((s) => `"${s.replaceAll('_', ' ')}"`), 7)}
};
/* Sets of scripts, one bit each; the last three are what is written together: Han with Bopomofo, Japanese, Korean.  The
 * first set is of what belongs to every script. */
static const uint64_t script_sets[${sets.length}][3] = {${rows(sets.map((s) => `{ ${words(s).map((w) => `0x${w.toString(16)}`).join(', ')} }`), 3)}
};
/* The set of every character from this one on, up to the next row. */
static const struct script_range {
    uint32_t from, set;
} script_ranges[] = {${rows(ranges.map(([c, s]) => `{ 0x${c.toString(16)}, ${s} }`), 7)}
};
/* From the first on, characters may stand in names, from the second on not, and so on. */
static const uint32_t script_allowed[] = {${rows(names.map((c) => `0x${c.toString(16)}`), 12)}
};
/* clang-format on */
`;
  writeFileSync(new URL('../policy/cedar/script_table.h', import.meta.url), text);
  console.log(`${ranges.length} ranges of ${sets.length} sets; ${names.length} places where names begin or end`);
}

// What libcedar says: the codes of its warnings for each policy.
function ours(program, policies) {
  const input = Buffer.concat(policies.flatMap((p) => [schema, p].map((t) => Buffer.from(`${Buffer.byteLength(t)}\n${t}`))));
  const run = spawnSync(program, ['warnings'], { input, maxBuffer: 1 << 28, encoding: 'utf8' });
  const lines = run.stdout.split('\n').slice(0, -1);
  if (run.status !== 0 || lines.length !== policies.length) throw new Error(`${program}: ${run.status ?? run.signal}, ${lines.length} answers of ${policies.length}`);
  const kinds = { bidi: 'b', invisible: 'c', confusable: 'c', 'mixed-script': 'm' };
  return lines.map((line) => line.split(' ').map((code) => kinds[code] ?? '').find((k) => k !== '') ?? '');
}

function compare(program, step) {
  const some = assigned.filter((_, i) => i % step === 0 || i < 3000);
  const forms = {
    name: (c) => `permit(principal == U::"a${escape(c)}", action, resource);`,
    'name alone': (c) => `permit(principal == U::"${escape(c)}", action, resource);`,
    ...Object.fromEntries(['a', '\u03b1', '\u6f22', '\u3042', '\ud55c', '\u0967'].map((x) =>
      [`text with ${x}`, (c) => `permit(principal, action, resource) when { principal.n == "${x}${escape(c)}" };`])),
  };
  let failed = 0, told = 0, more = 0;
  for (const [form, make] of Object.entries(forms)) {
    const policies = some.map(make), theirs = reference(policies), mine = ours(program, policies);
    theirs.forEach((kind, i) => {
      told += kind !== '';
      if (kind === mine[i]) return;
      // Ours warns of more in texts: what is not seen, marks of direction, letters that are another one's double.
      if (mine[i] !== '' && form.startsWith('text') && mine[i] !== 'm') more++;
      else if (mine[i] !== '' && kind !== '' && kind !== 'm' && mine[i] !== 'm') return; // two words for one thing
      else if (++failed <= 20) console.log(`${form} U+${some[i].toString(16)}: reference ${kind || 'nothing'}, ours ${mine[i] || 'nothing'}`);
    });
  }
  console.log(`${some.length} characters in ${Object.keys(forms).length} places: ${told} warnings of the reference; ours warns of ${more} more texts`);
  console.log(`${some.length * Object.keys(forms).length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

if (process.argv[2] === 'table') makeTable();
else compare(process.argv[2], Number(process.argv[3] ?? 7));
