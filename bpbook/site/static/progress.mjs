// What the reader has read and passed: kept in this browser only, shown on every page. `check` writes the exercises itself,
// bpbook/exercises/record.js. Where nothing is kept, a page asks the browser once and is done.

const DATABASE = "Backpropagation, Checked: progress";
const CHANNEL = "backpropagation-checked-progress";
const STATES = { exercise: ["tried", "passed"], chapter: ["read"] };
const AS_ENTRY = { passed: "passed", wrong: "tried" };
const SITE = new URL("..", import.meta.url);
const BLOCKED =
  "This browser keeps nothing for this site: its storage is blocked or full. Everything can be read and run; only what is done is not noted.";

// --- the storage --------------------------------------------------------------------------------

function open(make) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => {
      // Only to look must not leave an empty database behind.
      if (make) opening.result.createObjectStore("entries", { keyPath: ["kind", "name"] });
      else opening.transaction.abort();
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = (event) => {
      event.preventDefault();
      if (!make && opening.error.name === "AbortError") resolve(null);
      else reject(opening.error);
    };
  });
}

/** Do something with the entries in one transaction: all of it happens, or nothing. */
async function transact(mode, work) {
  let database;
  try {
    database = await open(mode === "readwrite");
    return database ? await finished(database.transaction("entries", mode), work) : [];
  } catch (cause) {
    throw new Error(BLOCKED, { cause });
  } finally {
    database?.close();
  }
}

