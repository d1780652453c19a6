"""Where the command `gifwarden` begins: says in one sentence if Python is too old or a package is missing.

Nothing but the standard library is imported before that is known, and nothing that an older Python cannot read. Some
commands import what no other needs when they begin: a package that is missing there is told in the same words.
"""

from __future__ import annotations

import sys

OLDEST = (3, 11)


def main() -> None:
    """Run a command. Exit code 2 if this Python cannot."""
    if sys.version_info < OLDEST:
        version = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(_said(f"gifwarden needs Python 3.11 or newer and this is {version}; install it into a newer one"))
    from bot import stopping

    command = next(iter(sys.argv[1:]), "")
    stopping.early(command)
    try:
        from bot import cli

        if command not in stopping.SERVICES:  # those have handlers of their own when they have begun
            stopping.usual()
        cli.main()
    except ModuleNotFoundError as error:
        if (error.name or "bot").partition(".")[0] == "bot":
            raise  # a part of ours is missing: whoever packs this should see where
        sys.exit(_said(f"the package {error.name} is missing; install gifwarden again with {sys.executable} -m pip"))
    except ImportError as error:
        sys.exit(_said(f"packages do not go together ({error}); install gifwarden into an environment of its own"))


def _said(sentence: str) -> int:
    sys.stderr.write(f"gifwarden: {sentence}\n")
    return 2


if __name__ == "__main__":
    main()
