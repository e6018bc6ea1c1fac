// The side module in Pyodide: expressions on memory that Python owns, kernels, and what happens when
// something stands in the way of kernels.
// Usage: node pyodide_test.mjs FOLDER_OF_PYODIDE FOLDER_OF_THE_SIDE_MODULE VERSION_OF_THE_LIBRARY

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";

import { enable, openSession, takeTrace, tryKernel } from "./pyodide/session.mjs";

const [packageFolder, moduleFolder, version] = process.argv.slice(2);
const indexURL = resolve(packageFolder) + "/";
const pyodideModule = await import(pathToFileURL(indexURL + "pyodide.mjs"));
const session = await openSession(pyodideModule, indexURL, (name) => readFile(join(moduleFolder, name)));
const { pyodide } = session;
const runtime = pyodide._module;
const GLUE = "/lib/miniexpr/me_jit_glue.js";
const REFUSED = [
  /^\[me-dsl\] jit ir built: /,
  /^\[me-dsl\] jit runtime skip: wasm instantiation failed$/,
  /^\[me-dsl\] jit runtime skip: fp=strict compiler=tcc reason=jit runtime wasm32 compilation failed$/,
];

/** Lets the library use the dynamic linker, or not; most tests are about the helpers. */
function letDynamicLinker(value) {
  pyodide.runPython(`os.environ["ME_DSL_JIT_DLOPEN"] = "${value}"`);
}
letDynamicLinker(0);

let constants = 100;
/** A kernel that no cache knows has the right results, and is compiled or not. */
function expectKernel(hasKernel) {
  constants += 1;
  assert.deepEqual(tryKernel(session, constants), { hasKernel, isRight: true });
}

/** The lines are as many as the patterns and match them. */
function expectTrace(...patterns) {
  const lines = takeTrace(session);
  assert.equal(lines.length, patterns.length, lines.join("\n"));
  patterns.forEach((pattern, i) => assert.match(lines[i], pattern));
}

/** Replaces a member of an object while `run` runs. */
function withMember(object, name, value, run) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  try {
    run();
  } finally {
    if (before) {
      Object.defineProperty(object, name, before);
    } else {
      delete object[name];
    }
  }
}

/** Runs with another text as the glue script, null for none. */
function withGlue(text, run) {
  const original = pyodide.FS.readFile(GLUE);
  if (text === null) {
    pyodide.FS.unlink(GLUE);
  } else {
    pyodide.FS.writeFile(GLUE, text);
  }
  try {
    run();
  } finally {
    pyodide.FS.writeFile(GLUE, original);
  }
}

/** What must not change while kernels fail: entries of the table that are taken, and the stack. */
function resources() {
  const taken = Array.from({ length: runtime.wasmTable.length }, (_, i) => runtime.wasmTable.get(i));
  return { taken: taken.filter((entry) => entry !== null).length, stack: runtime.stackSave() };
}

/** Helpers cannot be made, for the reason given; kernels are interpreted, and nothing is left behind. */
function expectNoHelpers(reason) {
  const before = resources();
  assert.equal(enable(session), false);
  expectTrace(reason);
  expectKernel(false);
  expectTrace(/^\[me-dsl\] jit runtime skip: side-module wasm32 helpers are not registered$/);
  assert.deepEqual(resources(), before);
}

/** The helper makes no kernel; kernels are interpreted, and nothing is left behind. */
function expectRefusal() {
  const before = resources();
  expectKernel(false);
  expectTrace(...REFUSED);
  assert.deepEqual(resources(), before);
}

/** What is written to the console while `run` runs. */
function consoleErrors(run) {
  const messages = [];
  withMember(console, "error", (message) => messages.push(message), run);
  return messages;
}

function noSlot() {
  throw new RangeError("no free slot");
}

test("an expression is evaluated on Python's memory", () => {
  const result = pyodide.runPython(`
a = expressions.array(*map(float, range(10000)))
b = expressions.array(*map(float, range(10000, 0, -1)))
out = expressions.array(*[0.0] * 10000)
with expressions.Expression(library, "a*a - 2*b + 1", "a", "b") as expression:
    expression.evaluate(out, a, b)
all(out[i] == a[i] * a[i] - 2 * b[i] + 1 for i in range(10000))
`);
  assert.equal(result, true);
  assert.equal(pyodide.runPython("library.me_version().decode()"), version);
});

