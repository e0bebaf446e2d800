// What a reader's browser keeps of the book, so that it also works without the network.
//
// Every file is kept under the hash of its content. So a file that did not change stays when a new build comes, and one that
// changed is never taken for the new one. For each page the worker asks the server which build it has, and from a newer one
// it takes the list of hashes before it answers: page, scripts and notebooks are always of one build.
//
// The build writes BUILD, FILES (the hash of each file) and OFFICIAL (the address of Pyodide's official release, where the
// site does not serve it itself) above this line.
(() => {
  const CACHE = "Backpropagation, Checked: pages";
  const BUILD_NAME = "_static/build.txt";
  const BUILD_FILES = "_static/build.json";
  const SECONDS_TO_ASK = 3;
  // Another worker, in a folder of JupyterLite, runs this script too, and says where the book is.
  const ROOT = new URL(self.BOOK_ROOT ?? "./", self.location).href;
  // What JupyterLite's own worker answers, from the page that asks; see importScripts below.
  const JUPYTERLITE = /\/api\/(drive|stdin\/|service-worker-heartbeat)/;

  let build = BUILD;
  let files = FILES;
  let asked = null; // a promise: whether what is kept is of the server's build, as far as one can know

  const key = (path) => `${ROOT}${encodeURI(path)}?content=${files[path]}`;

  /** The path of a file of the book, or null for what the build does not know. */
  function pathOf(url) {
    if (!url.href.startsWith(ROOT)) return null;
    const path = decodeURIComponent(url.pathname).slice(new URL(ROOT).pathname.length);
    const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
    return Object.hasOwn(files, file) ? file : null;
  }

  /** Compare with the server's build, and take over the list of a newer one; without the network, what is kept is right. */
  async function askServer() {
    let found = "";
    try {
      const answer = await fetch(ROOT + BUILD_NAME, { cache: "no-store", signal: AbortSignal.timeout(SECONDS_TO_ASK * 1000) });
      if (answer.ok) found = (await answer.text()).trim();
    } catch {
      return true;
    }
    // A network that wants a password first answers with a page of its own.
    return !/^[0-9a-f]{16}$/.test(found) || found === build || takeOver();
  }

  async function takeOver() {
    // The new build brings its own worker, too; the browser may take its time to fetch it.
    self.registration.update().catch(() => undefined);
    try {
      ({ build, files } = await (await fetch(ROOT + BUILD_FILES, { cache: "no-store" })).json());
      return true;
    } catch {
      return false;
    }
  }

  async function kept(path) {
    try {
      return await (await caches.open(CACHE)).match(key(path));
    } catch {
      return undefined; // storage is gone or blocked: the network is still there
    }
  }

  async function hash(body) {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    return [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Keep a file if it is what this build says; something between us and the server may have had an old one. */
  async function keep(path, response, again = true) {
    const body = await response.arrayBuffer();
    if ((await hash(body)) === files[path]) {
      const type = response.headers.get("content-type");
      const copy = new Response(body, { headers: type ? { "content-type": type } : {} });
      await (await caches.open(CACHE)).put(key(path), copy);
    } else if (again) {
      await keep(path, await fetch(ROOT + encodeURI(path), { cache: "reload" }), false);
    } else {
      asked = null;
    }
  }

  async function answer(event, path) {
    const isPage = event.request.mode === "navigate";
    // Asked for each page, and when the browser has started this worker again: one small file.
    if (isPage || !asked) asked = askServer();
    const known = await asked;
    const copy = await kept(path);
    if (copy && known) return copy;
    try {
      const response = await fetch(new Request(event.request, { cache: "no-cache" }));
      if (!response.ok) event.waitUntil(tellOfMissing(path));
      else if (!response.redirected && known) event.waitUntil(keep(path, response.clone()).catch(() => undefined));
      return response;
    } catch (error) {
      if (copy) return copy;
      if (isPage) return notKept();
      event.waitUntil(tellOfMissing(path));
      throw error;
    }
  }

  /** Tell the open pages of a file that could not be had, so that they can tell the reader. */
  async function tellOfMissing(missing) {
    for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage({ missing });
  }

  function notKept() {
    const text = `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>This page is not kept</title>
<body style="font: 1.1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem">
<h1>This page is not kept in your browser</h1>
<p>There is no network, and you have not opened this page before. The pages that you have opened since you first ran
something in this book work without the network. Nothing of your work is lost.</p>
<p><a href="${ROOT}index.html">To the first page of the book</a> · <a href="">Try this page again</a></p>`;
    return new Response(text, { status: 503, headers: { "content-type": "text/html; charset=utf-8" } });
  }

  /** A file of Pyodide's official release never changes: its address has the version. */
  async function official(event) {
    const cache = await caches.open(CACHE).catch(() => null);
    const copy = cache && (await cache.match(event.request.url));
    if (copy) return copy;
    const response = await fetch(event.request);
    if (cache && response.ok) event.waitUntil(cache.put(event.request.url, response.clone()).catch(() => undefined));
    return response;
  }

  async function dropOld() {
    const wanted = new Set(Object.keys(files).map(key));
    const cache = await caches.open(CACHE);
    for (const { url } of await cache.keys()) {
      if (!wanted.has(url) && !(OFFICIAL && url.startsWith(OFFICIAL))) await cache.delete(url);
    }
  }

  self.addEventListener("install", (event) => {
    event.stopImmediatePropagation();
    event.waitUntil(self.skipWaiting());
  });
  self.addEventListener("activate", (event) => {
    event.stopImmediatePropagation();
    event.waitUntil(self.clients.claim().then(dropOld).catch(() => undefined));
  });
  // A page that was loaded past its worker (reload with the Shift key) asks to be taken in.
  self.addEventListener("message", (event) => {
    if (event.data === "claim") event.waitUntil(self.clients.claim());
  });
  self.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    if (url.origin === self.location.origin && JUPYTERLITE.test(url.pathname)) return;
    event.stopImmediatePropagation();
    if (event.request.method !== "GET" || event.request.headers.has("range")) return;
    const path = pathOf(url);
    if (path !== null) event.respondWith(answer(event, path));
    else if (OFFICIAL && url.href.startsWith(OFFICIAL)) event.respondWith(official(event));
  });

  // JupyterLite's worker, unchanged: what its notebooks read and write in Python goes through it to their page.
  importScripts(`${ROOT}lite/jupyterlite-service-worker.js`);
})();
