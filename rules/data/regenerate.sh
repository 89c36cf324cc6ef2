#!/bin/sh
# Rebuild every generated table in this directory. Needs python3, pip, npm and cargo.
exec python3 "$(dirname "$0")/regenerate.py" "$@"
