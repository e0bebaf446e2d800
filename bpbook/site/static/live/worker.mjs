// Python for one page, in a thread of its own: it starts once, then runs cells one after the other.
import { start } from "./python.mjs";
import { countFetches, wantedFor } from "./counting.mjs";

const RUNNING = ["__init__", "names", "reader", "plan", "session", "in_browser"];
const MOST_TEXT = 100_000; // characters of printed text of one cell; more would stop the page

let python, ran, before, modules;
const tell = (type, more) => postMessage({ type, ...more });

async function begin({ root, imports }) {
  const settings = await (await got(`${root}_static/live/python.json`)).json();
  const lockFile = new URL(settings.lock, root).href, folder = new URL(settings.pyodide, root).href;
  const lock = await (await got(lockFile)).json();
  const { packages, bytes } = wantedFor(imports, lock.packages, settings.bytes);
  countFetches(settings.bytes, bytes, (progress) => tell("progress", progress));
  const { loadPyodide } = await import(`${folder}pyodide.mjs`);
  const base = lockFile.slice(0, lockFile.lastIndexOf("/") + 1);
  python = await start(loadPyodide, { indexURL: folder, lockFileContents: lock, packageBaseUrl: base, packages });
  await addSession();
  tell("ready");
}

async function got(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer;
}

// What a cell needs is found by the book's own Python, from the text as the reader has left it.
async function addSession() {
  const { FS, pyimport, runPython } = python.pyodide;
  FS.mkdirTree("/live/bpbook_running");
  const texts = await Promise.all(RUNNING.map(async (name) => (await got(new URL(`running/${name}.py`, import.meta.url))).text()));
  texts.forEach((text, place) => FS.writeFile(`/live/bpbook_running/${RUNNING[place]}.py`, text));
  runPython("import sys; sys.path.append('/live')");
  ({ before, ran, modules } = pyimport("bpbook_running.in_browser"));
}

/** Run cells, each after what it needs; the first error ends it. */
async function run({ number, cells, targets }) {
  for (const target of targets) {
    const texts = JSON.stringify(cells);
    const needed = JSON.parse(before(texts, target));
    tell("needs", { number, cell: target, needed: needed.map(([cell]) => cell) });
    const { source } = cells.find((cell) => cell.id === target);
    for (const [cell, text] of [...needed, [target, source]]) {
      const result = await runOne(number, target, cell, text);
      ran(texts, cell, text, result.status === "ok");
      tell("ran", { number, target, cell, result });
      if (result.status !== "ok") return tell("done", { number });
    }
  }
  return tell("done", { number });
}

async function runOne(number, target, cell, text) {
  tell("runs", { number, target, cell });
  const shown = cell === target ? collected((output) => tell("output", { number, cell, output })) : { add() {}, end() {} };
  const result = await python.run(text, shown.add);
  shown.end();
  return result.status === "ok" ? result : { ...result, line: lineOf(result.traceback) };
}

/** Join printed texts, so that a cell that prints in a loop does not stop the page. */
function collected(send) {
  let waiting = null, since = 0, length = 0;
  const end = () => {
    if (waiting) send(waiting);
    waiting = null;
  };
  const add = (output) => {
    if (output.output_type !== "stream") return end(), send(output);
    if (waiting && waiting.name !== output.name) end();
    const text = cut(output.text, length);
    length += output.text.length;
    if (!waiting) [waiting, since] = [{ ...output, text: "" }, performance.now()];
    waiting.text += text;
    return performance.now() - since > 100 ? end() : undefined;
  };
  return { add, end };
}

function cut(text, length) {
  if (length > MOST_TEXT) return "";
  return length + text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - length)}\n… the rest is left out: it is too long for a page.\n` : text;
}

// The frame of the cell itself comes first; of its lines the last one is where it failed.
function lineOf(traceback) {
  const frames = [...traceback.join("\n").replace(/\u001b\[[0-9;]*m/g, "").matchAll(/Cell In\s?\[(\d+)\], line (\d+)/g)];
  const own = frames.filter(([, count]) => count === frames[0][1]);
  return own.length ? Number(own[own.length - 1][2]) : 0;
}

const actions = { begin, run };
let queue = Promise.resolve();
onmessage = ({ data }) => {
  queue = queue.then(() => actions[data.type](data)).catch((problem) => tell("failed", { message: String(problem) }));
};
