// What a cell shows, as a notebook would: texts, figures, mathematics, and errors that can be read.
import { toHtml } from "./markdown.mjs";

const ANSI = /\u001b\[[0-9;]*m/g;

function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function number(label) {
  const found = document.querySelector(`#${CSS.escape(`equation-${label}`)} .eqno`);
  return found ? found.firstChild.textContent : "";
}

const withHtml = (className, html) => {
  const made = make("div", className);
  made.innerHTML = html; // scripts in it do not run
  return made;
};

const KINDS = {
  "text/html": (data) => withHtml("output text_html", data),
  "image/svg+xml": (data) => withHtml("output image_svg", data),
  "image/png": (data) => Object.assign(make("img", ""), { src: `data:image/png;base64,${data.trim()}`, alt: "What this cell drew" }),
  "text/markdown": (data) => withHtml("live-markdown", toHtml(data, number)),
  "text/latex": (data) => withHtml("live-markdown", toHtml(data.replace(/^\$\\displaystyle /, "$"), number)),
  "text/plain": (data) => boxed("output text_plain", data),
};

function boxed(className, text) {
  const box = make("div", className), paper = make("div", "highlight");
  paper.append(make("pre", "", text));
  box.append(paper);
  return box;
}

/** Show one output at the end of a place; texts of one stream are joined. */
export function show(place, output) {
  if (output.output_type === "clear_output") return place.replaceChildren();
  if (output.output_type === "stream") return showStream(place, output);
  const kind = Object.keys(KINDS).find((name) => output.data[name] !== undefined);
  if (!kind) return undefined;
  const made = KINDS[kind](output.data[kind]);
  place.append(made);
  return typeset(made);
}

function showStream(place, { name, text }) {
  const last = place.lastElementChild;
  if (last && last.dataset.stream === name) {
    last.querySelector("pre").append(text.replace(ANSI, ""));
    return;
  }
  const made = boxed(`output stream ${name}`, text.replace(ANSI, ""));
  made.dataset.stream = name;
  place.append(made);
}

/** Show an error: what it is first, then the line, then how Python came there (folded). */
export function showError(place, { ename, evalue, traceback, line }, source) {
  const name = ename.replace(/^<class '(?:.*\.)?_?(.*)'>$/, "$1").replace("IncompleteInputError", "SyntaxError");
  const message = evalue.replace(/ \(<ipython-input[^)]*\)$/, "").replace(/ \([\w<>-]+\.py, line \d+\)$/, "");
  const box = make("div", "live-error"), head = make("p", ""), more = make("details", "");
  head.append(make("strong", "", name), message ? `: ${message}` : "");
  box.append(head);
  const text = line ? source.split("\n")[line - 1] : "";
  if (text) box.append(make("p", "live-error-line", `Line ${line}: `));
  if (text) box.lastChild.append(make("code", "", text.trim()));
  more.append(make("summary", "", "Everything that Python says"), make("pre", "", traceback.join("\n").replace(ANSI, "")));
  box.append(more);
  place.append(box);
}

/** Put what was drawn into a copy of the page's figure, so that it keeps its place and its caption. */
export function intoFigure(place, figure, changed) {
  const copy = figure.cloneNode(true), caption = copy.querySelector("figcaption"), drawn = [...place.children];
  const old = figure.querySelector("img");
  [copy, ...copy.querySelectorAll("[id]")].forEach((one) => one.removeAttribute("id"));
  copy.querySelectorAll(".headerlink").forEach((one) => one.remove());
  copy.replaceChildren(...drawn, ...(caption ? [caption] : []));
  place.append(copy);
  const words = old ? old.alt : "";
  for (const picture of copy.querySelectorAll("img")) {
    picture.alt = changed ? `Drawn by your version of the code. The page's own figure shows: ${words}` : words;
  }
}

async function typeset(place) {
  if (!place.querySelector(".math")) return;
  if (!window.MathJax || !window.MathJax.startup) await loadMathJax();
  await window.MathJax.startup.promise;
  await window.MathJax.typesetPromise([place]);
}

function loadMathJax() {
  const script = document.createElement("script");
  window.MathJax = { options: { enableMenu: false, processHtmlClass: "math" }, chtml: { mtextInheritFont: true } };
  script.src = new URL("../mathjax/tex-chtml.js", import.meta.url).href;
  return new Promise((resolve, reject) => {
    Object.assign(script, { onload: resolve, onerror: reject });
    document.head.append(script);
  });
}
