#!/bin/sh
# Puts what the site needs into a Python environment: docker/install/web.sh /path/to/bin/python
# The image runs exactly this, and so do the tests in a bare virtual environment.
set -eu

python=${1:?"name the python of the environment to fill"}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)

"$python" -m pip install --disable-pip-version-check --progress-bar off -qq \
    --no-deps --require-hashes --requirement "$root/requirements/web.txt"
