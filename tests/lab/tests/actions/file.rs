//! `file` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

#[test]
fn things() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "file")
        .case("an empty file", |c| {
            c.step(r#"file: {path: "HERE/-f $(touch pwned)", state: present, owner: daemon, group: adm, mode: 0600}"#)
                .leaves(r#"[ "$(stat -c '%a %U:%G %s' './-f $(touch pwned)')" = '600 daemon:adm 0' ]"#)
                .crashes()
                .stops_after("echo mine >'./-f $(touch pwned)'", "has changed since")
                .goes_back_after("rm './-f $(touch pwned)'", "[ -z \"$(ls -A)\" ]")
        })
        .case("a file that has something in it", |c| {
            c.given("echo kept >f; chown daemon:adm f; chmod 640 f; setfacl -m u:www-data:r f; setfattr -n user.note -v x f")
                .step(r#"file: {path: "HERE/f", state: present, mode: g+w}"#)
                .leaves("grep -qx kept f && getfacl -p f | grep -qx 'mask::rw-'")
                .crashes()
        })
        .case("a file as asked", |c| {
            c.given("echo kept >f; chmod 4755 f").step(r#"file: {path: "HERE/f", state: present, owner: root}"#).satisfied()
        })
        .case("a folder and those above", |c| {
            c.step(r#"file: {path: "HERE/a b/-c/d", state: directory, owner: daemon, mode: 0750}"#)
                .leaves("[ \"$(stat -c '%a %U' 'a b/-c/d')\" = '750 daemon' ] && [ \"$(stat -c '%a %U' 'a b')\" = '755 root' ]")
                .crashes()
                .stops_after("touch 'a b/-c/d/mine'", "mine")
                .stops_after("chmod 700 'a b/-c/d'", "a b/-c/d")
        })
        .case("a folder that is there", |c| {
            c.given("mkdir d; touch d/kept; chown daemon:adm d; chmod 2775 d")
                .step(r#"file: {path: "HERE/d", state: directory, mode: 0750, group: root}"#)
                .leaves("[ \"$(stat -c '%a %U:%G' d)\" = '2750 daemon:root' ] && [ -e d/kept ]")
                .stops_after("chmod 711 d", "has changed since")
        })
        .case("a folder behind a link", |c| {
            c.given("mkdir real; ln -s real d")
                .step(r#"file: {path: "HERE/d", state: directory, mode: 0700}"#)
                .leaves("[ -L d ] && [ $(stat -c %a real) = 700 ]")
        })
        .case("a link", |c| {
            c.step(r#"file: {path: "HERE/-l", state: link, to: "../it's $(touch pwned)"}"#)
                .foresees("yet")
                .leaves(r#"[ "$(readlink ./-l)" = "../it's \$(touch pwned)" ]"#)
                .crashes()
                .stops_after("ln -sfn elsewhere ./-l", "has changed since")
                .beaten_by("ln -s mine ./-l", "-l")
                .beaten_by("echo mine >./-l", "-l")
                .goes_back_after("rm ./-l", "[ -z \"$(ls -A)\" ]")
        })
        .case("a link that leads elsewhere", |c| {
            c.given("echo a >a; echo b >b; ln -s a l; chown -h daemon:adm l")
                .step(r#"file: {path: "HERE/l", state: link, to: b}"#)
                .leaves("[ \"$(readlink l)\" = b ] && [ \"$(cat a b)\" = $'a\\nb' ]")
                .crashes()
                .stops_after("rm l; echo mine >l", "has changed since")
                .beaten_by("ln -sfn mine l", "l")
                .beaten_by("rm l; mkdir l", "l")
        })
        .case("a link to a folder", |c| {
            c.given("mkdir a b; touch a/kept; ln -s a l")
                .step(r#"file: {path: "HERE/l", state: link, to: b, owner: daemon, group: adm}"#)
                .leaves("[ \"$(readlink l)\" = b ] && [ -z \"$(ls -A b)\" ] && [ \"$(stat -c %U:%G l)\" = daemon:adm ]")
        })
        .case("a link as asked", |c| {
            c.given("ln -s nowhere l").step(r#"file: {path: "HERE/l", state: link, to: nowhere}"#).satisfied()
        })
        .case("a file where a link is due", |c| {
            c.given("echo a >l").step(r#"file: {path: "HERE/l", state: link, to: b}"#).blocked("and no link: `move` it first")
        })
        .case("a folder where a file is due", |c| {
            c.given("mkdir f").step(r#"file: {path: "HERE/f", state: present}"#).blocked("is a folder on")
        })
        .case("a file where a folder is due", |c| {
            c.given("touch d").step(r#"file: {path: "HERE/d", state: directory}"#).blocked("and no folder")
        })
        .case("links in a circle", |c| {
            c.given("ln -s a b; ln -s b a").step(r#"file: {path: "HERE/a", mode: 0600}"#).blocked("goes round in circles")
        })
        .case("nothing there", |c| c.step(r#"file: {path: "HERE/f", mode: 0600}"#).blocked("there is no"))
        .case("an unknown owner", |c| {
            c.given("touch f").step(r#"file: {path: "HERE/f", owner: nobody-of-that-name}"#).blocked("nobody-of-that-name")
        })
        .case("somebody else's file", |c| {
            c.given("touch f").step("file: {path: \"HERE/f\", mode: 0600}\nbecome: daemon").blocked("only its owner or root")
        })
        .case("a file of one's own", |c| {
            c.given("chown daemon .; touch f; chown daemon:daemon f")
                .step("file: {path: \"HERE/f\", mode: \"u=rw,go=\"}\nbecome: daemon")
                .leaves("[ \"$(stat -c '%a %U' f)\" = '600 daemon' ]")
                .crashes()
        })
        .case("without becoming anybody", |c| {
            c.given("chown admin .").on(&["admin"]).step(r#"file: {path: "HERE/d/e", state: directory}"#).crashes()
        })
        .case("with a password for sudo", |c| {
            c.on(&["keeper"]).step(r#"file: {path: "HERE/d", state: directory, owner: daemon}"#).crashes()
        })
        .hold();
}

#[test]
fn trees() {
    let Some(lab) = Lab::before() else { return };
    let tree = "mkdir -p 't/a b/-c'; echo x >t/x; echo y >$'t/new\\nline'; ln -s x t/l; ln t/x 't/a b/hard'; chmod 755 t/x; chmod 600 $'t/new\\nline'
        printf '#!/bin/sh\\n' >'t/a b/-c/$(touch pwned)'; chmod 4711 't/a b/-c/$(touch pwned)'; chown -R daemon:adm 't/a b'; chmod 2770 't/a b'
        setfacl -m u:www-data:rx t/x; ln -s /etc/hostname 't/a b/out'";
    Table::new(&lab, "file")
        .case("a file goes", |c| {
            c.given("echo x >./-f; chown daemon:adm ./-f; chmod 2640 ./-f; ln ./-f other; setfacl -m u:www-data:r ./-f")
                .step(r#"file: {path: "HERE/-f", state: absent}"#)
                .leaves("[ ! -e ./-f ] && [ -e other ]")
                .crashes()
                .stops_after("echo mine >./-f", "-f")
        })
        .case("a tree goes", |c| {
            c.given(tree)
                .step(r#"file: {path: "HERE/t", state: absent}"#)
                .leaves("[ ! -e t ] && [ -e /etc/hostname ]")
                .crashes()
                .stops_after("mkdir t; touch t/mine", "/t")
        })
        .case("a link goes and not what it leads to", |c| {
            c.given("mkdir d; touch d/kept; ln -s d l").step(r#"file: {path: "HERE/l", state: absent}"#).leaves("[ ! -L l ] && [ -e d/kept ]")
        })
        .case("gone already", |c| c.step(r#"file: {path: "HERE/none/f", state: absent}"#).satisfied())
        .case("modes of a tree", |c| {
            c.given(tree)
                .step(r#"file: {path: "HERE/t", mode: "u=rwX,go=rX", recurse: true}"#)
                .leaves(
                    "[ \"$(stat -c %a t t/x 't/a b' 't/a b/-c' 't/a b/-c/$(touch pwned)' $'t/new\\nline' | xargs)\" = '755 755 2755 755 755 644' ] ||
                         { stat -c '%a %n' t t/x 't/a b' 't/a b/-c' 't/a b/-c/$(touch pwned)' $'t/new\\nline'; false; }",
                )
                .crashes()
                .stops_after("chmod 640 $'t/new\\nline'", "t/new")
                .goes_back_after("rm -r 't/a b'; touch t/mine", "[ $(stat -c %a $'t/new\\nline') = 600 ] && [ -e t/mine ]")
        })
        .case("owners of a tree", |c| {
            c.given(tree)
                .step(r#"file: {path: "HERE/t", state: directory, owner: www-data, group: www-data, recurse: true}"#)
                .leaves("[ -z \"$(find t ! -user www-data -o ! -group www-data)\" ] && [ $(stat -Lc %U /etc/hostname) = root ]")
                .crashes()
        })
        .case("go-w", |c| {
            c.given("mkdir -p t/d; touch t/f; chmod 777 t/d; chmod 666 t/f; chmod 775 t")
                .step(r#"file: {path: "HERE/t", mode: go-w, recurse: true}"#)
                .leaves("[ \"$(stat -c %a t t/d t/f | xargs)\" = '755 755 644' ]")
        })
        .case("a tree as asked", |c| {
            c.given("mkdir -p t/d; touch t/f; chmod 755 t t/d; chmod 644 t/f; ln -s /nowhere t/l")
                .step(r#"file: {path: "HERE/t", mode: "u=rwX,go=rX", owner: root, recurse: true}"#)
                .satisfied()
        })
        .case("a file has nothing in it", |c| {
            c.given("touch f").step(r#"file: {path: "HERE/f", mode: go-w, recurse: true}"#).blocked("has nothing in it")
        })
        .case("a tree of others", |c| {
            c.given("mkdir t; touch t/a t/b; chown daemon t; chmod 777 t; chmod 666 t/a")
                .step("file: {path: \"HERE/t\", mode: go-w, recurse: true}\nbecome: daemon")
                .blocked("belong to others")
        })
        .case("a tree of one's own", |c| {
            c.given("mkdir -p t/a; touch t/a/f; chmod -R 777 t; chown -R daemon: .")
                .step("file: {path: \"HERE/t\", mode: go-w, recurse: true}\nbecome: daemon")
                .crashes()
        })
        .hold();
}
