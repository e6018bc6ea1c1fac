import { run } from "./page.js";

globalThis.result = run(undefined).catch((error) => ({ failed: String(error.stack ?? error) }));
