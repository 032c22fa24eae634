# What the tries of a passage leave here, at the source. $K: where things are kept for undo. $S: the name of the job.

# Does $@ with the folder of each of its jobs.
each_job() {
  [ -n "$S" ] || return 0
  _r=${K%/kept/*}/${K##*/}
  for _d in "$_r".*."$S"; do
    _n=${_d#"$_r".}
    # A step may have a dot in its name.
    case ${_n%".$S"} in '' | *[!0-9]*) ;; *) [ ! -d "$_d" ] || "$@" "$_d" ;; esac
  done
}
