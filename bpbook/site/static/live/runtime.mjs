// The page's side of the worker: start it, give it cells to run, stop it, and say plainly what fails.

const NO_WEBASSEMBLY = "This browser cannot run Python: it has no WebAssembly, or it is switched off.";
const NO_WORKER = "This browser did not start Python: it may be too old, or a setting forbids it.";
const FETCHING = /fetch|import|network|load|: \d{3}$/i; // what browsers say where a file is missing

/** Python of a page. `heard(message)` is called with all that the worker says, and with `state`, `stopped` and `failed`. */
export class Runtime {
  constructor(root, heard) {
    Object.assign(this, { root, heard, worker: null, state: "off", number: 0, waiting: new Map() });
  }

  /** Start Python, if it does not run yet. */
  start(imports) {
    if (this.worker) return;
    if (typeof WebAssembly !== "object") return this.fail(NO_WEBASSEMBLY);
    try {
      this.worker = new Worker(new URL("worker.mjs", import.meta.url), { type: "module", name: "Python" });
    } catch {
      return this.fail(NO_WORKER);
    }
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = (event) => { event.preventDefault(); this.fail(this.state === "loading" ? this.lost() : NO_WORKER); };
    this.become("loading");
    this.worker.postMessage({ type: "begin", root: this.root, imports });
  }

  lost() {
    return navigator.onLine === false ? "You are offline, and Python is not kept in this browser yet." : "A file that Python needs could not be fetched.";
  }

  become(state) {
    this.state = state;
    this.heard({ type: "state", state });
  }

  hear(message) {
    if (message.type === "failed") return this.fail(FETCHING.test(message.message) ? this.lost() : `Python failed: ${message.message}.`, message.message);
    if (message.type === "ready") this.become(this.waiting.size ? "running" : "ready");
    if (message.type === "done") {
      const ended = this.waiting.get(message.number);
      this.waiting.delete(message.number);
      ended();
      if (!this.waiting.size) this.become("ready");
    }
    return this.heard(message);
  }

  /** Run cells; the promise ends when they have ended, or were stopped. */
  run(cells, targets, imports) {
    const number = ++this.number;
    const ended = new Promise((resolve) => this.waiting.set(number, resolve));
    this.start(imports);
    if (!this.worker) return Promise.resolve();
    if (this.state === "ready") this.become("running");
    this.worker.postMessage({ type: "run", number, cells, targets });
    return ended;
  }

  end() {
    if (this.worker) this.worker.terminate();
    this.worker = null;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    waiting.forEach((ended) => ended());
    return waiting.length;
  }

  /** Stop what runs. Python starts anew by itself, unless it was only loading. */
  stop(imports = []) {
    const runs = this.state === "running" || this.state === "ready";
    this.end();
    this.become("off");
    this.heard({ type: "stopped", loading: !runs });
    if (runs) this.start(imports);
  }

  fail(message, detail = "") {
    if (detail) console.info(detail);
    this.end();
    this.become("off");
    this.heard({ type: "failed", message });
  }
}
