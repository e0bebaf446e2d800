// What the bar says of Python: it loads, it is ready, or it cannot start and why.

const KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel";
const COMMON = ["numpy", "bpkit", "bpbook-exercises"];
const SECONDS_TO_WAIT = 120;
const RETRY = "Your text is kept. Check the network and load this page again.";

/** Tell of a file of Python that the service worker could not get; the first one says enough. */
function tellOfMissing(bar) {
  if (!("serviceWorker" in navigator)) return;
  const tell = ({ data }) => {
    if (!data?.missing?.startsWith("lite/static/pyodide/")) return;
    navigator.serviceWorker.removeEventListener("message", tell);
    bar.say("");
    bar.problem(`A part of Python could not be loaded (${data.missing.split("/").pop()}). Without the network, only what was loaded
      before is there. ${RETRY}`);
  };
  navigator.serviceWorker.addEventListener("message", tell);
}

function settings() {
  return JSON.parse(document.getElementById("jupyter-config-data").textContent);
}

/** Whether the files that Python starts with can be had. */
async function reachable() {
  const kernel = settings().litePluginSettings[KERNEL];
  try {
    return (await fetch(kernel.pyodideUrl)).ok;
  } catch {
    return false;
  }
}

/** Have kept what every exercise imports, so that it also runs without the network; the first cell runs sooner, too. */
async function fetchCommon() {
  const { loadPyodideOptions } = settings().litePluginSettings[KERNEL];
  const lock = new URL(loadPyodideOptions.lockFileURL, new URL("../../../", import.meta.url));
  const { packages } = await (await fetch(lock)).json();
  const names = new Set();
  const add = (name) => !names.has(name) && names.add(name) && packages[name].depends.forEach(add);
  COMMON.forEach(add);
  const files = [...names].map((name) => new URL(packages[name].file_name, lock));
  await Promise.allSettled(files.map((file) => fetch(file).then((answer) => answer.arrayBuffer())));
}

/** Follow the start of Python, in words; a failure is told within the page. */
export async function watchPython(sessionContext, bar) {
  if (typeof WebAssembly === "undefined") return;
  bar.say("Python is loading …");
  tellOfMissing(bar);
  await sessionContext.ready;
  const kernel = sessionContext.session?.kernel;
  if (!kernel) return;
  const timer = setTimeout(() => bar.say("Python is still loading. On a slow network the first time takes minutes."), SECONDS_TO_WAIT * 1000);
  if (!(await reachable())) bar.problem(`Python could not start: its files cannot be reached. ${RETRY}`);
  await kernel.info;
  clearTimeout(timer);
  bar.ready();
  await fetchCommon().catch(() => undefined);
}
