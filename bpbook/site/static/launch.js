// Below the button that runs a notebook: the reader's own changed copy, if this browser keeps one.
"use strict";
(() => {
  const box = document.querySelector(".launch");
  if (!box) return;
  if (!location.protocol.startsWith("http")) {
    box.textContent = "Notebooks run in the browser where the book is on a website. Opened as a file, it can be read only.";
    return;
  }
  const notebook = box.dataset.notebook, site = new URL(box.dataset.root || "./", location.href).href;
  const modules = import(new URL("notebooks.mjs", document.currentScript.src).href);

  const note = document.createElement("p");
  note.className = "launch-copy";
  note.setAttribute("aria-live", "polite");
  box.append(note);

  function button(label, action) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", action);
    return made;
  }

  async function reset(copy) {
    const { askReset, deleteCopy } = await modules;
    if (!(await askReset(notebook, () => copy.content))) return;
    await deleteCopy(notebook);
    note.textContent = "Your copy is deleted. The button opens the book's own text.";
  }

  async function show() {
    const { bookHasChanged, download, inWords, storedCopy } = await modules;
    const copy = await storedCopy(notebook);
    if (!copy) {
      if (note.querySelector("button")) note.textContent = "";
      return;
    }
    const changed = await bookHasChanged(site, notebook);
    const news = changed ? " The book's text of this notebook is newer than the one that you began with: to get it, download your copy and reset." : "";
    note.textContent = `The button opens your own copy, saved on ${inWords(copy.last_modified)}.${news} `;
    note.append(button("Download my copy", () => download(copy.content, notebook)), " ");
    note.append(button("Reset this notebook", () => reset(copy)));
  }

  show();
  // The reader comes back from the notebook.
  window.addEventListener("pageshow", (event) => event.persisted && show());
  document.addEventListener("visibilitychange", () => !document.hidden && show());
})();
