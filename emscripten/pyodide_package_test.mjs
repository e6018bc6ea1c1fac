// The Python package in Pyodide: its wheel with the side module in it.
// Usage: node pyodide_package_test.mjs FOLDER_OF_PYODIDE FOLDER_OF_THE_WHEEL VERSION_OF_THE_LIBRARY FOLDER_OF_WHEELS
// The evaluator is tested if the last folder has the NumPy of that Pyodide, see scripts/pyodide_numpy.py.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const [packageFolder, wheelFolder, version, otherWheels] = process.argv.slice(2);
const [wheel] = (await readdir(wheelFolder)).filter((name) => name.startsWith(`miniexpr-${version}-`));
const indexURL = resolve(packageFolder) + "/";
const { numpy } = JSON.parse(await readFile(indexURL + "pyodide-lock.json")).packages;
const numpyWheel = resolve(join(otherWheels, numpy.file_name));
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

const skip = existsSync(numpyWheel) ? false : `there is no ${numpy.file_name}`;

test("the evaluator and numexpr's place work on arrays of NumPy", { skip }, async () => {
  const digest = createHash("sha256").update(await readFile(numpyWheel));
  assert.equal(digest.digest("hex"), numpy.sha256);
  await pyodide.loadPackage(numpyWheel, { checkIntegrity: false });
  assert.equal(pyodide.runPython("package_checks.check_package()"), true);
  assert.equal(pyodide.runPython("package_checks.check_numexpr()"), true);
});
