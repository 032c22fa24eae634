# All pieces are there. What does not end well is not begun again from where it was; what is cut off is.
trap 'rm -f -- "$T"' EXIT
place
