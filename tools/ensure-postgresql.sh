#!/usr/bin/env bash
# Finds PostgreSQL's own programs for the tests of the record, or installs Debian's package when that is possible.
set -euo pipefail
if compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || command -v initdb >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Debian's postgresql for the tests of the record …"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends postgresql >/dev/null
  exit 0
fi
echo "The tests of the record need PostgreSQL 15 or newer: install the package postgresql, then run this again." >&2
exit 1
