#!/bin/bash
# terminal.sh - the shell at a terminal: prompt, completion, levels, one commit for several changes, and the
# question at the end. script(1) gives the terminal.
set -u
program=$PWD/holdfast
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
echo '<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>' >cib.xml
export CIB_file=$work/cib.xml HOME=$work TERM=dumb OCF_ROOT=/nonexistent

# Keys, with a pause for each line, so that the program and not the terminal's own line discipline reads them.
type_keys() {
    while IFS= read -r line; do
        printf "$line"
        sleep 0.2
    done
}

session() { type_keys | timeout 30 script -qec "$program" /dev/null | tr -d '\r' >output; }

session <<'END'
conf\t\n
primitive web Dummy --force\n
primitive db Dummy --force\n
group front web db\n
diff\n
commit\n
resource\n
stop fr\t\n
node frob\n
up\n
configure\n
primitive late Dummy --force\n
quit\n
y\n
END
failed=0
expect() { grep -qF -- "$1" output || { echo "the terminal did not show: $1"; failed=1; }; }
expect 'holdfast> '
expect 'holdfast configure> '
expect 'holdfast configure*> '
expect '+group front web db'
expect 'committed'
expect 'holdfast resource> '
expect "'frob' is not a command of node"
expect 'There are changes; commit them? [y/n]'
"$program" configure show >configuration
for wanted in 'group front web db' 'meta target-role=Stopped' 'primitive late'; do
    grep -qF "$wanted" configuration || { echo "not in the configuration: $wanted"; failed=1; }
done
grep -q ' epoch="4"' cib.xml || { echo "expected three changes:"; head -1 cib.xml; failed=1; }
[ -s .holdfast_history ] || { echo "no history was kept"; failed=1; }
[ $failed = 0 ] || cat output
exit $failed
