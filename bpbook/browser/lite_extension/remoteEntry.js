// JupyterLite loads this as one of its extensions; the rest is in modules.
"use strict";
(() => {
  const here = new URL("./", document.currentScript.src).href;
  let shared = null;
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["backpropagation-checked"] = {
    /** Called before JupyterLite reads its settings; it waits for us. */
    async init(scope) {
      shared = scope;
      const { prepare } = await import(`${here}prepare.mjs`);
      await prepare();
    },
    async get() {
      const { makePlugin } = await import(`${here}plugin.mjs`);
      const exported = { __esModule: true, default: [await makePlugin(shared)] };
      return () => exported;
    },
  };
})();
