// The editor: CodeMirror with Python, fetched when the first cell is opened.

let fetched;

function codeMirror() {
  fetched ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("codemirror.js", import.meta.url).href;
    script.onload = () => resolve(window.CM6);
    script.onerror = () => { fetched = null; reject(new Error("codemirror.js")); };
    document.head.append(script);
  });
  return fetched;
}

// The colours are in live.css, one class for each kind of word. CodeMirror's own list names the kinds by their colours.
const WORDS = {
  "#708": "keyword", "#219": "atom", "#164": "number", "#a11": "string", "#e40": "string", "#00f": "definition",
  "#085": "type", "#167": "type", "#00c": "definition", "#940": "comment", "#f00": "invalid",
};

function colours({ HighlightStyle, defaultHighlightStyle, syntaxHighlighting }) {
  const named = defaultHighlightStyle.specs.filter(({ color }) => WORDS[color]);
  return syntaxHighlighting(HighlightStyle.define(named.map(({ tag, color }) => ({ tag, class: `live-word-${WORDS[color]}` }))));
}

/** Mark the line of an error. */
function marker({ StateEffect, StateField, Decoration, EditorView }) {
  const mark = StateEffect.define();
  const decoration = Decoration.line({ class: "live-failed-line" });
  const lines = StateField.define({
    create: () => Decoration.none,
    update(value, change) {
      const effect = change.effects.find((one) => one.is(mark));
      if (effect) return effect.value ? Decoration.set([decoration.range(change.state.doc.line(effect.value).from)]) : Decoration.none;
      return change.docChanged ? Decoration.none : value;
    },
    provide: (field) => EditorView.decorations.from(field),
  });
  return { lines, mark };
}

/**
 * Make an editor.
 * @param {object} wanted - `parent`, `text`, `label`, `help` (the id of the text on the keys), and what to call:
 *   `change(text)`, `run()`, `runAndGo()`
 * @returns {Promise<{text: () => string, set: (text: string) => void, markLine: (line: number) => void, focus: () => void}>}
 */
export async function makeEditor(wanted) {
  const cm = await codeMirror();
  const { lines, mark } = marker(cm);
  const does = (action) => () => { action(); return true; };
  const keys = [
    { key: "Ctrl-Enter", mac: "Cmd-Enter", run: does(wanted.run) },
    { key: "Ctrl-Enter", run: does(wanted.run) },
    { key: "Shift-Enter", run: does(wanted.runAndGo) },
  ];
  const view = new cm.EditorView({ parent: wanted.parent, doc: wanted.text, extensions: [
    cm.lineNumbers(), cm.history(), cm.indentOnInput(), cm.bracketMatching(), cm.closeBrackets(), cm.python(), colours(cm), lines,
    cm.indentUnit.of("    "),
    cm.keymap.of([...keys, ...cm.closeBracketsKeymap, ...cm.defaultKeymap, ...cm.historyKeymap]),
    cm.EditorView.contentAttributes.of({ "aria-label": wanted.label, "aria-describedby": wanted.help, spellcheck: "false" }),
    cm.EditorView.updateListener.of((update) => update.docChanged && wanted.change(update.state.doc.toString())),
  ] });
  return {
    text: () => view.state.doc.toString(),
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    markLine: (line) => view.dispatch({ effects: mark.of(line <= view.state.doc.lines ? line : 0) }),
    focus: () => view.focus(),
  };
}
