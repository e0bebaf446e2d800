// The reader's own copies of the notebooks, as JupyterLite keeps them in this browser, and how to reset one.

const DATABASE = "Backpropagation, Checked: notebooks";
const STORES = ["files", "checkpoints"];
const BEGAN = "Backpropagation, Checked: began with ";

/** Open JupyterLite's database; null where there is none (it is not made) or where storage is blocked. */
function open() {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(DATABASE);
      request.onupgradeneeded = () => request.transaction.abort();
      request.onsuccess = () => resolve(request.result);
      request.onerror = (event) => {
        event.preventDefault();
        resolve(null);
      };
    } catch {
      resolve(null);
    }
  });
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * The reader's changed copy of a notebook.
 *
 * @param {string} path The notebook, as "chapters/01_linear_regression.ipynb".
 * @returns {Promise<{content: object, last_modified: string} | null>} What JupyterLite keeps, or null where nothing is kept.
 */
export async function storedCopy(path) {
  const database = await open();
  if (!database) return null;
  try {
    if (!database.objectStoreNames.contains("files")) return null;
    return (await result(database.transaction("files").objectStore("files").get(path))) ?? null;
  } catch {
    return null;
  } finally {
    database.close();
  }
}

/** Delete the reader's copy of a notebook, so that the book's own opens again. */
export async function deleteCopy(path) {
  const database = await open();
  if (!database) return;
  for (const store of STORES.filter((name) => database.objectStoreNames.contains(name))) {
    await result(database.transaction(store, "readwrite").objectStore(store).delete(path));
  }
  database.close();
  forget(path);
}

/** Let the browser save a notebook as a file of the reader's own. */
export function download(content, path) {
  const text = typeof content === "string" ? content : `${JSON.stringify(content, null, 1)}\n`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
  link.download = path.split("/").pop();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A date and a time in words, as the reader's country writes them. */
export function inWords(date) {
  return new Date(date).toLocaleString(document.documentElement.lang || undefined, { dateStyle: "long", timeStyle: "short" });
}

// A fingerprint is enough to see that a text has changed; it also works where a page has no crypto.
function fingerprint(text) {
  let value = 2166136261;
  for (let place = 0; place < text.length; place += 1) value = Math.imul(value ^ text.charCodeAt(place), 16777619) >>> 0;
  return `${text.length}-${value}`;
}

async function bookText(site, path) {
  const answer = await fetch(`${site}lite/files/${path}`);
  if (!answer.ok) throw new Error(`${path} is not there`);
  return answer.text();
}

/** Remember which text of the book the reader begins with. */
export async function remember(site, path) {
  try {
    localStorage.setItem(BEGAN + path, fingerprint(await bookText(site, path)));
  } catch {
    // Without it the reader is not told of a new text; nothing is lost.
  }
}

function forget(path) {
  try {
    localStorage.removeItem(BEGAN + path);
  } catch {
    // Nothing was remembered.
  }
}

/** Whether the book's own text of a notebook is another one than the reader began with. */
export async function bookHasChanged(site, path) {
  try {
    const began = localStorage.getItem(BEGAN + path);
    return began !== null && began !== fingerprint(await bookText(site, path));
  } catch {
    return false;
  }
}

const QUESTION = `<form method="dialog">
<h2>Reset this notebook?</h2>
<p>Your copy of <b></b> is deleted from this browser, and the book's own text comes back.
What you have passed stays in your progress. If you may want your text again, download it first.</p>
<p class="book-buttons"><button type="button" value="download">Download my copy</button>
<button value="reset">Delete my copy</button>
<button value="keep" autofocus>Keep my copy</button></p></form>`;

/**
 * Ask before a copy is deleted; the reader can download it first.
 *
 * @param {string} path The notebook.
 * @param {() => unknown} content Returns the copy, or a promise of it.
 * @returns {Promise<boolean>} Whether the reader wants it deleted.
 */
export function askReset(path, content) {
  const dialog = document.createElement("dialog");
  dialog.className = "book-dialog";
  dialog.setAttribute("aria-label", "Reset this notebook?");
  dialog.innerHTML = QUESTION;
  dialog.querySelector("b").textContent = path.split("/").pop();
  dialog.querySelector('[value="download"]').addEventListener("click", async () => download(await content(), path));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "reset");
    });
  });
}
