#!/bin/sh
# Whether all that belongs to bauer is installed, and works from where it lies (a staging folder, an unpacked package):
#     install_test.sh build FOLDER SOURCE [mpi]    installs a build into a staging folder, looks there, for nothing more
#     install_test.sh tree PREFIX SOURCE [mpi]     looks at what is below PREFIX already
how=$1 place=$2 source=$3 mpi=${4-} failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
unset BAUER_LESSONS BAUER_LAYOUT BAUER_VIEW BAUER_MPI LD_LIBRARY_PATH
export HOME="$scratch/home" NO_COLOR=1
mkdir "$HOME"

# check NAME COMMAND...
check() {
    name=$1
    shift
    if said=$("$@" 2>&1); then echo "ok $name"; else echo "FAILED $name: $said" && failed=1; fi
}

prefix=$place
if [ "$how" = build ]; then
    meson install -C "$place" --no-rebuild --destdir "$scratch/root" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
    prefix=$(dirname "$(dirname "$(find "$scratch/root" -path '*/bin/bauer')")")
fi
share=$prefix/share libexec=$prefix/libexec/bauer

expected() {
    printf '%s\n' bin/bauer libexec/bauer/bauer-layout libexec/bauer/bauer-view share/man/man1/bauer.1 \
        ${mpi:+libexec/bauer/bauer-mpi.so} share/applications/bauer.desktop \
        share/icons/hicolor/scalable/apps/bauer.svg share/bash-completion/completions/bauer \
        share/zsh/vendor-completions/_bauer share/fish/vendor_completions.d/bauer.fish
    (cd "$source/lessons" && find . -type f ! -name meson.build | sed 's#^\.#share/bauer/lessons#')
}
expected | sort >"$scratch/expected"
(cd "$prefix" && find . -type f | sed 's#^\./##; s#\.1\.gz$#.1#' | sort) >"$scratch/found"
check "everything is there" sh -c 'missing=$(comm -23 "$0" "$1"); echo $missing; [ -z "$missing" ]' "$scratch/expected" "$scratch/found"
[ "$how" = tree ] ||
    check "nothing else is there" sh -c 'more=$(comm -13 "$0" "$1"); echo $more; [ -z "$more" ]' "$scratch/expected" "$scratch/found"
check "no file is empty" sh -c 'empty=$(find "$0" -type f -empty); echo $empty; [ -z "$empty" ]' "$prefix"

for name in layout view; do check "bauer-$name is a program" test -x "$libexec/bauer-$name"; done
check "it says its version" grep -q "version: '$("$prefix/bin/bauer" --version | sed -n '1s/bauer //p')'" "$source/meson.build"
for shell in bash zsh fish; do
    "$prefix/bin/bauer" --completion $shell >"$scratch/$shell"
done
check "bash completes" cmp "$scratch/bash" "$share/bash-completion/completions/bauer"
check "zsh completes" cmp "$scratch/zsh" "$share/zsh/vendor-completions/_bauer"
check "fish completes" cmp "$scratch/fish" "$share/fish/vendor_completions.d/bauer.fish"
check "the menu finds its icon" test -f "$share/icons/hicolor/scalable/apps/$(sed -n 's/^Icon=//p' "$share/applications/bauer.desktop").svg"

# Programs and lessons are found from where bauer lies.
doctor() {
    "$prefix/bin/bauer" -c :doctor >"$scratch/doctor"
    grep -qF "$1" "$scratch/doctor" || { cat "$scratch/doctor"; return 1; }
}
check "the layout program is found" doctor "ok       the layout program bauer-layout (Graphviz): $libexec/bauer-layout"
check "the window's program is found" doctor "ok       the window's program bauer-view: $libexec/bauer-view"
check "the lessons are found" doctor "ok       lessons: there are $(find "$source/lessons" -maxdepth 1 -name '[0-9]*.md' | wc -l) in $share/bauer/lessons"
[ -z "$mpi" ] || check "the MPI module is found" grep -F "$libexec/bauer-mpi.so" "$scratch/doctor"
check "a lesson opens" sh -c '"$0" -c ":lesson 1" -c :next' "$prefix/bin/bauer"
check "a graph is drawn" sh -c 'cd "$0" && "$1" -c "def f(x): return x*x" -c "f(2)" -c ":graph" -c ":export f.svg" && grep -q "</svg>" f.svg' "$scratch" "$prefix/bin/bauer"
exit $failed
