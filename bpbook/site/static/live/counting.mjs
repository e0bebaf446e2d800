// How much is still to be fetched: the files that Python was asked for, and their bytes.

/**
 * Return the packages that some modules are in, with all that those need, and the bytes to fetch before Python can start.
 * @param {string[]} imports - modules such as "numpy" or "bpbook.exercises"
 * @param {object} known - the packages of the lock file
 * @param {object} sizes - the bytes of each file, by its name
 */
export function wantedFor(imports, known, sizes) {
  const found = new Set(["pyodide-kernel", "ipykernel", ...imports.map((name) => packageOf(name, known)).filter(Boolean)]);
  for (const name of found) known[name].depends.forEach((one) => found.add(one));
  const files = ["pyodide.asm.wasm", "python_stdlib.zip", ...[...found].map((name) => baseName(known[name].file_name))];
  return { packages: [...found], bytes: files.reduce((sum, file) => sum + (sizes[file] || 0), 0) };
}

// The package with the longest name that fits: bpbook.exercises before bpbook.
function packageOf(module, known) {
  const fitting = Object.entries(known).flatMap(([name, entry]) => entry.imports.map((one) => [one, name]))
    .filter(([one]) => module === one || module.startsWith(`${one}.`));
  return fitting.sort(([one], [other]) => other.length - one.length).map(([, name]) => name)[0];
}

const baseName = (address) => address.replace(/[?#].*/, "").replace(/.*\//, "");

/**
 * Count the bytes of every file from now on.
 * @param {object} sizes - the bytes of each file, by its name
 * @param {number} first - the bytes that are known to be wanted
 * @param {(progress: {loaded: number, total: number, names: string[], lost: string}) => void} tell
 */
export function countFetches(sizes, first, tell) {
  const plain = self.fetch.bind(self);
  let loaded = 0, asked = 0, last = 0;
  const names = new Set();
  const say = (now, lost = "") => {
    if (!now && performance.now() - last < 100) return;
    last = performance.now();
    tell({ loaded, total: Math.max(asked, first), names: [...names], lost });
  };
  const count = (bytes) => { loaded += bytes; say(false); };
  self.fetch = async (resource, options) => {
    const file = baseName(String(resource.url || resource));
    if (!sizes[file]) return plain(resource, options);
    if (!names.size && loaded >= first) [loaded, asked, first] = [0, 0, 0];
    asked += sizes[file];
    names.add(file);
    const answer = await plain(resource, options).catch((problem) => { say(true, file); throw problem; });
    if (!answer.ok) say(true, file);
    return counted(answer, count, () => { names.delete(file); say(!names.size); });
  };
}

function counted(answer, count, end) {
  if (!answer.body) return answer;
  const meter = new TransformStream({
    transform(part, out) { count(part.byteLength); out.enqueue(part); },
    flush: end,
  });
  const { status, statusText, headers } = answer;
  return new Response(answer.body.pipeThrough(meter), { status, statusText, headers });
}
