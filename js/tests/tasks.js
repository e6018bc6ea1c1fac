/* Puts the tasks of modules/tasks.wat into the function table of each instance of the library that is made here. */

import { compileModule } from "../wasm/host.js";

const source = new URL("../../build/js-tests/tasks.wasm", import.meta.url);

/** Indices of the tasks, the same in every thread, since all are added before anything else is. */
export const tasks = {};

export async function addTasksToInstances() {
  const taskModule = await compileModule({}, source);
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (module, imports) => {
    const instance = await instantiate.call(WebAssembly, module, imports);
    const { exports } = instance;
    if (exports.threadpool_trapped) {
      const env = { memory: imports.env.memory, threadpool_dispatch: exports.threadpool_dispatch };
      const added = new WebAssembly.Instance(taskModule, { env }).exports;
      const table = exports.__indirect_function_table;
      for (const [name, task] of Object.entries(added)) {
        tasks[name] = table.grow(1);
        table.set(tasks[name], task);
      }
    }
    return instance;
  };
}
