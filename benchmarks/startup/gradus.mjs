import { tensor } from "../../packages/core/dist/index.js";

const product = tensor([
  [1, 2],
  [3, 4],
]).matmul(
  tensor([
    [5, 6],
    [7, 8],
  ]),
);
console.log(product.toArray().flat().join());
