//! `copy` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

#[test]
fn copy() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "copy")
        .head("defaults: {timeout: 5m}")
        .roles(&["mirror1"])
        .case("a new file", |c| {
            c.step(r#"copy: {content: "a\nb\n", dest: "HERE/-f", mode: 0640, group: adm}"#)
                .leaves("[ \"$(stat -c %a:%G ./-f)\" = 640:adm ]")
                .crashes()
                .stops_after("echo c >>./-f", "has changed since")
        })
        .case("another content", |c| {
            c.given("printf 'a\\nb\\n' >f; chown daemon:adm f; chmod 604 f")
                .step(r#"copy: {content: "a\nB", dest: "HERE/f"}"#)
                .crashes()
        })
        .case("from another host", |c| {
            c.step(r#"copy: {from: "mirror1:/etc/hostname", dest: "HERE/f"}"#).leaves("[ \"$(cat f)\" = mirror1 ]")
        })
        .case("as asked", |c| c.given("printf a >f").step(r#"copy: {content: a, dest: "HERE/f"}"#).satisfied())
        .case("no folder", |c| c.step(r#"copy: {content: a, dest: "HERE/none/f"}"#).blocked("there is no folder"))
        .hold();
}
