// The bar above a notebook: the way back to the book, what is kept, how to reset, and what does not work here.
import { askReset, bookHasChanged, deleteCopy, inWords, remember, storedCopy } from "../../../../_static/notebooks.mjs";
import { SITE } from "./prepare.mjs";

const PROBLEMS = {
  webassembly: `Python cannot run here: this browser has no WebAssembly, or it is switched off. You can read this notebook, change it
    and download it (menu File, Download). To run it, use another browser.`,
  storage: `This browser does not let this site store anything. Everything works, but your changes are lost when you close this tab.
    To keep them, download the notebook (menu File, Download).`,
  offline: `This window keeps nothing for later, so this notebook opens only with the network.`,
};
const NEWER = `The book has a newer text of this notebook than the one that you began with. You see your own copy. To get the new
  text, choose "Reset this notebook"; you can download your copy before.`;

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Delete the reader's copy after a question, show the book's own text, and let Python forget the variables. */
async function reset(app, panel, bar) {
  const { context, sessionContext } = panel;
  const path = context.path;
  if (!(await askReset(path, () => context.model.toJSON()))) return;
  await app.serviceManager.contents.delete(path);
  await deleteCopy(path);
  await context.revert();
  await remember(SITE, path);
  bar.clear();
  bar.say("This is the book's own text again. Your copy is deleted.");
  if (sessionContext.session?.kernel) await sessionContext.restartKernel();
}

async function tellOfCopy(path, bar) {
  const copy = await storedCopy(path);
  if (!copy) return remember(SITE, path);
  bar.keep(`You see your own copy, saved on ${inWords(copy.last_modified)}.`);
  if (await bookHasChanged(SITE, path)) bar.problem(NEWER);
  return undefined;
}

function tellOfBrowser(found, bar) {
  if (typeof WebAssembly === "undefined") bar.problem(PROBLEMS.webassembly);
  if (!found.storage) bar.problem(PROBLEMS.storage);
  else if (!found.offline) bar.problem(PROBLEMS.offline);
}

/** Make the bar; it says by itself what is known now, and what the other modules tell it later. */
export function makeBar(app, panel, found) {
  const { path } = panel.context;
  const node = element("section", "book-bar");
  node.setAttribute("aria-label", "Backpropagation, Checked");
  const back = element("a", "book-back", "Back to the book");
  back.href = `${SITE}${path.replace(/\.ipynb$/, ".html")}`;
  const kept = element("span", "book-kept", "Your changes are kept in this browser.");
  const button = element("button", "book-reset", "Reset this notebook");
  button.type = "button";
  const status = element("span", "book-status");
  status.setAttribute("role", "status");
  const problems = element("div", "book-problems");
  problems.setAttribute("aria-live", "polite");
  node.append(back, kept, button, status, problems);

  const bar = {
    node,
    say: (text) => { status.textContent = text; },
    ready: () => bar.say("Python is ready."),
    keep: (text) => { kept.textContent = text; },
    saved: () => bar.keep(found.storage ? "Your changes are kept in this browser." : ""),
    problem: (text) => problems.append(element("p", "book-problem", text)),
    // The browser would ask whether to leave while something is not saved.
    saveFirst: (save) => back.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      await save();
      location.assign(back.href);
    }),
    clear: () => { problems.textContent = ""; bar.saved(); },
  };
  button.addEventListener("click", () => reset(app, panel, bar));
  if (!found.storage) bar.keep("");
  tellOfBrowser(found, bar);
  tellOfCopy(path, bar);
  return bar;
}
