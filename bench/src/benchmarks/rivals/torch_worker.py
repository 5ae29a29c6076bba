"""PyTorch as a rival: reads one JSON request a line, {"prepare": NAME, "task": {...}} or {"run": NAME}, and answers one line each."""
import json
import os
import sys
import time

import torch
import torch.nn.functional as F
import torchvision

torch.set_num_threads(int(os.environ.get("TABULA_THREADS", os.cpu_count() or 1)))
tasks = {}


def tensor(data, shape, grad=False):
    return torch.tensor(data, dtype=torch.float32).reshape(shape).requires_grad_(grad)


def filled(shape, seed, grad=False):
    """The same numbers as `noise` in workloads.ts."""
    n = 1
    for s in shape:
        n *= s
    i = torch.arange(n, dtype=torch.float64)
    v = torch.frac((torch.sin(i * 12.9898 + seed * 78.233) * 43758.5453).abs()) * 2 - 1
    return v.float().reshape(shape).requires_grad_(grad)


def conv(t, gradients):
    x = filled(t["x"], 1, gradients)
    w = filled(t["w"], 2, gradients)
    with torch.no_grad():
        g = filled(list(F.conv2d(x, w, None, t["stride"], t["padding"]).shape), 3)

    def run():
        if not gradients:
            with torch.no_grad():
                return [F.conv2d(x, w, None, t["stride"], t["padding"])]
        y = F.conv2d(x, w, None, t["stride"], t["padding"])
        return [y, *torch.autograd.grad(y, [x, w], g)]

    return run


def group_norm(t):
    x = filled(t["x"], 1, True)
    w = filled([t["x"][1]], 2, True)
    b = filled([t["x"][1]], 3, True)
    g = filled(t["x"], 4)

    def run():
        y = F.group_norm(x, t["groups"], w, b, 1e-5)
        return [y, *torch.autograd.grad(y, [x, w, b], g)]

    return run


def roi_align(t):
    x = filled(t["x"], 1, True)
    rois = tensor(t["rois"], [-1, 5])
    s = t["size"]
    g = filled([rois.shape[0], t["x"][1], s, s], 2)

    def run():
        y = torchvision.ops.roi_align(x, rois, (s, s), t["scale"], 2, False)
        return [y, *torch.autograd.grad(y, [x], g)]

    return run


def nms(t):
    boxes = tensor(t["boxes"], [-1, 4])
    scores = tensor(t["scores"], [-1])

    def run():
        kept = torchvision.ops.nms(boxes, scores, t["threshold"])
        return [torch.tensor(float(len(kept)))]

    return run


makers = {
    "conv-forward": lambda t: conv(t, False),
    "conv-gradients": lambda t: conv(t, True),
    "group-norm": group_norm,
    "roi-align": roi_align,
    "nms": nms,
}

print(json.dumps({"version": torch.__version__, "torchvision": torchvision.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    try:
        if "prepare" in request:
            tasks[request["prepare"]] = makers[request["task"]["kind"]](request["task"])
            out = tasks[request["prepare"]]()
            answer = {"digest": [float(o.double().abs().sum()) for o in out]}
        else:
            start = time.perf_counter()
            tasks[request["run"]]()
            answer = {"ms": (time.perf_counter() - start) * 1e3}
    except Exception as error:  # the benchmark says so in its table
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
