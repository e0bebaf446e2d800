// The page that shows all of the reader's progress: the table, save to a file, read from a file, clear.

import { all, clear, day, exportText, importText, onChange, summary } from "./progress.mjs";
import { NAME } from "./progress-file.mjs";

const LARGEST = 2_000_000;

function element(name, words, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: words }, properties);
}

function button(words, action) {
  const made = element("button", words, { type: "button", className: "progress-button" });
  made.addEventListener("click", action);
  return made;
}

async function showTable() {
  const { chapters } = await summary();
  for (const { name, exercises, read, passed } of chapters) {
    const row = document.querySelector(`.progress-table [data-chapter="${name}"]`)?.closest("tr");
    if (!row) continue;
    row.cells[1].textContent = read ? `✓ ${day(read)}` : "not yet";
    const place = row.cells[2].querySelector("a");
    if (place) place.textContent = `${passed === exercises.length ? "✓ " : ""}${passed} of ${exercises.length} passed`;
  }
}

async function save() {
  const address = URL.createObjectURL(new Blob([await exportText()], { type: "application/json" }));
  element("a", "", { href: address, download: NAME }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return `Saved as ${NAME}, where your browser puts what it downloads.`;
}

async function readFile(file) {
  if (file.size > LARGEST) throw new Error(`${file.name} has ${file.size} bytes, too many for a file that this page has saved. Nothing was changed.`);
  const { entries, changed } = await importText(await file.text());
  return `The file holds ${plural(entries, "entry", "entries")}; ${changed} of them ${changed === 1 ? "was" : "were"} new here. Nothing was taken away.`;
}

function plural(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}

/** A line that tells how something went, once it is done. */
function speaker() {
  const line = element("p", "", { className: "progress-status" });
  line.setAttribute("role", "status");
  const say = (working) =>
    working.then(
      (words) => (line.textContent = words),
      (error) => (line.textContent = error.message),
    );
  return [line, say];
}

/** Ask before everything is removed; the answer "yes" is never the first button. */
function question(say) {
  const dialog = element("dialog", "", { className: "progress-question" });
  const words = element("p", "", { id: "progress-question" });
  const [saved, sayHere] = speaker();
  dialog.setAttribute("aria-labelledby", words.id);
  const keep = button("Keep everything", () => dialog.close());
  const remove = button("Remove it", () => {
    dialog.close();
    say(clear().then(() => "Removed. Nothing is noted in this browser now."));
  });
  dialog.append(words, keep, button("Save to a file first", () => sayHere(save())), remove, saved);
  const ask = async () => {
    const entries = await all();
    if (!entries.length) return "Nothing is noted in this browser.";
    const [chapters, exercises] = ["chapter", "exercise"].map((kind) => entries.filter((entry) => entry.kind === kind).length);
    const what = `${plural(chapters, "read chapter", "read chapters")} and ${plural(exercises, "exercise", "exercises")}`;
    words.textContent = `This removes the notes on ${what} from this browser. Your notebooks stay. It cannot be undone.`;
    saved.textContent = "";
    dialog.showModal();
    return "";
  };
  return { dialog, ask };
}

/** Fill the place for the buttons, and the table. */
export async function start(place) {
  const [status, say] = speaker();
  const { dialog, ask } = question(say);
  const input = element("input", "", { type: "file", accept: ".json,application/json", hidden: true });
  input.setAttribute("aria-label", "File with your progress");
  input.addEventListener("change", async () => {
    if (input.files.length) await say(readFile(input.files[0]));
    input.value = "";
  });
  const buttons = [button("Save to a file", () => say(save())), button("Read a file", () => input.click()), button("Remove everything", () => say(ask()))];
  place.replaceChildren(...buttons, input, status, dialog);
  const show = () => showTable().catch((error) => (status.textContent = error.message));
  onChange(show);
  await show();
}
