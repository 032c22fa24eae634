//! `tcp` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

#[test]
fn tcp() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "tcp")
        .secret("word", "open sesame 4711")
        .case("a port is open", |c| c.step("tcp: {to: \"127.0.0.1:22\"}").acts().foresees("connect to 127.0.0.1:22"))
        .case("what greets", |c| {
            c.step("tcp: {to: \"[::1]:22\", expect: '^SSH-2\\.0-'}").acts().outputs("SSH-2.0-").crashes()
        })
        .case("workers", |c| {
            c.on(&["old"])
                .step(r#"tcp: {to: "localhost:4730", send: "workers\n", until: '^\.$'}"#)
                .acts()
                .foresees(r#"sends "workers\n""#)
                .outputs(".")
        })
        .case("as a user without rights, with a secret", |c| {
            c.on(&["admin"])
                .step(r#"tcp: {to: "127.0.0.1:22", send: "{{ secrets.word }}\r\n", until: "Invalid SSH|SSH-2"}"#)
                .acts()
        })
        .case("from where the operator sits", |c| c.on(&[]).step("tcp: {to: \"192.0.2.11:22\", expect: SSH}").acts())
        .case("after another action", |c| {
            c.step(
                r#"
                file: {path: "HERE/f", state: present}
                verify: [{tcp: {to: "127.0.0.1:22", expect: SSH}}]"#,
            )
        })
        .case("nobody there", |c| {
            c.step("tcp: {to: \"127.0.0.1:1\"}").fails("cannot reach 127.0.0.1:1: Connection refused")
        })
        .case("nobody there, from here", |c| {
            c.on(&[]).step("tcp: {to: \"192.0.2.11:1\"}").fails("cannot connect to 192.0.2.11:1: Connection refused")
        })
        .case("no such name", |c| c.step("tcp: {to: \"no.such.invalid:1\"}").fails("cannot reach no.such.invalid:1: "))
        .case("something else came", |c| {
            c.on(&["old"])
                .step(r#"tcp: {to: "127.0.0.1:4730", send: "workers\n", until: '^\.$', expect: nothing-of-that-name}"#)
                .fails("nothing that came matches /nothing-of-that-name/")
        })
        .case("nothing came", |c| {
            c.on(&["old"])
                .step(r#"tcp: {to: "127.0.0.1:4730", expect: x, timeout: 1s}"#)
                .fails("nothing matched /x/ within 1s, and nothing had come")
        })
        .hold();
}
