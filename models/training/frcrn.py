"""FRCRN in PyTorch, any width and one or two U-Nets, with the key layout of the official state dict.

Complex tensors are held as real ones, [batch, 2 x channels, frequency, frames], the real half of the channels first.
Layers that the official network registers and never uses (fsmn_enc0, fsmn_dec6, se_layer_enc6, se_layer_dec5) are left out.
Source of the shapes: modelscope/models/audio/ans (Apache-2.0); this is an implementation of our own.
"""
import torch
import torch.nn.functional as F
from torch import nn

WINDOW_SAMPLES = 640
HOP_SAMPLES = 320
EDGE_SAMPLES = 640  # a clip's first and last frames stand alone: their error is divided by the window
MEMORY_TAPS = 20
ENCODER_KERNELS = [(5, 2)] * 6 + [(2, 2)]
DECODER_KERNELS = [(2, 2), (5, 2), (5, 2), (5, 2), (6, 2), (5, 2), (5, 2)]


def complex_kernel(re, im, transposed=False):
    """One real kernel [2 out, 2 in, ...] for (re + j im) x; for a transposed convolution [2 in, 2 out, ...]."""
    sign = -1 if transposed else 1
    top = torch.cat([re, -sign * im], 1)
    bottom = torch.cat([sign * im, re], 1)
    return torch.cat([top, bottom], 0)


class ComplexConv(nn.Module):
    """Complex 2-d convolution; the two real ones keep their biases, as in the official network."""

    def __init__(self, inputs, outputs, kernel, stride=(2, 1), padding=(0, 1), transposed=False):
        super().__init__()
        make = nn.ConvTranspose2d if transposed else nn.Conv2d
        self.prefix = "tconv" if transposed else "conv"
        self.stride, self.padding, self.transposed = stride, padding, transposed
        for half in ("re", "im"):
            conv = make(inputs, outputs, kernel)
            nn.init.xavier_uniform_(conv.weight)
            nn.init.zeros_(conv.bias)
            setattr(self, f"{self.prefix}_{half}", conv)

    def forward(self, x):
        re, im = getattr(self, f"{self.prefix}_re"), getattr(self, f"{self.prefix}_im")
        weight = complex_kernel(re.weight, im.weight, self.transposed)
        bias = torch.cat([re.bias - im.bias, re.bias + im.bias])
        if self.transposed:
            return upsampling_conv(x, weight, bias)
        return F.conv2d(x, weight, bias, self.stride, self.padding)


def upsampling_conv(x, weight, bias):
    """conv_transpose2d(x, weight, bias, stride (2, 1), padding (0, 1)) as two plain convolutions, one for the even and one
    for the odd output rows: the same numbers, two to three times faster on a CPU, forwards and back."""
    kernel = weight.transpose(0, 1).flip(2, 3)
    size = kernel.shape[2]
    even, odd = kernel[:, :, (size - 1) % 2 :: 2], kernel[:, :, size % 2 :: 2]
    rows = [F.conv2d(x, half, bias, padding=(half.shape[2] - 1, 0)) for half in (even, odd)]
    rows[1] = F.pad(rows[1], (0, 0, 0, rows[0].shape[2] - rows[1].shape[2]))
    out = torch.stack(rows, 3).flatten(2, 3)
    return out[:, :, : 2 * (x.shape[2] - 1) + size]


def pointwise(x, weight, bias=None):
    """1x1 convolution as a matrix product; weight [groups, out, in], x [batch, groups x in, ...]."""
    groups, outputs, inputs = weight.shape
    y = torch.matmul(weight, x.reshape(x.shape[0], groups, inputs, -1))
    y = y.reshape(x.shape[0], groups * outputs, *x.shape[2:])
    return y if bias is None else y + bias[:, None, None]


class ComplexBatchNorm(nn.Module):
    """A batch norm for the real and one for the imaginary half."""

    def __init__(self, channels):
        super().__init__()
        self.bn_re = nn.BatchNorm2d(channels)
        self.bn_im = nn.BatchNorm2d(channels)

    def forward(self, x):
        re, im = x.chunk(2, 1)
        return torch.cat([self.bn_re(re), self.bn_im(im)], 1)


