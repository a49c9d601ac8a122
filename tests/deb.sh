#!/bin/sh
# The package of `make deb` works in a Debian that has nothing else: it is built, judged by lintian, installed in a fresh
# root, and debian/tests/runs is run there. By hand, since it builds everything and asks the network:
# tests/deb.sh SOURCE BUILD SCRATCH. Ends with 77 where its tools are not there.
set -eu
source=$1 build=$2 scratch=$3
for tool in dh lintian debootstrap; do
    command -v "$tool" >/dev/null || {
        echo "skipped: there is no $tool (apt-get install debhelper dpkg-dev fakeroot lintian debootstrap)"
        exit 77
    }
done
[ "$(id -u)" = 0 ] || {
    echo "skipped: debootstrap asks for root"
    exit 77
}
root=$scratch/root
rm -rf "$scratch"
mkdir -p "$scratch"
make -C "$build" deb
debootstrap --variant=minbase bookworm "$root" >"$scratch/debootstrap.log"
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
cp "$build"/deb/fellrunner_*.deb "$source/debian/tests/runs" "$root/tmp/"
chroot "$root" sh -eu -c 'export DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends /tmp/fellrunner_*.deb
    fell --version
    cd /tmp
    fell new xor -o first.yaml
    fell run first.yaml train.epochs=2 --quiet # with nothing but what the package asks for
    apt-get install -y --no-install-recommends sqlite3 gcc libc6-dev
    sh ./runs
    apt-get purge -y fellrunner
    test ! -e /usr/share/fellrunner && test ! -e /usr/bin/fell'
