"""Trains FRCRN-lite: `python3 train.py --out runs/w16 --width 16 --minutes 60`. Stops after --minutes, goes on where it stopped.

The learning rate warms up and then stays; the weights that count are a running average (EMA). A run meant to end is
finished with --anneal: the rate falls along a cosine over --minutes, from the same state. State is safetensors,
never pickle. On a GPU (--device cuda) the same command trains with larger batches.
"""
import argparse
import json
import math
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
import torch.distributed

import frcrn
import intelligibility
import tensors
from mixing import Mixer, RATE_HZ

HERE = os.path.dirname(os.path.abspath(__file__))
STATE = "state.safetensors"
SAVE_EVERY_SEC = 120
LOG_EVERY_STEPS = 250
WARM_UP_STEPS = 300
GRADIENT_LIMIT = 5.0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.path.join(HERE, "../../../shared/training"))
    parser.add_argument("--cache", default=os.path.join(HERE, "cache"))
    parser.add_argument("--out", required=True)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--cascade", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--clip-seconds", type=float, default=2.0)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--anneal", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--world", type=int, default=1, help="processes that average their gradients, one a core")
    parser.add_argument("--rank", type=int, default=0)
    return parser.parse_args()


def loss_of(wave, spectrum, clean):
    """(loss, mean SNR in dB). SNR, compressed magnitude and compressed complex spectrum (power 0.3), and STOI."""
    clean = clean[:, : wave.shape[1]]
    target = frcrn.stft(clean)
    inner = slice(frcrn.EDGE_SAMPLES, -frcrn.EDGE_SAMPLES)
    ratio_db = snr_db(wave[:, inner], clean[:, inner])
    ours, wanted = magnitude(spectrum), magnitude(target)
    ours_c, wanted_c = ours**0.3, wanted**0.3
    loudness = ((ours_c - wanted_c) ** 2).mean()
    real = ((spectrum.real / ours * ours_c - target.real / wanted * wanted_c) ** 2).mean()
    imag = ((spectrum.imag / ours * ours_c - target.imag / wanted * wanted_c) ** 2).mean()
    heard = intelligibility.stoi(wave[:, inner], clean[:, inner])
    return 50 * loudness + 20 * (real + imag) + 25 * (1 - heard) - ratio_db.clamp(max=30).mean(), ratio_db.mean()


def magnitude(spectrum):
    return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + 1e-8)


def snr_db(wave, clean):
    """Hears sign and level. (SI-SNR alone does not: a run on it came out upside down and 20 dB down, and no score showed it.)"""
    return 10 * torch.log10(((clean**2).sum(1) + 1e-8) / (((wave - clean) ** 2).sum(1) + 1e-8) + 1e-8)


def si_snr_db(wave, clean):
    scale = (wave * clean).sum(1, keepdim=True) / ((clean * clean).sum(1, keepdim=True) + 1e-8)
    signal, error = scale * clean, wave - scale * clean
    return 10 * torch.log10(((signal**2).sum(1) + 1e-8) / ((error**2).sum(1) + 1e-8) + 1e-8)


def average_gradients(model, world):
    """One all-reduce for all gradients; every process then takes the same step."""
    parameters = [p for p in model.parameters() if p.grad is not None]
    flat = torch.cat([p.grad.reshape(-1) for p in parameters])
    torch.distributed.all_reduce(flat)
    at = 0
    for p in parameters:
        p.grad.copy_(flat[at : at + p.numel()].view_as(p) / world)
        at += p.numel()


