#!/bin/sh
# restamp from this kit, for @stamp@. Of the machine it needs Linux on @machine@ with glibc @glibc@ or newer, a shell and coreutils;
# no network. What changes is in work, which the first use makes: the repository, the journal and the Pulumi state.
set -eu
kit=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
say() { printf 'kit: %s\n' "$*" >&2; }
refuse() {
  say "$@"
  exit 2
}

fits() {
  [ "$(uname -sm)" = "Linux @machine@" ] || refuse "it runs on Linux on @machine@, and this is $(uname -sm): make a kit on such a machine"
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || glibc="glibc none"
  older=$(printf '%s\n' "${glibc#glibc }" @glibc@ | sort -t. -k1,1n -k2,2n | head -n 1)
  [ "$older" = @glibc@ ] || refuse "it needs glibc @glibc@ or newer, and this machine has $glibc: take a newer machine, or make a kit on an older one"
  [ -w "$kit" ] || refuse "$kit cannot be written to: copy it to a disk of this machine, as in cp -R $kit /tmp/kit"
}

whole() {
  say "first use: checking $(wc -l <"$kit/SHA256SUMS") files"
  command -v sha256sum >/dev/null || refuse "it is checked with sha256sum, and there is none: install coreutils"
  told=$(cd "$kit" && sha256sum -c SHA256SUMS 2>/dev/null) || {
    damaged=$(printf '%s\n' "$told" | grep -v ': OK$') || damaged="SHA256SUMS: FAILED"
    printf '%s\n' "$damaged" | sed 's/^/  /; 20q' >&2
    refuse "damaged files: $(printf '%s\n' "$damaged" | wc -l), the first of them above: take another copy of this kit"
  }
}

lay_out() {
  rm -rf "$kit/work.part"
  mkdir -p -m 700 "$kit/work.part/home"
  git clone --quiet "$kit/repository.bundle" "$kit/work.part/repository" 2>/dev/null ||
    cp -R "$kit/repository" "$kit/work.part/repository" # without git
  chmod +x "$kit"/engine/* "$kit/python/bin/python3" # some ways to copy files forget it
  mv "$kit/work.part" "$kit/work"
}

[ -d "$kit/work" ] || {
  fits
  whole
  lay_out
}
unset PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV PULUMI_PYTHON_CMD PULUMI_RUNTIME_VIRTUALENV
export PYTHONPATH="$kit/site" PYTHONNOUSERSITE=1 PATH="$kit/engine:$kit/python/bin:$PATH"
export RESTAMP_HOME="${RESTAMP_HOME:-$kit/work/home}" RESTAMP_RUNBOOK="${RESTAMP_RUNBOOK:-$kit/work/repository/@runbook@}"
export PULUMI_HOME="${PULUMI_HOME:-$kit/work/home/engine}"
if [ -f "$kit/state.json" ]; then export RESTAMP_STATE="${RESTAMP_STATE:-$kit/state.json}"; fi
exec "$kit/python/bin/python3" -P -m restamp "$@"
