# shellcheck shell=bash
# Sourced by the commands of README.md: Rust, where a fresh machine has none. Needs curl.

# The cargo subcommand $1 in its version $2, where there is none: into a folder of ours, and not optimized, which takes longer than all it does here.
need_cargo() {
    local tools=$PWD/target/tools
    ! cargo "$1" --version >/dev/null 2>&1 || return 0
    PATH=$PATH:$tools/bin
    [[ -x $tools/bin/cargo-$1 ]] || printf '\n== installing cargo-%s\n' "$1"
    cargo install --quiet --locked --debug --root "$tools" --target-dir "$tools/build" "cargo-$1@$2" && rm -rf "$tools/build"
}

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
