#!/bin/sh
# manual.sh - every command that the program has is in its manual page, in its area's section.
page=${srcdir:-.}/doc/man/holdfast.8
missing=0
for area in "" configure resource node cluster cib history corosync site maintenance fence ra arbiter lock-key; do
    section=$(echo "${area:-commands that stand alone}" | tr '[:lower:]' '[:upper:]')
    text=$(awk -v section="$section" '/^\.Sh /{inside = substr($0, 5) == section} inside' "$page")
    ./holdfast help $area --json | sed -n 's/^ *"name": "\(.*\)",$/\1/p' >manual-names.tmp
    [ -s manual-names.tmp ] || { echo "no commands in '$area'"; missing=1; }
    while read -r name; do
        case "$area $name" in 'resource show' | 'node status') continue ;; esac # older words
        case $name in master | collocation | user | statement | migrate | unmove | unmigrate | unban | get_property) continue ;; esac # older words, and the shell's own
        echo "$text" | grep -q "^\.It Cm $name\\b" || { echo "'$area $name' is not in $page"; missing=1; }
    done <manual-names.tmp
done
rm -f manual-names.tmp
exit $missing
