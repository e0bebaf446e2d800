// Keeps in the reader's browser that an exercise is passed or was tried; `_static/progress.mjs` reads it on the pages.
// One expression, because Pyodide evaluates it in the worker where Python runs. Nothing waits for it.
(name, status) => {
  const tell = () => {
    const channel = new BroadcastChannel("backpropagation-checked-progress");
    channel.postMessage(name);
    channel.close();
  };
  const write = (database) => {
    const transaction = database.transaction("entries", "readwrite");
    const entries = transaction.objectStore("entries");
    const known = entries.get(["exercise", name]);
    known.onsuccess = () => {
      // Once passed stays passed, and the first date stays.
      if (known.result && (known.result.status === "passed" || status !== "passed")) return;
      entries.put({ kind: "exercise", name, status, when: new Date().toISOString() });
      transaction.addEventListener("complete", tell);
    };
    transaction.addEventListener("complete", () => database.close());
    transaction.onabort = () => database.close();
  };
  try {
    const opening = indexedDB.open("Backpropagation, Checked: progress", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("entries", { keyPath: ["kind", "name"] });
    opening.onsuccess = () => write(opening.result);
    opening.onerror = (event) => event.preventDefault();
  } catch {
    // Storage is missing or blocked. The answer is checked all the same, and the pages say what is not kept.
  }
}
