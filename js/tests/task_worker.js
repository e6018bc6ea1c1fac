/* A worker of the pool whose module has the tasks of the tests. */

import { addTasksToInstances } from "./tasks.js";

await addTasksToInstances();
await import("../threads/worker.js");
