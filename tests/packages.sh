#!/usr/bin/env bash
# Installs Debian's packages that the tests drive, where it may; otherwise names them.
set -u
missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
[ -n "$(ls /usr/share/fonts/opentype/noto/NotoSansCJK* 2>/dev/null)" ] || missing+=(fonts-noto-cjk)
command -v firefox-esr >/dev/null || missing+=(firefox-esr)
[ -x /usr/bin/WebKitWebDriver ] || missing+=(webkit2gtk-driver)
command -v Xvfb >/dev/null || missing+=(xvfb)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
# Chromium without windows takes half of the time; where there is none, the tests drive the whole one.
shell=chromium-headless-shell
if ! command -v $shell >/dev/null && may_install; then
  apt-get update -qq && { apt-cache show $shell >/dev/null 2>&1 && install $shell || :; }
fi
[ ${#missing[@]} -eq 0 ] && exit 0
may_install && apt-get update -qq && install "${missing[@]}" && exit 0
echo "The tests need Debian's packages: ${missing[*]}" >&2
echo "    apt-get install ${missing[*]}" >&2
exit 1
