// Live cells: the code of a page, changed and run in place. Fetched when the reader presses a button.
import { makeBar } from "./bar.mjs";
import { makeEditor } from "./editor.mjs";
import { intoFigure, show, showError } from "./output.mjs";
import { Runtime } from "./runtime.mjs";
import { forget, isBlocked, keep, noteRun } from "./store.mjs";

const KEYS = "Control and Enter runs the code, Shift and Enter runs it and goes on to the next cell. Tab leaves the editor; "
  + "Control and ] or [ moves a line to the right or to the left.";
const NOT_KEPT = "This browser keeps nothing for this site: what you write here is lost when you leave the page.";

let started;

/** Fetch the texts of the cells, and return what the buttons of the page call. */
export function startPage(page) {
  started ||= prepare(page).catch((problem) => { started = null; throw problem; });
  return started;
}

async function prepare(page) {
  const answer = await fetch(`${page.root}_static/live/cells/${page.page}.json`);
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  const { cells } = await answer.json();
  return new Live(page, cells);
}

class Live {
  constructor(page, texts) {
    this.page = page;
    this.byId = new Map(page.cells.map((cell) => [cell.id, cell]));
    this.texts = texts.map(({ id, source, imports }) => ({ id, source, original: source, imports }));
    for (const one of this.texts) {
      const cell = this.byId.get(one.id), own = cell && page.ownText(cell);
      if (cell) cell.original = one.original;
      if (own) one.source = own.text;
    }
    this.runtime = new Runtime(page.root, (message) => this.hear(message));
    this.bar = makeBar(page, { stop: () => this.stop(), restart: () => this.restart() });
    const help = Object.assign(page.make("p", "visually-hidden", KEYS), { id: "live-keys" });
    document.body.append(help);
    this.blocked = isBlocked();
    page.forgot = (cell) => { this.text(cell).source = cell.original; };
  }

  text(cell) {
    return this.texts.find((one) => one.id === cell.id);
  }

  /** Open the editor of a cell. */
  async open(cell) {
    if (cell.editor) return cell.editor.focus();
    const { make, button } = this.page, place = make("div", "live-editor"), text = this.text(cell).source;
    cell.editor = await makeEditor({
      parent: place, text, label: `Code of ${cell.name}`, help: "live-keys",
      change: (now) => this.change(cell, now), run: () => this.run(cell), runAndGo: () => this.runAndGo(cell),
    });
    cell.bar.before(place);
    if (cell.code && cell.kind !== "ledger") cell.code.hidden = true;
    cell.opener.remove();
    cell.runner = button(cell.check ? "Run and check" : "Run", cell.name, () => this.run(cell));
    cell.stopper = button("Stop", cell.name, () => this.stop());
    cell.reset = button("Reset", cell.name, () => this.reset(cell));
    cell.stopper.hidden = true;
    cell.bar.prepend(cell.runner, cell.stopper, cell.reset);
    keep(this.page, cell, text);
    this.page.say(cell, this.blocked ? NOT_KEPT : `${/Mac|iP/.test(navigator.platform) ? "Command" : "Ctrl"} and Enter runs the code.`);
    cell.editor.focus();
    return undefined;
  }

  /** Give every cell its button, and start Python. */
  openPage() {
    const { page } = this, { button } = page;
    page.cells.forEach((cell) => page.offer(cell));
    const all = button("Run all cells", "", () => this.runAll());
    page.opener.replaceWith(all);
    page.opener = all;
    all.focus();
    page.say(page, this.blocked ? NOT_KEPT : "Each cell has a button now, and Python is being started.");
    this.wake().then(() => this.runtime.start(this.imports()));
  }

  // What is fetched together with Python: what the cells import, or what nearly every cell does.
  imports(...cells) {
    const usual = this.page.cells.some((cell) => cell.kind === "check") ? ["numpy", "bpbook.exercises"] : ["numpy", "bpkit"];
    return cells.length ? [...new Set(cells.flatMap((cell) => this.text(cell).imports))] : usual;
  }

