// Run the code cells of notebooks in the browser's Python, under Node, as a live page does:
//   node run_notebook.mjs PYODIDE_FOLDER PYTHON_MJS RESULT NOTEBOOK ...
// One Python runs them one after the other. RESULT becomes a list with {cells: [{outputs, seconds}], seconds, asked} for each
// notebook; `seconds` of the first counts the start, and `asked` names every address that was asked for and refused.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

process.on("uncaughtException", (error) => {
  console.error(error.message); // not the line that threw: it can be a megabyte long
  process.exit(1);
});
console.log = () => {}; // Pyodide tells which packages it loads

const [folder, script, result, ...notebooks] = process.argv.slice(2);
let began = performance.now();
const asked = [];
// Everything comes from the folder of the site. What wants the network shall fail here, and be told.
globalThis.fetch = (address) => {
  asked.push(String(address?.url ?? address));
  return Promise.reject(new TypeError(`refused: ${asked.at(-1)}`));
};
globalThis.WebSocket = globalThis.XMLHttpRequest = class {
  constructor(address = "a request") {
    asked.push(String(address));
    throw new TypeError(`refused: ${address}`);
  }
};

const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const { start } = await import(pathToFileURL(script));
const env = JSON.parse(process.env.BPBOOK_PYTHON_ENVIRONMENT ?? "{}");
const python = await start(loadPyodide, { indexURL: `${folder}/`, lockFileURL: `${folder}/pyodide-lock.json`, env });

const results = [];
for (const notebook of notebooks) results.push(await runNotebook(JSON.parse(readFileSync(notebook, "utf8"))));
writeFileSync(result, JSON.stringify(results));
process.exit(0); // Pyodide would keep Node waiting

/** Run the code cells of one notebook; the names that it defined are gone afterwards, what was imported is still loaded. */
async function runNotebook({ cells }) {
  const first = asked.length;
  const shown = [];
  for (const cell of cells) if (cell.cell_type === "code") shown.push(await runCell([cell.source].flat().join("")));
  await python.run("%reset -f", () => {});
  const seconds = secondsSince(began);
  began = performance.now();
  return { cells: shown, seconds, asked: asked.slice(first) };
}

/** Run one cell and return what it showed; an error is the last output, and the next cells run all the same. */
async function runCell(code) {
  const outputs = [];
  const start = performance.now();
  const { status, ename, evalue, traceback } = await python.run(code, (output) => outputs.push(output));
  if (status !== "ok") outputs.push({ output_type: "error", ename, evalue, traceback });
  return { outputs, seconds: secondsSince(start) };
}

function secondsSince(time) {
  return (performance.now() - time) / 1000;
}
