"""A reader of safetensors in a few lines, which shares nothing with ours: prints a file as JSON (numbers in hexadecimal).

    python3 read_safetensors.py FILE
"""

import json
import struct
import sys

FORMATS = {"F32": "f", "F64": "d", "I32": "i", "U8": "B", "BOOL": "B"}

with open(sys.argv[1], "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    data = file.read()

result = {}
for name, entry in header.items():
    if name == "__metadata__":
        continue
    begin, end = entry["data_offsets"]
    count = (end - begin) // struct.calcsize(FORMATS[entry["dtype"]])
    values = struct.unpack(f"<{count}{FORMATS[entry['dtype']]}", data[begin:end])
    assert (8 + length + begin) % struct.calcsize(FORMATS[entry["dtype"]]) == 0, f"{name} is not aligned"
    result[name] = [entry["dtype"], entry["shape"], [float(value).hex() for value in values]]
print(json.dumps({"metadata": header.get("__metadata__", {}), "tensors": result}))
