# shellcheck shell=bash
# Sourced by the commands of README.md: Rust, where a fresh machine has none. Needs curl.

need_rust() {
    # shellcheck source=/dev/null # written by rustup
    [[ ! -r ~/.cargo/env ]] || . ~/.cargo/env
    ! command -v cargo >/dev/null || return 0
    if ((EUID)); then
        echo "no cargo: see https://rustup.rs" >&2
        return 1
    fi
    printf '\n== installing Rust, by rustup\n'
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y -q --profile minimal --component clippy --component rustfmt
    # shellcheck source=/dev/null
    . ~/.cargo/env
}
