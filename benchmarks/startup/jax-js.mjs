import { numpy as np } from "@jax-js/jax";

const product = np.matmul(
  np.array([
    [1, 2],
    [3, 4],
  ]),
  np.array([
    [5, 6],
    [7, 8],
  ]),
);
console.log(product.js().flat().join());
