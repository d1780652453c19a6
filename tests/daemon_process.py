"""A daemon on loopback in a process of its own, for tests that stop it: python -m tests.daemon_process FOLDER [PORT]

With a port it serves the console there, and prints the secret of a sign-in link.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bot.clock import SystemClock
from bot.config import Config
from bot.loopback.printing import Printing
from bot.loopback.stage import Stage, bot_on, stage
from bot.samples import media
from bot.schedule import Daemon
from tests.doors import Logins
from tests.people import member


def main(folder: Path, port: int = 0) -> None:
    """Run until told to stop; then say what the world received."""
    with stage(folder) as built:
        settings = built.config.model_dump()
        settings["reddit"] |= {"poll_seconds": 0.2, "lookback_hours": 24 * 365}
        settings["web"] = {"port": port}
        settings["review"] |= {"take_back_seconds": 1 if port else 10}
        clock = SystemClock()
        built.clock.sleep((clock.now() - built.clock.now()).total_seconds())  # so that Reddit's is about the same
        world = Stage(
            clock=clock, reddit=built.reddit, park=built.park, mail=built.mail, config=Config.model_validate(settings)
        )
        logins = Logins(world)
        with bot_on(world, Printing()) as bot:
            fake = media.clip(701, seconds=1, width=320, height=180)
            bot.deps.store.banks.create("known-fakes", "block")
            bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(fake), by=member(bot))
            url = world.park.add_redgifs("OneTwoThree", hd=fake)
            world.reddit.submit("clips", author="a", title="x", url=url, created=clock.now())
            if port:
                print(json.dumps({"event": "link", "secret": bot.sign_in.invite("ann", by=member(bot))[1]}), flush=True)
            Daemon(bot).run()
            lease = bot.deps.store.connection.value("select count(*) from lease")
        received = {"removals": len(world.reddit.removals), "approvals": len(world.reddit.approvals)}
        print(json.dumps({"event": "left", **received, "logins": logins.count, "lease": lease}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
