"""How many altered copies are found, and what is wrongly taken for one. The whole way: encode, decode, bank, match."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path

from bot.assemble import Parts, assembled
from bot.bench import sources, swaps
from bot.bench.alter import ALTERATIONS, Alteration, Take, crop, even
from bot.bench.crowd import crowd
from bot.bench.figures import Say
from bot.bench.peers import Peers
from bot.bench.sources import Source
from bot.bench.tally import Recall, Report
from bot.config import Config, DecodeConfig
from bot.faces.dlib import Dlib
from bot.fingerprint import fingerprint
from bot.model import Actor, BankKind, Credential, Evidence, Fingerprint, Link, Match
from bot.pipeline import Pipeline
from bot.pipeline.core import Log
from bot.samples import media

BANK = "bench"
LINK = Link(url="bench", host="", id=None, kind="media", source="target")
OTHERWISE = tuple(
    Alteration(kind=kind, strength=strength, row="", target=0)
    for kind, strength in (("crop", 0.15), ("mirror", 0.0), ("in a picture", 0.6), ("speed", 0.75), ("gif", 320))
)
OF_SO_MANY = 100  # media are the corners of a crowd
FACE_AREAS = (0.05, 0.1, 0.15)
LATER = (0.9, 1.6)  # seconds that a copy of a fake begins later


def encode(take: Take, alteration: Alteration | None = None) -> bytes:
    """Return a take as a file: MP4 or GIF, a still as JPEG or GIF."""
    pictures, fps = [even(picture) for picture in take[0]], take[1]
    if alteration is not None and alteration.form == "gif":
        return media.encode_moving(pictures, fps=fps)
    if len(pictures) == 1:
        return media.encode_still(pictures[0], quality=alteration.quality if alteration else 90)
    return media.encode_clip(pictures, fps=max(1, round(fps)), crf=alteration.crf if alteration else 23)


class Bench:
    """A bank in memory, and what is asked of it."""

    def __init__(self, pipeline: Pipeline, say: Say, *, bank: str = BANK, kind: BankKind = "block") -> None:
        self.report = Report()
        self._say = say
        self._pipeline = pipeline
        self._store = pipeline.deps.store
        self._store.banks.create(bank, kind)
        self._bank = bank
        there = self._store.team.named("bench")
        row = there.id if there else self._store.team.add("bench", by=None)
        self._by = Actor(member=row, name="bench", credential=Credential.SYSTEM_ACCOUNT)
        self._peers = Peers()
        self._labels: dict[str, str] = {}
        self._banked: list[Fingerprint] = []

    def bank(self, name: str, found: Fingerprint) -> str:
        """Add an entry under a name that is ours to tell."""
        label, _ = self._store.banks.add(
            self._bank, replace(found, sha256=f"{len(self._labels):064x}", also=()), by=self._by
        )
        self._labels[label] = name
        if len(self._banked) < OF_SO_MANY:
            self._banked.append(found)
        self._peers.add(name, found)
        self.report.bank = len(self._labels)
        return label

    def crowd(self, count: int) -> None:
        """Add that many clips made of the corners of what was banked so far."""
        for number, found in enumerate(crowd(self._banked, count)):
            self.bank(f"one of the crowd, {number + 1}", found)
            if number % 1000 == 999:
                self._say(f"{number + 1} clips banked beside them")

    def known(self, found: Fingerprint) -> list[str]:
        """Return the names of entries that are copies of a media or share its place."""
        evidence = self._match(found)
        labels = [match.entry for match in evidence.matches] + [found.entry for found in evidence.source]
        return [self._labels[label] for label in labels]

    def ask(
        self, tally: Recall, found: Fingerprint, wanted: str | None, also: Sequence[str] = (), what: str = ""
    ) -> None:
        """Match a media; `wanted` is the entry that it is a copy of, if any, `also` those that it may be one of."""
        began = time.process_time()
        evidence = self._match(found)
        self.report.seconds.append(time.process_time() - began)
        copies, unsure = (
            {
                self._labels[match.entry]
                for match in evidence.matches
                if not match.suppressed and match.unsure == doubted
            }
            for doubted in (False, True)
        )
        for wrong in sorted(copies - {wanted, *also}):
            tally.false += 1
            self.report.false.append(f"{what} taken for {wrong}: {self._why(evidence.matches, wrong)}")
        library = self._pipeline.scanner.library()
        foreign, whole = (
            {self._labels[match.entry] for match in library.match(shown, 0)}
            for shown in (found, replace(found, variants=()))
        )
        tally.count(wanted, copies, unsure, whole, what)
        tally.agrees += any(
            match.face_region == "agrees" and not match.unsure and self._labels[match.entry] == wanted
            for match in evidence.matches
        )
        for peer, names in {**self._peers.of(found), "foreign": foreign, "pdq": whole}.items():
            tally.peers[peer] += wanted is not None and wanted in names
            self.report.peers_false[peer] += len(names - {wanted, *also})

    def drop(self, label: str) -> None:
        """Withdraw an entry."""
        self._store.banks.withdraw(label)

    def swaps(self, found: Fingerprint) -> bool:
        """Return whether a media is called footage of an entry with another face."""
        return any(source.kind == "face_differs" for source in self._match(found).source)

    def regions(self, found: Fingerprint) -> list[str]:
        """Return what source evidence says of the face region, or that it is another take of the place."""
        return [
            "another take" if source.kind == "same_place" else source.face_region
            for source in self._match(found).source
        ]

    def _match(self, found: Fingerprint) -> Evidence:
        asked = replace(found, sha256="f" * 64, md5="f" * 32, also=())
        return self._pipeline.scanner.matched(Evidence(target="bench", link=LINK), [(0, asked)])

    def _why(self, matches: Iterable[Match], name: str) -> str:
        return next(match.why for match in matches if self._labels[match.entry] == name)


def run(
    log: Log,
    say: Say,
    *,
    folder: Path | None = None,
    clips: int = 9,
    stills: int = 30,
    others: int = 2000,
    fakes: int = 40,
    speakers: int = 4,
    beside: int = 0,
    alterations: Sequence[Alteration] = ALTERATIONS,
) -> Report:
    """Make copies of media, match them against a bank with distractors, and return what came of it.

    `folder` instead of generated media; `others` distractors; clips that are `beside` them in the bank; `fakes` that a
    face is put into; drawn `speakers`, of whom the second half and other takes are asked too. `say` hears of progress.
    """
    with assembled(Config(), log, parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        bench = Bench(pipeline, say)
        offered = (
            sources.folder(folder) if folder else chain(sources.generated(clips, stills), sources.speakers(speakers))
        )
        chosen = bank_sources(bench, offered, one_each=folder is not None, say=say)
        for number, take in enumerate(sources.distractors(others)):
            bench.bank(f"distractor {number}", printed(take))
            if number % 500 == 499:
                say(f"{number + 1} distractors banked")
        bench.crowd(beside)
        _places(bench, chosen)
        never(bench, chosen, say)
        _altered(bench, chosen, alterations, say)
        if fakes:
            with assembled(Config(), log, parts=Parts(rules=False, reddit=False, memory=True)) as second:
                _fakes(Bench(second, say), bench.report, fakes, say)
    return bench.report


@cache
def _locator() -> Dlib:
    return Dlib()


def printed(take: Take, alteration: Alteration | None = None) -> Fingerprint:
    """Return what is kept of a take as a file, where its faces are included."""
    return fingerprint(encode(take, alteration), DecodeConfig(), locator=_locator())


def bank_sources(bench: Bench, offered: Iterable[Source | str], *, one_each: bool, say: Say) -> list[Source]:
    """Bank what copies are made of; with `one_each` what shows the same as an earlier one is asked both ways."""
    chosen: list[Source] = []
    prints: dict[str, Fingerprint] = {}
    for source in offered:
        if isinstance(source, str):
            bench.report.left_out.append(source)
            continue
        found = printed(source.take)
        if not any(signal.quality >= 50 for signal in found.signals):
            bench.report.left_out.append(f"{source.name}: below the quality gate")
            continue
        # drawn faces are alike enough to be taken for one place; that each speaker is another is known
        if not source.never and (same := bench.known(found)):
            bench.report.left_out.append(f"{source.name}: shows the same as {same[0]}")
            continue
        label = bench.bank(source.name, found)
        # a small picture may find the large one where the large one does not find it
        if one_each and (same := [name for name, earlier in prints.items() if source.name in bench.known(earlier)]):
            bench.drop(label)
            bench.report.left_out.append(f"{source.name}: shows the same as {same[0]}")
            continue
        # without signals, so that a picture's own entry does not explain it
        prints[source.name] = replace(found, signals=(), variants=())
        chosen.append(source)
        say(f"{source.name} banked")
    bench.report.clips = sum(source.moves for source in chosen)
    bench.report.stills = len(chosen) - bench.report.clips
    return chosen


def _places(bench: Bench, chosen: Sequence[Source]) -> None:
    """Ask with other takes of the same places, then bank them as distractors."""
    tally = Recall("another take of the same place", 0)
    shown = Recall("another take, altered", 0)
    for source in chosen:
        for take in source.others[:1] if source.moves else ():
            for alteration in OTHERWISE:
                found = printed(alteration.apply(take, 1), alteration)
                bench.ask(shown, found, None, what=f"other take of {source.name}, {alteration}")
    takes = [(source.name, number, printed(take)) for source in chosen for number, take in enumerate(source.others)]
    for name, number, found in takes:
        bench.ask(tally, found, None, what=f"other take {number + 1} of {name}")
    for name, number, found in takes:
        bench.bank(f"other take {number + 1} of {name}", found)
    if takes:
        bench.report.rows += [tally, shown]


def never(bench: Bench, chosen: Sequence[Source], say: Say) -> None:
    """Ask with what is never banked, as it is and altered: none of it is a copy of anything."""
    tally = Recall("other moments and takes", 0)
    for source in chosen:
        for what, take in source.never:
            asked = [("as it is", printed(take))]
            asked += [(str(one), printed(one.apply(take, 1), one)) for one in OTHERWISE]
            for altered, found in asked:
                bench.ask(tally, found, None, what=f"{what} of {source.name}, {altered}")
        if source.never:
            say(f"{source.name}: other moments and takes: {tally.asked} asked, {tally.false} false")
    if tally.asked:
        bench.report.rows.append(tally)


def _altered(bench: Bench, chosen: Sequence[Source], alterations: Sequence[Alteration], say: Say) -> None:
    rows: dict[str, Recall] = {}
    for number, source in enumerate(chosen):
        for alteration in alterations:
            if not source.moves and not alteration.stills:
                continue
            tally = rows.setdefault(alteration.row, Recall(alteration.row, alteration.target))
            found = printed(alteration.apply(source.take, number), alteration)
            bench.ask(tally, found, source.name, what=f"{source.name}, {alteration}")
        total = sum(row.found for row in rows.values()), sum(row.asked for row in rows.values())
        say(f"{source.name}: {total[0]} of {total[1]} found")
    bench.report.rows.extend(rows.values())


def _fakes(bench: Bench, report: Report, count: int, say: Say) -> None:
    """Bank fakes only; ask with the footage that they were made from, and with copies of the fakes."""
    genuine, copies, later = (
        Recall("footage behind a banked fake", 0),
        Recall("copies of the fakes (crop 5 %, re-encoded)", 0.99),
        Recall("copies of the fakes that begin 0.9 or 1.6 s later", 0.99),
    )
    people = swaps.portraits()
    asked: list[tuple[str, Fingerprint, Fingerprint, Fingerprint]] = []
    people_in: dict[str, tuple[str, str]] = {}
    # a portrait is one still: whatever shows it has a part in common with the others
    shown_in: dict[str, list[str]] = {}
    for number, (host, donor) in enumerate(swaps.pairs(people, count)):
        area, blend = FACE_AREAS[number % len(FACE_AREAS)], swaps.BLENDS[number // 3 % 3]
        swapped, start = swaps.swapped(host, donor, blend), LATER[number % len(LATER)]
        original, fake = (swaps.take(shown, number, face=area) for shown in (host, swapped))
        trimmed = swaps.take(swapped, number, face=area, seconds=swaps.SECONDS - start, start=start)
        name = f"fake {number + 1}, {host.name} with the face of {donor.name} ({area:.0%} of the picture)"
        bench.bank(name, printed(fake))
        for person in (host, donor):
            shown_in.setdefault(person.name, []).append(name)
        people_in[name] = host.name, donor.name
        cut = [crop(picture, 0.05) for picture in fake[0]]
        asked.append((name, printed(original), printed((cut, fake[1])), printed(trimmed)))
        say(f"{name} banked")
    differs: Counter[str] = Counter()
    for name, footage, copy, after in asked:
        also = {other for person in people_in[name] for other in shown_in[person]}
        bench.ask(genuine, footage, None, also=sorted(also - {name}), what=f"footage of {name}")
        differs.update(bench.regions(footage))
        bench.ask(copies, copy, name, also=sorted(also), what=f"copy of {name}")
        bench.ask(later, after, name, also=sorted(also), what=f"later copy of {name}")
    say(f"footage behind fakes: source evidence {dict(differs)}")
    report.rows += [genuine, copies, later]
    report.false += bench.report.false