class Encoder(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.conv = ComplexConv(inputs, outputs, kernel)
        self.bn = ComplexBatchNorm(outputs)

    def forward(self, x):
        return F.leaky_relu(self.bn(self.conv(x)), 0.01)


class Decoder(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.transconv = ComplexConv(inputs, outputs, kernel, transposed=True)
        self.bn = ComplexBatchNorm(outputs)

    def forward(self, x):
        return F.leaky_relu(self.bn(self.transconv(x)), 0.01)


class FsmnWeights(nn.Module):
    """The weights of one uni-directional deep FSMN layer: linear, projection, 20 memory taps a channel."""

    def __init__(self, channels):
        super().__init__()
        self.linear = nn.Linear(channels, channels)
        self.project = nn.Linear(channels, channels, bias=False)
        self.conv1 = nn.Conv2d(channels, channels, (MEMORY_TAPS, 1), groups=channels, bias=False)


class ComplexFsmn(nn.Module):
    """Complex FSMN along the last but one axis of [batch, 2 channels, sequence, rest]."""

    def __init__(self, channels, layers):
        super().__init__()
        self.channels, self.layers = channels, layers
        for layer in range(1, layers + 1):
            setattr(self, f"fsmn_re_L{layer}", FsmnWeights(channels))
            setattr(self, f"fsmn_im_L{layer}", FsmnWeights(channels))

    def forward(self, x):
        for layer in range(1, self.layers + 1):
            x = self._layer(x, getattr(self, f"fsmn_re_L{layer}"), getattr(self, f"fsmn_im_L{layer}"))
        return x

    def _layer(self, x, re, im):
        batch = x.shape[0]
        halves = torch.cat(x.chunk(2, 1), 0)  # the real halves, then the imaginary ones, along the batch
        linear = torch.cat([re.linear.weight, im.linear.weight])[None]
        hidden = F.relu(pointwise(halves, linear, torch.cat([re.linear.bias, im.linear.bias])))
        memory = pointwise(hidden, torch.stack([re.project.weight, im.project.weight]))
        taps = torch.cat([re.conv1.weight, im.conv1.weight])
        past = F.conv2d(F.pad(memory, (0, 0, MEMORY_TAPS - 1, 0)), taps, groups=2 * self.channels)
        out = memory + past + torch.cat([halves, halves], 1)
        re_of_re, im_of_re = out[:batch].chunk(2, 1)
        re_of_im, im_of_im = out[batch:].chunk(2, 1)
        return torch.cat([re_of_re - im_of_im, re_of_im + im_of_re], 1)


class SqueezeExcite(nn.Module):
    """Gates from the means over frequency and time; applied to the halves one by one, not as a complex product."""

    def __init__(self, channels, reduction=8):
        super().__init__()
        hidden = max(1, channels // reduction)
        self.fc_r = self._branch(channels, hidden)
        self.fc_i = self._branch(channels, hidden)

    @staticmethod
    def _branch(channels, hidden):
        return nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, x):
        re, im = x.mean((2, 3)).chunk(2, 1)
        gates = torch.cat([self.fc_r(re) - self.fc_i(im), self.fc_r(im) + self.fc_i(re)], 1)
        return x * gates[:, :, None, None]


class UNet(nn.Module):
    """One complex U-Net: spectrum [batch, 2, 321, frames] to an unbounded mask of the same shape."""

    def __init__(self, channels):
        super().__init__()
        for i in range(7):
            setattr(self, f"encoder{i}", Encoder(1 if i == 0 else channels, channels, ENCODER_KERNELS[i]))
            inputs, outputs = (channels if i == 0 else 2 * channels), (1 if i == 6 else channels)
            setattr(self, f"decoder{i}", Decoder(inputs, outputs, DECODER_KERNELS[i]))
            if i > 0:
                setattr(self, f"fsmn_enc{i}", ComplexFsmn(channels, 1))
            if i < 6:
                setattr(self, f"fsmn_dec{i}", ComplexFsmn(channels, 1))
                setattr(self, f"se_layer_enc{i}", SqueezeExcite(channels))
            if i < 5:
                setattr(self, f"se_layer_dec{i}", SqueezeExcite(channels))
        self.fsmn = ComplexFsmn(channels, 2)
        self.linear = ComplexConv(1, 1, 1, stride=1, padding=0)

    def forward(self, x):
        skips = []
        for i in range(7):
            if i > 0:
                x = getattr(self, f"fsmn_enc{i}")(x)
            x = getattr(self, f"encoder{i}")(x)
            if i < 6:
                skips.append(getattr(self, f"se_layer_enc{i}")(x))
        x = self.fsmn(x.transpose(2, 3)).transpose(2, 3)
        for i in range(7):
            x = getattr(self, f"decoder{i}")(x)
            if i < 6:
                x = self._join(i, x, skips[5 - i])
        return self.linear(x)

    def _join(self, i, x, skip):
        x = getattr(self, f"fsmn_dec{i}")(x)
        if i < 5:
            x = getattr(self, f"se_layer_dec{i}")(x)
        re, im = x.chunk(2, 1)
        skip_re, skip_im = skip.chunk(2, 1)
        return torch.cat([re, skip_re, im, skip_im], 1)


def window():
    """Square root of the periodic Hann window."""
    return torch.hann_window(WINDOW_SAMPLES, periodic=True).sqrt()


def stft(wave):
    """[batch, samples] to complex [batch, 321, frames]; no centring, no scaling."""
    return torch.fft.rfft(wave.unfold(-1, WINDOW_SAMPLES, HOP_SAMPLES) * window().to(wave)).transpose(1, 2)


def istft(spectrum):
    """Complex [batch, 321, frames] to [batch, (frames - 1) x 320 + 640], divided by the overlapped window squared."""
    frames = torch.fft.irfft(spectrum.transpose(1, 2), WINDOW_SAMPLES) * window().to(spectrum.device)
    batch, count, _ = frames.shape
    length = (count - 1) * HOP_SAMPLES + WINDOW_SAMPLES
    power = (window().to(frames) ** 2).expand(1, count, WINDOW_SAMPLES)
    fold = lambda f: F.fold(f.transpose(1, 2), (1, length), (1, WINDOW_SAMPLES), stride=(1, HOP_SAMPLES)).reshape(-1, length)
    return fold(frames) / (fold(power) + 1e-8)


class FRCRN(nn.Module):
    """Wave [batch, samples] to (clean wave [batch, samples'], clean spectrum [batch, 321, frames])."""

    def __init__(self, channels, cascade=1):
        super().__init__()
        self.cascade = cascade
        self.unet = UNet(channels)
        if cascade == 2:
            self.unet2 = UNet(channels)

    def forward(self, wave):
        spectrum = stft(wave)
        first = self.unet(torch.stack([spectrum.real, spectrum.imag], 1))
        mask = torch.tanh(first)
        if self.cascade == 2:
            mask = mask + torch.tanh(self.unet2(first))
        clean = spectrum * torch.complex(mask[:, 0], mask[:, 1])
        return istft(clean), clean
