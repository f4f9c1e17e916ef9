#!/usr/bin/env bash
# performance.sh SECTION COMMAND...: puts what COMMAND prints, Markdown, between the lines
# <!-- SECTION --> and <!-- /SECTION --> of docs/performance.md, or of docs/$PAGE.md. Nothing is
# written where COMMAND fails or prints nothing, or the section is missing.
set -euo pipefail

section="$1"
shift
page="$(dirname "$0")/../docs/${PAGE:-performance}.md"
printed="$(mktemp)"
trap 'rm -f "$printed" "$page.new"' EXIT

"$@" | tee "$printed"
if [ ! -s "$printed" ]; then
    echo "nothing was measured: $page stays as it is" >&2
    exit
fi
awk -v open="<!-- $section -->" -v close_="<!-- /$section -->" -v printed="$printed" '
    $0 == close_ && inside { inside = 0; found = 1 }
    !inside
    $0 == open {
        inside = 1
        print ""
        while ((getline line < printed) > 0) print line
        print ""
    }
    END { exit !found }
' "$page" >"$page.new" || {
    echo "$page has no section $section" >&2
    exit 1
}
mv "$page.new" "$page"
