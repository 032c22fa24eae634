//! `copy` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

#[test]
fn copy() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "copy")
        .secret("word", "open sesame 4711")
        .head("defaults: {timeout: 5m}")
        .roles(&["mirror1"])
        .file("files/odd name.txt", "a\r\nb\r\nno end")
        .case("a new file", |c| {
            c.step(r#"copy: {content: "a\nb\n", dest: "HERE/-f", mode: 0640, group: adm}"#)
                .leaves("[ \"$(stat -c %a:%G ./-f)\" = 640:adm ]")
                .crashes()
                .stops_after("echo c >>./-f", "has changed since")
                .goes_back_after("rm ./-f", "[ -z \"$(ls -A)\" ]")
        })
        .case("another content", |c| {
            c.given("printf 'a\\nb\\n' >f; chown daemon:adm f; chmod 604 f; setfacl -m u:www-data:r f; setfattr -n user.note -v x f")
                .step(r#"copy: {content: "a\nB", dest: "HERE/f"}"#)
                .leaves("[ \"$(stat -c %U:%G f)\" = daemon:adm ] && getfacl -p f | grep -q www-data && getfattr f | grep -q note")
                .crashes()
                .stops_after("printf 'a\\nB\\n' >f", "has changed since")
                .stops_after("chown root f", "has changed since")
        })
        .case("a file of ours", |c| {
            c.given("printf 'a\\nb\\nno end' >f").step(r#"copy: {src: "files/odd name.txt", dest: "HERE/f"}"#).leaves("[ $(grep -c $'\\r' f) = 2 ]")
        })
        .case("bytes from another host", |c| {
            c.step(r#"copy: {from: "mirror1:/bin/true", dest: "HERE/f", mode: 0755}"#).leaves("cmp f /bin/true && ./f").crashes()
        })
        .case("a file of another host's case", |c| {
            c.on(&["new"])
                .folders(&["old", "new"])
                .given("[ $ROLE = new ] || { printf 'a\\0b' >./-src; chmod 660 ./-src; }")
                .step(r#"copy: {from: "old:HERE/-src", dest: "HERE/f"}"#)
                .leaves("[ $ROLE = old ] || [ \"$(stat -c '%a %s' f)\" = '640 3' ]")
                .crashes()
        })
        .case("a secret", |c| {
            c.step(r#"copy: {content: "{{ secrets.word }}", dest: "HERE/f"}"#)
                .leaves("[ \"$(cat f)\" = 'open sesame 4711' ] && [ $(stat -c %a f) = 600 ]")
                .crashes()
        })
        .case("behind a link", |c| {
            c.given("echo old >real; ln -s real l")
                .step(r#"copy: {content: new, dest: "HERE/l"}"#)
                .leaves("[ -L l ] && [ \"$(cat real)\" = new ]")
        })
        .case("behind a link to nothing yet", |c| {
            c.given("ln -s real l").step(r#"copy: {content: new, dest: "HERE/l"}"#).leaves("[ -L l ] && [ \"$(cat real)\" = new ]").crashes()
        })
        .case("one of several names", |c| {
            c.given("echo old >f; ln f g; mkdir d; ln f d/h; chmod 640 f; chown daemon f")
                .step(r#"copy: {content: new, dest: "HERE/f"}"#)
                .foresees("it has 2 more hard links")
                .leaves("[ \"$(cat g d/h)\" = \"$(printf 'old\\nold')\" ] && ! cmp -s f g")
                .crashes()
                .stops_after("echo more >>g", "another of its names has been given another content")
                .stops_after("echo mine >f", "has changed since")
                .goes_back_after("rm g d/h", "[ \"$(cat f)\" = old ] && [ $(stat -c %h f) = 1 ]")
        })
        .case("as asked", |c| {
            c.given("printf a >f; chmod 600 f").step(r#"copy: {content: a, dest: "HERE/f", mode: 0600, owner: root}"#).satisfied()
        })
        .case("refused", |c| {
            c.step(r#"copy: {content: a, dest: "HERE/f", validate: "grep b %s || { echo 'no b' >&2; false; }"}"#).fails("no b")
        })
        .case("no folder", |c| {
            c.step(r#"copy: {content: a, dest: "HERE/none/f"}"#).blocked("there is no folder")
        })
        .case("no source", |c| {
            c.step(r#"copy: {from: "mirror1:/nowhere", dest: "HERE/f"}"#).blocked("/nowhere")
        })
        .case("as somebody without rights", |c| {
            c.given("chown daemon: .; echo old >f; chown daemon: f")
                .step("copy: {content: new, dest: \"HERE/f\"}\nbecome: daemon")
                .leaves("[ \"$(stat -c %U f)\" = daemon ]")
                .crashes()
        })
        .case("with a password for sudo", |c| {
            c.on(&["keeper"]).step(r#"copy: {content: new, dest: "HERE/f", owner: daemon}"#).crashes()
        })
        .case("without becoming anybody", |c| {
            c.given("chown admin .; chmod 700 .").on(&["admin"]).step(r#"copy: {content: new, dest: "HERE/f"}"#).crashes()
        })
        .case("without the right to", |c| c.on(&["admin"]).step(r#"copy: {content: new, dest: "HERE/f"}"#).blocked("cannot be written"))
        .hold();
}
