# Set-up: the packages of scripts/packages.debian12, installed only when missing.
# shellcheck shell=bash

package_list=scripts/packages.debian12

# The wanted packages, one a line. A machine that already has node and npm keeps its own: another
# supplier's nodejs package conflicts with Debian's npm.
wanted_packages() {
  local own_node=''
  if command -v node >/dev/null && command -v npm >/dev/null; then own_node=1; fi
  sed -e 's/#.*//' -e 's/[[:space:]]//g' "$package_list" | while read -r package; do
    [[ -z $package ]] && continue
    [[ -n $own_node && ($package == nodejs || $package == npm) ]] && continue
    echo "$package"
  done
}

missing_packages() {
  local wanted
  mapfile -t wanted < <(wanted_packages)
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
    <(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null |
      awk '$1 == "ii" {print $2}' | sort -u)
}

explain_other_system() {
  local name
  name=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-$(uname -s)}")
  say "Parley sets itself up on Debian 12. This is ${name:-an unknown system}; please install these yourself"
  say "(Debian's package names; another system calls some of them differently):"
  say ""
  wanted_packages | paste -sd' ' | fold -s -w 96 | sed 's/^/    /'
  say ""
  say "Needed versions: clang 19, CMake 3.25, Boost 1.81, libtorch 1.13 or newer, Node 18 or newer."
  say "Then run this command again with PARLEY_SKIP_SETUP=1."
}

apt_install() {
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o APT::Keep-Downloaded-Packages=false "$@"
}

apt_update() { ${as_root[@]+"${as_root[@]}"} apt-get update -o DPkg::Lock::Timeout=300; }

have_lists() { compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; }

# dev_setup [--verbose]: silent when nothing is missing.
dev_setup() {
  [[ ${PARLEY_SKIP_SETUP:-} == 1 ]] && return
  local missing started=$SECONDS log=build/logs/setup.log
  if ! (. /etc/os-release 2>/dev/null && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]]); then
    explain_other_system >&2
    exit 1
  fi
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then
    [[ ${1:-} == --verbose ]] && say "Everything in $package_list is installed."
    return 0
  fi
  as_root=()
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || die "${#missing[@]} packages are missing and only root may install them" \
      "as root: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
    if ! sudo -n true 2>/dev/null; then
      [[ -t 0 ]] || die "${#missing[@]} packages are missing and sudo wants a password" \
        "run ./dev setup in a terminal once"
      say "Installing packages needs your password for sudo."
      sudo -v
    fi
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  local updated=''
  if ! have_lists; then
    run_logged "$log" apt_update || setup_failed "$log"
    updated=1
  fi
  if ! run_logged "$log" apt_install "${missing[@]}"; then
    [[ -n $updated ]] && setup_failed "$log"
    # Old package lists name versions that the archive no longer has.
    run_logged "$log" apt_update || setup_failed "$log"
    run_logged "$log" apt_install "${missing[@]}" || setup_failed "$log"
  fi
  say "Installed ${#missing[@]} packages in $(elapsed $((SECONDS - started)))."
}

setup_failed() {
  tail -n 15 "$1" >&2
  die "the packages could not be installed" "the whole log is $1; check the network and /etc/apt"
}
