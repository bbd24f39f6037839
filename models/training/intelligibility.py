"""STOI as a loss: the short-time intelligibility measure (Taal et al., 2011) on torch tensors, at 16 kHz, so that gradients
pass. Frames, bands, segments and clipping as published; silent stretches are left out by segment, not by frame."""
import math

import torch

RATE_HZ = 16000
FRAME = 410  # 25.6 ms
HOP = 205
FFT = 1024
BANDS = 15
LOWEST_HZ = 150
SEGMENT_FRAMES = 30  # 384 ms
SEGMENT_STEP = 3
CLIP = 1 + 10 ** (15 / 20)  # -15 dB signal-to-distortion at most
QUIET = 1e-4  # segments 40 dB under the loudest one do not count


def third_octaves():
    """[15, 513] matrix of 0 and 1: which FFT bins belong to which third-octave band."""
    hz = torch.arange(FFT // 2 + 1) * RATE_HZ / FFT
    centres = LOWEST_HZ * 2 ** (torch.arange(BANDS) / 3)
    low, high = centres * 2 ** (-1 / 6), centres * 2 ** (1 / 6)
    return ((hz[None] >= low[:, None]) & (hz[None] < high[:, None])).float()


def envelopes(wave):
    """[batch, samples] to [batch, 15, segments, 30]."""
    window = torch.hann_window(FRAME, device=wave.device)
    spectrum = torch.stft(wave, FFT, HOP, FRAME, window, center=False, return_complex=True)
    power = spectrum.real**2 + spectrum.imag**2
    bands = torch.sqrt(torch.matmul(third_octaves().to(wave), power) + 1e-9)
    return bands.unfold(2, SEGMENT_FRAMES, SEGMENT_STEP)


def stoi(wave, clean):
    """Mean STOI of a batch, -1 to 1."""
    ours, wanted = envelopes(wave), envelopes(clean)
    energy = wanted.pow(2).sum((1, 3))
    heard = (energy > QUIET * energy.amax(1, keepdim=True)).float()[:, None]
    ours = ours * (wanted.norm(dim=3, keepdim=True) / (ours.norm(dim=3, keepdim=True) + 1e-6))
    ours = torch.minimum(ours, wanted * CLIP)
    ours, wanted = (e - e.mean(3, keepdim=True) for e in (ours, wanted))
    likeness = (ours * wanted).sum(3) / (ours.norm(dim=3) * wanted.norm(dim=3) + 1e-6)
    return (likeness * heard).sum() / (heard.sum() * BANDS + math.ulp(1.0))
