# What is done often, by name: `just` lists it. just comes as a package of its own: pip install rust-just
# All but `setup` use the environment in .venv.

set positional-arguments

bin := ".venv/bin"
python := bin / "python"

_list:
    @just --list --unsorted

# make the environment for work on the code
setup:
    python3 -m venv .venv
    {{ python }} -m pip install -q -e '.[dev]'

# what must pass before a commit
check: lint types test docs

# the tests but the slow ones; arguments go to pytest: `-m slow`, `-m ''` for all
test *arguments:
    {{ python }} -m pytest -n auto "$@"

# everything that must pass before a release, from a bare machine on
ci:
    bash .ci/run

# style
lint:
    {{ python }} -m ruff check .
    {{ python }} -m ruff format --check .

# put the style right where that needs no thought
tidy:
    {{ python }} -m ruff check --fix .
    {{ python }} -m ruff format .

# types, strict
types:
    {{ python }} -m mypy

# the documentation as a site in site/; a dead link is an error
docs:
    {{ python }} -m mkdocs build --strict --quiet

# pages that the code writes: commands, host failures, channels
pages:
    {{ python }} -m tests.commands_doc
    {{ python }} -m tests.failure_table
    {{ python }} -m tests.broken_doc
    {{ python }} -m tests.channels_doc

# the whole flow on loopback; arguments go to it
demo *arguments:
    {{ bin }}/gifwarden demo "$@"

# docs/demo.png from the demo as it is now; needs chromium, such as Debian's package
picture:
    {{ python }} -m tests.demo_picture

# docs/console.png from the demo as it is served; needs chromium
screenshot:
    {{ python }} -m tests.console_picture

# docs/takes.svg, measured on the clips in a folder of yours
takes folder:
    {{ bin }}/gifwarden bench takes --media "$1" --svg docs/takes.svg

# what these tests passed with, version by version, for this Python
lock:
    bash requirements/lock.sh

# sdist and wheel in dist/
build:
    python3 -m venv .venv-build
    .venv-build/bin/python -m pip install -q build
    .venv-build/bin/python -m build --outdir dist

# the bill of materials of what the wheel in dist/ installs, as CycloneDX
sbom:
    rm -rf .venv-sbom
    python3 -m venv .venv-sbom
    .venv-sbom/bin/python -m pip install -q dist/*.whl
    python3 -m venv .venv-build
    .venv-build/bin/python -m pip install -q cyclonedx-bom
    .venv-build/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o dist/gifwarden.cdx.json .venv-sbom
