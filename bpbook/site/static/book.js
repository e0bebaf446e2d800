// Two comforts; without JavaScript the page still holds everything.
"use strict";

// A docstring of several lines folds after its first line.
function foldDocstring(lines) {
  const rest = document.createElement("span");
  rest.className = "folded";
  rest.id = `folded-${document.querySelectorAll(".folded").length}`;
  const last = lines[lines.length - 1];
  lines[0].after(rest);
  while (rest.nextSibling && !rest.contains(last)) rest.append(rest.nextSibling);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fold-button";
  button.setAttribute("aria-controls", rest.id);
  const show = (open) => {
    rest.hidden = !open;
    button.textContent = open ? "hide the documentation" : "show the documentation";
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => show(rest.hidden));
  const line = document.createElement("span");
  line.className = "fold-line";
  line.append(button);
  rest.before(line);
  show(false);
}

function foldDocstrings() {
  for (const block of document.querySelectorAll(".exported .highlight pre")) {
    // Pygments makes one span for each line; a new docstring starts with quotation marks.
    let group = [];
    const groups = [];
    for (const line of block.querySelectorAll("span.sd")) {
      if (/^[rf]?("""|''')/.test(line.textContent) && !(group.length && line.textContent.trim().length === 3)) {
        group = [];
        groups.push(group);
      }
      group.push(line);
    }
    groups.filter((lines) => lines.length > 1).forEach(foldDocstring);
  }
}

// What scrolls sideways can be reached with the keyboard.
function reachScrolling() {
  for (const box of document.querySelectorAll(".bd-article pre, mjx-container, .pst-scrollable-table-container")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else if (box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
  }
}

foldDocstrings();
reachScrolling();
window.addEventListener("load", () => {
  if (window.MathJax && MathJax.startup && MathJax.startup.promise) MathJax.startup.promise.then(reachScrolling);
});
window.addEventListener("resize", reachScrolling);
window.addEventListener("beforeprint", () => document.querySelectorAll("details.hide, details.sd-dropdown").forEach((box) => { box.open = true; }));
// A page that was opened as a file may not load modules.
if (location.protocol !== "file:") import("./progress.mjs").catch(() => {});
