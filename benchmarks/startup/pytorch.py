import torch

product = torch.tensor([[1, 2], [3, 4]]) @ torch.tensor([[5, 6], [7, 8]])
print(",".join(str(element) for element in product.flatten().tolist()))