test("an error has its position and message", () => {
  const error = pyodide.runPython(`
try:
    expressions.Expression(library, "a + foo", "a")
except expressions.CompileError as error:
    caught = error.args
caught`);
  const [status, position, message] = error.toJs();
  assert.deepEqual([status, position], [-2, 7]);
  assert.match(message, /foo/);
});

test("without helpers, the dynamic linker makes kernels", (t) => {
  letDynamicLinker(1);
  t.after(() => letDynamicLinker(0));
  expectKernel(true);
  expectTrace(/^\[me-dsl\] jit ir built: /, /^\[me-dsl\] jit runtime built: /);
});

test("a glue script that is missing, broken or another one leaves kernels to the interpreter", () => {
  const line = "^\\[me-wasm-jit\\] no helpers are registered: me_jit_glue.js ";
  withGlue(null, () => expectNoHelpers(RegExp(line + "cannot be read: .*No such file")));
  withGlue("(function () {", () => expectNoHelpers(RegExp(line + "cannot be evaluated: SyntaxError")));
  withGlue("0", () => expectNoHelpers(RegExp(line + "does not define its functions$")));
});

test("a runtime that hides what is needed, or has no room, leaves kernels to the interpreter", () => {
  const line = "^\\[me-wasm-jit\\] no helpers are registered: ";
  withMember(runtime, "stackAlloc", undefined, () =>
    expectNoHelpers(RegExp(line + "the runtime does not show stackAlloc$")),
  );
  withMember(runtime, "addFunction", noSlot, () =>
    expectNoHelpers(RegExp(line + "the helpers cannot be made: .*no free slot")),
  );
  const { addFunction } = runtime;
  const onlyOne = (f, signature) => (signature === "vi" ? noSlot() : addFunction(f, signature));
  withMember(runtime, "addFunction", onlyOne, () =>
    expectNoHelpers(RegExp(line + "the helpers cannot be made: .*no free slot")),
  );
});

test("finding the memory does not grow it", () => {
  const bytes = runtime.HEAPU8.length;
  const { grow } = WebAssembly.Memory.prototype;
  assert.equal(enable(session), true);
  expectTrace(/^\[me-wasm-jit\] helpers are registered: instantiate=\d+ release=\d+$/);
  assert.equal(runtime.HEAPU8.length, bytes);
  assert.equal(WebAssembly.Memory.prototype.grow, grow);
});

test("a kernel is compiled", () => {
  expectKernel(true);
  expectTrace(
    /^\[me-dsl\] jit ir built: /,
    /^\[me-dsl\] jit runtime built: fp=strict compiler=tcc key=[0-9a-f]{16}$/,
  );
});

test("enabling again makes no further helpers", () => {
  const before = resources();
  assert.equal(enable(session), true);
  assert.deepEqual(resources(), before);
  expectKernel(true);
  takeTrace(session);
});

test("scripts that the page has loaded itself need no evaluation of text", () => {
  const forget = () => pyodide.runPython("import miniexpr_jit; miniexpr_jit._helpers = None");
  const refuse = () => {
    throw new EvalError("refused by the content policy");
  };
  forget();
  withMember(globalThis, "eval", refuse, () => enable(session));
  expectTrace(/^\[me-wasm-jit\] helpers are registered/);
  expectKernel(true);
  takeTrace(session);
  forget();
  withMember(globalThis, "eval", refuse, () =>
    withMember(globalThis, "miniexprMakeHelpers", undefined, () => assert.equal(enable(session), false)),
  );
  expectTrace(
    /no helpers are registered: jit_helpers.js cannot be evaluated: .*refused by the content policy/,
  );
  assert.equal(enable(session), true);
  takeTrace(session);
});

