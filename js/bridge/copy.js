/*
 * Copies of results that do not lie where a guest wants them.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

/** Copies the items of an array, and nothing between them, from bytes that lie as its own. */
export function copyItems({ bytes, offset, shape, strides }, itemBytes, from) {
  let runBytes = itemBytes;
  let axis = shape.length - 1;
  // The inner axes along which items lie side by side are copied at once.
  while (axis >= 0 && (strides === null || Number(strides[axis]) === runBytes || shape[axis] === 1n)) {
    runBytes *= Number(shape[axis]);
    axis -= 1;
  }
  const copy = (start, depth) => {
    if (depth > axis) {
      bytes.set(from.subarray(start, start + runBytes), start);
      return;
    }
    for (let i = 0; i < Number(shape[depth]); i++) {
      copy(start + i * Number(strides[depth]), depth + 1);
    }
  };
  copy(offset, 0);
}
