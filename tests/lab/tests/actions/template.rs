//! `template` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

#[test]
fn template() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "template")
        .secret("word", "open sesame 4711")
        .file("t/plain.tera", "# {{ host.name }}\n{% for n in [1, 2] -%}\nline {{ n }} it's \"$(touch pwned)\" <&>\n{% endfor -%}\nend")
        .file("t/secret.tera", "password = {{ secrets.word }}\nuser = x\n")
        .case("a new file", |c| {
            c.step(r#"template: {src: t/plain.tera, dest: "HERE/-f it's", owner: daemon, group: adm, mode: 0640}"#)
                .foresees("not readable by everybody")
                .leaves(
                    "[ \"$(stat -c '%a %U:%G' \"./-f it's\")\" = '640 daemon:adm' ] && [ $(tail -n 1 \"./-f it's\") = end ] &&
                     grep -qxF \"line 1 it's \\\"\\$(touch pwned)\\\" <&>\" \"./-f it's\"",
                )
                .crashes()
                .stops_after("echo mine >>\"./-f it's\"", "has changed since")
                .stops_after("chmod 600 \"./-f it's\"", "has changed since")
                .goes_back_after("rm \"./-f it's\"", "[ -z \"$(ls -A)\" ]")
        })
        .case("another content", |c| {
            c.given(
                "printf 'line 1\\r\\nold\\n' >f; chown daemon:adm f; chmod 4755 f; setfacl -m u:www-data:rx f; setfattr -n user.note -v x f",
            )
            .step(r#"template: {src: t/plain.tera, dest: "HERE/f"}"#)
            .leaves("[ \"$(stat -c %U:%G f)\" = daemon:adm ] && getfacl -p f | grep -q www-data && getfattr f | grep -q note && [ ! -u f ]")
            .crashes()
            .stops_after("printf mine >f", "has changed since")
        })
        .case("a file behind links", |c| {
            c.given("mkdir d; echo old >d/real; ln -s d/real m; ln -s m l; chmod 600 d/real")
                .step(r#"template: {src: t/plain.tera, dest: "HERE/l"}"#)
                .leaves("[ -L l ] && [ -L m ] && [ ! -L d/real ] && grep -q end d/real && [ $(stat -c %a d/real) = 600 ]")
                .crashes()
        })
        .case("one of several names", |c| {
            c.given("echo old >f; ln f g; mkdir d; ln f d/h; chmod 640 f; chown daemon f")
                .step(r#"template: {src: t/plain.tera, dest: "HERE/f"}"#)
                .foresees("it has 2 more hard links")
                .leaves("[ \"$(cat g d/h)\" = \"$(printf 'old\\nold')\" ] && ! cmp -s f g")
                .crashes()
                .stops_after("echo more >>g", "another of its names has been given another content")
                .stops_after("echo mine >f", "has changed since")
                .goes_back_after("rm g d/h", "[ \"$(cat f)\" = old ] && [ $(stat -c %h f) = 1 ]")
        })
        .case("a secret", |c| {
            c.given("printf 'password = old\\nuser = x\\n' >f")
                .step(r#"template: {src: t/secret.tera, dest: "HERE/f"}"#)
                .foresees("+password = ***")
                .leaves("grep -qx 'password = open sesame 4711' f")
        })
        .case("a new secret", |c| {
            c.step(r#"template: {src: t/secret.tera, dest: "HERE/f"}"#).leaves("[ $(stat -c %a f) = 600 ]").crashes()
        })
        .case("only the mode", |c| {
            c.given("printf 'password = open sesame 4711\\nuser = x\\n' >f; chmod 644 f")
                .step(r#"template: {src: t/secret.tera, dest: "HERE/f", mode: 0600, owner: daemon}"#)
                .leaves("[ \"$(stat -c '%a %U' f)\" = '600 daemon' ]")
                .crashes()
        })
        .case("as asked", |c| {
            c.given("printf 'password = open sesame 4711\\nuser = x\\n' >f; chmod 640 f; chown daemon f")
                .step(r#"template: {src: t/secret.tera, dest: "HERE/f"}"#)
                .satisfied()
        })
        .case("validated", |c| {
            c.given("echo old >f")
                .step(r#"template: {src: t/plain.tera, dest: "HERE/f", validate: "grep -q ^end %s && test \"$(stat -c %a %s)\" = 600", mode: 0600}"#)
                .leaves("grep -q end f")
                .crashes()
        })
        .case("refused", |c| {
            c.given("echo old >f")
                .step(r#"template: {src: t/plain.tera, dest: "HERE/f", validate: "grep -q nowhere %s || { echo 'not that' >&2; false; }"}"#)
                .fails("not that")
        })
        .case("no folder", |c| c.step(r#"template: {src: t/plain.tera, dest: "HERE/none/f"}"#).blocked("there is no folder"))
        .case("a folder there", |c| c.given("mkdir f").step(r#"template: {src: t/plain.tera, dest: "HERE/f"}"#).blocked("a folder"))
        .case("a folder of somebody else's", |c| {
            c.given("touch f").step("template: {src: t/plain.tera, dest: \"HERE/f\"}\nbecome: daemon").blocked("only root")
        })
        .case("as somebody without rights", |c| {
            c.given("chown daemon: .; echo old >f; chown daemon: f; chmod 600 f")
                .step("template: {src: t/plain.tera, dest: \"HERE/f\"}\nbecome: daemon")
                .leaves("[ \"$(stat -c '%a %U' f)\" = '600 daemon' ]")
                .crashes()
        })
        .case("with a password for sudo", |c| {
            c.given("echo old >f").on(&["keeper"]).step(r#"template: {src: t/secret.tera, dest: "HERE/f"}"#).crashes()
        })
        .hold();
}
