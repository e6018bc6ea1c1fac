// Compiled kernels beside plain loops in JavaScript: loops.mjs [PART OF A NAME]

import { createApi } from "../../js/core/api.js";
import { loadWasm } from "../../js/wasm/load.js";
import { KERNELS } from "./kernels.mjs";
import { best, head, row } from "./timing.mjs";

const api = createApi({ load: loadWasm });
await api.ready({ backend: "wasm" });

/** Arrays in the memory of the module, which are not copied. */
function block(dtype, values) {
  const { length } = values;
  const array = api.alloc(dtype, length);
  array.data.set(values);
  return array;
}

function timesOf({ count, items, text, loop }, dtype, Type) {
  const [x, y] = items(count).map((values) => Type.from(values));
  const f = api.compileSync(text, { x: dtype, y: dtype }, { dialect: "miniexpr" });
  const [inputs, out] = [{ x: block(dtype, x), y: block(dtype, y) }, block(dtype, new Type(count))];
  const plain = new Type(count);
  // A loop of its own: what it has seen of other arrays does not slow it down.
  const own = new Function(`return ${loop}`)();
  const times = best({ compiled: () => f(inputs, { out }), loop: () => own(x, y, plain) });
  let differing = 0;
  plain.forEach(
    (value, i) => (differing += Number(Math.abs(value - out.data[i]) > 1e-3 * (1 + Math.abs(value)))),
  );
  [inputs.x, inputs.y, out].forEach((array) => array.dispose());
  return { ...times, differing };
}

const [, , wanted = ""] = process.argv;
console.log(head("kernel", "dtype", "loop, ms", "compiled, ms", "compiled / loop", "items that differ"));
for (const kernel of KERNELS.filter(({ name }) => name.includes(wanted))) {
  for (const [dtype, Type] of [
    ["float64", Float64Array],
    ["float32", Float32Array],
  ]) {
    const { loop, compiled, differing } = timesOf(kernel, dtype, Type);
    const ratio = (compiled / loop).toFixed(2);
    console.log(row(kernel.name, dtype, loop.toFixed(2), compiled.toFixed(2), ratio, differing));
  }
}
