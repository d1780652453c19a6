"""The soak's table and plots."""

from __future__ import annotations

from pathlib import Path

from tests.soak.faults import HOURS, PERIOD, Fault
from tests.soak.run import QUIET_HOURS, Result, growth, longest_life

SHOWN = 40  # mistakes


def table(result: Result) -> str:
    """Return what a soak showed, as Markdown."""
    counts = result.counts
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in _rows(result)), ""]
    lines += ["| fault | hours of each 48 | most links waiting | hours until no more waited than before |"]
    lines += ["|---|---|---|---|"]
    for fault, hours in HOURS.items():
        peak, took = _backlog(result, fault)
        lines.append(f"| {fault} | {len(hours)} | {peak:,} | {took} |")
    lines.append("")
    for heading, told in (("Links given up", result.given_up), ("What the log warned of", result.warned)):
        if told:
            lines += [f"{heading}:", "", *(f"- {n:,} times: {why}" for why, n in told.most_common(20)), ""]
    if result.wrong:
        lost = [f"{n} {what}" for what, n in sorted(counts.items()) if " lost of posts " in what]
        lines += [f"**{len(result.wrong)} mistakes** ({', '.join(lost)}):", ""]
        lines += [f"- {one}" for one in result.wrong[:SHOWN]]
    else:
        lines.append("Nothing lost, nothing done twice, nothing grew.")
    return "\n".join(lines) + "\n"


def _rows(result: Result) -> list[tuple[str, str]]:
    samples, counts = result.samples, result.counts
    last, life = samples[-1], longest_life(result)
    memory, descriptors = growth(result)
    posted = sum(n for what, n in counts.items() if what.startswith("posted "))
    done = [
        (
            f"{what}s wanted / done / lost / too many",
            " / ".join(f"{counts[f'{what}s {how}']:,}" for how in ("wanted", "done", "lost", "too many")),
        )
        for what in ("removal", "report")
    ]
    failed = ", ".join(f"{name} {n:,}" for name, n in result.failed.most_common())
    grown = ", ".join(f"{name} {n:,}" for name, n in last.answer.rows.items())
    asked = ", ".join(f"{host} {n:,}" for host, n in result.requests.most_common(4))
    highest = max(one.memory for one in life)
    return [
        ("posts and comments", f"{posted:,}, {result.size.per_day:,} a day in {len(result.size.places)} subreddits"),
        ("simulated", f"{(last.hour + 1) / 24:.1f} days, the last {QUIET_HOURS} hours without posts and faults"),
        ("real time", f"{result.seconds / 60:.1f} min, {last.posts / result.seconds:.0f} posts a second"),
        ("starts of the bot", f"{last.life}"),
        ("requests received", asked),
        *done,
        ("reports that a removal overtook", f"{counts['reports overtaken']:,}"),
        ("notices mailed", f"{counts['mails']:,}"),
        ("links given up", f"{counts['links given up']:,}"),
        (
            "links waiting",
            f"at most {max(one.answer.waiting for one in samples):,}, in the end {last.answer.waiting:,}",
        ),
        ("memory of the bot", f"{life[0].memory:.0f} MiB after its first hour, at most {highest:.0f} MiB"),
        ("memory, last quarter of its longest life against the second", f"{memory:.3f}"),
        ("descriptors", f"at most {max(one.descriptors for one in life)}; {descriptors:+d} between these quarters"),
        ("threads; children", f"at most {max(one.threads for one in life)}; {max(one.children for one in life)}"),
        ("database", f"at most {max(one.answer.size for one in samples) / 2**20:.1f} MiB; in the end {grown}"),
        ("steps that failed and were done again", failed or "none"),
    ]


def _backlog(result: Result, fault: Fault) -> tuple[int, str]:
    """Return the most links that waited while a fault was on, and the hours until no more waited than before it."""
    by_hour = {one.hour: one for one in result.samples}
    start, end = HOURS[fault].start, HOURS[fault].stop
    most, took = 0, []
    for begin in range(0, max(by_hour) + 1, PERIOD):
        during = [by_hour[begin + hour] for hour in range(start, end) if begin + hour in by_hour]
        if not any(fault in one.on for one in during):
            continue
        before = by_hour[begin + start - 1].answer.waiting
        most = max(most, *(one.answer.waiting for one in during))
        later = [by_hour[hour].answer.waiting for hour in range(begin + end, max(by_hour) + 1)]
        took.append(next((hours for hours, waiting in enumerate(later) if waiting <= before), len(later)))
    return most, f"{sorted(took)[len(took) // 2]}, at most {max(took)}" if took else "-"


def plots(result: Result, file: Path) -> None:
    """Draw memory, descriptors, backlog and the database over the simulated days, as SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    days = [one.hour / 24 for one in result.samples]
    figure, axes = pyplot.subplots(4, 1, figsize=(9, 9), sharex=True)
    what = (
        ("memory of the bot, MiB", [one.memory for one in result.samples]),
        ("open descriptors", [float(one.descriptors) for one in result.samples]),
        ("links waiting", [float(one.answer.waiting) for one in result.samples]),
        ("database, MiB", [one.answer.size / 2**20 for one in result.samples]),
    )
    for axis, (name, values) in zip(axes, what, strict=True):
        axis.plot(days, values, linewidth=0.8, color="#20507a")
        axis.set_ylabel(name)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel(f"simulated days, {result.size.per_day:,} posts a day")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
