//! `move` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

#[test]
fn moves() {
    let Some(lab) = Lab::before() else { return };
    let swap = r#"move: [{from: "HERE/on", to: "HERE/on.old"}, {from: "HERE/on.new", to: "HERE/on"}]"#;
    Table::new(&lab, "move")
        .case("a file", |c| {
            c.given("echo x >./-f; chown daemon:adm ./-f; chmod 2640 ./-f; setfacl -m u:www-data:r ./-f; ln ./-f other")
                .step(r#"move: {from: "HERE/-f", to: "HERE/it's $(touch pwned)"}"#)
                .leaves("[ ! -e ./-f ] && [ other -ef \"it's \\$(touch pwned)\" ]")
                .crashes()
                .stops_after(
                    "mv \"it's \\$(touch pwned)\" aside; echo mine >\"it's \\$(touch pwned)\"",
                    "it's $(touch pwned)",
                )
                .stops_after("echo mine >./-f", "-f")
                .beaten_by("echo mine >\"it's \\$(touch pwned)\"", "exists already")
                .beaten_by("rm ./-f", "there is nothing at")
        })
        .case("two folders change places", |c| {
            c.given("mkdir on on.new; echo a >on/x; echo b >on.new/x; chmod 750 on; chown daemon on.new")
                .step(swap)
                .leaves("[ \"$(cat on/x on.old/x)\" = $'b\\na' ]")
                .crashes()
                .goes_back_after("echo more >>on/x", "grep -q more on.new/x && [ ! -e on.old ]")
                .stops_after("rm -r on.old", "on.old")
        })
        .case("half done already", |c| {
            c.given("mkdir on.old on.new; echo a >on.old/x; echo b >on.new/x")
                .step(swap)
                .leaves("[ \"$(cat on/x)\" = b ]")
                .crashes()
        })
        .case("a link", |c| {
            c.given("ln -s nowhere l")
                .step(r#"move: {from: "HERE/l", to: "HERE/m"}"#)
                .leaves("[ \"$(readlink m)\" = nowhere ]")
                .crashes()
        })
        .case("done already", |c| c.given("mkdir on on.old").step(swap).satisfied())
        .case("something in the way", |c| {
            c.given("echo a >f; echo b >g").step(r#"move: {from: "HERE/f", to: "HERE/g"}"#).blocked("/g")
        })
        .case("nothing there", |c| c.step(r#"move: {from: "HERE/f", to: "HERE/g"}"#).blocked("/f"))
        .case("no folder", |c| c.given("touch f").step(r#"move: {from: "HERE/f", to: "HERE/none/g"}"#).blocked("none"))
        .case("on another file system", |c| {
            c.given("echo a >f").step(r#"move: {from: "HERE/f", to: "/run/SELF"}"#).blocked("file system")
        })
        .case("somebody else's folder", |c| {
            c.given("echo a >f")
                .step("move: {from: \"HERE/f\", to: \"HERE/g\"}\nbecome: daemon")
                .blocked("cannot be written by this user")
        })
        .case("one's own", |c| {
            c.given("chown daemon .; echo a >f")
                .step("move: {from: \"HERE/f\", to: \"HERE/g\"}\nbecome: daemon")
                .crashes()
        })
        .case("with a password for sudo", |c| {
            c.given("echo a >f").on(&["keeper"]).step(r#"move: {from: "HERE/f", to: "HERE/g"}"#).crashes()
        })
        .hold();
}
