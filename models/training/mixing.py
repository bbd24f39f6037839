"""Noisy/clean training pairs, made on the fly from speech.opus and noise.opus (16 kHz mono).

A pair is one stretch of speech, one noise (sometimes two), a signal-to-noise ratio, and now and then a room, an
equaliser, a band limit or a change of level. SNR is active-speech RMS over noise RMS, in dB.
"""
import os
import subprocess

import numpy as np

RATE_HZ = 16000
FRAME = 320


def decode(source, cache):
    """Decodes `source` (Opus) into a raw s16 file in `cache` once; returns it as a memory map."""
    raw = os.path.join(cache, os.path.basename(source).replace(".opus", ".s16"))
    if not os.path.exists(raw):
        os.makedirs(cache, exist_ok=True)
        part = f"{raw}.{os.getpid()}.part"
        command = ["ffmpeg", "-v", "error", "-i", source, "-ar", str(RATE_HZ), "-ac", "1", "-f", "s16le", part]
        subprocess.run(command, check=True)
        os.replace(part, raw)
    return np.memmap(raw, "<i2", "r")


def read_spans(path):
    with open(path) as file:
        rows = [line.split("\t") for line in file.read().splitlines()[1:] if line.strip()]
    return [(int(row[0]), int(row[1])) for row in rows]


def rms(x):
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)) + 1e-12))


