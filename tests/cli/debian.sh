#!/bin/sh
# What debian/ says again is as it stands elsewhere: the version, the packages that a build needs, whose data they are.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what the package says"
debian=$srcdir/debian

version=$("$FELL" --version | cut -d' ' -f2)
[ "$(sed -n '1s/fellrunner (\(.*\)) .*/\1/p' "$debian/changelog")" = "$version" ] || fail "debian/changelog has not version $version"

# bootstrap's list, without what every build of a package has or what only its tests and examples need.
sed -n "/^packages='/,/^'/p" "$srcdir/bootstrap" | sed -n 's/^\([a-z][-a-z0-9]*\) .*/\1/p' |
    grep -vxE 'gcc|make|autoconf|automake|libc6-dev|sqlite3|dataset-fashion-mnist' | sort >wanted
awk '/^Build-Depends:/ { inside = 1; next } /^[^ ]/ || /^$/ { inside = 0 } inside' "$debian/control" | tr -d ' ,' |
    sed '/^sqlite3/d' | sort >said
[ -s wanted ] || fail "bootstrap has no packages"
diff wanted said || fail "bootstrap and debian/control want other packages"

for file in "$srcdir"/configs/data/*; do
    name=configs/data/${file##*/}
    case $name in
    *README.md | */cat-or-dog.csv | */xor.csv) ;; # of this project
    *) grep -qx "Files: $name" "$debian/copyright" || fail "debian/copyright does not say whose $name is" ;;
    esac
done
