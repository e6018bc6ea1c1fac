// A Pyodide with the library and the modules of this folder in it, under Node and in a browser.

const LIBRARY = "/lib/libminiexpr.so";
const FOLDER = "/lib/miniexpr";
const FILES = ["miniexpr_jit.py", "jit_helpers.js", "expressions.py", "me_jit_glue.js"];

/**
 * Starts Pyodide and loads the library: `library`, `expressions` and `miniexpr_jit` are names in its
 * Python. Lines that any code in it writes to stderr go to `lines`.
 *
 * @param {object} pyodideModule The module pyodide.mjs.
 * @param {string} indexURL Where the files of Pyodide are.
 * @param {(name: string) => Promise<Uint8Array>} read Gives libminiexpr.wasm and the FILES.
 * @returns {Promise<{pyodide: object, lines: string[]}>}
 */
export async function openSession(pyodideModule, indexURL, read) {
  const lines = [];
  const pyodide = await pyodideModule.loadPyodide({ indexURL, stderr: (line) => lines.push(line) });
  pyodide.FS.writeFile(LIBRARY, await read("libminiexpr.wasm"));
  pyodide.FS.mkdirTree(FOLDER);
  for (const name of FILES) {
    pyodide.FS.writeFile(`${FOLDER}/${name}`, await read(name));
  }
  // Asynchronously: browsers refuse to compile large modules within a call on the main thread.
  await pyodide._api.loadDynlib(LIBRARY, true);
  pyodide.runPython(`
import os, sys
os.environ["ME_DSL_TRACE"] = "1"
sys.path.insert(0, "${FOLDER}")
import expressions, miniexpr_jit
library = expressions.load("${LIBRARY}")
`);
  return { pyodide, lines };
}

/** Takes the lines away that tell about kernels. */
export function takeTrace(session) {
  return session.lines.splice(0).filter((line) => /^\[me-(dsl\] jit|wasm-jit\]) /.test(line));
}

/** Lets Python register the helpers; tells whether it could. */
export function enable(session) {
  return session.pyodide.runPython("miniexpr_jit.enable(library)");
}

/**
 * Compiles and evaluates a kernel `sqrt(x) + constant` with a branch, which no cache knows if the constant is new.
 *
 * @returns {{hasKernel: boolean, isRight: boolean}}
 */
export function tryKernel(session, constant) {
  const result = session.pyodide.runPython(`
text = """
def kernel(x):
    if x > 2:
        return sqrt(x) + ${constant}
    return x
"""
x = expressions.array(*(float(i * i) for i in range(1000)))
out = expressions.array(*[0.0] * 1000)
with expressions.Expression(library, text, "x") as expression:
    expression.evaluate(out, x)
    has_kernel = expression.has_kernel()
has_kernel, all(out[i] == (i + ${constant} if i > 1 else i) for i in range(1000))
`);
  const [hasKernel, isRight] = result.toJs();
  result.destroy();
  return { hasKernel, isRight };
}
