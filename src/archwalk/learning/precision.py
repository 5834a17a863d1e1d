"""Half precision where the processor has it: products in bfloat16, sums and weights in single precision."""

import torch


def has_bfloat16(device: str = "cpu") -> bool:
    """Whether a device multiplies bfloat16 in hardware: AMX or AVX512-BF16, or a GPU."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in names)


def half_precision(wanted: bool = True) -> torch.autocast:
    """A context in which dense layers are in bfloat16 where the processor has it; elsewhere, and unless `wanted`,
    nothing changes.
    """
    return torch.autocast("cpu", torch.bfloat16, enabled=wanted and has_bfloat16())


def single_precision() -> torch.autocast:
    """A context in which nothing is cast, within one in which it is."""
    return torch.autocast("cpu", enabled=False)
