#!/usr/bin/env bash
# Recompiles the pinned requirements, with hashes and without any index address.
set -euo pipefail
cd "$(dirname "$0")"
for name in runtime development; do
  UV_CUSTOM_COMPILE_COMMAND="requirements/compile.sh" uv pip compile "$name.in" --output-file "$name.txt" \
    --generate-hashes --universal --python-version 3.11 --quiet "$@"
done