class Run:
    """Model, optimiser, average and counters, and their one file."""

    def __init__(self, args):
        self.args, self.path = args, os.path.join(args.out, STATE)
        torch.manual_seed(args.seed)
        self.model = frcrn.FRCRN(args.width, args.cascade).to(args.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), args.lr, weight_decay=1e-5, betas=(0.9, 0.99))
        self.average, self.step, self.hours = {}, 0, 0.0
        if os.path.exists(self.path):
            self._load()

    def _load(self):
        stored, metadata = tensors.load(self.path)
        pick = lambda group: {k[len(group) :]: v.to(self.args.device) for k, v in stored.items() if k.startswith(group)}
        self.model.load_state_dict(pick("model."))
        self.average = pick("average.")
        first, second = pick("first."), pick("second.")
        self.step, self.hours = int(metadata["step"]), float(metadata["hours"])
        for name, parameter in self.model.named_parameters():
            if name in first:
                self.optimizer.state[parameter] = {
                    "step": torch.tensor(float(self.step)), "exp_avg": first[name], "exp_avg_sq": second[name]}

    def save(self):
        stored = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        stored.update({f"average.{k}": v for k, v in self.average.items()})
        for name, parameter in self.model.named_parameters():
            state = self.optimizer.state.get(parameter)
            if state:
                stored[f"first.{name}"], stored[f"second.{name}"] = state["exp_avg"], state["exp_avg_sq"]
        settings = {k: v for k, v in vars(self.args).items() if k in ("width", "cascade", "batch", "lr", "seed")}
        metadata = {"step": self.step, "hours": f"{self.hours:.4f}", "settings": json.dumps(settings)}
        tensors.save(self.path, stored, metadata)
        weights = {k: v for k, v in self.average.items() if v.dtype.is_floating_point}
        tensors.save(os.path.join(self.args.out, "weights.safetensors"), weights,
                     {"width": self.args.width, "cascade": self.args.cascade, "step": self.step, "hours": f"{self.hours:.2f}"})

    def follow(self):
        keep = min(0.9995, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                if name in self.average and value.dtype.is_floating_point:
                    self.average[name].lerp_(value, 1 - keep)
                else:
                    self.average[name] = value.clone()


def learning_rate(args, step, done):
    """Warm-up, then level; with --anneal a cosine down to 2 % over the run (done: 0 to 1)."""
    fall = 0.5 * (1 + math.cos(math.pi * done)) * 0.98 + 0.02 if args.anneal else 1.0
    return args.lr * min(1.0, (step + 1) / WARM_UP_STEPS) * fall


def clock(started, world):
    """Seconds since `started`, the same in every process, so that all stop at one step."""
    elapsed = torch.tensor([time.monotonic() - started])
    if world > 1:
        torch.distributed.broadcast(elapsed, 0)
    return float(elapsed)


def validate(run, mixer_rng_seed=7, pairs=40):
    """Mean SI-SNR in dB of the averaged weights on held-out speakers and noises, and of the noisy input."""
    args = run.args
    mixer = Mixer(args.data, args.cache, np.random.default_rng(mixer_rng_seed), int(4 * RATE_HZ), held_out=True)
    model = frcrn.FRCRN(args.width, args.cascade).to(args.device).eval()
    model.load_state_dict(run.average)
    before, after = [], []
    with torch.no_grad():
        for _ in range(pairs // 4):
            noisy, clean = (torch.from_numpy(a).to(args.device) for a in mixer.batch(4))
            wave, _ = model(noisy)
            inner = slice(frcrn.EDGE_SAMPLES, wave.shape[1] - frcrn.EDGE_SAMPLES)
            after += si_snr_db(wave[:, inner], clean[:, inner]).tolist()
            before += si_snr_db(noisy[:, inner], clean[:, inner]).tolist()
    return float(np.mean(before)), float(np.mean(after))


def main():
    args = arguments()
    os.makedirs(args.out, exist_ok=True)
    torch.set_num_threads(1)
    if args.world > 1:
        store = "tcp://127.0.0.1:29511"
        torch.distributed.init_process_group("gloo", init_method=store, rank=args.rank, world_size=args.world)
    run = Run(args)
    rng = np.random.default_rng([args.seed, run.step, args.rank])
    mixer = Mixer(args.data, args.cache, rng, int(args.clip_seconds * RATE_HZ))
    log = open(os.path.join(args.out, "log.txt"), "a", buffering=1)
    started = saved = time.monotonic()
    recent = []
    while (elapsed := clock(started, args.world)) < args.minutes * 60:
        rate = learning_rate(args, run.step, elapsed / (args.minutes * 60))
        for group in run.optimizer.param_groups:
            group["lr"] = rate
        noisy, clean = (torch.from_numpy(a).to(args.device) for a in mixer.batch(args.batch))
        wave, spectrum = run.model(noisy)
        loss, ratio_db = loss_of(wave, spectrum, clean)
        run.optimizer.zero_grad()
        loss.backward()
        if args.world > 1:
            average_gradients(run.model, args.world)
        norm = torch.nn.utils.clip_grad_norm_(run.model.parameters(), GRADIENT_LIMIT)
        if not torch.isfinite(norm):
            log.write(f"step {run.step}: gradient not finite, step left out\n")
            continue
        run.optimizer.step()
        run.step += 1
        run.hours += args.world * args.batch * args.clip_seconds / 3600
        run.follow()
        recent.append((float(loss), float(ratio_db), float(norm)))
        if args.rank == 0 and run.step % LOG_EVERY_STEPS == 0:
            mean = np.mean(recent, 0)
            recent = []
            log.write(f"step {run.step} hours {run.hours:.2f} wall {elapsed:.0f} loss {mean[0]:.3f} snr {mean[1]:.2f} norm {mean[2]:.1f} lr {rate:.1e}\n")
        if args.rank == 0 and time.monotonic() - saved > SAVE_EVERY_SEC:
            run.save()
            saved = time.monotonic()
    if args.rank > 0:
        return
    run.save()
    before, after = validate(run)
    log.write(f"end step {run.step} hours {run.hours:.2f} held-out si-snr {before:.2f} -> {after:.2f}\n")


if __name__ == "__main__":
    main()