  change(cell, text) {
    this.text(cell).source = text;
    keep(this.page, cell, text);
  }

  // The service worker comes first, so that what is fetched now is there without the network too.
  wake() {
    this.awake ||= import("../offline.mjs").then(({ keepOffline }) => keepOffline(this.page.root)).catch(() => null);
    return this.awake;
  }

  async run(...cells) {
    const targets = cells.flatMap((cell) => (cell.check ? [cell, this.byId.get(cell.check)] : [cell])).filter(Boolean);
    targets.forEach((cell) => this.begin(cell));
    await this.wake();
    if (!targets.some((cell) => cell.waits)) return; // stopped meanwhile
    const texts = this.texts.map(({ id, source, original }) => ({ id, source, original }));
    await this.runtime.run(texts, targets.map((cell) => cell.id), this.imports(...targets));
    noteRun(this.page, {});
    targets.forEach((cell) => this.end(cell));
  }

  async runAndGo(cell) {
    const open = this.page.cells.filter((one) => one.opener && one.bar.isConnected), next = open[open.indexOf(cell) + 1];
    this.run(cell);
    if (next) await this.open(next);
  }

  async runAll() {
    const cells = this.page.cells.filter((cell) => cell.code && cell.kind !== "check");
    this.many = true; // a hundred cells that tell what they do are for the eyes only
    await this.run(...cells);
    this.many = false;
    const left = cells.find((cell) => cell.state.textContent.startsWith("Failed"));
    this.page.say(this.page, left ? `Stopped at ${left.name}, which failed.` : "All cells have run, or were stopped.");
  }

  begin(cell) {
    Object.assign(cell, { waits: true, fresh: true, since: 0 });
    cell.state.setAttribute("aria-live", this.many ? "off" : "polite");
    if (cell.stopper) cell.stopper.hidden = false;
    if (cell.editor) cell.editor.markLine(0);
    this.page.say(cell, this.runtime.state === "ready" ? "Waiting for its turn …" : "Waiting for Python …");
  }

  end(cell) {
    if (cell.stopper) cell.stopper.hidden = true;
    if (cell.waits && cell.live) this.place(cell).append(this.page.make("p", "", "Not run."));
    if (cell.waits) this.page.say(cell, "Not run.");
    cell.waits = false;
  }

  stop() {
    this.runtime.stop(this.imports());
  }

  restart() {
    this.runtime.stop(this.imports());
    this.bar.say("Python starts anew. Your texts are kept; cells above are run again where they are needed.");
  }

  reset(cell) {
    forget(this.page, cell);
    cell.editor.set(cell.original);
    for (const one of [cell, this.byId.get(cell.check)].filter(Boolean)) {
      if (one.live) one.live.remove();
      one.live = null;
      if (one.shown) one.shown.hidden = false;
    }
    this.page.say(cell, "The page's own code and result are back.");
  }

  /** Where the results of a cell are shown: in place of the page's own, once there is one. */
  place(cell) {
    if (!cell.live) {
      cell.live = this.page.make("div", "cell_output live-output");
      (cell.shown || cell.box.lastElementChild).after(cell.live);
    }
    if (cell.fresh) cell.live.replaceChildren();
    cell.fresh = false;
    if (cell.shown) cell.shown.hidden = true;
    return cell.live;
  }

  hear(message) {
    const action = { state: "onState", progress: "onProgress", needs: "onNeeds", runs: "onRuns", output: "onOutput", ran: "onRan",
      stopped: "onStopped", failed: "onFailed" }[message.type];
    if (action) this[action](message);
  }

  onState({ state }) {
    this.bar.state(state);
    const said = { loading: "Starting Python …", ready: "Python is ready.", running: "Python runs." }[state];
    if (said) this.bar.say(said);
    if (state === "ready" && this.page.opener.textContent === "Run all cells") this.page.say(this.page, this.blocked ? NOT_KEPT : "Python is ready.");
  }

