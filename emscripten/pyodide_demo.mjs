// Runs the demo in Pyodide under Node, with the trace of what becomes of its kernel.
// Usage: node pyodide_demo.mjs FOLDER_OF_PYODIDE FOLDER_OF_THE_SIDE_MODULE

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { enable, openSession } from "./pyodide/session.mjs";

const [packageFolder, moduleFolder] = process.argv.slice(2);
const indexURL = resolve(packageFolder) + "/";
const pyodideModule = await import(pathToFileURL(indexURL + "pyodide.mjs"));
const { pyodide, lines } = await openSession(pyodideModule, indexURL, (name) =>
  readFile(join(moduleFolder, name)),
);
console.log(`  Pyodide ${pyodide.version}`);
enable({ pyodide });
pyodide.FS.writeFile("/lib/miniexpr/demo.py", await readFile(new URL("pyodide/demo.py", import.meta.url)));
const isRight = pyodide.runPython("import demo; demo.run(library)");
console.log("  trace:\n" + lines.map((line) => `    ${line}`).join("\n"));
process.exitCode = isRight ? 0 : 1;
