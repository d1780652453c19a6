"""Motion: where and when brightness changes. It tells one take of a scene from another, whatever was done to it.

Pure: numbers in, numbers out. A signature is made of the thumbnails that PDQ takes of every frame; two signatures are
compared under a transform of the picture, with speed, direction and lag searched for.
"""

from bot.motion.cells import Motion, Transform, moments
from bot.motion.compare import Stretch, compare
from bot.motion.judge import MIRRORED, UPRIGHT, Take, judge
from bot.motion.signature import LONGEST, RATE, SIDE, MotionSampler, of_span, unpack

__all__ = [
    "LONGEST",
    "MIRRORED",
    "RATE",
    "SIDE",
    "UPRIGHT",
    "Motion",
    "MotionSampler",
    "Stretch",
    "Take",
    "Transform",
    "compare",
    "judge",
    "moments",
    "of_span",
    "unpack",
]
