// The Python package in Pyodide: its wheel with the side module in it.
// Usage: node pyodide_package_test.mjs FOLDER_OF_PYODIDE FOLDER_OF_THE_WHEEL VERSION_OF_THE_LIBRARY
// MINIEXPR_PYODIDE_NUMPY names a wheel of NumPy for that Pyodide, which is not among the packages of npm.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const [packageFolder, wheelFolder, version] = process.argv.slice(2);
const [wheel] = (await readdir(wheelFolder)).filter((name) => name.startsWith(`miniexpr-${version}-`));
const numpy = process.env.MINIEXPR_PYODIDE_NUMPY;
const indexURL = resolve(packageFolder) + "/";
const { loadPyodide } = await import(pathToFileURL(indexURL + "pyodide.mjs"));
const pyodide = await loadPyodide({ indexURL });

await pyodide.loadPackage(resolve(join(wheelFolder, wheel)), { checkIntegrity: false });
pyodide.FS.writeFile(
  "/lib/package_checks.py",
  await readFile(new URL("pyodide/package_checks.py", import.meta.url)),
);
pyodide.runPython(`import sys; sys.path.insert(0, "/lib"); import package_checks`);

test("the binding evaluates, tells its progress and stops", () => {
  assert.equal(pyodide.runPython(`package_checks.check_binding("${version}")`), true);
});

test(
  "the evaluator works on arrays of NumPy",
  { skip: numpy ? false : "no wheel of NumPy is named" },
  async () => {
    await pyodide.loadPackage(resolve(numpy), { checkIntegrity: false });
    assert.equal(pyodide.runPython("package_checks.check_package()"), true);
  },
);
