"""Widens a trained state: `python3 grow.py --state state/state.safetensors --width 24 --out runs/w24`; train.py goes on from there.

The wider network computes what the narrow one did: the old channels keep their weights, new ones are drawn at random and
nothing old listens to them yet (after Net2Net, Chen et al. 2016, widening by zero outgoing weights). The optimiser starts afresh.
"""
import argparse
import json
import os

import torch

import frcrn
import tensors


def places(old, new, width, wider):
    """Where the old indices of one axis go. An axis of 2 x width (a decoder's input) holds decoder, then skip channels."""
    if old == 2 * width and new == 2 * wider:
        return torch.cat([torch.arange(width), wider + torch.arange(width)])
    return torch.arange(old)


def widened(name, old, fresh, width, wider):
    """`fresh` (drawn for the wider network) with `old` in its place, and zero wherever an old output hears a new input."""
    if old.dim() == 0 or old.shape == fresh.shape:
        return old.clone()
    index = [places(o, n, width, wider) for o, n in zip(old.shape, fresh.shape)]
    result = fresh.clone()
    if old.dim() >= 2:
        outputs = 1 if ".tconv_" in name else 0
        result.index_fill_(outputs, index[outputs], 0.0)
    result[torch.meshgrid(*index, indexing="ij")] = old
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", required=True)
    parser.add_argument("--width", type=int, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    stored, metadata = tensors.load(args.state)
    settings = json.loads(metadata["settings"])
    torch.manual_seed(args.seed)
    fresh = frcrn.FRCRN(args.width, settings["cascade"]).state_dict()
    grown = {}
    for group in ("model.", "average."):
        for name, value in fresh.items():
            grown[group + name] = widened(name, stored[group + name], value, settings["width"], args.width)
    settings["width"] = args.width
    os.makedirs(args.out, exist_ok=True)
    metadata = {"step": 0, "hours": metadata["hours"], "settings": json.dumps(settings)}
    tensors.save(os.path.join(args.out, "state.safetensors"), grown, metadata)


if __name__ == "__main__":
    main()
