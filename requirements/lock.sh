#!/usr/bin/env bash
# Writes requirements/tested-3.NN.txt: the versions that .venv holds, with which the tests have just passed.
# Install them with: pip install -c requirements/tested-3.NN.txt .
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
target=requirements/tested-$($python -c 'import sys; print("%d.%d" % sys.version_info[:2])').txt
{
  echo "# What the tests passed with, written by: just lock"
  $python -m pip freeze --exclude-editable --exclude gifwarden
} >"$target"
echo "$target: $(grep -c == "$target") packages"