test("without trace, a kernel is compiled ahead, whether that works or not", () => {
  for (const gives of [() => 0, noSlot, globalThis._meJitInstantiate]) {
    let calls = 0;
    const counting = (...call) => {
      calls += 1;
      return gives(...call);
    };
    pyodide.runPython('os.environ["ME_DSL_TRACE"] = "0"');
    withMember(globalThis, "_meJitInstantiate", counting, () => assert.equal(enable(session), true));
    pyodide.runPython('os.environ["ME_DSL_TRACE"] = "1"');
    assert.equal(calls, 1);
    expectTrace();
  }
});

test("a helper that gives nothing, throws, or finds no room leaves kernels to the interpreter", () => {
  withMember(globalThis, "_meJitInstantiate", () => 0, expectRefusal);
  withMember(globalThis, "_meJitInstantiate", noSlot, expectRefusal);
  const messages = consoleErrors(() =>
    withMember(WebAssembly.Table.prototype, "grow", noSlot, expectRefusal),
  );
  assert.equal(messages.length, 1);
  assert.match(messages[0], /^\[me-wasm-jit\] /);
  expectKernel(true);
  takeTrace(session);
});

test("a module that the engine refuses leaves kernels to the interpreter", () => {
  const Refusing = function () {
    throw new WebAssembly.CompileError("refused by policy");
  };
  const messages = consoleErrors(() => withMember(WebAssembly, "Module", Refusing, expectRefusal));
  assert.deepEqual(messages, ["[me-wasm-jit] refused by policy"]);
  expectKernel(true);
  takeTrace(session);
});

/** Compiles and frees ten thousand kernels that no cache knows; how many were compiled. */
function compileMany() {
  constants += 10000;
  return pyodide.runPython(`
os.environ["ME_DSL_TRACE"] = "0"
compiled = 0
for constant in range(${constants}, ${constants} + 10000):
    with expressions.Expression(library, f"def kernel(x):\\n    return x + {constant}", "x") as expression:
        compiled += expression.has_kernel()
os.environ["ME_DSL_TRACE"] = "1"
compiled`);
}

/** Entries of the table, bytes of the memory, and what else kernels take. */
function extent() {
  return { table: runtime.wasmTable.length, memory: runtime.HEAPU8.length, ...resources() };
}

test("kernels come and go without growth of the table or the memory", () => {
  assert.equal(compileMany(), 10000);
  const before = extent();
  assert.equal(compileMany(), 10000);
  assert.deepEqual(extent(), before);
  withMember(globalThis, "_meJitInstantiate", noSlot, () => assert.equal(compileMany(), 0));
  assert.deepEqual(extent(), before);
});

test("the loader of python-blosc2 registers helpers, and its kernels run", async () => {
  const read = (name) => readFile(fileURLToPath(new URL(`blosc2/${name}`, import.meta.url)), "utf8");
  pyodide.FS.writeFile("/lib/miniexpr/client.py", await read("client.py"));
  pyodide.globals.set("registration", await read("registration.js"));
  delete globalThis._meJitInstantiate;
  delete globalThis._meJitFreeFn;
  const bytes = runtime.HEAPU8.length;
  const compiled = pyodide.runPython(`
import client
pointers = client.init_helpers(library, "/lib/miniexpr", registration)
assert client.init_helpers(library, "/lib/miniexpr", registration) == pointers
list(client.run_kernels(library).items())`);
  // Its search for the memory may grow that by a page, which the runtime rounds up.
  assert.ok(runtime.HEAPU8.length <= 1.2 * bytes + 2 ** 20, `${runtime.HEAPU8.length} after ${bytes}`);
  const hasKernel = compiled.toJs().map(([text, has]) => [text.includes("def kernel"), has]);
  assert.equal(hasKernel.length, 7);
  assert.ok(hasKernel.every(([isKernel, has]) => isKernel === has));
  const lines = takeTrace(session);
  assert.ok(lines.some((line) => line.startsWith("[me-dsl] jit runtime built: fp=strict compiler=tcc")));
});

