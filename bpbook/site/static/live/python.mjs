// Python in the browser, as a page's worker and the tests under Node start it: Pyodide with JupyterLite's kernel, so that a
// cell does the same in both. What a cell shows comes as the outputs of a notebook.

/**
 * Start Python.
 * @param {Function} loadPyodide - from pyodide.mjs
 * @param {object} options - passed on to loadPyodide: indexURL, lockFileURL, ...
 * @returns {Promise<{pyodide: object, run: (code: string, show: (output: object) => void) => Promise<object>}>}
 *   `run` runs one cell. It calls `show` with each output as it comes, and returns `{status: "ok"}` or
 *   `{status: "error", ename, evalue, traceback}`. Packages of the lock file are loaded when a cell imports them.
 */
export async function start(loadPyodide, options) {
  const pyodide = await loadPyodide({ packages: ["pyodide-kernel", "ipykernel"], ...options });
  await pyodide.runPythonAsync("import pyodide_kernel");
  const module = pyodide.globals.get("pyodide_kernel");
  const kernel = module.kernel_instance;
  const shell = kernel.interpreter;
  kernel._parent_header = pyodide.toPy({ header: {} });

  let show = () => {};
  for (const stream of [module.stdout_stream, module.stderr_stream]) {
    stream.publish_stream_callback = (name, text) => show({ output_type: "stream", name, text });
  }
  shell.display_pub.display_data_callback = (data, metadata) =>
    show({ output_type: "display_data", data: plain(data), metadata: plain(metadata) });
  shell.display_pub.clear_output_callback = (wait) => show({ output_type: "clear_output", wait });
  shell.displayhook.publish_execution_result = (count, data, metadata) =>
    show({ output_type: "execute_result", data: plain(data), metadata: plain(metadata), execution_count: count });

  return {
    pyodide,
    async run(code, showOutput) {
      show = showOutput;
      const result = plain(await kernel.run(code));
      return result.status === "ok" ? { status: "ok" } : result;
    },
  };
}

function plain(value) {
  return value && value.toJs ? value.toJs({ dict_converter: Object.fromEntries }) : value;
}
