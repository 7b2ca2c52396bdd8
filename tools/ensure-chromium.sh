#!/usr/bin/env bash
# Finds Chromium for the browser tests, or installs Debian's package when that is possible.
set -euo pipefail
if command -v "${CHROMIUM:-chromium}" >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q .; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Debian's chromium and Chinese fonts for the browser tests …"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq chromium fonts-noto-cjk fontconfig >/dev/null
  exit 0
fi
echo "The browser tests need Chromium (and a Chinese font): install the packages chromium and fonts-noto-cjk," >&2
echo "or set CHROMIUM=/path/to/chromium, then run this again." >&2
exit 1
