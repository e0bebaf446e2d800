// The book's part of JupyterLite: a bar above each notebook, a stop button that stops, and changes that are saved at once.
import { makeBar } from "./bar.mjs";
import { found } from "./prepare.mjs";
import { watchPython } from "./python.mjs";
import { saveSoon } from "./saving.mjs";
import { stop } from "./stop.mjs";

const INTERRUPTS = new Set(["notebook:interrupt-kernel", "kernelmenu:interrupt", "console:interrupt-kernel"]);

/** Take a module that JupyterLite shares with its extensions. */
async function sharedModule(shared, name) {
  const [entry] = Object.values(shared[name]);
  return (await entry.get())();
}

function isNotebook(panel) {
  return Boolean(panel && panel.contentHeader && panel.sessionContext && panel.context && panel.content.model);
}

function addStyle() {
  for (const name of ["../../../../_static/launch.css", "./bar.css"]) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(name, import.meta.url).href;
    document.head.append(link);
  }
}

/** A bar is as high as its text, which the layout of JupyterLab cannot know by itself. */
function addBar(panel, node, Widget) {
  const widget = new Widget({ node: document.createElement("div") });
  widget.addClass("book-bar-frame");
  widget.node.append(node);
  panel.contentHeader.addWidget(widget);
  new ResizeObserver(() => {
    widget.node.style.minHeight = `${node.offsetHeight}px`;
    panel.contentHeader.fit();
  }).observe(node);
}

function attach(app, panel, Widget) {
  const bar = makeBar(app, panel, found);
  addBar(panel, bar.node, Widget);
  bar.saveFirst(saveSoon(panel.context, bar.saved));
  watchPython(panel.sessionContext, bar);
  return bar;
}

/** What JupyterLite registers. */
export async function makePlugin(shared) {
  const { Widget } = await sharedModule(shared, "@lumino/widgets");
  const bars = new WeakMap();
  function activate(app) {
    addStyle();
    const look = () => {
      const panel = app.shell.currentWidget;
      if (isNotebook(panel) && !bars.has(panel)) bars.set(panel, attach(app, panel, Widget));
    };
    app.shell.currentChanged.connect(look);
    app.restored.then(look);
    app.commands.commandExecuted.connect((_, { id }) => {
      const bar = bars.get(app.shell.currentWidget);
      if (bar && INTERRUPTS.has(id)) stop(app.shell.currentWidget.sessionContext, bar);
    });
  }
  return { id: "backpropagation-checked:notebook", autoStart: true, activate };
}
