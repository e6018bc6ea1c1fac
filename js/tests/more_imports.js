/* Imports that the threads of a pool load: a default export that gets the memory. */

export default ({ memory }) => {
  if (!(memory.buffer instanceof SharedArrayBuffer)) {
    throw new Error("the memory is not shared");
  }
  return { host: { bonus: () => 0.5 } };
};
