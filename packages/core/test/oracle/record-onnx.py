"""Records the node tests that ONNX publishes for operators of our vocabulary: models of one node with inputs, attributes and outputs.

Run `python3 record-onnx.py [bytes per line] [output]` with the package `onnx` 1.16 (whose wheel still brings the test data, see
`onnx/backend/test/data/node`) to write onnx.jsonl anew, one test a line; the tests only read that file. Tests whose line would be longer
than the first argument (6000 by default) are left out; those with a type of elements that we lack (float16, strings, sequences …) are
noted with it. 64-bit integers become int32, clipped where they mean "as far as there is".
Tensors are `{"s": shape, "v": values, "d": dtype}`; infinities and NaN are strings.
"""

import json
import math
import pathlib
import sys

import onnx
import onnx.backend.test
from onnx import numpy_helper

operators = set(
    """
Abs Acos Add And ArgMax ArgMin Asin Atan AveragePool BatchNormalization Ceil Celu Clip Col2Im Concat Conv ConvTranspose Cos Cosh CumSum
Div Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization IsInf IsNaN LSTM LayerNormalization LeakyRelu Less
LessOrEqual Log LogSoftmax MatMul Max MaxPool Mean Min Mish Mod Mul Neg NegativeLogLikelihoodLoss Not OneHot Or PRelu Pad Pow RNN Range
Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape
Round ScatterElements Selu Shape Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign Split Sqrt Squeeze Sub
Sum Tan Tanh Tile TopK Transpose Trilu Unsqueeze Where Xor
""".split()
)

dtypes = {"float32": "float32", "float64": "float64", "int32": "int32", "int64": "int32", "bool": "bool", "uint8": "uint8"}
LARGEST = 2**31 - 1


class Unsupported(Exception):
    """A type of elements that we lack."""


def plain(v, dtype):
    if dtype == "bool":
        return bool(v)
    if "int" in dtype:
        return max(-LARGEST - 1, min(LARGEST, int(v)))
    v = float(v)
    if math.isnan(v):
        return "nan"
    if math.isinf(v):
        return "inf" if v > 0 else "-inf"
    digits = 9 if dtype == "float32" else 17
    return int(v) if v == int(v) and abs(v) < 2**53 and not (v == 0 and math.copysign(1, v) < 0) else float(f"{v:.{digits}g}")


def encode(a):
    dtype = str(a.dtype)
    if dtype not in dtypes:
        raise Unsupported("strings" if dtype == "object" else dtype)
    return {"s": list(a.shape), "v": [plain(v, dtype) for v in a.reshape(-1)], "d": dtypes[dtype]}


kinds = {onnx.TensorProto.FLOAT16: "float16", onnx.TensorProto.BFLOAT16: "bfloat16", onnx.TensorProto.STRING: "strings"}


def load(path, info):
    kind = info.type.WhichOneof("value")
    if kind != "tensor_type":
        raise Unsupported(kind.removesuffix("_type") + "s")
    if info.type.tensor_type.elem_type in kinds:
        raise Unsupported(kinds[info.type.tensor_type.elem_type])
    tensor = onnx.TensorProto()
    tensor.ParseFromString(path.read_bytes())
    return encode(numpy_helper.to_array(tensor))


def values(folder, kind, infos, names):
    """The tensors of a node's inputs or outputs, in its order; None for those that it leaves out."""
    found = {info.name: load(folder / f"{kind}_{index}.pb", info) for index, info in enumerate(infos)}
    return [found.get(name) for name in names]


def attribute(a):
    value = onnx.helper.get_attribute_value(a)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, (int, str)):
        return value
    if isinstance(value, onnx.TensorProto):
        return encode(numpy_helper.to_array(value))
    return [item.decode() if isinstance(item, bytes) else item for item in value]


def record(folder):
    """A test as an object, or None for one that is not ours."""
    model = onnx.load(folder / "model.onnx")
    if len(model.graph.node) != 1:
        return None
    [node] = model.graph.node
    if node.op_type not in operators or node.domain:
        return None
    made = {"test": folder.name.removeprefix("test_"), "op": node.op_type}
    data = folder / "test_data_set_0"
    try:
        return {
            **made,
            "inputs": values(data, "input", model.graph.input, node.input),
            "attributes": {a.name: attribute(a) for a in node.attribute},
            "outputs": values(data, "output", model.graph.output, node.output),
        }
    except Unsupported as missing:
        return {**made, "lacks": str(missing)}


def main():
    longest = int(sys.argv[1]) if len(sys.argv) > 1 else 6000
    path = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).with_name("onnx.jsonl")
    root = pathlib.Path(onnx.backend.test.__file__).parent / "data" / "node"
    if not root.is_dir():
        sys.exit(f"onnx {onnx.__version__} brings no node tests: pip install 'onnx==1.16.2'")
    records = [made for folder in sorted(root.iterdir()) if (made := record(folder)) is not None]
    lines = [json.dumps(made, separators=(",", ":"), allow_nan=False) for made in records]
    short = [line for line in lines if len(line) <= longest]
    path.write_text("\n".join(short) + "\n")
    print(f"{len(short)} of {len(lines)} tests of {len(set(made['op'] for made in records))} operators", file=sys.stderr)


main()