  onProgress(progress) {
    const loading = this.runtime.state === "loading";
    const names = progress.names.map((name) => name.split("-")[0].replaceAll("_", "-"));
    const fetching = loading ? "Fetching Python" : `Fetching ${names.slice(0, 3).join(", ")}`;
    const all = loading && progress.loaded >= progress.total ? "All is fetched. Starting Python …" : "Python runs.";
    if (progress.lost && loading) return this.runtime.fail(this.runtime.lost());
    if (progress.lost) this.lost = progress.lost;
    if (names.length || (loading && progress.loaded < progress.total)) this.bar.progress(progress, names.length ? fetching : "Starting Python");
    else this.bar.fetched(all);
    return undefined;
  }

  onNeeds({ cell, needed }) {
    this.byId.get(cell).needed = needed.length;
  }

  onRuns({ target, cell }) {
    const one = this.byId.get(target), number = this.texts.findIndex((text) => text.id === cell) + 1;
    one.since = performance.now();
    noteRun(this.page, one);
    const above = `First runs what it needs from ${one.needed === 1 ? "a cell" : `${one.needed} cells`} above: cell ${number} …`;
    this.page.say(one, cell === target ? "Running …" : above);
    this.bar.say(`Running ${one.name}`, this.many ? "Running all cells" : undefined);
  }

  onOutput({ cell, output }) {
    const one = this.byId.get(cell);
    show(this.place(one), output);
  }

  onRan({ target, cell, result }) {
    const one = this.byId.get(target);
    if (cell !== target && result.status === "ok") return;
    one.waits = false;
    if (result.status === "ok") this.succeeded(one);
    else this.failed(one, this.byId.get(cell), cell, result);
  }

  succeeded(cell) {
    if (cell.fresh) this.place(cell);
    const figure = cell.kind === "figure" && cell.shown && cell.shown.querySelector("figure");
    if (figure && cell.live.querySelector("img, svg")) intoFigure(cell.live, figure, this.text(cell).source !== cell.original);
    const answer = this.page.cells.find((one) => one.check === cell.id);
    if (answer) this.page.say(answer, `${cell.live.innerText.split(/[.\n]/)[0].trim()}.`);
    const above = cell.needed ? ` Before it ran what it needs from ${cell.needed === 1 ? "a cell" : `${cell.needed} cells`} above.` : "";
    this.page.say(cell, `Done in ${((performance.now() - cell.since) / 1000).toFixed(1)} s.${above}`);
    window.dispatchEvent(new Event("resize")); // book.js makes what scrolls reachable with the keyboard
  }

  failed(target, source, id, result) {
    const place = this.place(target), number = this.texts.findIndex((text) => text.id === id) + 1;
    if (id !== target.id) place.append(this.page.make("p", "", `This cell needs cell ${number} of the page, which failed:`));
    if (this.lost) place.append(this.page.make("p", "", `${this.lost} could not be fetched. Are you offline? Your text is kept: run the cell again later.`));
    this.lost = "";
    showError(place, result, this.texts[number - 1].source);
    if (source && source.editor) source.editor.markLine(result.line);
    if (id !== target.id && source) this.page.say(source, "Failed when a cell below needed it.");
    this.page.say(target, id === target.id ? "Failed: see the message below." : `Not run: cell ${number} failed.`);
  }

  onStopped({ loading }) {
    const cells = this.page.cells.filter((cell) => cell.waits);
    const text = loading ? "Stopped while Python was loading. Press Run to load it." : "Stopped. Your text is kept; cells above are run again when they are needed.";
    cells.forEach((cell) => { cell.waits = false; this.page.say(cell, text); });
    this.bar.say(loading ? "Loading was stopped. Nothing is lost." : "Stopped. Python starts anew.");
  }

  onFailed({ message }) {
    const cells = this.page.cells.filter((cell) => cell.waits);
    for (const cell of cells.length ? cells : [this.page]) {
      cell.waits = false;
      this.page.say(cell, `${message} Your text is kept. Press the button again later, or `, ...this.page.elsewhere());
    }
    this.bar.say(`${message} Your texts are kept.`);
  }
}
