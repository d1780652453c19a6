"""What a nudity model says of benign pictures, and how long it takes.

    python -m tests.benchmarks.nudity MODEL MODELS_FOLDER PICTURES…

MODEL is open_nsfw or nudenet, MODELS_FOLDER where `gifwarden nudity install` put its file (storage.path/models),
PICTURES are files or folders. Processor time is of one core. High scores among benign pictures are wrong ones; nothing
here says what is found.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from bot.nudity import Picture, model_of

KINDS = {".png", ".jpg", ".jpeg", ".webp", ".gif"}
ROUNDS = 50
WORST = 5


def pictures(names: list[str]) -> Iterator[tuple[str, Picture]]:
    """Yield (name, first frame) of every picture that Pillow reads."""
    for name in names:
        place = Path(name)
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.suffix.lower() not in KINDS:
                continue
            try:
                with warnings.catch_warnings(action="ignore"), Image.open(file) as image:
                    yield file.name, np.asarray(image.convert("RGB"))
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                continue


def main(name: str, folder: str, *places: str) -> None:
    """Print the figures."""
    model = model_of(name, folder)
    print(model.check())
    model.warm_up()
    scores = sorted(((model.score(picture), name) for name, picture in pictures(list(places))), reverse=True)
    values = [score for score, _ in scores]
    print(f"{len(values)} pictures: median {np.median(values):.3f}, nine of ten below {np.quantile(values, 0.9):.3f}")
    print(f"at 0.5 or more: {sum(v >= 0.5 for v in values)}, at 0.8 or more: {sum(v >= 0.8 for v in values)}")
    for score, shown in scores[:WORST]:
        print(f"  {score:.3f}  {shown}")
    frame = np.random.default_rng(1).integers(0, 256, (360, 640, 3), np.uint8)
    spent = []
    for _ in range(ROUNDS):
        before = time.process_time()
        model.score(frame)
        spent.append(time.process_time() - before)
    print(f"{1000 * float(np.median(spent)):.0f} ms a frame of 640x360")


if __name__ == "__main__":
    main(*sys.argv[1:])
