"""A worker that somebody else took over: python -m tests.hostile_worker SETTINGS

SETTINGS is what `bot.loopback.worker` takes, and `folder`, in which a bomb leaves the id of each process that opens
it. Each job it gets is done by the next of `DEEDS`, and beside it stand more workers that claim all there is to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import pickle
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bot.jobs.messages import packed
from bot.loopback import worker as process
from bot.loopback.printing import Printing

Say = Callable[[Any], dict[str, Any]]
FILE = [0, [["0" * 64, "0" * 32]], False, None]
FETCHED = {"is": "fetched", "files": [FILE], "failures": [], "later": []}
STEER = "\x1b[2J\x07\u202egone\u2066\ud800\n\r\t\x00" + "x" * 5000
NAME = "\x1b[31mw\u202e\n"


class Bomb(Exception):
    """Leaves the id of the process in which it is unpickled."""

    folder = ""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, (f"import os; os.makedirs({self.folder!r} + f'/{{os.getpid()}}', exist_ok=True)",)


def error(kind: str, **facts: object) -> bytes:
    """Return a message of an error."""
    return packed({"is": "error", "error": {"kind": kind, "text": STEER, **facts}})


def a_pickle(say: Say, message: bytes) -> None:
    say(pickle.dumps(Bomb()))


def an_object(say: Say, message: bytes) -> None:
    say(Bomb())


def a_pickle_for_a_fingerprint(say: Say, message: bytes) -> None:
    say(packed(FETCHED))
    say(packed({"is": "print", "index": 0}, pickle.dumps(Bomb())))


def gigantic(say: Say, message: bytes) -> None:
    say(packed(FETCHED, b"x" * 50_000_000))


def wrong_types(say: Say, message: bytes) -> None:
    say(packed({"is": "fetched", "files": {"0": FILE}, "failures": 3, "later": 5}))


def numbers_without_end(say: Say, message: bytes) -> None:
    say(packed(FETCHED | {"standing": {"due": 10**400, "rest": 0, "state": {}}}))


def claims_a_match(say: Say, message: bytes) -> None:
    matches = [{"bank": "known-fakes", "entry": 1, "distance": 0}]
    say(packed(FETCHED | {"matches": matches, "verdict": "remove"}))
    say(packed({"is": "print", "index": 0, "matches": matches}, json.dumps({"matches": matches}).encode()))


def another_jobs_answer(say: Say, message: bytes) -> None:
    say(packed(json.loads(message.partition(b"\n")[0])))


def steering_words(say: Say, message: bytes) -> None:
    say(error("TryLaterError", status=10**30))


def forged_tokens(say: Say, message: bytes) -> None:
    state = {"token": "a\r\nHost: 10.0.0.1", "site": "\u202e", **{str(number): "x" * 9000 for number in range(100)}}
    say(packed({"is": "error", "error": {"kind": "BlockedError"}, "standing": {"due": 0, "rest": 0, "state": state}}))


def twice(say: Say, message: bytes) -> None:
    album = packed(FETCHED | {"files": [FILE, [1, *FILE[1:]]]})
    say(album)
    say(album)
    for _ in range(2):
        say(packed({"is": "print", "index": 0, "error": {"kind": "MediaError", "text": "x"}}))


def words_of_the_scheduler(say: Say, message: bytes) -> None:
    for kind in ("alive", "begun", "refused"):
        say(packed({"is": kind, "text": STEER}))


def an_error_that_is_none(say: Say, message: bytes) -> None:
    say(error("SystemExit"))


def raises(say: Say, message: bytes) -> None:
    raise Bomb


def returns_a_bomb(say: Say, message: bytes) -> Bomb:
    return Bomb()


def says_nothing(say: Say, message: bytes) -> None:
    pass


def breaks_the_scheduler(say: Say, message: bytes) -> None:
    """Runs code there and takes every task away."""
    from distributed import get_client

    def there(dask_scheduler: Any) -> None:
        import os
        from pathlib import Path

        Path(folder, str(os.getpid())).mkdir(parents=True, exist_ok=True)
        for task in list(dask_scheduler.tasks.values()):
            for client in list(task.who_wants or ()):
                dask_scheduler.client_releases_keys(keys=[task.key], client=client.client_key)

    folder = Bomb.folder
    get_client(timeout=10).run_on_scheduler(there)  # type: ignore[no-untyped-call]  # as Dask has it


DEEDS: tuple[Callable[[Say, bytes], object], ...] = (
    a_pickle,
    an_object,
    a_pickle_for_a_fingerprint,
    gigantic,
    wrong_types,
    numbers_without_end,
    claims_a_match,
    another_jobs_answer,
    steering_words,
    forged_tokens,
    twice,
    words_of_the_scheduler,
    an_error_that_is_none,
    raises,
    returns_a_bomb,
    says_nothing,
    breaks_the_scheduler,
)


def main(told: dict[str, Any]) -> None:
    """Work badly until told to stop."""
    from bot.cluster import settings, worker

    Bomb.folder = told["folder"]
    deeds, lock = itertools.cycle(DEEDS), threading.Lock()
    calm, threads = worker.serve, ThreadPoolExecutor(4)

    def run(name: str, message: bytes) -> object:
        with lock:
            deed = next(deeds)
        _, say = worker._stations[worker.NAME]
        Printing().info("deed", deed=deed.__name__)

        def says(body: Any) -> dict[str, Any]:
            answer = say(name, body)
            Printing().info("heard", deed=deed.__name__, answer=sorted(answer))
            return answer

        return deed(says, message)

    async def serve(options: worker.Options, *rest: Any) -> None:
        package = settings.distributed()
        security = settings.security(options.scheduler, options.certificates, "worker")
        held = contextlib.ExitStack()
        many = [
            package.Worker(
                options.scheduler, nthreads=10**12, name=f"{NAME}{number}", security=security, memory_limit=0,
                resources={settings.resource(): 10**12}, local_directory=held.enter_context(settings.scratch()),
                dashboard=False, dashboard_address="127.0.0.1:0", executor=threads,
            )
            for number in range(5)
        ]  # fmt: skip

        async def join() -> None:
            while worker.NAME not in worker._stations:
                await asyncio.sleep(0.1)
            await asyncio.gather(*many)

        joining = asyncio.create_task(join())
        try:
            await calm(options, *rest)
        finally:
            joining.cancel()
            await asyncio.gather(*(one.close(timeout=1, executor_wait=False) for one in many), return_exceptions=True)
            held.close()

    run.__module__, run.__qualname__ = worker.__name__, "run_job"
    worker.run_job = run  # type: ignore[assignment]  # what Dask is told by its name
    worker.serve = serve  # type: ignore[assignment]
    process.main(told)


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    finally:
        os._exit(0)
