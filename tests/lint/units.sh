#!/bin/sh
# SPDX-License-Identifier: ISC
# units.sh — the systemd units as systemd itself reads them.

. "$(dirname "$0")/common.sh"

if ! command -v systemd-analyze >/dev/null 2>&1; then
    echo "systemd-analyze is missing"
    exit 77
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The program must exist to be verified, so any one stands in for ours.
mkdir "$dir/bin" "$dir/run"
printf '#!/bin/sh\n' >"$dir/bin/chantd"
chmod +x "$dir/bin/chantd"
sed "s,@bindir@,$dir/bin,g" systemd/chantd.service.in >"$dir/chantd.service"
cp systemd/chantd.socket "$dir/"

# It exits with 0 after a warning, so silence is asked for as well.
said=$(XDG_RUNTIME_DIR="$dir/run" systemd-analyze verify --man=no --user \
    "$dir/chantd.service" "$dir/chantd.socket" 2>&1) || bad systemd "systemd-analyze verify failed"
[ -z "$said" ] || bad systemd "$said"

# 0 is locked up, 100 wide open.  A service of a user manager without a capability can't get far
# below this, see the head of the unit.
if ! systemd-analyze security --offline=true --threshold=65 "$dir/chantd.service" \
    >"$dir/security" 2>&1; then
    bad systemd/chantd.service.in "is more exposed than it was: $(tail -n 1 "$dir/security")"
fi

grep -q '^RestrictRealtime=yes' "$dir/chantd.service" &&
    bad systemd/chantd.service.in "RestrictRealtime= takes away real-time priority"
finish 2
