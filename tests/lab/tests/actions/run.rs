//! `run` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

/// Done once, unless somebody holds it up in its middle.
const ONCE: &str = r#"
    run: {script: 'echo begun >>f; while [ -e slow ]; do sleep 0.05; done; echo x >>f', cwd: "HERE"}
    unless: grep -q x QUOTED_HERE/f
    verify: '[ "$(grep -c . QUOTED_HERE/f)" = 2 ]'
    undo: rm -f QUOTED_HERE/f
"#;

#[test]
fn run() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "run")
        .secret("word", "open sesame 4711")
        .file("scripts/two.sh", "printf '%s|%s|%s' \"$1\" \"$2\" \"$WORD\" >result\n")
        .case("a script", |c| {
            c.step(
                r#"
                run: {script: 'echo "$TEXT" >f; echo "a b"; echo err >&2', cwd: "HERE", env: {TEXT: "it's $(touch pwned)"}}
                undo: rm -f QUOTED_HERE/f"#,
            )
            .acts()
            .foresees("echo err >&2")
            .foresees("rm -f ")
            .outputs("a b")
            .leaves(r#"[ "$(cat f)" = "it's \$(touch pwned)" ] && [ "$(stat -c %U f)" = root ]"#)
        })
        .case("a file of ours, with a secret", |c| {
            c.step(
                r#"
                run: {src: scripts/two.sh, args: ["-n", "$(touch pwned) 'x\ty' *"], env: {WORD: "{{ secrets.word }}"}, cwd: "HERE", shell: bash}
                undo: rm -f QUOTED_HERE/result"#,
            )
            .acts()
            .leaves("[ \"$(cat result)\" = $'-n|$(touch pwned) \\'x\\ty\\' *|open sesame 4711' ]")
        })
        .case("a program without a shell", |c| {
            c.step(
                r#"
                run: [cp, --, "HERE/-from", "HERE/-to"]
                undo: [{run: [rm, -f, --, "HERE/-to"]}]"#,
            )
            .on(&["new"])
            .given("echo content >./-from")
            .acts()
            .leaves("cmp ./-from ./-to")
        })
        .case("stdin", |c| {
            c.step(
                r#"
                run: {script: 'cat >f; ! read -r more', stdin: "{{ secrets.word }}\n", cwd: "HERE"}
                undo: rm -f QUOTED_HERE/f"#,
            )
            .acts()
            .leaves("[ \"$(cat f)\" = 'open sesame 4711' ]")
        })
        .case("as somebody without rights", |c| {
            c.given("chown daemon .; chmod 700 .")
                .step(
                    r#"
                    run: {script: 'id -un >f; ! cat /etc/shadow 2>/dev/null', cwd: "HERE"}
                    become: daemon
                    undo: rm -f QUOTED_HERE/f"#,
                )
                .on(&["old", "new"])
                .acts()
                .leaves("[ \"$(cat f)\" = daemon ] && [ \"$(stat -c %U f)\" = daemon ]")
        })
        .case("with a password for sudo", |c| {
            c.step("run: 'id -un >QUOTED_HERE/f'\nundo: rm -f QUOTED_HERE/f")
                .on(&["keeper"])
                .acts()
                .leaves("[ \"$(cat f)\" = root ]")
        })
        .case("a script that fails", |c| {
            c.step("run: 'echo before; echo no such thing >&2; exit 3'\nundo: nothing").fails("no such thing")
        })
        .case("as asked", |c| {
            c.given("touch f").step("run: 'rm QUOTED_HERE/f'\nunless: '[ -e QUOTED_HERE/f ]'\nundo: nothing").satisfied()
        })
        .case("once", |c| {
            c.step(ONCE)
                .leaves("[ \"$(cat f)\" = $'begun\\nx' ]")
                .crashes_in_the_middle("touch slow", "[ -s f ]", "rm slow; sleep 0.3")
                .goes_back_after("echo y >>f", "[ ! -e f ]")
        })
        .case("no undo", |c| c.step("run: 'echo x >QUOTED_HERE/f'").acts().no_way_back("has no undo of its own"))
        .hold();
}
