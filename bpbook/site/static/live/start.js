// The buttons beside the cells. Editor and Python are fetched when one of them is pressed.
"use strict";
(() => {
  const list = document.getElementById("live-cells");
  if (!list) return;
  const page = JSON.parse(list.textContent);
  const scripts = new URL(".", document.currentScript.src).href;
  page.root = new URL("../../", scripts).href;
  page.notebook = `${page.root}_sources/${page.page}.ipynb`;
  const LABEL = page.page.endsWith("_solved") ? "Edit and run" : "Answer here";
  const FIRST = ["figure", "show", "answer"]; // the kinds of cells that have a button from the start

  function make(tag, className, text = "") {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  }

  function button(label, more, action) {
    const made = make("button", "live-button", label);
    made.type = "button";
    if (more) made.append(make("span", "visually-hidden", ` ${more}`));
    made.addEventListener("click", action);
    return made;
  }

  function stored(storage, key) {
    try {
      return window[storage].getItem(key);
    } catch {
      return null;
    }
  }

  // Only this page's and this cell's; a text for another edition of the cell has another end.
  function ownText(cell) {
    const start = `bpc-live ${page.page} ${cell.id} `;
    const now = stored("localStorage", start + cell.hash);
    if (now !== null) return { text: now, earlier: false };
    try {
      const old = Object.keys(localStorage).find((key) => key.startsWith(start));
      return old ? { text: localStorage.getItem(old), earlier: true } : null;
    } catch {
      return null;
    }
  }

  function nameOf(cell, number) {
    const figure = cell.box.querySelector("figcaption .caption-number");
    if (figure) return figure.textContent.trim();
    const heading = cell.kind === "answer" && cell.box.closest("section").querySelector("h1, h2, h3");
    return heading ? `exercise ${heading.firstChild.textContent.trim()}` : `cell ${number} of this page`;
  }

  // Where the code is shown: directly, folded, or inside the mark of a checked equation.
  function prepare(cell, number) {
    cell.box = document.querySelector(`.live-cell-${cell.id}`);
    if (!cell.box) return;
    cell.name = nameOf(cell, number + 1);
    cell.code = cell.box.querySelector(":scope > .cell_input, :scope > details.hide, :scope > details.check-mark");
    cell.shown = cell.box.querySelector(":scope > .cell_output");
    cell.bar = make("div", "live-bar");
    cell.state = make("p", "live-state");
    cell.state.setAttribute("role", "status");
    cell.bar.append(cell.state);
  }

  /** Say something at a cell, or at the top of the page. */
  page.say = (place, ...parts) => place.state.replaceChildren(...parts);
  page.make = make;
  page.button = button;
  page.ownText = ownText;

  async function call(place, action) {
    if (!location.protocol.startsWith("http")) {
      page.say(place, "This page was opened as a file. A browser runs Python only on a page of a website: ", ...elsewhere());
      return;
    }
    page.say(place, "Loading …");
    try {
      const live = await import(`${scripts}live.mjs`);
      await action(await live.startPage(page));
    } catch (problem) {
      console.info(problem);
      page.say(place, "The files that run the code could not be fetched. Are you offline? Nothing is lost; press the button again later. Or ", ...elsewhere());
    }
  }

  function link(text, address) {
    const made = make("a", "", text);
    made.href = address;
    return made;
  }

  function elsewhere() {
    return [link("download this notebook", page.notebook), " and run it on your computer (", link("how", page.help), ")."];
  }
  page.elsewhere = elsewhere;

  const open = (cell) => call(cell, (live) => live.open(cell));

  /** Show the button of a cell, if it has none yet. */
  function offer(cell) {
    if (cell.opener || cell.kind === "check" || !cell.code) return;
    cell.opener = button(cell.kind === "answer" ? LABEL : "Edit and run", cell.name, () => open(cell));
    cell.bar.prepend(cell.opener);
    cell.code.after(cell.bar);
  }
  page.offer = offer;

  function remember(cell, running) {
    const own = ownText(cell);
    const cut = running && running.page === page.page && running.id === cell.id;
    if (!cell.code || (!own && !cut)) return;
    offer(cell);
    const when = own && own.earlier ? "You changed this cell in an earlier edition of the page. " : own ? "You changed this cell; cells below use your version. " : "";
    const left = cut ? "The page was left or loaded again while this cell ran, so its run was cut off. Your text is kept. " : "";
    page.say(cell, left + when);
    cell.opener.textContent = own ? "Open your version" : cell.kind === "answer" ? LABEL : "Edit and run";
    cell.opener.append(make("span", "visually-hidden", ` of ${cell.name}`));
    if (own) cell.state.append(button("Reset", cell.name, () => forget(cell)));
  }

  function forget(cell) {
    const start = `bpc-live ${page.page} ${cell.id} `;
    Object.keys(localStorage).filter((key) => key.startsWith(start)).forEach((key) => localStorage.removeItem(key));
    if (page.forgot) page.forgot(cell);
    page.say(cell, "Your version is deleted. The page's own code is shown.");
    cell.opener.replaceWith((cell.opener = button(cell.kind === "answer" ? LABEL : "Edit and run", cell.name, () => open(cell))));
    cell.opener.focus();
  }

  function offerPage() {
    const place = make("div", "live-page");
    page.state = make("p", "live-state");
    page.state.setAttribute("role", "status");
    page.opener = button("Run the code on this page", "", () => call(page, (live) => live.openPage()));
    place.append(page.opener, page.state);
    page.bar = place;
    const facts = document.querySelector(".page-facts") || document.querySelector("article h1");
    if (facts) facts.after(place);
  }

  page.cells.forEach(prepare);
  page.cells = page.cells.filter((cell) => cell.box);
  offerPage();
  page.cells.filter((cell) => FIRST.includes(cell.kind)).forEach(offer);
  const running = JSON.parse(stored("sessionStorage", "bpc-live running") || "null");
  page.cells.forEach((cell) => remember(cell, running));
  if (running) sessionStorage.removeItem("bpc-live running");
})();
