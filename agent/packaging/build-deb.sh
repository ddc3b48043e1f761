#!/usr/bin/env bash
# Builds the agent's Debian package: build-deb.sh [--arch amd64|arm64] [--out FOLDER] [--compression xz|gzip|none]
# The agent must be compiled (npx tsc -b agent). Packages come from npm's cache or registry in the locked versions;
# installing the result needs no network.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
arch=$(dpkg --print-architecture)
out=$root/dist
compression=xz
while [ $# -gt 0 ]; do
  case $1 in
    --arch) arch=$2 ;;
    --out) out=$2 ;;
    --compression) compression=$2 ;;
    *) echo "unknown argument: $1" >&2; exit 2 ;;
  esac
  shift 2
done
case $arch in
  amd64) node_arch=x64 ;;
  arm64) node_arch=arm64 ;;
  *) echo "no package for $arch: amd64 or arm64" >&2; exit 2 ;;
esac
version=$(node -p "require('$root/agent/package.json').version")

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
umask 022
chmod 755 "$tree"

mkdir -p "$tree/DEBIAN" "$tree/etc/lineside" "$tree/opt/lineside" "$tree/usr/bin" \
  "$tree/usr/lib/systemd/system" "$tree/usr/share/doc/lineside-agent"
node "$here/stage-agent.js" "$tree/opt/lineside/agent" --arch "$node_arch"
mv "$tree/opt/lineside/agent/systemd/lineside-agent.service" "$tree/usr/lib/systemd/system/"
rmdir "$tree/opt/lineside/agent/systemd"
mv "$tree/opt/lineside/agent/agent.example.json" "$tree/etc/lineside/agent.json"
ln -s /opt/lineside/agent/bin/lineside-agent.js "$tree/usr/bin/lineside-agent"
cp "$here/deb/copyright" "$tree/usr/share/doc/lineside-agent/copyright"

chmod -R u=rwX,go=rX "$tree"
chmod 755 "$tree/opt/lineside/agent/bin/lineside-agent.js"
chmod 750 "$tree/etc/lineside"
chmod 640 "$tree/etc/lineside/agent.json"

size=$(du -sk --exclude=DEBIAN "$tree" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$arch/" -e "s/@SIZE@/$size/" "$here/deb/control" \
  > "$tree/DEBIAN/control"
cp "$here/deb/conffiles" "$tree/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "$here/deb/$script" "$tree/DEBIAN/$script"; done
(cd "$tree" && find etc opt usr -type f -print0 | sort -z | xargs -0 md5sum) > "$tree/DEBIAN/md5sums"

mkdir -p "$out"
package=$out/lineside-agent_${version}_$arch.deb
dpkg-deb --root-owner-group -Z"$compression" --build "$tree" "$package" >&2
echo "$package"
