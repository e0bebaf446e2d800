// Compile the modules of wheels with the browser's own Python, under Node: node compile.mjs PYODIDE_FOLDER IN OUT
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

process.on("uncaughtException", (error) => {
  console.error(error.message); // not the line that threw: it is a megabyte long
  process.exit(1);
});
const [folder, from, to] = process.argv.slice(2);
const { info } = JSON.parse(readFileSync(new URL("pyodide.json", import.meta.url)));
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const pyodide = await loadPyodide({ indexURL: `${folder}/`, lockFileContents: { info, packages: {} }, env: { PYTHONHASHSEED: "0" } });
pyodide.mountNodeFS("/from", from);
pyodide.mountNodeFS("/to", to);
pyodide.runPython(`
import importlib._bootstrap_external as bootstrap, warnings
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

warnings.simplefilter("ignore")  # of other people's code


def compiled(name, source):
    """Return the bytes of the module's .pyc, which is used whatever the date of its source."""
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    return bootstrap._code_to_hash_pyc(code, b"\\0" * 8, checked=False)


for wheel in sorted(Path("/from").glob("*.whl")):
    with ZipFile(wheel) as old, ZipFile(Path("/to") / wheel.name, "w", ZIP_STORED) as new:
        for name in sorted(old.namelist()):
            if name.endswith(".py"):
                try:
                    new.writestr(name, compiled(name, old.read(name)))
                except SyntaxError:
                    pass  # templates and tests of old syntax stay as they are
`);
process.exit(0);
