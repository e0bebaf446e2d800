// The file that holds a reader's progress: written, and read with care, since it may come from anywhere.

const FORMAT = "backpropagation-checked-progress";
const VERSION = 1;
const MOST = 10000;

/** The name of the file. */
export const NAME = `${FORMAT}.json`;

/** Return the text of a file with these entries. */
export function write(entries, bookVersion) {
  const content = { format: FORMAT, version: VERSION, book: bookVersion, saved: new Date().toISOString(), entries };
  return `${JSON.stringify(content, null, 1)}\n`;
}

/**
 * Return the entries of a file.
 * @param {string} text
 * @param {Object<string, string[]>} states - the states that an entry of each kind may have
 * @throws {Error} that says what came and what was wanted
 */
export function read(text, states) {
  const content = parse(text.replace(/^\uFEFF/, ""));
  if (content?.format !== FORMAT) throw refusal("other data");
  if (content.version !== VERSION) throw refusal(`data in the format version ${shown(content.version)}; this page reads version ${VERSION}`);
  if (!Array.isArray(content.entries)) throw refusal("no list of entries");
  if (content.entries.length > MOST) throw refusal(`${content.entries.length} entries, more than the ${MOST} that this page reads`);
  return content.entries.map((entry, place) => checked(entry, states) ?? fail(entry, place));
}

function parse(text) {
  if (!text.trim()) throw refusal("nothing");
  try {
    return JSON.parse(text);
  } catch {
    throw refusal("something that is not JSON, or only a part of it");
  }
}

/** Return an entry with its four values and nothing else, or undefined. */
function checked(entry, states) {
  const { kind, name, status, when } = entry ?? {};
  const known = typeof kind === "string" && Object.hasOwn(states, kind) && states[kind].includes(status);
  const named = typeof name === "string" && /^\w[\w-]{0,79}$/.test(name);
  const dated = typeof when === "string" && /^\d{4}-\d\d-\d\dT/.test(when) && !Number.isNaN(Date.parse(when));
  return known && named && dated ? { kind, name, status, when: new Date(when).toISOString() } : undefined;
}

function fail(entry, place) {
  throw refusal(`as entry ${place + 1} ${shown(entry)}, which is no exercise and no chapter with a state and a date`);
}

function shown(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 100 ? `${text.slice(0, 100)} ...` : text;
}

function refusal(came) {
  return new Error(`This file holds ${came}. Wanted is a file that this page has saved, such as ${NAME}. Nothing was changed.`);
}
