# Notes how the destination was left. $PARTIAL: the folders of interrupted files.
tidy
list "$K/after"
say done
