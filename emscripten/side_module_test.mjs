// The side module: its size, and that its initialisers call nobody. So a snapshot of the memory taken behind
// them is complete, and no JavaScript is missed when it is restored.
// Usage: node side_module_test.mjs SIDE_MODULE

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const [sideModule] = process.argv.slice(2);
const bytes = await readFile(sideModule);
const module = new WebAssembly.Module(bytes);

/** What the dynamic linker would give for an import; functions note that they are called. */
function importFor({ module: from, name, kind }, calls) {
  switch (kind) {
    case "memory":
      return new WebAssembly.Memory({ initial: 256 });
    case "table":
      return new WebAssembly.Table({ initial: 16384, element: "anyfunc" });
    case "global": {
      const mutable = from !== "env" || name === "__stack_pointer";
      const value = { __stack_pointer: 1 << 20, __memory_base: 1 << 20, __table_base: 1 }[name] ?? 0;
      return new WebAssembly.Global({ value: "i32", mutable }, value);
    }
    default:
      return () => {
        calls.push(name);
        return 0;
      };
  }
}

test("initialisers call nobody", () => {
  const calls = [];
  const imports = {};
  for (const entry of WebAssembly.Module.imports(module)) {
    imports[entry.module] ??= {};
    imports[entry.module][entry.name] = importFor(entry, calls);
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  exports.__wasm_apply_data_relocs?.();
  exports.__wasm_call_ctors?.();
  exports.__post_instantiate?.();
  assert.deepEqual(calls, []);
});

test("it has less than 1.59 MB", () => {
  assert.ok(bytes.length < 1_590_000, `${bytes.length} bytes`);
});