function finished(transaction, work) {
  return new Promise((resolve, reject) => {
    const request = work(transaction.objectStore("entries"));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

async function change(work) {
  await transact("readwrite", work);
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("changed");
  channel.close();
}

const key = (entry) => `${entry.kind} ${entry.name}`;

/** Of two entries for the same thing: passed wins, then the earlier date. */
function better(old, entry) {
  if (!old) return entry;
  const [before, now] = [old, entry].map((one) => STATES[one.kind].indexOf(one.status));
  return now > before || (now === before && entry.when < old.when) ? entry : old;
}

async function merge(news) {
  let changed = 0;
  await change((entries) => {
    const reading = entries.getAll();
    reading.onsuccess = () => {
      const known = new Map(reading.result.map((entry) => [key(entry), entry]));
      const best = new Map(known);
      for (const entry of news) best.set(key(entry), better(best.get(key(entry)), entry));
      const different = [...best].filter(([name, entry]) => known.get(name) !== entry);
      different.forEach(([, entry]) => entries.put(entry));
      changed = different.length;
    };
    return reading;
  });
  return changed;
}

/**
 * Return everything that is kept.
 * @returns {Promise<{kind: "exercise"|"chapter", name: string, status: "passed"|"tried"|"read", when: string}[]>}
 */
export function all() {
  return transact("readonly", (entries) => entries.getAll());
}

/** Keep the result of a check; passed stays passed. An answer that is not written yet is no try. */
export async function record({ exercise, status }) {
  if (status in AS_ENTRY) await merge([{ kind: "exercise", name: exercise, status: AS_ENTRY[status], when: new Date().toISOString() }]);
}

/** Mark a chapter, such as "01_linear_regression", as read, or take the mark away. */
export function markChapter(name, done) {
  if (done) return merge([{ kind: "chapter", name, status: "read", when: new Date().toISOString() }]);
  return change((entries) => entries.delete(["chapter", name]));
}

/** Remove everything that is kept. */
export function clear() {
  return change((entries) => entries.clear());
}

/** Call back when something changed, here, on another page or in a notebook. */
export function onChange(callback) {
  new BroadcastChannel(CHANNEL).addEventListener("message", () => callback());
}

// --- the file -----------------------------------------------------------------------------------

/** Return everything that is kept as the text of a file. */
export async function exportText() {
  return (await import("./progress-file.mjs")).write(await all(), (await book()).version);
}

/**
 * Add what a file holds to what is kept here.
 * @param {string} text
 * @returns {Promise<{entries: number, changed: number}>}
 * @throws {Error} with a message for the reader if it is not such a file; then nothing was changed
 */
export async function importText(text) {
  const entries = (await import("./progress-file.mjs")).read(text, STATES);
  return { entries: entries.length, changed: await merge(entries) };
}

// --- what the pages show ------------------------------------------------------------------------

let loading;

/** Return what the book holds: its version, and the exercises of each chapter. */
export function book() {
  loading ??= fetch(new URL("_static/progress.json", SITE)).then((answer) => answer.json());
  return loading;
}

/** Say what is done, chapter by chapter: `{name, exercises, read, passed}`; `read` is a date or "". */
export async function summary() {
  const entries = new Map((await all()).map((entry) => [key(entry), entry]));
  const chapters = (await book()).chapters.map(({ name, exercises }) => ({
    name,
    exercises,
    read: entries.get(`chapter ${name}`)?.when ?? "",
    passed: exercises.filter((id) => entries.get(`exercise ${id}`)?.status === "passed").length,
  }));
  return { chapters, state: (id) => entries.get(`exercise ${id}`)?.status ?? "" };
}

/** Say a date in the language of the page. */
export function day(when) {
  return new Date(when).toLocaleDateString(document.documentElement.lang || "en", { dateStyle: "medium" });
}

function showHeadings({ state }) {
  const words = { passed: "✓ passed", tried: "… tried" };
  for (const mark of document.querySelectorAll(".exercise-state")) {
    mark.dataset.state = state(mark.dataset.exercise);
    mark.textContent = words[mark.dataset.state] ?? "";
  }
}

function showCounts({ chapters }) {
  for (const place of document.querySelectorAll(".exercise-count")) {
    const chapter = chapters.find(({ name }) => name === place.closest("[data-chapter]")?.dataset.chapter);
    const [passed, exercises] = [chapter?.passed, chapter?.exercises.length];
    if (chapter) place.textContent = passed ? `${passed} of ${exercises} exercises passed` : `${exercises} exercises`;
  }
}

/** A tick in the contents, with words for those who hear the page. */
function showContents({ chapters }) {
  const done = new Map();
  for (const { name, exercises, read, passed } of chapters) {
    done.set(new URL(`chapters/${name}.html`, SITE).href, read && "read");
    done.set(new URL(`chapters/exercises/${name}.html`, SITE).href, exercises.length && passed === exercises.length && "all passed");
  }
  for (const link of document.querySelectorAll(".bd-docs-nav a.internal")) {
    const words = done.get(link.href.split("#")[0]);
    link.querySelector(".done-mark")?.remove();
    if (!words) continue;
    const mark = document.createElement("span");
    mark.className = "done-mark";
    mark.innerHTML = `<span aria-hidden="true">✓</span><span class="visually-hidden"> (${words})</span>`;
    link.append(mark);
  }
}

function showSummary({ chapters }) {
  const place = document.querySelector(".progress-summary a");
  if (!place) return;
  const sum = (number) => chapters.reduce((total, one) => total + number(one), 0);
  const read = chapters.filter((one) => one.read).length;
  const [passed, exercises] = [sum((one) => one.passed), sum((one) => one.exercises.length)];
  place.dataset.before ??= place.textContent;
  const far = `You have read ${read} of ${chapters.length} chapters and passed ${passed} of ${exercises} exercises.`;
  place.textContent = read + passed ? far : place.dataset.before;
  place.hash = read + passed ? "sec-progress" : "";
}

/** The button at the end of a chapter. */
function addButton(box) {
  const [button, words] = [document.createElement("button"), document.createElement("span")];
  button.type = "button";
  button.className = "progress-button";
  words.setAttribute("role", "status");
  const show = (when) => {
    button.textContent = when ? "Take the mark away" : "Mark this chapter as read";
    button.dataset.read = when;
    words.textContent = when ? `✓ Read on ${day(when)}.` : "";
  };
  button.addEventListener("click", () => markChapter(box.dataset.chapter, !button.dataset.read).catch((error) => (words.textContent = error.message)));
  show("");
  box.append(button, " ", words);
  return (entries) => show(entries.find((entry) => entry.kind === "chapter" && entry.name === box.dataset.chapter)?.when ?? "");
}

async function start() {
  const box = document.querySelector(".chapter-end");
  const showButton = box ? addButton(box) : () => {};
  let shown = false;
  const show = async () => {
    const entries = await all();
    showButton(entries);
    if (!entries.length && !shown) return;
    shown = true;
    const found = await summary();
    [showHeadings, showCounts, showContents, showSummary].forEach((part) => part(found));
  };
  // One after the other. Storage that is blocked is no trouble before the reader asks to keep something.
  let last = Promise.resolve();
  const update = () => (last = last.then(show).catch(() => {}));
  onChange(update);
  window.addEventListener("pageshow", (event) => event.persisted && update());
  await update();
  const page = document.querySelector(".progress-tools");
  if (page) (await import("./progress-page.mjs")).start(page);
}

start();
