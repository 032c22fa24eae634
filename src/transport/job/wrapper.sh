# The witness of a job: runs in a session of its own, keeps what the job says, and its exit code. It is fed to a shell by pipe, as one
# compound command, so that it has all of it (script and secrets too) before it does anything. Before it come the lines that set d (the
# job's folder); RUN stands for the job itself.
{
cd "$d" || exit 1
# What ends the job must not end its witness.
trap : TERM INT HUP
# Who we are, so that another process that gets our number one day is not taken for us.
b=- s=-
IFS= read -r b </proc/sys/kernel/random/boot_id
IFS= read -r s </proc/$$/stat
set -- ${s##*) }
printf '%s %s %s .\n' "$$" "${20-}" "$b" >pid || exit 1
# The room for the exit code is taken now: the disk may be full when the job ends.
printf '      \n' >code.new || exit 1
# Whoever waited for us in vain has made this file, and told that we died.
set -C
printf '' >go || { [ ! -e go ] || exit 2; exit 1; }
set +C
sync . pid code.new go || sync
set --
umask "$u"
RUN
s=$?
umask 077
printf '%-6s\n' "$s" 1<>code.new
sync code.new || sync
mv code.new code
exit 0
}
