"""pycocotools as a rival: {"prepare": NAME, "task": {iouType, groundTruth, results}} or {"run": NAME}, one line of JSON each."""
import contextlib
import io
import json
import sys
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

try:
    from importlib.metadata import version
    found = version("pycocotools")
except Exception:
    found = "unknown"

tasks = {}


def prepare(t):
    truth = COCO()
    truth.dataset = t["groundTruth"]
    truth.createIndex()
    detections = truth.loadRes(t["results"])

    def run():
        e = COCOeval(truth, detections, t["iouType"])
        e.evaluate()
        e.accumulate()
        e.summarize()
        return [float(x) for x in e.stats]

    return run


print(json.dumps({"version": found}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if "prepare" in request:
                tasks[request["prepare"]] = prepare(request["task"])
                answer = {"digest": tasks[request["prepare"]]()}
            else:
                start = time.perf_counter()
                tasks[request["run"]]()
                answer = {"ms": (time.perf_counter() - start) * 1e3}
    except Exception as error:  # told to the caller, who decides
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