/** The memory of the runtime: a member of it, or what `growMemory` grows by nothing. */
function memoryOfRuntime() {
  let memory = runtime.wasmMemory ?? runtime.memory ?? null;
  function grow() {
    memory = this;
    return this.buffer.byteLength / 65536;
  }
  if (memory === null) {
    withMember(WebAssembly.Memory.prototype, "grow", grow, () => runtime.growMemory(runtime.HEAPU8.length));
  }
  return memory;
}

test("a loader that passes addresses registers helpers, and its kernels run and are freed", async () => {
  // As a loader does that knows two signatures, and what the runtime that they take must have:
  // _meJitInstantiate(wasmBytesPtr, wasmLen, bridgeLookupIdx, runtime) and _meJitFreeFn(idx, runtime).
  delete globalThis._meJitInstantiate;
  delete globalThis._meJitFreeFn;
  vm.runInThisContext(pyodide.FS.readFile(GLUE, { encoding: "utf8" }));
  const given = { wasmMemory: memoryOfRuntime() };
  for (const name of [
    ...["HEAPU8", "HEAPF32", "HEAPF64", "wasmTable", "addFunction", "removeFunction"],
    ...["stackSave", "stackAlloc", "stackRestore", "lengthBytesUTF8", "stringToUTF8"],
  ]) {
    given[name] = runtime[name];
  }
  const live = new Set();
  const instantiate = runtime.addFunction((wasmBytesPtr, wasmLen, bridgeLookupIdx) => {
    const idx = globalThis._meJitInstantiate(wasmBytesPtr, wasmLen, bridgeLookupIdx, given);
    live.add(idx);
    return idx;
  }, "iiii");
  const release = runtime.addFunction((idx) => {
    globalThis._meJitFreeFn(idx, given);
    // Or one of an earlier loader, which the library still remembered.
    live.delete(idx);
  }, "vi");
  pyodide.runPython(`library.me_register_wasm_jit_helpers(${instantiate}, ${release})`);
  for (let i = 0; i < 3; i++) {
    expectKernel(true);
  }
  assert.ok(live.size >= 3 && !live.has(0), `${[...live]}`);
  assert.equal(compileMany(), 10000);
  // Those that the library remembers.
  assert.ok(live.size <= 64, `${live.size} kernels are left`);
  takeTrace(session);
});

test("ctypes.PyDLL calls back helpers that are Python functions, and a throwing helper ends the interpreter", async () => {
  // A session of its own, since it does not survive.
  const other = await openSession(pyodideModule, indexURL, (name) => readFile(join(moduleFolder, name)));
  other.pyodide.FS.writeFile(GLUE, await readFile(join(moduleFolder, "me_jit_glue.js")));
  const python = (text) => other.pyodide.runPython(text);
  python(`
import ctypes
from pyodide.ffi import create_proxy
asked = []
def instantiate(address, length, lookup):
    asked.append(length)
    return 0
`);
  const proxy = python("create_proxy(instantiate)");
  const module = other.pyodide._module;
  const helper = module.addFunction((...call) => proxy(...call), "iiii");
  const release = module.addFunction(() => {}, "vi");
  python(`
os.environ["ME_DSL_JIT_DLOPEN"] = "0"
holding = ctypes.PyDLL("/lib/libminiexpr.so")
holding.me_register_wasm_jit_helpers(${helper}, ${release})
def compile_kernel(constant):
    variables = (expressions.Variable * 1)(expressions.Variable(b"x", expressions.FLOAT64))
    handle = ctypes.c_void_p()
    text = f"def kernel(x):\\n    return x + {constant}".encode()
    status = holding.me_compile(text, variables, 1, expressions.FLOAT64, None, ctypes.byref(handle))
    holding.me_free(handle)
    return status
`);
  assert.deepEqual([python("compile_kernel(1)"), python("len(asked)")], [0, 1]);
  const throwing = module.addFunction(() => {
    throw new Error("thrown by the helper");
  }, "iiii");
  python(`holding.me_register_wasm_jit_helpers(${throwing}, ${release})`);
  assert.throws(() => python("compile_kernel(2)"), /thrown by the helper/);
  assert.throws(() => python("1 + 1"), /fatally failed/);
});
