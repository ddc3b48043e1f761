"""python3 -m lineside_trainer --job JOB: see README.md. Progress is JSON lines on standard output."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time

PROGRESS_S = 0.2


def say(kind: str, **values) -> None:
    sys.stdout.write(json.dumps({"type": kind, **values}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """Ends this process when whoever holds the other end of its standard input is gone."""
    try:
        # Not sys.stdin, whose lock a daemon thread may not hold at the end.
        while os.read(0, 1):
            pass
    finally:
        os._exit(130)


def main() -> int:
    parser = argparse.ArgumentParser(prog="lineside_trainer", description=__doc__)
    parser.add_argument("--job", default=os.environ.get("LINESIDE_TRAINER_JOB"), help="path or URL of the job file")
    parser.add_argument("--end-with-stdin", action="store_true", help="end when standard input closes")
    arguments = parser.parse_args()
    if arguments.end_with_stdin:
        threading.Thread(target=end_with_parent, daemon=True).start()

    from .errors import EXIT_STATUS, TrainerError

    def cancelled(*_) -> None:
        raise TrainerError("training_cancelled", "a signal ended the run")

    signal.signal(signal.SIGTERM, cancelled)
    signal.signal(signal.SIGINT, cancelled)
    try:
        if not arguments.job:
            raise TrainerError("request_invalid", "there is no --job and no LINESIDE_TRAINER_JOB")
        run(arguments.job)
        return 0
    except TrainerError as error:
        say("error", code=error.code, message=str(error))
        return error.exit_status
    except ImportError as error:
        say("error", code="trainer_library_missing", message="where the trainer runs: %s" % error)
        return EXIT_STATUS["trainer_library_missing"]
    except Exception as error:  # The caller is owed a line of JSON whatever it was.
        say("error", code="training_failed", message="%s: %s" % (type(error).__name__, error))
        return 1


def run(place: str) -> None:
    # Read before torch is loaded: a job that is not valid is refused at once.
    from .job import checked, read_given, read_job

    given, places = read_given(place)
    if given.get("task") == "export":
        from .named import export_job

        return export_job(given, places, say)
    job = read_job(given, places)
    # Must be there before the first CUDA call for matrix products to be the same every time.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    from . import checkpoint, safetensors
    from .fit import Fit
    from .onnx_file import read_graph
    from .pictures import read_pixels
    from .ranks import Ranks

    torch.manual_seed(job.options.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    neighbours = int(os.environ.get("LOCAL_WORLD_SIZE", os.environ.get("WORLD_SIZE", "1")))
    torch.set_num_threads(job.options.threads or max(1, (os.cpu_count() or 1) // neighbours))
    ranks = Ranks()
    try:
        speak = say if ranks.first else lambda *_, **__: None
        speak("start", device=str(ranks.device), world=ranks.world, torch=torch.__version__)
        graph = read_graph(checked(places.read(job.backbone), job.backbone_sha256, "the backbone"))
        pixels = read_pixels(job, places, ranks, lambda done: speak("pictures", done=done, total=len(job.frames)))
        fit = Fit(job, graph, pixels, ranks)
        output = job.output.rstrip("/") + "/"
        kept = ranks.from_first(places.read_if_there(output + "checkpoint.safetensors") if ranks.first else None)
        resumed = checkpoint.decode(kept, job.fingerprint())
        told = 0.0

        def on_step(progress: dict) -> None:
            nonlocal told
            if progress["step"] == progress["steps"] or time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                speak("progress", **progress)

        def on_epoch(record: dict, make) -> None:
            if ranks.first:
                places.write(output + "checkpoint.safetensors", checkpoint.encode(make()))
            speak("epoch", **record)

        started = time.monotonic()
        history, best_epoch, best = fit.run(resumed, on_step, on_epoch)
        if ranks.first:
            places.write(output + "weights.safetensors", safetensors.encode(fit.weights(best), {"format": "pt"}))
            result = {
                **{"v": 1, "bestEpoch": best_epoch, "history": history, "device": str(ranks.device)},
                **{"world": ranks.world, "torch": torch.__version__, "seconds": round(time.monotonic() - started, 3)},
            }
            places.write(output + "result.json", json.dumps(result).encode())
        speak("done", bestEpoch=best_epoch)
    finally:
        ranks.close()


if __name__ == "__main__":
    sys.exit(main())
