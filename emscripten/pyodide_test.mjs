// Loads the side module into Pyodide and evaluates an expression, through ctypes, on memory that
// Python owns. Usage: node pyodide_test.mjs FOLDER_OF_PYODIDE SIDE_MODULE HEADER_VERSION

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, sideModule, version] = process.argv.slice(2);
const indexURL = resolve(packageFolder) + "/";
const { loadPyodide } = await import(pathToFileURL(indexURL + "pyodide.mjs"));
const pyodide = await loadPyodide({ indexURL });

const library = "/lib/libminiexpr.so";
pyodide.FS.writeFile(library, readFileSync(sideModule));
await pyodide._api.loadDynlib(library, true);

const result = pyodide
  .runPython(
    `
import ctypes

class Variable(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int), ("address", ctypes.c_void_p),
                ("type", ctypes.c_int), ("context", ctypes.c_void_p), ("itemsize", ctypes.c_size_t)]

ME_AUTO, ME_FLOAT64 = 0, 11
library = ctypes.CDLL(${JSON.stringify(library)})
library.me_version.restype = ctypes.c_char_p
library.me_get_last_error_message.restype = ctypes.c_char_p

def compile(text):
    variables = (Variable * 2)(Variable(b"a", ME_FLOAT64), Variable(b"b", ME_FLOAT64))
    expr, position = ctypes.c_void_p(), ctypes.c_int()
    status = library.me_compile(text, variables, 2, ME_AUTO, ctypes.byref(position), ctypes.byref(expr))
    return status, position.value, expr

n = 10000
a = (ctypes.c_double * n)(*range(n))
b = (ctypes.c_double * n)(*range(n, 0, -1))
out = (ctypes.c_double * n)()
status, position, expr = compile(b"a*a - 2*b + 1")
inputs = (ctypes.c_void_p * 2)(ctypes.addressof(a), ctypes.addressof(b))
evaluated = library.me_eval(expr, inputs, 2, out, n, None)
library.me_free(expr)
failed, failed_at, _ = compile(b"a + foo")

dict(
    version=library.me_version().decode(),
    compiled=status,
    evaluated=evaluated,
    right=all(out[i] == a[i] * a[i] - 2 * b[i] + 1 for i in range(n)),
    failed=failed,
    failed_at=failed_at,
    message=library.me_get_last_error_message() is not None,
)
`,
  )
  .toJs({ dict_converter: Object.fromEntries });

assert.deepEqual(result, {
  version,
  compiled: 0,
  evaluated: 0,
  right: true,
  failed: -2,
  failed_at: 7,
  message: true,
});
console.log(`ok: Pyodide ${pyodide.version} evaluated on Python's memory`);
