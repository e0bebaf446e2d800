// What must be settled before JupyterLite starts: the service worker, and what this browser cannot do.
import { keepOffline } from "../../../../_static/offline.mjs";

export const SITE = new URL("../../../../", import.meta.url).href;

/** What does not work here, for the reader; filled in by `prepare`. */
export const found = { storage: true, offline: true };

function settings() {
  return document.getElementById("jupyter-config-data");
}

/** Whether the browser lets this site keep anything: a database is opened, not only looked for. */
function canStore() {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open("Backpropagation, Checked: test", 1);
      request.onerror = () => resolve(false);
      request.onblocked = () => resolve(false);
      request.onsuccess = () => {
        request.result.close();
        indexedDB.deleteDatabase("Backpropagation, Checked: test");
        resolve(true);
      };
    } catch {
      resolve(false);
    }
  });
}

/** Without storage JupyterLite would not even open a notebook: let it keep everything in memory. */
function keepInMemory() {
  const config = JSON.parse(settings().textContent);
  config.enableMemoryStorage = true;
  for (const name of ["contents", "settings", "workspaces"]) config[`${name}StorageDrivers`] = ["memoryStorageDriver"];
  settings().textContent = JSON.stringify(config);
}

/** JupyterLite drops every service worker of the site when it does not know the version of its own. */
function rememberVersion() {
  const { controller } = navigator.serviceWorker;
  const { appVersion } = JSON.parse(settings().textContent);
  if (controller) localStorage.setItem(`${controller.scriptURL}-version`, appVersion);
}

/** Prepare the page; whatever fails is told to the reader later, and JupyterLite starts all the same. */
export async function prepare() {
  found.storage = await canStore();
  if (!found.storage) keepInMemory();
  found.offline = (await keepOffline(SITE)).ok;
  try {
    if (found.offline) rememberVersion();
  } catch {
    found.storage = false;
  }
}
