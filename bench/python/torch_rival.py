#!/usr/bin/env python3
"""PyTorch's side of the benchmarks: answers one request a line on standard input with one line of JSON.

Requests are JSON objects with a field "do":
  hello                                          -> versions and threads
  conv   {n,c,h,w,o,k,s,p, part: fwd|dx|dw}      -> prepares; returns an id
  group_norm {n,c,h,w,g, part: fwd|both}         -> prepares; returns an id
  roi_align {rois,size,c,h,w,scale, part}        -> prepares; returns an id
  nms    {n, iou}                                -> prepares; returns an id
  model  {which: small|full, out: DIR}           -> builds Mask R-CNN, writes weights and batch as safetensors; returns an id
  run    {id}                                    -> runs once; returns ms (and losses for a model)

The settings are PyTorch's fastest known ones on a CPU: the caller starts this process with MALLOC_MMAP_MAX_=0,
MALLOC_TRIM_THRESHOLD_=100000000000, MALLOC_TOP_PAD_=268435456 and without OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE.
"""
import json
import resource
import struct
import sys
import time

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision import ops

THREADS = int(sys.argv[1]) if len(sys.argv) > 1 else 2
torch.set_num_threads(THREADS)
torch.manual_seed(0)
prepared = []


def write_safetensors(path, tensors):
    header, offset = {}, 0
    names = {torch.float32: "F32", torch.int64: "I64", torch.uint8: "U8"}
    blobs = []
    for name, x in tensors.items():
        data = x.detach().contiguous().numpy().tobytes()
        header[name] = dict(dtype=names[x.dtype], shape=list(x.shape), data_offsets=[offset, offset + len(data)])
        offset += len(data)
        blobs.append(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for data in blobs:
            f.write(data)


def prepare(fn):
    prepared.append(fn)
    return dict(id=len(prepared) - 1)


def conv(r):
    x, w = torch.randn(r["n"], r["c"], r["h"], r["w"]), torch.randn(r["o"], r["c"], r["k"], r["k"]) * 0.05
    y = F.conv2d(x, w, None, r["s"], r["p"])
    g = torch.randn_like(y)
    back = torch.ops.aten.convolution_backward
    mask = {"dx": [True, False, False], "dw": [False, True, False]}.get(r["part"])

    def go():
        if mask is None:
            F.conv2d(x, w, None, r["s"], r["p"])
        else:
            back(g, x, w, None, [r["s"]] * 2, [r["p"]] * 2, [1, 1], False, [0, 0], 1, mask)

    return prepare(go)


def group_norm(r):
    x = torch.randn(r["n"], r["c"], r["h"], r["w"], requires_grad=True)
    w, b = torch.ones(r["c"], requires_grad=True), torch.zeros(r["c"], requires_grad=True)
    g = torch.randn(r["n"], r["c"], r["h"], r["w"])

    def forward():
        with torch.no_grad():
            F.group_norm(x, r["g"], w, b)

    def both():
        torch.autograd.grad(F.group_norm(x, r["g"], w, b), [x, w, b], g)

    return prepare(forward if r["part"] == "fwd" else both)


def roi_align(r):
    x = torch.randn(1, r["c"], r["h"], r["w"], requires_grad=True)
    side = torch.tensor([r["w"] / r["scale"], r["h"] / r["scale"]])
    at, by = torch.rand(r["rois"], 2) * side * 0.6, torch.rand(r["rois"], 2) * side * 0.3 + 8
    rois = torch.cat([torch.zeros(r["rois"], 1), at, at + by], 1)
    call = lambda: ops.roi_align(x, rois, r["size"], r["scale"], 2, False)
    g = torch.randn_like(call())

    def forward():
        with torch.no_grad():
            call()

    return prepare(forward if r["part"] == "fwd" else lambda: torch.autograd.grad(call(), x, g))


def nms(r):
    b = torch.rand(r["n"], 4) * torch.tensor([800, 500, 200, 200.0])
    b[:, 2:] += b[:, :2] + 4
    s = torch.rand(r["n"])
    return prepare(lambda: ops.nms(b, s, r["iou"]))


def model(r):
    from torchvision.models.detection import MaskRCNN
    from torchvision.models.detection import _utils
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    from torchvision.models.detection.faster_rcnn import FastRCNNConvFCHead
    from torchvision.models.detection.mask_rcnn import MaskRCNNHeads

    small = r["which"] == "small"
    gn = lambda c: nn.GroupNorm(32, c)
    body = resnet_fpn_backbone(backbone_name="resnet18" if small else "resnet50", weights=None, norm_layer=gn, trainable_layers=5)
    if small:
        sizes = tuple((s,) for s in (16, 32, 64, 128, 256))
        kw = dict(min_size=256, max_size=256, box_batch_size_per_image=64, rpn_post_nms_top_n_train=256, rpn_pre_nms_top_n_train=512,
                  rpn_anchor_generator=AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * 5))
        h, w, n = 256, 256, 2
    else:
        kw = dict(min_size=800, max_size=1333, box_head=FastRCNNConvFCHead((256, 7, 7), [256] * 4, [1024], norm_layer=gn))
        h, w, n = 800, 1333, 1
    m = MaskRCNN(body, num_classes=81, mask_head=MaskRCNNHeads(256, [256] * 4, 1, norm_layer=gn), **kw)
    m.train()

    class First(_utils.BalancedPositiveNegativeSampler):
        """The first candidates in index order instead of random ones, so that both sides sample the same."""

        def __call__(self, matched):
            pos_all, neg_all = [], []
            for per in matched:
                positive, negative = torch.where(per >= 1)[0], torch.where(per == 0)[0]
                p = positive[: int(self.batch_size_per_image * self.positive_fraction)]
                q = negative[: self.batch_size_per_image - p.numel()]
                for chosen, into in ((p, pos_all), (q, neg_all)):
                    flags = torch.zeros_like(per, dtype=torch.uint8)
                    flags[chosen] = 1
                    into.append(flags)
            return pos_all, neg_all

    for part in (m.rpn, m.roi_heads):
        old = part.fg_bg_sampler
        part.fg_bg_sampler = First(old.batch_size_per_image, old.positive_fraction)
    images = [torch.rand(3, h, w) for _ in range(n)]
    targets = []
    for _ in range(n):
        k = 6
        at, by = torch.rand(k, 2) * torch.tensor([w * 0.6, h * 0.6]), torch.rand(k, 2) * torch.tensor([w * 0.3, h * 0.3]) + 12
        boxes = torch.cat([at, at + by], 1)
        masks = torch.zeros(k, h, w, dtype=torch.uint8)
        for i in range(k):
            x0, y0, x1, y1 = boxes[i].long().tolist()
            masks[i, y0:y1, x0:x1] = 1
        targets.append(dict(boxes=boxes, labels=torch.randint(1, 81, (k,)), masks=masks))
    saved = {name: x.float() for name, x in m.state_dict().items()}
    write_safetensors(r["out"] + "/weights.safetensors", saved)
    batch = {}
    for i, (image, target) in enumerate(zip(images, targets)):
        batch["image%d" % i] = image
        for name, x in target.items():
            batch["%s%d" % (name, i)] = x
    write_safetensors(r["out"] + "/batch.safetensors", batch)
    optimizer = torch.optim.SGD(m.parameters(), lr=1e-4, momentum=0.9, weight_decay=1e-4)

    def go():
        losses = m(images, [dict(t) for t in targets])
        optimizer.zero_grad(set_to_none=True)
        sum(losses.values()).backward()
        optimizer.step()
        return {name: float(x) for name, x in losses.items()}

    return prepare(go)


def matmul_speed():
    """GFLOP/s of a 512 x 512 product: tells a tuned BLAS from the reference one, which is ten times as slow."""
    a = torch.randn(512, 512)
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * 512**3 / best / 1e9


def hello(_r):
    return dict(torch=torch.__version__, torchvision=torchvision.__version__, threads=THREADS, matmulSpeed=matmul_speed())


def run(r):
    start = time.perf_counter()
    answer = prepared[r["id"]]()
    ms = (time.perf_counter() - start) * 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return dict(ms=ms, peakMegabytes=peak, **(dict(losses=answer) if isinstance(answer, dict) else {}))


todo = dict(hello=hello, conv=conv, group_norm=group_norm, roi_align=roi_align, nms=nms, model=model, run=run)
for line in sys.stdin:
    request = json.loads(line)
    try:
        print(json.dumps(todo[request["do"]](request)), flush=True)
    except Exception as error:  # told to the caller, who decides
        print(json.dumps(dict(error="%s: %s" % (type(error).__name__, error))), flush=True)