def active_rms(x):
    """RMS of the 20 ms frames within 30 dB of the loudest."""
    power = np.square(x[: len(x) // FRAME * FRAME].reshape(-1, FRAME)).mean(1)
    return float(np.sqrt(power[power >= power.max() * 1e-3].mean() + 1e-12))


def presented_gain(x):
    """The gain that the app gives a file before the network: RMS to -25 dBFS, then the RMS of the samples above average
    power to -25 dBFS (FRCRN's own pipeline). Training on any other level costs 0.3 dB of SI-SDR and more."""
    power = np.square(x, dtype=np.float64)
    loud = power[power > power.mean()]
    return 10 ** (-25 / 20) / float(np.sqrt(loud.mean() + 1e-12)) if len(loud) else 1.0


def filtered(x, response):
    return np.fft.irfft(np.fft.rfft(x) * response, len(x)).astype(np.float32)


class Mixer:
    """Draws pairs; `held_out` takes the speakers at the start of the file that training never sees."""

    def __init__(self, data, cache, rng, samples, held_out=False):
        self.rng, self.samples = rng, samples
        self.speech = decode(os.path.join(data, "speech.opus"), cache)
        self.noise = decode(os.path.join(data, "noise.opus"), cache)
        spans, noise_spans = read_spans(os.path.join(data, "speech.tsv")), read_spans(os.path.join(data, "noise.tsv"))
        split = len(spans) // 25
        self.speech_spans = spans[:split] if held_out else spans[split:]
        self.noise_spans = noise_spans[::25] if held_out else [s for i, s in enumerate(noise_spans) if i % 25]

    def pair(self):
        """(noisy, clean), float32 [samples] each, the noisy one near the level at which the app will present it."""
        rng = self.rng
        speech = self._speech()
        noise = self._noise()
        if rng.random() < 0.2:
            other = self._noise()
            noise = noise / rms(noise) + other / rms(other) * 10 ** (rng.uniform(-12, 0) / 20)
        clean = speech
        if rng.random() < 0.15:
            speech, clean = self._in_a_room(speech)
        if rng.random() < 0.3:
            response = self._equaliser()
            speech, clean = filtered(speech, response), filtered(clean, response)
        if rng.random() < 0.3:
            noise = filtered(noise, self._equaliser())
        snr_db = rng.uniform(-6, 18) if rng.random() < 0.92 else rng.uniform(18, 35)
        noisy = speech + noise / (rms(noise) + 1e-9) * active_rms(speech) * 10 ** (-snr_db / 20)
        level = min(50.0, presented_gain(noisy) * 10 ** (rng.normal(0, 2) / 20))
        return (noisy * level).astype(np.float32), (clean * level).astype(np.float32)

    def batch(self, size):
        pairs = [self.pair() for _ in range(size)]
        return np.stack([p[0] for p in pairs]), np.stack([p[1] for p in pairs])

    def _clip(self, audio, spans, longest):
        start, end = spans[self.rng.integers(len(spans))]
        if self.rng.random() < 0.5:
            start += int(self.rng.integers(0, max(1, end - start - RATE_HZ // 2)))
        return audio[start : min(end, start + longest)].astype(np.float32) / 32768

    def _speech(self):
        rng, out = self.rng, np.zeros(self.samples, np.float32)
        at = int(rng.integers(0, self.samples // 4)) if rng.random() < 0.3 else 0
        while at < self.samples:
            clip = self._clip(self.speech, self.speech_spans, self.samples - at)
            out[at : at + len(clip)] = clip * 10 ** (rng.uniform(-3, 3) / 20)
            at += len(clip) + int(rng.integers(800, 9600))
        return out

    def _noise(self):
        kind = self.rng.random()
        if kind < 0.62:
            noise = self._recorded()
        elif kind < 0.74:
            noise = sum(self._speech() for _ in range(int(self.rng.integers(4, 10))))
        elif kind < 0.9:
            noise = self._coloured(self.rng.uniform(0, 2.2))
        else:
            noise = self._hum()
        return noise + 1e-6 * self.rng.standard_normal(self.samples).astype(np.float32)

    def _recorded(self):
        out, at = np.zeros(self.samples, np.float32), 0
        while at < self.samples:
            clip = self._clip(self.noise, self.noise_spans, self.samples - at)
            out[at : at + len(clip)] = clip / (rms(clip) + 1e-4)
            at += len(clip)
        if self.rng.random() < 0.3:
            positions = np.linspace(0, self.samples - 1, self.samples) * self.rng.uniform(0.8, 1.0)
            out = np.interp(positions, np.arange(self.samples), out).astype(np.float32)
        return out

    def _coloured(self, slope):
        """White (0), pink (1), brown (2) and between, now and then with a slow swell (fan, surf)."""
        rng, bins = self.rng, self.samples // 2 + 1
        spectrum = rng.standard_normal(bins) + 1j * rng.standard_normal(bins)
        out = np.fft.irfft(spectrum * np.maximum(np.arange(bins), 4) ** (-slope / 2), self.samples)
        out = out / rms(out)
        if rng.random() < 0.4:
            time = np.arange(self.samples) / RATE_HZ
            out = out * (1 + 0.6 * np.sin(2 * np.pi * rng.uniform(0.2, 8) * time + rng.uniform(0, 6)))
        return out.astype(np.float32)

    def _hum(self):
        """Mains or machine tone with harmonics over a little pink noise."""
        rng, time = self.rng, np.arange(self.samples) / RATE_HZ
        mains = rng.random() < 0.6
        base = rng.choice([50, 60, 100, 120]) * rng.uniform(0.98, 1.02) if mains else rng.uniform(80, 3000)
        out = np.zeros(self.samples)
        for harmonic in range(1, int(rng.integers(2, 14))):
            if base * harmonic < 7900:
                gain = rng.random() ** 2 / harmonic ** rng.uniform(0, 1)
                out += gain * np.sin(2 * np.pi * base * harmonic * time + rng.uniform(0, 6))
        return (out / (rms(out) + 1e-6)).astype(np.float32) + 0.3 * self._coloured(1.0)

    def _equaliser(self):
        rng, hz = self.rng, np.maximum(np.arange(self.samples // 2 + 1) * RATE_HZ / self.samples, 30)
        knots = np.sort(rng.uniform(np.log(60), np.log(8000), 5))
        response = 10 ** (np.interp(np.log(hz), knots, rng.uniform(-8, 8, 5)) / 20)
        if rng.random() < 0.15:
            response = response / (1 + (hz / rng.uniform(2500, 6500)) ** 8)
        if rng.random() < 0.15:
            response = response / (1 + (rng.uniform(80, 300) / hz) ** 6)
        return response

    def _in_a_room(self, speech):
        """(reverberant, the same with the first 50 ms of the room only)."""
        rng = self.rng
        decay_sec = rng.uniform(0.1, 0.7)
        taps = int(min(decay_sec, 0.6) * RATE_HZ)
        room = rng.standard_normal(taps) * np.exp(-6.9 * np.arange(taps) / RATE_HZ / decay_sec)
        room *= 10 ** (rng.uniform(-22, -10) / 20)
        room[: int(rng.integers(20, 200))] = 0
        room[0] = 1
        early = room.copy()
        early[RATE_HZ // 20 :] = 0
        size = 1 << int(np.ceil(np.log2(self.samples + taps)))
        spectrum = np.fft.rfft(speech, size)
        through = lambda h: np.fft.irfft(spectrum * np.fft.rfft(h, size), size)[: self.samples].astype(np.float32)
        return through(room), through(early)
