// Lesson 1. A tensor is an array of numbers with a shape. It never changes; every operation makes a new one, and there is nothing
// to free. The compiler knows the shapes: hover over a name in the editor.

import { arange, print, ShapeError, stack, tensor } from "@gradus/core";

const people = tensor([
  [1.62, 58],
  [1.8, 84],
  [1.71, 66],
]); // Tensor<readonly [3, 2]>: three people, their height and weight
print(`people\n${people}`);

// Elementwise operations broadcast: [3, 2] − [2] takes the mean of each column from its column.
const means = people.mean(0); // Tensor<readonly [2]>
const centred = people.sub(means);
print(`means of the columns\n${means}\ncentred\n${centred}`);

// A matrix product: [2, 3] × [3, 2] gives the covariances, [2, 2].
const covariance = centred.transpose().matmul(centred).div(2);
print(`covariance\n${covariance}`);

// Movements change the shape and copy nothing.
const numbers = arange(6).reshape([2, 3]);
print(`numbers\n${numbers}\nturned\n${numbers.transpose()}\nthe last column\n${numbers.slice(null, -1)}`);
print(`its rows side by side\n${stack([numbers.slice(0), numbers.slice(1)], 1)}`);

// Shapes that do not fit: an error in the editor already, and one at run time that says what is wrong.
let complaint = "";
try {
  // @ts-expect-error matmul [3,2] × [3,2]: inner dimensions 2 and 3 differ
  people.matmul(people);
} catch (error) {
  if (error instanceof ShapeError) complaint = error.message;
}
print("refused:", complaint);

export { complaint, covariance, means };
