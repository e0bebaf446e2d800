// What the reader wrote, kept in this browser: one text for each cell and each edition of it.

let blocked = false;

function tried(action) {
  try {
    return action();
  } catch {
    blocked = true;
    return null;
  }
}

const key = (page, cell) => `bpc-live ${page.page} ${cell.id} ${cell.hash}`;

/** Keep a text; a text like the book's own is not kept. */
export function keep(page, cell, text) {
  tried(() => (text === cell.original ? localStorage.removeItem(key(page, cell)) : localStorage.setItem(key(page, cell), text)));
}

/** Forget every text of a cell, those for earlier editions too. */
export function forget(page, cell) {
  const start = `bpc-live ${page.page} ${cell.id} `;
  tried(() => Object.keys(localStorage).filter((name) => name.startsWith(start)).forEach((name) => localStorage.removeItem(name)));
}

/** Note which cell runs, so that a page that is loaded again can say that its run was cut off. */
export function noteRun(page, cell) {
  const running = JSON.stringify({ page: page.page, id: cell.id });
  tried(() => (cell.id ? sessionStorage.setItem("bpc-live running", running) : sessionStorage.removeItem("bpc-live running")));
}

/** Tell whether this browser refuses to keep anything. */
export function isBlocked() {
  tried(() => {
    localStorage.setItem("bpc-live", "");
    localStorage.removeItem("bpc-live");
  });
  return blocked;
}
