// Keeps what the reader has opened, so that the book and its Python work without the network.
// The service worker is registered when the reader asks to run something, not before.

const SECONDS_TO_WAIT = 10;

const no = (reason) => ({ ok: false, reason });

/** Wait until this page is served by the worker; a page that was reloaded past it asks to be taken in. */
function controlled(registration) {
  const { serviceWorker } = navigator;
  if (serviceWorker.controller) return Promise.resolve(true);
  return new Promise((resolve) => {
    serviceWorker.addEventListener("controllerchange", () => resolve(true), { once: true });
    setTimeout(() => resolve(Boolean(serviceWorker.controller)), SECONDS_TO_WAIT * 1000);
    if (registration.active) registration.active.postMessage("claim");
  });
}

/** Ask again for what this page loaded before the worker was there: from the browser's own cache, mostly. */
async function fetchAgain(siteRoot) {
  const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const missed = entries.filter((entry) => entry.name.startsWith(siteRoot) && !entry.workerStart);
  const names = new Set(missed.map((entry) => entry.name.replace(/#.*/, "")));
  await Promise.allSettled([...names].map((name) => fetch(name).then((answer) => answer.arrayBuffer())));
}

/**
 * Let the browser keep this page, and everything that is fetched from now on, for reading without the network.
 *
 * @param {string} siteRoot The address of the site's first folder, with a slash at its end; it may be relative to the page.
 * @returns {Promise<{ok: boolean, reason: string}>} Whether it does, and if not a sentence for the reader that says why.
 */
export async function keepOffline(siteRoot) {
  const root = new URL(siteRoot, document.baseURI).href;
  if (!("serviceWorker" in navigator)) {
    return no("This browser, or this private window, keeps nothing for use without the network.");
  }
  try {
    await caches.keys();
    const registration = await navigator.serviceWorker.register(`${root}service-worker.js`, { updateViaCache: "none" });
    if (!(await controlled(registration))) return no("Your browser did not take the book in; without the network it will not work.");
    await fetchAgain(root);
    return { ok: true, reason: "" };
  } catch {
    return no("Your browser does not let this site store anything, so it works only with the network.");
  }
}
