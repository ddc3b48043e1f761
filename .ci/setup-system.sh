#!/usr/bin/env bash
# Installs the system tools that some test suites and benchmarks need (Debian and Ubuntu).
# Without them the rest of Lineside works; the suites that need them are skipped by name.
#   --with-torch  also what the PyTorch trainer needs on a CPU (650 MB)
set -euo pipefail

packages=(
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  chromium
  mosquitto
  postgresql
  faketime
)
for option in "$@"; do
  case "$option" in
    --with-torch) packages+=(python3-torch python3-torchvision python3-numpy python3-pil libopenblas0-pthread) ;;
    *) echo "unknown option: $option" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "All system packages are there."
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
# The tools are run by the tests themselves: no service is to start with the machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
