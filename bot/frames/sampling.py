"""Which packets of a video are decoded: all where that fits the budget, else the whole coarsely, then finer.

Key frames decode alone, so a pass over them shows every part of a long video for little. What is left of the budget
goes into evenly spaced frames between them, run by run in an order that halves the gaps, so that stopping at any time
leaves even coverage.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import av
from av.error import FFmpegError

from bot.config import DecodeConfig
from bot.frames.base import Moments

DENSE_SHARE = 0.4  # of the processor time; a video that needs more is read in full to there, then sampled
SAMPLE_SHARE = 0.7  # less than where `bot.fingerprint` stops, which knows nothing of order
NEAR = 0.5  # seconds before a wanted moment from which on every frame is decoded
EARLIER = 0.002  # seconds: times are told to the thousandth
LONGEST = 1e6  # seconds; a time beyond is a damaged or lying header's

Pace = Literal["all", "coarse", "finer"]
Found = tuple[Pace, float, av.VideoFrame | None]  # how it was reached, seconds, the frame or None for damage


@dataclass(slots=True)
class FrameCount:
    """How far reading came; final when the frames are used up."""

    packets: int = 0
    sampled: bool = False
    late: bool = False  # stopped by processor time


class Plan:
    """The packets of one video stream in the order of decoding, and a budget for them."""

    def __init__(
        self, packets: Sequence[av.Packet[av.VideoStream]], stream: av.VideoStream, step: float, limits: DecodeConfig
    ) -> None:
        self.tally = FrameCount(packets=len(packets))
        self._packets = packets
        self._context = stream.codec_context
        self._base = float(stream.time_base or 0)
        self._step = step
        self._limits = limits
        self._began = time.process_time()
        self._times = [self._seconds(packet, i) for i, packet in enumerate(packets)]
        keys = [i for i, packet in enumerate(packets) if packet.is_keyframe]
        self._keys = keys if keys and keys[0] == 0 else [0, *keys]
        self._end = max(self._times, default=0.0) + step
        self._begin = min(self._times[: 1 + 32], default=0.0)  # frames are reordered by no more

    @property
    def seconds(self) -> float:
        """The time from the first packet's picture to the end of the last."""
        return self._end - self._begin

    def frames(self) -> Iterator[Found]:
        """Yield frames: all in order, or coarse ones in order and then finer ones in no order."""
        if len(self._packets) > self._limits.max_frames:
            yield from self._sample(0)
            return
        at = 0
        for number, key in enumerate(self._keys):
            if self._spent(DENSE_SHARE):
                yield from self._sample(number)
                return
            at = self._keys[number + 1] if number + 1 < len(self._keys) else len(self._packets)
            # the decoder is not emptied between runs: open groups of pictures refer back
            for i in range(key, at):
                if self._spent(SAMPLE_SHARE):
                    self.tally.sampled = self.tally.late = True
                    return
                yield from (("all", self._times[i], frame) for frame in self._decode(self._packets[i]))
        yield from (("all", self._times[-1], frame) for frame in self._decode(None))

    def _seconds(self, packet: av.Packet[av.VideoStream], i: int) -> float:
        seconds = self.stamp(packet.pts if packet.pts is not None else packet.dts)
        return i * self._step if seconds is None else seconds

    def stamp(self, pts: int | None) -> float | None:
        """Return a time stamp of the stream in seconds, or None if there is none that can be true."""
        # a frame's own time base is lost when a decoder is emptied, so the stream's is used
        seconds = None if pts is None or not self._base else pts * self._base
        return None if seconds is None or abs(seconds) > LONGEST else seconds

    def moments(self, chosen: Moments) -> Iterator[Found]:
        """Yield the first frame, then the wanted ones, run by run: those at named moments, then others to all sides.

        A frame is decoded from its key frame on; what nothing else is made of is passed over on the way.
        """
        if not self._packets:
            return
        gap = self.seconds / max(1, chosen.even)
        named = [self._begin + at - EARLIER for at in chosen.at]
        even = [self._begin + (i + 0.5) * gap for i in range(chosen.even)]
        wanted = sorted([self._begin, *named, *even])
        starts = [self._times[key] for key in self._keys]
        runs: dict[int, list[float]] = {0: []}
        for moment in wanted:
            runs.setdefault(max(0, bisect_right(starts, moment) - 1), []).append(moment)
        runs[0] = runs[0] or [self._begin]
        first = [run for run, moments in runs.items() if set(moments) & set(named)]
        rest = sorted(runs)
        seen: set[float] = set()
        for run in dict.fromkeys((0, *sorted(first), *(rest[place] for place in halving(len(rest))))):
            yield from self._visit(run, runs[run], seen)
            if self.tally.late:
                return

    def _visit(self, run: int, wanted: Sequence[float], seen: set[float]) -> Iterator[Found]:
        """Decode one run as far as needed; yield the first frame at or behind each wanted moment, else its last one."""
        start = self._keys[run]
        stop = self._keys[run + 1] if run + 1 < len(self._keys) else len(self._packets)
        self._context.flush_buffers()
        place = 0
        last: Found | None = None
        for i in range(start, stop + 1):
            if self._spent(SAMPLE_SHARE):
                self.tally.late = True
                break
            if i < stop:
                self._context.skip_frame = "NONREF" if self._times[i] < wanted[place] - NEAR else "DEFAULT"
            for frame in self._decode(self._packets[i] if i < stop else None):
                if frame is None:
                    continue
                stamp = self.stamp(frame.pts)
                t = self._times[min(i, stop - 1)] if stamp is None else stamp
                last = ("finer", t, frame)
                if t < wanted[place]:
                    continue
                if t not in seen:
                    seen.add(t)
                    yield "finer", t, frame
                last = None
                while place < len(wanted) and wanted[place] <= t:
                    place += 1
                if place == len(wanted):
                    return
        if last is not None and last[1] not in seen:
            seen.add(last[1])
            yield last

    def _spent(self, share: float) -> bool:
        return time.process_time() - self._began > share * self._limits.cpu_seconds

    def _sample(self, first: int) -> Iterator[Found]:
        """Sample from the key frame number `first` on."""
        if first:
            yield from (("all", self._times[self._keys[first] - 1], frame) for frame in self._decode(None))
        self.tally.sampled = True
        keys = self._keys[first:]
        begin = self._times[keys[0]]
        seen: set[float] = set()
        due = begin
        gap = max(0.0, self._end - begin) / max(1, self._limits.max_frames // 2)
        for key in keys:
            if self._times[key] < due:
                continue
            if self._spent(SAMPLE_SHARE):
                self.tally.late = True
                return
            self._context.flush_buffers()
            for packet in (self._packets[key], None):
                for frame in self._decode(packet):
                    if frame is not None:
                        seen.add(self._times[key])
                        yield "coarse", self._times[key], frame
            due = self._times[key] + gap
        yield from self._refine(first, seen)

    def _refine(self, first: int, seen: set[float]) -> Iterator[Found]:
        begin = self._times[self._keys[first]]
        room = max(1, self._limits.max_frames - len(seen))
        gap = max(self._step, (self._end - begin) / room)
        wanted = [begin + (i + 0.5) * gap for i in range(room)]
        self._context.skip_frame = "NONREF"  # what nothing else is made of
        runs = range(first, len(self._keys))
        for number in halving(len(runs)):
            run = runs[number]
            start = self._keys[run]
            stop = self._keys[run + 1] if run + 1 < len(self._keys) else len(self._packets)
            until = self._times[stop] if stop < len(self._packets) else self._end
            low, high = bisect_left(wanted, self._times[start]), bisect_left(wanted, until)
            if low < high:
                yield from self._run(start, stop, wanted[low:high], seen)
                if self.tally.late:
                    return

    def _run(self, start: int, stop: int, wanted: Sequence[float], seen: set[float]) -> Iterator[Found]:
        """Decode one run from its key frame and yield the first frame at or behind each wanted time."""
        self._context.flush_buffers()
        place = 0
        for i in range(start, stop + 1):
            if self._spent(SAMPLE_SHARE):
                self.tally.late = True
                return
            for frame in self._decode(self._packets[i] if i < stop else None):
                if frame is None:
                    continue
                stamp = self.stamp(frame.pts)
                t = self._times[min(i, stop - 1)] if stamp is None else stamp
                if t < wanted[place]:
                    continue
                if t not in seen:
                    yield "finer", t, frame
                while place < len(wanted) and wanted[place] <= t:
                    place += 1
                if place == len(wanted):
                    return

    def _decode(self, packet: av.Packet[av.VideoStream] | None) -> Iterator[av.VideoFrame | None]:
        try:
            decoded = self._context.decode(packet)
        except MemoryError:
            raise
        except FFmpegError:
            yield None
            return
        for frame in decoded:
            yield None if frame.is_corrupt else frame


def halving(count: int) -> Iterator[int]:
    """Yield 0 to `count` - 1 in an order whose every beginning is spread over the whole."""
    bits = max(0, count - 1).bit_length()
    for i in range(1 << bits):
        turned = int(format(i, f"0{bits}b")[::-1], 2) if bits else 0
        if turned < count:
            yield turned
